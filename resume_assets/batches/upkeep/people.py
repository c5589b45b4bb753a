"""What only a person decides: to try again, to call a batch back, to give one up."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.attempts import given_up, has_failed
from resume_assets.batches.ledger.lease import Lease
from resume_assets.batches.ledger.states import (
    BEFORE_SUBMITTED,
    OPEN_ITEMS,
    BatchState,
    ItemState,
)
from resume_assets.batches.planning.dispatching import abandon
from resume_assets.batches.receiving import contradictions, tracking
from resume_assets.batches.sending.submission import settle_doubt
from resume_assets.batches.store import BatchStore
from resume_assets.database.connect import Database
from resume_assets.openai_api.errors import ApiFailed
from resume_assets.settings import Settings
from resume_assets.words import counted

if TYPE_CHECKING:
    from resume_assets.openai_api.client import BatchApi


_log = logging.getLogger(__name__)

_PAGE = 500

GIVEN_UP = "given_up"
"""The reason of items whose batch a person gave up."""

CALLED_OFF = "Cancelled before anything was sent;"
"""How the message of a batch begins that a person called back in time."""

_AT_SERVER = frozenset({BatchState.submitting, BatchState.submitted, BatchState.ended})
"""States of a batch that is, or may be, at the server, and whose answers are not here."""


def may_be_given_up(batch: batches.Batch) -> bool:
    """Whether the batch may be at a server that does not end it."""
    return batch.state in _AT_SERVER and not batches.is_synchronous(batch)


def forgive(database: Database, settings: Settings, userids: Sequence[Any] | None = None) -> int:
    """Send given-up candidates again: what failed so far no longer counts as an attempt.

    `userids`: None for all that are given up. Returns how many candidates had something forgiven.
    """

    def work(connection: sa.Connection) -> int:
        chosen = userids
        if chosen is None:
            found = given_up(connection, database, max_attempts=settings.max_attempts)
            chosen = [one.userid for one in found]
        items = database.ledger.items
        forgiven = 0
        for start in range(0, len(chosen), _PAGE):
            page = chosen[start : start + _PAGE]
            failed = sa.and_(
                items.c.userid.in_(page),
                has_failed(items),
                ~items.c.forgiven,
            )
            count = sa.select(sa.func.count(sa.distinct(items.c.userid))).where(failed)
            forgiven += connection.execute(count).scalar_one()
            connection.execute(items.update().where(failed).values(forgiven=True))
        return forgiven

    forgiven = database.write(work)
    _log.info("retry: %d candidates are tried again", forgiven)
    return forgiven


def cancel(lease: Lease, settings: Settings, store: BatchStore, api: BatchApi) -> batches.Batch:
    """Cancel a batch, wherever it stands.

    Not at OpenAI yet: its resumes go back to the queue, nothing is paid. Out: OpenAI is asked to
    cancel it; what it has answered by then is paid, comes in and counts. Ended: nothing to do.
    Raises what `submit` raises where it is in doubt, ApiFailed, LeaseLost.
    """
    database = lease.database
    batch = database.read(lambda connection: batches.get(connection, database, lease.key))
    if batch.state == BatchState.submitting:
        batch = settle_doubt(lease, settings, store, api)
    if batch.state in BEFORE_SUBMITTED:
        return _call_off(lease, api)
    if batch.state == BatchState.submitted:
        return _cancel_remote(lease, settings, api, batch)
    return batch


def give_up(lease: Lease) -> batches.Batch:
    """Close a batch whose server does not end it: its candidates go back to the queue.

    One transaction. The server may still run it, and be paid; answers that come after this are
    never applied. What it was estimated to cost stays reserved. A batch that is not, and can't be,
    at a server, or whose answers are here, is left as it is. Raises LeaseLost, DatabaseFailed.
    """
    database = lease.database

    def work(connection: sa.Connection) -> batches.Batch:
        batch = batches.lock(connection, database, lease.key)
        if not may_be_given_up(batch):
            return batch
        now = database.dialect.utc_now(connection)
        items, claims = lease.items, database.ledger.claims
        still_open = sa.and_(items.c.batch_key == lease.key, items.c.state.in_(sorted(OPEN_ITEMS)))
        # Not `released`: it may have been sent, and counts towards MAX_SENDINGS.
        connection.execute(
            items.update()
            .where(still_open)
            .values(state=ItemState.cancelled, reason=GIVEN_UP, closed_at=now)
        )
        connection.execute(claims.delete().where(claims.c.batch_key == lease.key))
        counts = batches.count_items(connection, items, lease.key)
        given_up = counts.get(ItemState.cancelled, 0)
        return batches.update(
            connection,
            database,
            lease.key,
            **contradictions.NONE,
            state=BatchState.done,
            tally=json.dumps({f"{ItemState.cancelled}: {GIVEN_UP}": given_up}),
            succeeded=0,
            done_at=now,
            message=f"Given up by a person: {counted(given_up, 'resume')} "
            f"{batches.fate_of_unsent(batch, given_up)}. "
            "What the server still answers is not used.",
        )

    batch = lease.write(work)
    _log.warning("batch %s: given up by a person; it is %s", lease.key, batch.state)
    return batch


def _call_off(lease: Lease, api: BatchApi) -> batches.Batch:
    database = lease.database

    def work(connection: sa.Connection) -> batches.Batch:
        now = database.dialect.utc_now(connection)
        batch = batches.lock(connection, database, lease.key)
        return abandon(connection, database, batch, "cancelled_by_person", CALLED_OFF, now=now)

    batch = lease.write(work)
    if batch.input_file_id is not None:
        try:
            api.delete_file(batch.input_file_id)
        except ApiFailed as failed:  # housekeeping finds it
            _log.warning("batch %s: its upload is not deleted yet: %s", lease.key, failed)
    return batch


def _cancel_remote(
    lease: Lease, settings: Settings, api: BatchApi, batch: batches.Batch
) -> batches.Batch:
    database = lease.database
    try:
        remote = api.cancel(batch.openai_batch_id)
    except ApiFailed as failed:
        # One that has just ended can't be cancelled; then it says so when it is looked at.
        remote = api.retrieve(batch.openai_batch_id)
        if remote.status not in tracking.TERMINAL | {"cancelling", "finalizing"}:
            raise failed from None
    _log.info("batch %s: %s at OpenAI", lease.key, remote.status)
    return lease.write(
        lambda connection: tracking.record(connection, database, lease.key, remote, settings)
    )
