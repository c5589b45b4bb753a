"""`updated_candidate_records`: answers become columns, and every item of the batch is closed.

A chunk is one transaction: fields, `LastProcessed`, the items' ends and the release of the claims.
"""

import logging
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from functools import partial
from itertools import islice
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.closing import End, close, usage_of
from resume_assets.batches.ledger.lease import BatchBusy, Lease
from resume_assets.batches.ledger.states import WRITTEN, BatchState, ItemState
from resume_assets.batches.receiving.reading import Resume, read_records
from resume_assets.batches.receiving.results import (
    Asked,
    Results,
    answers_of,
    end_of_unanswered,
    results_of,
)
from resume_assets.batches.records.rewriting import Mender, Rewriter
from resume_assets.batches.records.rows import Applied
from resume_assets.batches.records.writing import Writer
from resume_assets.batches.store import BatchStore
from resume_assets.database.connect import Database
from resume_assets.errors import PlatformError
from resume_assets.extraction.responses import Answer
from resume_assets.garbage import passed_over
from resume_assets.progress import Unit, step

_log = logging.getLogger(__name__)
R = TypeVar("R")

_REASONS = 5  # that a log names

CHUNK = 500
"""Rows a transaction; under 1,000, so that SQL Server locks rows and never the table."""


class NotCollected(PlatformError):
    """The batch's output is not here yet."""


def apply(lease: Lease, store: BatchStore) -> Applied:
    """Write a collected batch's records and close its items.

    A batch applied before is parsed again by the present rules, and only records that are still as
    this batch left them are rewritten; what the table refused then is tried again. Raises
    NotCollected, OfTrial, FilesGone, DatabaseFailed, LeaseLost, BatchBusy.
    """
    database = lease.database
    batch = database.read(lambda connection: batches.get(connection, database, lease.key))
    if batch.state not in (BatchState.collected, BatchState.applied, BatchState.done):
        raise NotCollected(f"Batch {lease.key} is {batch.state}: materialize batch_output first.")
    if batch.trial_key is not None:
        raise batches.OfTrial(batches.belongs_to_trial(batch))
    applied = Applied()
    if batch.state == BatchState.collected:
        results = _write(Writer(lease, applied), store, batch)
        close_unusable(lease, batch, results, applied)
        _require_none_left(lease, applied)
        batch = lease.write(lambda connection: finish(connection, lease))
    else:
        _write(Rewriter(lease, applied), store, batch)
        batch = _mend(lease, store, batch, applied)
        _require_none_left(lease, applied)
    _log.info("batch %s: %d records written", lease.key, applied.written)
    _tell_of_refusals(lease.key, applied)
    applied.batch = batch
    return applied


def _tell_of_refusals(key: str, applied: Applied) -> None:
    if applied.refused:
        told = ", ".join(f"{column} {count}" for column, count in applied.refused.most_common())
        _log.warning("batch %s: values that the table refused, by column: %s", key, told)
    for why, count in applied.not_taken.most_common(_REASONS):
        _log.warning(
            "batch %s: %d records that the table does not take (%s). Their answers are kept: mend "
            "the table and materialize updated_candidate_records again.",
            key,
            count,
            why,
        )


class Writes(Protocol[R]):
    """Makes rows of a batch's usable answers, and writes a chunk of them in one transaction."""

    lease: Lease
    wanted: ItemState
    """The items that are to be written."""

    def rows(self, answers: Iterable[tuple[Asked, Answer]]) -> Iterator[R]:
        """What is to be written of these answers, one at a time."""

    def write(self, rows: list[R]) -> None:
        """Write one chunk."""


def write_answers(
    writer: Writes[R], store: BatchStore, batch: batches.Batch, today: date
) -> Results:
    """Write those answers of the batch that this writer is for; returns the results, all read.

    `today` ends current positions.
    """
    lease, database = writer.lease, writer.lease.database
    results = database.read(lambda connection: results_of(connection, lease.items, lease.key))
    resumes = partial(resumes_of, database, results, writer.wanted)
    read = partial(read_records, today=today, resumes=resumes)
    installation = database.read(lambda connection: batches.installation_of(connection, database))
    files = store.find(lease.key, batch.store_url, installation)
    expected = sum(asked.state == writer.wanted for asked in results.asked.values())
    rows = writer.rows(results.usable(answers_of(files, batch, read)))
    with passed_over(), step("writing the records", Unit.record, expected) as writing:
        while chunk := list(islice(rows, CHUNK)):
            writer.write(chunk)
            writing.advance(len(chunk))
    return results


def resumes_of(
    database: Database, results: Results, state: ItemState, custom_ids: Collection[str]
) -> dict[str, Resume]:
    """The resumes, as they are now, of those requests whose items are in this state."""
    there = database.candidates
    asked_for = {custom_id: results.asked.get(custom_id) for custom_id in custom_ids}
    wanted = {
        custom_id: asked
        for custom_id, asked in asked_for.items()
        if asked is not None and asked.state == state
    }
    texts: dict[Any, str | None] = {}
    waiting = iter(wanted.values())
    while page := [asked.userid for asked in islice(waiting, CHUNK)]:
        texts |= database.read(partial(there.texts, userids=page))
    return {
        custom_id: Resume(texts.get(asked.userid), asked.text_hash)
        for custom_id, asked in wanted.items()
    }


def _write(writer: Writer, store: BatchStore, batch: batches.Batch) -> Results:
    # A current position counts up to the day the resumes were claimed, not to today, so that the
    # same answer gives the same record whenever it is written.
    return write_answers(writer, store, batch, batch.claimed_at.date())


def _mend(lease: Lease, store: BatchStore, batch: batches.Batch, applied: Applied) -> batches.Batch:
    """Write what the table refused when the batch was applied, where there is any such."""
    database = lease.database
    counts = database.read(
        lambda connection: batches.count_items(connection, lease.items, lease.key)
    )
    if not counts.get(Mender.wanted):
        return batch
    _write(Mender(lease, applied), store, batch)
    return lease.write(lambda connection: _count_succeeded(connection, lease))


def _require_none_left(lease: Lease, applied: Applied) -> None:
    if applied.left_open:
        raise BatchBusy(
            f"Batch {lease.key}: another program keeps changing the same {applied.left_open} "
            "candidates. What was written stays; materialize updated_candidate_records again for "
            "the rest."
        )


def _count_succeeded(connection: sa.Connection, lease: Lease) -> batches.Batch:
    counts = batches.count_items(connection, lease.items, lease.key)
    succeeded = sum(counts.get(state, 0) for state in WRITTEN)
    return batches.update(connection, lease.database, lease.key, succeeded=succeeded)


def close_unusable(lease: Lease, batch: batches.Batch, results: Results, applied: Applied) -> None:
    """Close what got no usable answer; of the real work, it waits again while attempts are left."""

    def ends() -> Iterator[End]:
        for custom_id, answer in results.unusable.items():
            asked = results.asked[custom_id]
            if asked.state == ItemState.submitted:
                state = ItemState(answer.outcome)
                yield End(asked.userid, state, answer.reason, usage_of(answer), answer.attempt_used)
        for custom_id in results.unanswered:
            asked = results.asked[custom_id]
            if asked.state == ItemState.submitted:
                yield End(asked.userid, *end_of_unanswered(batch, is_sent=asked.is_sent))

    waiting = ends()
    while chunk := list(islice(waiting, CHUNK)):
        lease.write(partial(close, lease=lease, ends=chunk))
        applied.ends.update(f"{end.state}: {end.reason}" for end in chunk)


def finish(connection: sa.Connection, lease: Lease) -> batches.Batch:
    """Every item is closed: the batch is `applied`."""
    database = lease.database
    counts = batches.count_items(connection, lease.items, lease.key)
    still_open = counts.get(ItemState.submitted, 0) + counts.get(ItemState.claimed, 0)
    if still_open:
        raise BatchBusy(
            f"Batch {lease.key}: {still_open} items are still open; materialize "
            "updated_candidate_records again."
        )
    return batches.update(
        connection,
        database,
        lease.key,
        state=BatchState.applied,
        succeeded=counts.get(ItemState.succeeded, 0),
        applied_at=database.dialect.utc_now(connection),
    )
