"""`resume-assets forget`: what this program keeps about a person goes, wherever it is.

First it is noted, for good, who is to be forgotten (as keyed hashes) and in which batches they are:
from then on nobody plans, builds or writes anything of them. Then each batch is seen to under its
lease: its rows in the ledger, its files here, its files at OpenAI. Killed anywhere, or kept off by
another worker, the next call goes on, or the daily job. What stays with whom: docs/forgetting.md.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from resume_assets.batches.ledger import forgotten
from resume_assets.batches.ledger.lease import PATIENCE, BatchBusy, LeaseLost, leased
from resume_assets.batches.store import BatchStore
from resume_assets.batches.store_errors import StoreFailed
from resume_assets.batches.upkeep import documents, emptying, samples
from resume_assets.batches.upkeep.anonymising import NoRoom
from resume_assets.batches.upkeep.cleaning import Found, clean
from resume_assets.batches.upkeep.pages import remove_trial_pages
from resume_assets.batches.upkeep.receipts import Receipt, keep, kept
from resume_assets.database.connect import Database
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.errors import in_words
from resume_assets.settings import Settings

if TYPE_CHECKING:
    from resume_assets.openai_api.client import BatchApi

_log = logging.getLogger(__name__)

PAGE = 500
"""People a transaction; under 1,000, so that SQL Server locks rows and never the table."""


def forget(
    database: Database,
    settings: Settings,
    store: BatchStore,
    api: BatchApi | None,
    userids: Sequence[Any],
    *,
    records: bool = False,
    patience: float = PATIENCE,
) -> Receipt:
    """Forget these people, whether or not the candidate table still has them; returns the receipt.

    `records`: their extracted columns, and LastProcessed, are emptied too. `api`: None where no
    endpoint can be asked. `patience`: seconds to wait for another worker at a batch; what it holds
    is left for later, and the receipt says so. Safe to repeat. Raises DatabaseFailed.
    """
    receipt = Receipt()
    wanted = list(dict.fromkeys(userids))
    # Of what was left for later before, it is not known whose it is.
    unknown = set(database.read(partial(_left, database=database)))
    for start in range(0, len(wanted), PAGE):
        page = wanted[start : start + PAGE]
        noted = database.write(partial(_note, database=database, userids=page))
        receipt.people += len(page)
        receipt.journal_entries += noted.journal_entries
        receipt.trials += noted.trials
        receipt.documents += noted.documents
    _finish(database, settings, store, api, receipt, _Known(wanted, unknown), patience)
    if records:
        for start in range(0, len(wanted), PAGE):
            emptying.empty(database, wanted[start : start + PAGE], receipt)
    if forgotten.are_personal(database):
        receipt.files_removed += remove_trial_pages(settings, wanted)
    _scrub(database, receipt)
    keep(database, receipt)
    _log.info("forget: %d people, %d rows of the ledger", receipt.people, receipt.ledger_rows)
    return receipt


def finish(
    database: Database, settings: Settings, store: BatchStore, api: BatchApi | None
) -> Receipt | None:
    """Do what was left for later, for the daily job; None where nothing was.

    Raises DatabaseFailed.
    """
    before = kept(database)
    was_left = bool(before) and bool(before[-1]["left_for_later"])
    if not was_left and not database.read(partial(_left, database=database)):
        return None
    receipt = Receipt()
    _finish(database, settings, store, api, receipt, _Known(), patience=0)
    _scrub(database, receipt)
    keep(database, receipt)
    return receipt


def allow_again(
    database: Database,
    settings: Settings,
    store: BatchStore,
    api: BatchApi | None,
    userids: Sequence[Any],
) -> int:
    """Let these people be sent again; returns how many of them were to be forgotten.

    What was forgotten stays so. Raises BatchBusy where something of it was still left to be done,
    and can't be done now: afterwards it would be theirs for good. DatabaseFailed.
    """
    receipt = finish(database, settings, store, api)
    if receipt is not None and receipt.left:
        raise BatchBusy(f"Not all is forgotten yet: {' '.join(receipt.left)} Then try again.")
    allowed = 0
    for start in range(0, len(userids), PAGE):
        page = userids[start : start + PAGE]
        allowed += database.write(partial(_allow, database=database, userids=page))
    return allowed


@dataclass(frozen=True, slots=True)
class _Known:
    """Who is forgotten; in `unknown` batches there are others as well."""

    userids: Sequence[Any] = ()
    unknown: AbstractSet[str] = frozenset()

    def of(self, key: str) -> Sequence[Any]:
        """Everybody who is forgotten in this batch; nobody where that is not known."""
        return () if key in self.unknown else self.userids


@dataclass(slots=True)
class _Noted:
    journal_entries: int = 0
    trials: int = 0
    documents: int = 0


def _note(connection: sa.Connection, *, database: Database, userids: Sequence[Any]) -> _Noted:
    """Who is to be forgotten, and the batches that they are in; no lease is needed for that.

    Under the planning lock: nobody claims them meanwhile.
    """
    ledger = database.ledger
    database.dialect.lock(connection, ledger.installation)
    secret = forgotten.made_secret(connection, database)
    found = forgotten.persons(connection, database, secret, userids)
    forgotten.add(connection, database, found)
    keys: set[str] = set()
    for items in (ledger.items, ledger.trial_items):
        query = sa.select(items.c.batch_key).where(
            items.c.userid.in_(userids), items.c.forgotten_at.is_(None)
        )
        keys |= set(connection.execute(query.distinct()).scalars())
    forgotten.mark(connection, database, keys)
    dropped = ledger.journal.delete().where(ledger.journal.c.userid.in_(userids))
    return _Noted(
        journal_entries=connection.execute(dropped).rowcount,
        trials=samples.drop(connection, database, userids),
        documents=documents.forget(connection, database, secret, userids),
    )


def _allow(connection: sa.Connection, *, database: Database, userids: Sequence[Any]) -> int:
    secret = forgotten.secret_of(connection, database)
    if secret is None:
        return 0
    found = forgotten.persons(connection, database, secret, userids)
    documents.allow(connection, database, found)
    return forgotten.drop(connection, database, found)


def _left(connection: sa.Connection, *, database: Database) -> list[str]:
    """The batches of which something is still to be done."""
    table = database.ledger.batches
    query = sa.select(table.c.batch_key).where(table.c.forgetting_since.is_not(None))
    return list(connection.execute(query.order_by(table.c.planned_at)).scalars())


def _finish(
    database: Database,
    settings: Settings,
    store: BatchStore,
    api: BatchApi | None,
    receipt: Receipt,
    known: _Known,
    patience: float,
) -> None:
    """See to every batch that is marked; one that can't be seen to now stays marked."""
    for key in database.read(partial(_left, database=database)):
        found = Found()
        try:
            with leased(database, key, patience=patience) as lease, lease.kept_alive():
                clean(lease, settings, store, api, known.of(key), found)
        except (BatchBusy, LeaseLost, NoRoom, StoreFailed, OSError) as problem:
            told = in_words(problem, f"forgetting people in batch {key}")
            receipt.left.append(told if key in told else f"Batch {key}: {told}")
        receipt.add(found)


def _scrub(database: Database, receipt: Receipt) -> None:
    """What was deleted is no longer in the database's file either, as far as it is ours."""
    try:
        is_done = database.dialect.scrub(database.engine)
    except DatabaseFailed as failed:
        receipt.left.append(str(failed))
        return
    if not is_done:
        receipt.left.append("The database's log is in use; it is emptied once nobody reads it.")
