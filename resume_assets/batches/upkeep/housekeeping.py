"""What is kept no longer than needed: files at OpenAI and here, unused uploads, the journal.

And what `resume-assets forget` had to leave for later is done.

At OpenAI each file also has an expiry, set when it was made, in case this never runs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import BatchBusy, Lease, leased
from resume_assets.batches.ledger.states import CLOSED, OPEN
from resume_assets.batches.records import journal
from resume_assets.batches.store import BatchStore
from resume_assets.batches.store_errors import StoreFailed
from resume_assets.batches.upkeep import anonymising, documents, forgetting
from resume_assets.batches.upkeep.old_batches import last_step_at
from resume_assets.batches.upkeep.remote_files import RESULTS_SAFE, delete_remote
from resume_assets.database.connect import Database
from resume_assets.database.projection import catch_up
from resume_assets.errors import in_words
from resume_assets.openai_api.errors import ApiFailed, OtherEndpoint
from resume_assets.settings import Settings

if TYPE_CHECKING:
    from resume_assets.openai_api.client import BatchApi


_log = logging.getLogger(__name__)

_UNUSED_AFTER = timedelta(hours=1)
"""An upload so old that belongs to no open batch will not be used."""


@dataclass(slots=True)
class Tidied:
    """How many files and entries went, and what stood in the way, in sentences."""

    remote_files: int = 0
    unused_uploads: int = 0
    local_batches: int = 0
    local_files: int = 0
    broken_uploads: int = 0  # to an object store
    journal_entries: int = 0
    ledger_rows: int = 0  # from which what is personal went, being old
    forgotten: int = 0  # rows of the ledger, for people who were to be forgotten
    problems: list[str] = field(default_factory=list)


def tidy(database: Database, settings: Settings, store: BatchStore, api: BatchApi | None) -> Tidied:
    """Delete all that is not needed any more; an endpoint that does not answer is only noted.

    `api`: None where there is none to be asked. Raises DatabaseFailed.
    """
    tidied = Tidied()
    catch_up(database)
    if api is not None:
        try:
            _tidy_remote(database, api, tidied)
        except ApiFailed as failed:
            tidied.problems.append(str(failed))
    _tidy_local(database, settings, store, tidied)
    try:
        tidied.broken_uploads = store.end_broken_uploads()
    except StoreFailed as problem:
        tidied.problems.append(f"Broken uploads are not looked for: {problem}")
    tidied.journal_entries = journal.prune(database, settings.keep_journal_days)
    if settings.keep_ledger_days is not None:
        tidied.ledger_rows = anonymising.prune(database, settings.keep_ledger_days)
        tidied.ledger_rows += documents.prune(database, settings.keep_ledger_days)
    if (receipt := forgetting.finish(database, settings, store, api)) is not None:
        tidied.forgotten = receipt.ledger_rows
        tidied.problems += receipt.left
    _log.info(
        "housekeeping: %d files at OpenAI, %d unused uploads, %d files of %d batches here, "
        "%d broken uploads, "
        "%d entries of the journal, what is personal in %d rows of the ledger",
        tidied.remote_files,
        tidied.unused_uploads,
        tidied.local_files,
        tidied.local_batches,
        tidied.broken_uploads,
        tidied.journal_entries,
        tidied.ledger_rows + tidied.forgotten,
    )
    return tidied


def _tidy_remote(database: Database, api: BatchApi, tidied: Tidied) -> None:
    table = database.ledger.batches
    for key in _keys(
        database,
        table.c.state.in_(sorted(RESULTS_SAFE)),
        table.c.remote_deleted_at.is_(None),
        table.c.input_file_id.is_not(None),
    ):
        try:
            with leased(database, key) as lease:
                tidied.remote_files += delete_remote(lease, api)
        except (BatchBusy, OtherEndpoint) as problem:
            tidied.problems.append(str(problem))
    for file_id in list(_unused_uploads(database, api)):
        tidied.unused_uploads += api.delete_file(file_id)


def _unused_uploads(database: Database, api: BatchApi) -> Iterator[str]:
    """Uploads of this installation that no open batch will use: answers lost, batches given up."""
    installation = database.read(lambda connection: batches.installation_of(connection, database))
    prefix = f"{installation}-"
    uploads = api.uploads(prefix)  # first: what is uploaded from now on is not in it
    opened = database.read(lambda connection: batches.in_states(connection, database, OPEN))
    in_use = {batch.input_file_id for batch in opened}
    uploading = {batch.batch_key for batch in opened if batch.input_file_id is None}
    limit = datetime.now(UTC) - _UNUSED_AFTER
    for file in uploads:
        key = file.filename.removeprefix(prefix).removesuffix(".jsonl").rpartition("-")[0]
        made = datetime.fromtimestamp(file.created_at, UTC)
        if file.id not in in_use and key not in uploading and made < limit:
            yield file.id


def _tidy_local(database: Database, settings: Settings, store: BatchStore, tidied: Tidied) -> None:
    table = database.ledger.batches
    now = database.read(database.dialect.utc_now)
    for key in _keys(
        database,
        table.c.state.in_(sorted(CLOSED)),
        table.c.local_deleted_at.is_(None),
        last_step_at(table) <= now - timedelta(days=settings.keep_files_days),
    ):
        try:
            with leased(database, key) as lease:
                _delete_local(lease, store, tidied)
        except (BatchBusy, OSError, StoreFailed) as problem:
            told = in_words(problem, f"deleting the files of batch {key}")
            tidied.problems.append(told if key in told else f"Batch {key}: {told}")


def _delete_local(lease: Lease, store: BatchStore, tidied: Tidied) -> None:
    """Delete a closed batch's files where they are; where they should be and are not, say so.

    Raises StoreFailed, OSError where their store can't be reached: then they are there still.
    """
    database = lease.database
    batch = lease.write(lambda connection: batches.lock(connection, database, lease.key))
    if batch.state not in CLOSED:
        return  # planned anew meanwhile
    installation = database.read(lambda connection: batches.installation_of(connection, database))
    files = store.find(lease.key, batch.store_url, installation)
    removed = 0 if files.is_of_another(installation) else files.remove()
    if not removed and batch.built_at is not None:
        files.store.check()
        tidied.problems.append(_not_there(batch, files.store))
    lease.write(
        lambda connection: batches.update(
            connection, database, lease.key, local_deleted_at=database.dialect.utc_now(connection)
        )
    )
    tidied.local_files += removed
    tidied.local_batches += bool(removed)


def _not_there(batch: batches.Batch, store: BatchStore) -> str:
    elsewhere = (
        ""
        if batch.store_url
        else " It is older than the ledger's note of its store: if RESUME_BATCH_STORE was another "
        "one then, they are still there."
    )
    return (
        f"Batch {batch.batch_key}: none of its files are in {store.url}; nothing was "
        f"deleted.{elsewhere}"
    )


def _keys(database: Database, *conditions: sa.ColumnElement[bool]) -> list[str]:
    table = database.ledger.batches
    query = sa.select(table.c.batch_key).where(*conditions).order_by(table.c.planned_at)
    return list(database.read(lambda connection: connection.execute(query).scalars().all()))
