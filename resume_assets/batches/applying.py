"""`updated_candidate_records`: answers become columns, and every item of the batch is closed.

A chunk is one transaction: fields, `LastProcessed`, the items' ends and the release of the claims.
What someone else did to a candidate meanwhile is found inside that transaction: the chunk is
updated first, which locks its rows, and then compared. A mismatch rolls it back; the next try looks
first and leaves those candidates out.
"""

import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from itertools import islice
from typing import Any

import sqlalchemy as sa

from resume_assets.batches import ledger
from resume_assets.batches.lease import BatchBusy, Lease
from resume_assets.batches.queue import text_hash
from resume_assets.batches.results import (
    Asked,
    Results,
    end_of_unanswered,
    result_files,
    results_of,
)
from resume_assets.batches.states import BatchState, ItemState
from resume_assets.batches.store import BatchStore
from resume_assets.errors import PlatformError
from resume_assets.extraction.mapping import to_record
from resume_assets.extraction.responses import Answer

_log = logging.getLogger(__name__)

CHUNK = 500
"""Rows a transaction; under 1,000, so that SQL Server locks rows and never the table."""


_INTERFERENCES = 5  # of other programs, in one chunk


class NotCollected(PlatformError):
    """The batch's output is not here yet."""


@dataclass(slots=True)
class Applied:
    """What a run of this step did; a chunk's counts join once it is committed."""

    batch: ledger.Batch | None = None
    written: int = 0
    superseded: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    months_assumed: int = 0
    dates_unread: int = 0
    values_cut: int = 0


@dataclass(slots=True)
class _Row:
    """A usable answer, ready to be written; `values` as the candidate table takes them.

    The answer itself is let go: five hundred candidates at once would cost more than reading them.
    """

    asked: Asked
    values: Sequence[Any]
    usage: "_Usage"
    months_assumed: int
    values_cut: int
    unread: dict[str, str]

    @property
    def reading(self) -> tuple[int, int, str | None]:
        """What the ledger keeps of how the answer was read, in the order of _READING."""
        unread = json.dumps(self.unread, ensure_ascii=False) if self.unread else None
        return self.months_assumed, self.values_cut, unread


class _Interference(Exception):
    """Another program changed a candidate of the chunk; the transaction is rolled back."""


def apply(lease: Lease, store: BatchStore) -> Applied:
    """Write a collected batch's records and close its items.

    A batch applied before is parsed again by today's rules, and only records that are still as this
    batch left them are rewritten. Raises NotCollected, FilesGone, DatabaseFailed, LeaseLost.
    """
    database = lease.database
    batch = database.read(lambda connection: ledger.get(connection, database, lease.key))
    if batch.state not in (BatchState.collected, BatchState.applied, BatchState.done):
        raise NotCollected(f"Batch {lease.key} is {batch.state}: materialize batch_output first.")
    again = batch.state != BatchState.collected
    results = database.read(lambda connection: results_of(connection, database, lease.key))
    writer = Rewriter(lease, batch) if again else Writer(lease, batch)
    rows = writer.rows(results.usable(store.batch(lease.key), result_files(batch)))
    while chunk := list(islice(rows, CHUNK)):
        writer.write(chunk)
    if not again:
        _close_unusable(lease, batch, results, writer.applied)
        batch = lease.write(lambda connection: _finish(connection, lease))
    _log.info("batch %s: %d records written", lease.key, writer.applied.written)
    writer.applied.batch = batch
    return writer.applied


class Writer:
    """Writes the records of a batch for the first time, or goes on where a crash ended it."""

    def __init__(self, lease: Lease, batch: ledger.Batch) -> None:
        self.lease = lease
        self.database = lease.database
        self.there = lease.database.candidates
        # The years are reckoned from the day the resumes were read, not from today: the same answer
        # gives the same record whenever it is written.
        self.today: date = batch.claimed_at.date()
        self.applied = Applied()

    def rows(self, answers: Iterable[tuple[Asked, Answer]]) -> Iterator[_Row]:
        """What is to be written of these answers, one at a time."""
        for asked, answer in answers:
            if self._wants(asked):
                yield self._prepare(asked, answer)

    def write(self, rows: list[_Row]) -> None:
        """Write one chunk in one transaction; candidates that others changed are left out."""
        for attempt in range(_INTERFERENCES):
            try:
                written, stale = self.lease.write(
                    partial(self._commit, rows=rows, look_first=attempt > 0)
                )
            except _Interference:
                continue
            self._count(written, stale)
            return
        raise BatchBusy(
            f"Batch {self.lease.key}: another program keeps changing the same candidates. What was "
            "written stays; materialize updated_candidate_records again for the rest."
        )

    def _wants(self, asked: Asked) -> bool:
        """Whether this item is still to be written."""
        return asked.state == ItemState.submitted

    def _is_ours(self, asked: Asked, processed: datetime | None) -> bool:
        """Whether the candidate's `LastProcessed` is as we left it."""
        del asked
        return processed is None

    def _prepare(self, asked: Asked, answer: Answer) -> _Row:
        if answer.candidate is None:
            raise ValueError("a usable answer has a candidate")
        record = to_record(answer.candidate, self.today)
        values, cut = self.there.fit_row(record.values)
        return _Row(
            asked,
            values,
            _usage(answer),
            months_assumed=record.months_assumed,
            values_cut=cut + record.trimmed + record.too_many,
            unread=record.unreadable,
        )

    def _commit(
        self, connection: sa.Connection, rows: list[_Row], *, look_first: bool
    ) -> tuple[list[_Row], list[_Row]]:
        """One transaction: who was written, and who was left out. Raises _Interference."""
        done: list[_Row] = []
        stale: list[_Row] = []
        if look_first:
            done = self._written_before(connection, rows)
            rows = _without(rows, done)
            stale = self._changed(connection, rows, also_processed=True)
            rows = _without(rows, stale)
        now = self.database.dialect.clock(connection)
        # The update locks the rows; then nobody else can change them until we commit.
        if self._update_records(connection, rows, now) != len(rows):
            raise _Interference
        if self._changed(connection, rows, also_processed=False):
            raise _Interference
        self._close_written(connection, rows, now)
        self._leave_out(connection, stale)
        return done + rows, stale

    def _written_before(self, connection: sa.Connection, rows: list[_Row]) -> list[_Row]:
        """The rows that an earlier try wrote, whose commit was kept though its answer was lost."""
        items = self.database.ledger.items
        query = sa.select(items.c.userid).where(
            items.c.batch_key == self.lease.key,
            items.c.userid.in_([row.asked.userid for row in rows]),
            items.c.state == ItemState.succeeded,
        )
        written = set(connection.execute(query).scalars())
        return [row for row in rows if row.asked.userid in written]

    def _update_records(self, connection: sa.Connection, rows: list[_Row], now: datetime) -> int:
        there = self.there
        return self.database.dialect.update_rows(
            connection,
            there.table,
            (there.userid.name,),
            (*there.names, there.processed.name),
            [(*row.values, now, row.asked.userid) for row in rows],
            only_null=there.processed.name,
            keep_existing=there.names if self.database.keep_existing else (),
        )

    def _changed(
        self, connection: sa.Connection, rows: list[_Row], *, also_processed: bool
    ) -> list[_Row]:
        """The rows whose candidate is gone, has another text now, or was processed by others."""
        there = self.there
        query = sa.select(there.userid, there.processed, there.text).where(
            there.userid.in_([row.asked.userid for row in rows])
        )
        found = {userid: (processed, text) for userid, processed, text in connection.execute(query)}
        changed = []
        for row in rows:
            processed, text = found.get(row.asked.userid, (None, None))
            if (
                not text
                or text_hash(text) != row.asked.text_hash
                or (also_processed and not self._is_ours(row.asked, processed))
            ):
                changed.append(row)
        return changed

    def _close_written(self, connection: sa.Connection, rows: list[_Row], now: datetime) -> None:
        tables, dialect = self.database.ledger, self.database.dialect
        closed_at = dialect.utc_now(connection)
        dialect.update_rows(
            connection,
            tables.items,
            ("batch_key", "userid"),
            ("state", *_USAGE, *_READING, "last_processed", "closed_at"),
            [
                (
                    ItemState.succeeded.value,
                    *row.usage,
                    *row.reading,
                    now,
                    closed_at,
                    self.lease.key,
                    row.asked.userid,
                )
                for row in rows
            ],
        )
        _drop_claims(connection, self.lease, [row.asked.userid for row in rows])

    def _leave_out(self, connection: sa.Connection, stale: list[_Row]) -> None:
        ends = [
            _End(row.asked.userid, ItemState.stale, "changed_meanwhile", row.usage) for row in stale
        ]
        _close(connection, self.lease, ends)

    def _count(self, written: list[_Row], stale: list[_Row]) -> None:
        applied = self.applied
        applied.written += len(written)
        applied.months_assumed += sum(row.months_assumed for row in written)
        applied.dates_unread += sum(len(row.unread) for row in written)
        applied.values_cut += sum(row.values_cut for row in written)
        if stale:
            applied.ends["stale: changed_meanwhile"] += len(stale)


def _without(rows: list[_Row], others: list[_Row]) -> list[_Row]:
    left_out = {id(row) for row in others}
    return [row for row in rows if id(row) not in left_out]


class Rewriter(Writer):
    """Writes records again by today's rules, where they are still as this batch left them."""

    def _wants(self, asked: Asked) -> bool:
        return asked.state == ItemState.succeeded

    def _is_ours(self, asked: Asked, processed: datetime | None) -> bool:
        return processed is not None and processed == asked.last_processed

    def _changed(
        self, connection: sa.Connection, rows: list[_Row], *, also_processed: bool
    ) -> list[_Row]:
        """Also those that a later batch wrote, be it within the same second."""
        changed = super()._changed(connection, rows, also_processed=also_processed)
        known = {id(row) for row in changed}
        later = self._written_later(connection, [row.asked.userid for row in rows])
        return changed + [row for row in rows if row.asked.userid in later and id(row) not in known]

    def _written_later(self, connection: sa.Connection, userids: list[Any]) -> set[Any]:
        ours = self.database.ledger.items
        later = ours.alias("later")
        query = (
            sa.select(ours.c.userid)
            .join(later, later.c.userid == ours.c.userid)
            .where(
                ours.c.batch_key == self.lease.key,
                ours.c.userid.in_(userids),
                later.c.batch_key != ours.c.batch_key,
                later.c.state == ItemState.succeeded,
                later.c.closed_at > ours.c.closed_at,
            )
        )
        return set(connection.execute(query).scalars())

    def _written_before(self, connection: sa.Connection, rows: list[_Row]) -> list[_Row]:
        del connection, rows  # what is written twice by the same rules is the same
        return []

    def _update_records(self, connection: sa.Connection, rows: list[_Row], now: datetime) -> int:
        del now  # LastProcessed stays: nobody was asked again
        there = self.there
        return self.database.dialect.update_rows(
            connection,
            there.table,
            (there.userid.name, there.processed.name),
            there.names,
            [(*row.values, row.asked.userid, row.asked.last_processed) for row in rows],
            keep_existing=there.names if self.database.keep_existing else (),
        )

    def _close_written(self, connection: sa.Connection, rows: list[_Row], now: datetime) -> None:
        del now
        self.database.dialect.update_rows(
            connection,
            self.database.ledger.items,
            ("batch_key", "userid"),
            _READING,
            [(*row.reading, self.lease.key, row.asked.userid) for row in rows],
        )

    def _leave_out(self, connection: sa.Connection, stale: list[_Row]) -> None:
        """Their items stay as they are: this batch did succeed once."""

    def _count(self, written: list[_Row], stale: list[_Row]) -> None:
        super()._count(written, [])
        self.applied.superseded += len(stale)


# Requests without a usable answer


@dataclass(frozen=True, slots=True)
class _End:
    """How an item ends that has no record to write."""

    userid: Any
    state: ItemState
    reason: str
    usage: "_Usage" = (None, None, None)
    attempt_used: bool = False


def _close_unusable(lease: Lease, batch: ledger.Batch, results: Results, applied: Applied) -> None:
    """Close what got no usable answer: back to the queue, as far as attempts are left."""

    def ends() -> Iterator[_End]:
        for custom_id, answer in results.unusable.items():
            asked = results.asked[custom_id]
            if asked.state == ItemState.submitted:
                state = ItemState(answer.outcome)
                yield _End(asked.userid, state, answer.reason, _usage(answer), answer.attempt_used)
        state, reason = end_of_unanswered(batch)
        for custom_id in results.unanswered:
            asked = results.asked[custom_id]
            if asked.state == ItemState.submitted:
                yield _End(asked.userid, state, reason)

    waiting = ends()
    while chunk := list(islice(waiting, CHUNK)):
        lease.write(partial(_close, lease=lease, ends=chunk))
        applied.ends.update(f"{end.state}: {end.reason}" for end in chunk)


def _close(connection: sa.Connection, lease: Lease, ends: list[_End]) -> None:
    if not ends:
        return
    tables, dialect = lease.database.ledger, lease.database.dialect
    now = dialect.utc_now(connection)
    dialect.update_rows(
        connection,
        tables.items,
        ("batch_key", "userid"),
        ("state", "reason", "attempt_used", *_USAGE, "closed_at"),
        [
            (
                end.state.value,
                end.reason[:200],
                end.attempt_used,
                *end.usage,
                now,
                lease.key,
                end.userid,
            )
            for end in ends
        ],
    )
    _drop_claims(connection, lease, [end.userid for end in ends])


def _drop_claims(connection: sa.Connection, lease: Lease, userids: list[Any]) -> None:
    claims = lease.database.ledger.claims
    lease.database.dialect.delete_rows(connection, claims, "userid", userids)


_USAGE = ("input_tokens", "cached_tokens", "output_tokens")
_READING = ("months_assumed", "values_cut", "unread")


_Usage = tuple[int | None, int | None, int | None]


def _usage(answer: Answer) -> _Usage:
    return answer.input_tokens, answer.cached_tokens, answer.output_tokens


def _finish(connection: sa.Connection, lease: Lease) -> ledger.Batch:
    """Every item is closed: the batch is `applied`."""
    database = lease.database
    counts = ledger.count_items(connection, database, lease.key)
    still_open = counts.get(ItemState.submitted, 0) + counts.get(ItemState.claimed, 0)
    if still_open:
        raise BatchBusy(
            f"Batch {lease.key}: {still_open} items are still open; materialize "
            "updated_candidate_records again."
        )
    return ledger.update(
        connection,
        database,
        lease.key,
        state=BatchState.applied,
        succeeded=counts.get(ItemState.succeeded, 0),
        applied_at=database.dialect.utc_now(connection),
    )
