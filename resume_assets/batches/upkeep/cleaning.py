"""One batch, under its lease, forgets the people in it who are to be forgotten.

Nothing here needs their ids: who they are is told by hashes, and which lines are theirs by masks.
So what was left for later can be done then.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.forgotten import is_forgotten
from resume_assets.batches.ledger.lease import Lease
from resume_assets.batches.ledger.states import BY_REQUEST, OPEN_ITEMS, ItemState
from resume_assets.batches.receiving.blanking import blank
from resume_assets.batches.records import journal
from resume_assets.batches.sending.attempt import Attempt
from resume_assets.batches.sending.taking_back import is_to_be_built_anew, take_back
from resume_assets.batches.store import BatchStore
from resume_assets.batches.upkeep.anonymising import PAGE, anonymise
from resume_assets.batches.upkeep.pages import remove_pages
from resume_assets.batches.upkeep.remote_files import RemoteFile, delete_remote, remote_files
from resume_assets.openai_api.errors import ApiFailed
from resume_assets.settings import Settings

if TYPE_CHECKING:
    from resume_assets.openai_api.client import BatchApi

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Found:
    """What went, in one batch; `remote` as in a receipt."""

    rows: int = 0
    discarded: int = 0
    journal_entries: int = 0
    lines: int = 0
    removed: list[str] = field(default_factory=list)
    remote_deleted: int = 0
    remote: list[RemoteFile] = field(default_factory=list)


def clean(
    lease: Lease,
    settings: Settings,
    store: BatchStore,
    api: BatchApi | None,
    userids: Sequence[Any],
    found: Found,
) -> None:
    """Forget in this batch whoever is to be forgotten; it is no longer marked afterwards.

    `userids`: who they are, if that is known; it is of use for pages alone. What went is added to
    `found`, also where the rest fails. Raises StoreFailed, OSError where its files can't be
    reached, NoRoom, LeaseLost, DatabaseFailed.
    """
    is_done = False
    while not is_done:
        while (page := lease.write(partial(_clean_page, lease=lease))).rows:
            found.rows += page.rows
            found.discarded += page.discarded
            found.journal_entries += page.journal_entries
        _clean_files(lease, store, userids, found)
        is_done = lease.write(partial(_unmark, lease=lease))
    _clean_remote(lease, settings, store, api, found)
    _log.info("batch %s: %d people forgotten", lease.key, found.rows)


def _theirs(connection: sa.Connection, lease: Lease) -> sa.ColumnElement[bool]:
    """Items of the batch whose person is to be forgotten, and is not yet."""
    items = lease.items
    return sa.and_(
        items.c.batch_key == lease.key,
        items.c.forgotten_at.is_(None),
        is_forgotten(connection, lease.database, items.c.userid),
    )


def _clean_page(connection: sa.Connection, *, lease: Lease) -> Found:
    """A page of items, one transaction: what is open is closed, what is personal goes."""
    database, items, claims = lease.database, lease.items, lease.database.ledger.claims
    query = sa.select(items.c.userid, items.c.custom_id, items.c.state)
    rows = connection.execute(query.where(_theirs(connection, lease)).limit(PAGE)).all()
    if not rows:
        return Found()
    userids = [row.userid for row in rows]
    still_open = [row.userid for row in rows if row.state in OPEN_ITEMS]
    now = database.dialect.utc_now(connection)
    connection.execute(
        items.update()
        .where(items.c.batch_key == lease.key, items.c.userid.in_(still_open))
        .values(state=ItemState.forgotten, reason=BY_REQUEST, closed_at=now)
    )
    dropped = 0
    if lease.trial_key is None:  # a trial's batch has neither
        connection.execute(
            claims.delete().where(claims.c.batch_key == lease.key, claims.c.userid.in_(still_open))
        )
        dropped = journal.drop(connection, database, lease.key, userids)
    found = [(lease.key, row.userid, row.custom_id) for row in rows]
    anonymise(connection, database, items, found, now)
    return Found(rows=len(rows), discarded=len(still_open), journal_entries=dropped)


def _clean_files(lease: Lease, store: BatchStore, userids: Sequence[Any], found: Found) -> None:
    database = lease.database
    batch, installation = database.read(
        lambda connection: (
            batches.get(connection, database, lease.key),
            batches.installation_of(connection, database),
        )
    )
    if batch.local_deleted_at is not None:
        return
    files = store.find(lease.key, batch.store_url, installation)
    if files.is_of_another(installation):
        return
    if batch.built_at is not None and not files.is_anything_there():
        files.store.check()  # it may be out of reach, with the files in it
    found.lines += blank(lease, files)
    found.removed += [f"{lease.key}/{name}" for name in remove_pages(files, userids)]


def _unmark(connection: sa.Connection, *, lease: Lease) -> bool:
    """Nothing is left to be done in the batch; False where somebody is to be forgotten by now."""
    table = lease.database.ledger.batches
    batches.lock(connection, lease.database, lease.key)
    left = sa.select(lease.items.c.position).where(_theirs(connection, lease)).limit(1)
    if connection.execute(left).first() is not None:
        return False
    seen_to = table.update().where(table.c.batch_key == lease.key).values(forgetting_since=None)
    connection.execute(seen_to)
    return True


def _clean_remote(
    lease: Lease, settings: Settings, store: BatchStore, api: BatchApi | None, found: Found
) -> None:
    """Delete what is not needed at OpenAI any more; name the rest, with its last day."""
    database = lease.database
    if api is not None:
        try:
            attempt = Attempt(lease, settings, store, api)
            if is_to_be_built_anew(attempt, batch := attempt.get()):
                take_back(attempt, batch)
            found.remote_deleted += delete_remote(lease, api)
        except ApiFailed as failed:
            _log.warning("batch %s: its files at OpenAI are not deleted: %s", lease.key, failed)
    batch = database.read(lambda connection: batches.get(connection, database, lease.key))
    found.remote += remote_files(batch)
