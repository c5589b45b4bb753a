"""Records into the candidate table, chunk by chunk.

What someone else did to a candidate meanwhile is found inside the chunk's transaction: the chunk is
updated first, which locks its rows, and then compared. A mismatch rolls it back; the next try looks
first and leaves those candidates out.

What the table refuses (a constraint, a trigger) is split off: the chunk is written in halves, down
to the row, and that one without the columns that are refused. So one value holds up no other.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa

from resume_assets.batches.ledger.closing import USAGE, End, close, drop_claims
from resume_assets.batches.ledger.lease import Lease
from resume_assets.batches.ledger.states import ItemState
from resume_assets.batches.receiving.results import Asked
from resume_assets.batches.records import journal, keeping
from resume_assets.batches.records.clearing import clear
from resume_assets.batches.records.discarding import discarded
from resume_assets.batches.records.refusals import refused_among
from resume_assets.batches.records.rows import (
    LEFT,
    READING,
    REFUSED,
    Applied,
    Row,
    prepare,
    rows_without,
    to_write,
)
from resume_assets.database.retrying import Refused
from resume_assets.extraction.responses import Answer
from resume_assets.extraction.text import text_hash

_INTERFERENCES = 5  # of other programs, in one chunk


class Seen(NamedTuple):
    """A candidate as the table has it now."""

    processed: Any  # LastProcessed, as its column keeps it
    same_text: bool  # the resume is the one that was sent


class Interference(Exception):
    """Another program changed a candidate of the chunk; the transaction is rolled back."""


class _Taken(Exception):
    """The table takes the row; the transaction, which was only to find that out, is rolled back."""


class Writer:
    """Writes the records of a batch for the first time, or goes on where a crash ended it."""

    wanted = ItemState.submitted
    """The items that are to be written."""

    def __init__(self, lease: Lease, applied: Applied | None = None) -> None:
        self.lease = lease
        self.database = lease.database
        self.there = lease.database.candidates
        self.applied = applied or Applied()

    def rows(self, answers: Iterable[tuple[Asked, Answer]]) -> Iterator[Row]:
        """What is to be written of these answers, one at a time; see Writes."""
        for asked, answer in answers:
            if asked.state == self.wanted:
                if answer.record is not None:
                    clear(answer.record, self.database.not_borne_out)
                yield prepare(asked, answer, self.database)

    def write(self, rows: list[Row]) -> None:
        """Write one chunk in one transaction; in parts where the table refuses one of the rows.

        Candidates that others changed are left out.
        """
        try:
            self._write_together(rows)
        except (Refused, Interference) as problem:
            if len(rows) > 1:
                half = len(rows) // 2
                self.write(rows[:half])
                self.write(rows[half:])
            elif isinstance(problem, Refused):
                self._write_alone(rows[0], problem)
            else:
                self.applied.left_open += 1

    def _write_together(self, rows: list[Row]) -> None:
        """Write rows in one transaction. Raises Refused, Interference."""
        for attempt in range(_INTERFERENCES):
            try:
                written, stale = self.lease.write(
                    partial(self._commit, rows=rows, look_first=attempt > 0)
                )
            except Interference:
                continue
            self._count(written, stale)
            return
        raise Interference

    def _write_alone(self, row: Row, refused: Refused) -> None:
        """Write one record without the columns that are refused; give up where nothing is left."""
        left_out = self._refused_columns(row, refused.column)
        if left_out is not None and (rest := row.without(left_out)).tells(self.there.columns):
            try:
                self._write_together([rest])
            except Refused as late:  # with the commit, where a constraint is deferred
                refused = late
            else:
                return
        self.applied.not_taken[str(refused)] += 1
        self._give_up(row)

    def _refused_columns(self, row: Row, named: str | None) -> frozenset[str] | None:
        """What to leave out of a record that is refused; `named`: what the database blames."""
        ours = {column.casefold(): column for column in self.there.columns}
        blamed = ours.get((named or "").casefold())
        # It is one column, nearly always, and the same as before.
        for guess in dict.fromkeys([*([blamed] if blamed else []), *self.applied.refused]):
            if self._is_taken(row, frozenset([guess])):
                return frozenset([guess])
        return refused_among(self.there.columns, partial(self._is_taken, row))

    def _is_taken(self, row: Row, left_out: frozenset[str]) -> bool:
        """Whether the table takes the record without these columns; nothing is kept of the try."""

        def work(connection: sa.Connection) -> None:
            self._commit(connection, [row.without(left_out)], look_first=False)
            raise _Taken

        try:
            self.lease.write(work)
        except Refused:
            return False
        except (_Taken, Interference):  # what others did is found when it is written
            pass
        return True

    def _give_up(self, row: Row) -> None:
        """Close the item: see ItemState.unwritable."""
        end = End(row.asked.userid, ItemState.unwritable, REFUSED, row.usage, attempt_used=True)
        self.lease.write(partial(close, lease=self.lease, ends=[end]))
        self.applied.ends[f"{end.state}: {end.reason}"] += 1

    def _commit(
        self, connection: sa.Connection, rows: list[Row], *, look_first: bool
    ) -> tuple[list[Row], list[Row]]:
        """One transaction: who was written, and who was left out. Raises Interference, Refused."""
        done: list[Row] = []
        stale: list[Row] = []
        if look_first:
            done = self._written_before(connection, rows)
            rows = rows_without(rows, done)
            stale = self._changed(connection, rows)
            rows = rows_without(rows, stale)
        rows = rows_without(rows, discarded(connection, self.lease, rows))
        # The update locks the rows; then nobody else can change them until we commit.
        hit, rows = self._write_records(connection, rows)
        seen = self._verify(connection, rows)
        if hit != len(rows):
            raise Interference
        self._close_written(connection, rows, seen)
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

    def _write_records(self, connection: sa.Connection, rows: list[Row]) -> tuple[int, list[Row]]:
        """Update the candidates; how many were hit, and the rows as they were written.

        Nearly always nothing stands in any of them yet: then it is one statement.
        """
        there, hit = self.there, 0
        if there.are_nullable:
            hit = self._update_records(connection, rows, only_null=there.names)
        if hit == len(rows):
            return hit, rows
        more, rows = self._overwrite(connection, rows, there.processed.is_(None))
        return hit + more, rows

    def _overwrite(
        self, connection: sa.Connection, rows: list[Row], condition: sa.ColumnElement[bool]
    ) -> tuple[int, list[Row]]:
        """Update those candidates that meet the condition; what stood there is seen to first."""
        database, key = self.database, self.lease.key
        kept = keeping.kept(connection, database, rows, condition, batch_key=key)
        hit = self._update_records(connection, kept)
        journal.note(connection, database, key, [row.entry for row in kept if row.entry])
        written = {row.asked.userid: row for row in kept}
        return hit, [written.get(row.asked.userid, row) for row in rows]

    def _update_records(
        self, connection: sa.Connection, rows: list[Row], only_null: Sequence[str] = ()
    ) -> int:
        there, dialect = self.there, self.database.dialect
        now = dialect.clock(connection, there.processed.type)
        names, records = to_write(rows, there)
        return dialect.update_rows(
            connection,
            there.table,
            (there.userid.name,),
            (*names, there.processed.name),
            [(*values, now, row.asked.userid) for row, values in zip(rows, records, strict=True)],
            only_null=(there.processed.name, *only_null),
            keep_existing=there.kept_where_null(keep_existing=self.database.keep_existing),
        )

    def _look(self, connection: sa.Connection, rows: list[Row]) -> list[Seen]:
        there = self.there
        query = sa.select(there.userid, there.processed, there.text).where(
            there.userid.in_([row.asked.userid for row in rows])
        )
        found = {
            userid: (processed, text) for userid, processed, text in connection.execute(query).all()
        }
        gone = (None, None)
        return [
            Seen(processed, bool(text) and text_hash(text) == row.asked.text_hash)
            for row in rows
            for processed, text in [found.get(row.asked.userid, gone)]
        ]

    def _changed(self, connection: sa.Connection, rows: list[Row]) -> list[Row]:
        """The rows whose candidate is gone, has another text now, or was processed by others."""
        seen = self._look(connection, rows)
        return [
            row
            for row, now in zip(rows, seen, strict=True)
            if not (now.same_text and self._is_ours(row, now))
        ]

    def _is_ours(self, row: Row, seen: Seen) -> bool:
        """Whether `LastProcessed` is as we left it, before the record is written."""
        del row
        return seen.processed is None

    def _verify(self, connection: sa.Connection, rows: list[Row]) -> list[Seen]:
        """The rows that have just been updated, as the table keeps them.

        Raises Interference, and Refused where what was written is not there.
        """
        seen = self._look(connection, rows)
        if not all(now.same_text for now in seen):
            raise Interference
        if any(now.processed is None for now in seen):
            raise Refused("a trigger of the table undoes what is written")
        return seen

    def _close_written(self, connection: sa.Connection, rows: list[Row], seen: list[Seen]) -> None:
        tables, dialect = self.database.ledger, self.database.dialect
        closed_at = dialect.utc_now(connection)
        dialect.update_rows(
            connection,
            tables.items,
            ("batch_key", "userid"),
            ("state", *USAGE, *READING, *LEFT, "last_processed", "closed_at"),
            [
                (
                    ItemState.succeeded.value,
                    *row.usage,
                    *row.reading,
                    *row.left,
                    now.processed,
                    closed_at,
                    self.lease.key,
                    row.asked.userid,
                )
                for row, now in zip(rows, seen, strict=True)
            ],
        )
        self._let_go(connection, rows)

    def _let_go(self, connection: sa.Connection, rows: list[Row]) -> None:
        drop_claims(connection, self.lease, [row.asked.userid for row in rows])

    def _leave_out(self, connection: sa.Connection, stale: list[Row]) -> None:
        ends = [
            End(row.asked.userid, ItemState.stale, "changed_meanwhile", row.usage) for row in stale
        ]
        close(connection, self.lease, ends)

    def _count(self, written: list[Row], stale: list[Row]) -> None:
        self.applied.add(written)
        if stale:
            self.applied.ends["stale: changed_meanwhile"] += len(stale)
