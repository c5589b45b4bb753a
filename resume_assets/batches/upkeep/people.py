"""What only a person decides: to try a given-up resume again, or to call a batch back."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import Lease
from resume_assets.batches.ledger.queue import given_up
from resume_assets.batches.ledger.states import BEFORE_SUBMITTED, SENT, BatchState, ItemState
from resume_assets.batches.planning.dispatching import abandon
from resume_assets.batches.receiving import tracking
from resume_assets.batches.sending.submission import settle_doubt
from resume_assets.batches.store import BatchStore
from resume_assets.database.connect import Database
from resume_assets.openai_api.errors import ApiFailed
from resume_assets.settings import Settings

if TYPE_CHECKING:
    from resume_assets.openai_api.client import BatchApi


_log = logging.getLogger(__name__)

_PAGE = 500
_FAILED = SENT - {ItemState.succeeded}


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
                items.c.state.in_(sorted(_FAILED)),
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
    """Call a batch back.

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


def _call_off(lease: Lease, api: BatchApi) -> batches.Batch:
    database = lease.database

    def work(connection: sa.Connection) -> batches.Batch:
        now = database.dialect.utc_now(connection)
        reason, message = "cancelled_by_person", "Cancelled before anything was sent;"
        return abandon(connection, database, lease.key, reason, message, now=now)

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
