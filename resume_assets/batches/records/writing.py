"""Records into the candidate table, chunk by chunk.

What someone else did to a candidate meanwhile is found inside the chunk's transaction: the chunk is
updated first, which locks its rows, and then compared. A mismatch rolls it back; the next try looks
first and leaves those candidates out.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import orjson
import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.closing import USAGE, End, Usage, close, drop_claims, usage_of
from resume_assets.batches.ledger.lease import BatchBusy, Lease
from resume_assets.batches.ledger.queue import text_hash
from resume_assets.batches.ledger.states import ItemState
from resume_assets.batches.receiving.results import Asked
from resume_assets.extraction.responses import Answer
from resume_assets.extraction.values import LOSSES, Change, Changes

_INTERFERENCES = 5  # of other programs, in one chunk
READING = ("months_assumed", "values_cut", "changes", "unread")
_CUT = LOSSES - {Change.unread}


@dataclass(slots=True)
class Applied:
    """What a run of this step did; a chunk's counts join once it is committed."""

    batch: batches.Batch | None = None
    written: int = 0
    superseded: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)  # column, what was done

    @property
    def months_assumed(self) -> int:
        """Dates whose month was not given."""
        return self._count(Change.assumed)

    @property
    def dates_unread(self) -> int:
        """Dates that could not be read."""
        return self._count(Change.unread)

    @property
    def values_cut(self) -> int:
        """Values that are not in the table as a whole."""
        return self._count(*_CUT)

    def _count(self, *changes: Change) -> int:
        return sum(count for (_, what), count in self.changes.items() if what in changes)


@dataclass(slots=True)
class Row:
    """A usable answer, ready to be written; `values` as the candidate table takes them.

    The answer itself is let go: five hundred candidates at once would cost more than reading them.
    """

    asked: Asked
    values: Sequence[Any]
    usage: Usage
    changes: Changes
    unread: dict[str, str]

    @property
    def reading(self) -> tuple[int, int, str | None, str | None]:
        """What the ledger keeps of how the answer was read, in the order of READING."""
        if not self.changes:
            return 0, 0, None, None
        done = [*self.changes.values()]
        cut = sum(change in _CUT for change in done)
        return done.count(Change.assumed), cut, _json(self.changes), _json(self.unread)


def _json(by_column: Mapping[str, str]) -> str | None:
    return orjson.dumps(by_column).decode() if by_column else None


class Interference(Exception):
    """Another program changed a candidate of the chunk; the transaction is rolled back."""


class Writer:
    """Writes the records of a batch for the first time, or goes on where a crash ended it."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.database = lease.database
        self.there = lease.database.candidates
        self.applied = Applied()

    def rows(self, answers: Iterable[tuple[Asked, Answer]]) -> Iterator[Row]:
        """What is to be written of these answers, one at a time."""
        for asked, answer in answers:
            if self._wants(asked):
                yield self._prepare(asked, answer)

    def write(self, rows: list[Row]) -> None:
        """Write one chunk in one transaction; candidates that others changed are left out."""
        for attempt in range(_INTERFERENCES):
            try:
                written, stale = self.lease.write(
                    partial(self._commit, rows=rows, look_first=attempt > 0)
                )
            except Interference:
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

    def _prepare(self, asked: Asked, answer: Answer) -> Row:
        if (record := answer.record) is None:
            raise ValueError("a usable answer has a record")
        values = self.there.fit_row(record.values, record.changes)
        return Row(
            asked,
            values,
            usage_of(answer),
            changes=record.changes,
            unread=record.unreadable,
        )

    def _commit(
        self, connection: sa.Connection, rows: list[Row], *, look_first: bool
    ) -> tuple[list[Row], list[Row]]:
        """One transaction: who was written, and who was left out. Raises Interference."""
        done: list[Row] = []
        stale: list[Row] = []
        if look_first:
            done = self._written_before(connection, rows)
            rows = _without(rows, done)
            stale = self._changed(connection, rows, also_processed=True)
            rows = _without(rows, stale)
        now = self.database.dialect.clock(connection)
        # The update locks the rows; then nobody else can change them until we commit.
        if self._update_records(connection, rows, now) != len(rows):
            raise Interference
        if self._changed(connection, rows, also_processed=False):
            raise Interference
        self._close_written(connection, rows, now)
        self._leave_out(connection, stale)
        return done + rows, stale

    def _written_before(self, connection: sa.Connection, rows: list[Row]) -> list[Row]:
        """The rows that an earlier try wrote, whose commit was kept though its answer was lost."""
        items = self.database.ledger.items
        query = sa.select(items.c.userid).where(
            items.c.batch_key == self.lease.key,
            items.c.userid.in_([row.asked.userid for row in rows]),
            items.c.state == ItemState.succeeded,
        )
        written = set(connection.execute(query).scalars())
        return [row for row in rows if row.asked.userid in written]

    def _update_records(self, connection: sa.Connection, rows: list[Row], now: datetime) -> int:
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
        self, connection: sa.Connection, rows: list[Row], *, also_processed: bool
    ) -> list[Row]:
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

    def _close_written(self, connection: sa.Connection, rows: list[Row], now: datetime) -> None:
        tables, dialect = self.database.ledger, self.database.dialect
        closed_at = dialect.utc_now(connection)
        dialect.update_rows(
            connection,
            tables.items,
            ("batch_key", "userid"),
            ("state", *USAGE, *READING, "last_processed", "closed_at"),
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
        drop_claims(connection, self.lease, [row.asked.userid for row in rows])

    def _leave_out(self, connection: sa.Connection, stale: list[Row]) -> None:
        ends = [
            End(row.asked.userid, ItemState.stale, "changed_meanwhile", row.usage) for row in stale
        ]
        close(connection, self.lease, ends)

    def _count(self, written: list[Row], stale: list[Row]) -> None:
        applied = self.applied
        applied.written += len(written)
        for row in written:
            if row.changes:
                applied.changes.update(row.changes.items())
        if stale:
            applied.ends["stale: changed_meanwhile"] += len(stale)


def _without(rows: list[Row], others: list[Row]) -> list[Row]:
    left_out = {id(row) for row in others}
    return [row for row in rows if id(row) not in left_out]
