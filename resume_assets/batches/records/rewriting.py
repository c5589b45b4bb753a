"""Records written again, by the present rules, from the answers that are kept."""

from collections.abc import Sequence

import sqlalchemy as sa

from resume_assets.batches.ledger.states import ItemState
from resume_assets.batches.records import keeping
from resume_assets.batches.records.rows import LEFT, READING, Row, to_write
from resume_assets.batches.records.writing import Interference, Seen, Writer


class _Again(Writer):
    """Writes for a batch whose items are closed: what can't be written leaves its item as it is."""

    def _give_up(self, row: Row) -> None:
        del row
        self.applied.superseded += 1

    def _let_go(self, connection: sa.Connection, rows: list[Row]) -> None:
        """Releases no claim: this batch has none any more, and another may have."""

    def _leave_out(self, connection: sa.Connection, stale: list[Row]) -> None:
        """Their items stay as they are."""

    def _count(self, written: list[Row], stale: list[Row]) -> None:
        super()._count(written, [])
        self.applied.superseded += len(stale)


class Mender(_Again):
    """Writes the records that the table refused, now that it may take them."""

    wanted = ItemState.unwritable

    def _close_written(self, connection: sa.Connection, rows: list[Row], seen: list[Seen]) -> None:
        super()._close_written(connection, rows, seen)
        self.database.dialect.update_rows(
            connection,
            self.database.ledger.items,
            ("batch_key", "userid"),
            ("reason", "attempt_used"),
            [(None, False, self.lease.key, row.asked.userid) for row in rows],
        )


class Rewriter(_Again):
    """Writes records again by the present rules, where they are still as this batch left them."""

    wanted = ItemState.succeeded

    def _is_ours(self, row: Row, seen: Seen) -> bool:
        return seen.processed is not None and seen.processed == row.asked.last_processed

    def _verify(self, connection: sa.Connection, rows: list[Row]) -> list[Seen]:
        if self._changed(connection, rows):
            raise Interference
        return []

    def _changed(self, connection: sa.Connection, rows: list[Row]) -> list[Row]:
        """Also those that a later batch wrote, be it within the same second."""
        changed = super()._changed(connection, rows)
        known = {id(row) for row in changed}
        userids = [row.asked.userid for row in rows]
        later = keeping.written_later(connection, self.database, self.lease.key, userids)
        return changed + [row for row in rows if row.asked.userid in later and id(row) not in known]

    def _written_before(self, connection: sa.Connection, rows: list[Row]) -> list[Row]:
        del connection, rows  # what is written twice by the same rules is the same
        return []

    def _write_records(self, connection: sa.Connection, rows: list[Row]) -> tuple[int, list[Row]]:
        return self._overwrite(connection, rows, self.there.processed.is_not(None))

    def _update_records(
        self, connection: sa.Connection, rows: list[Row], only_null: Sequence[str] = ()
    ) -> int:
        """LastProcessed stays: nobody was asked again."""
        there = self.there
        names, records = to_write(rows, there)
        if not names:
            return len(rows)
        return self.database.dialect.update_rows(
            connection,
            there.table,
            (there.userid.name,),
            names,
            [(*values, row.asked.userid) for row, values in zip(rows, records, strict=True)],
            only_null=only_null,
            keep_existing=there.kept_where_null(keep_existing=self.database.keep_existing),
        )

    def _close_written(self, connection: sa.Connection, rows: list[Row], seen: list[Seen]) -> None:
        del seen
        self.database.dialect.update_rows(
            connection,
            self.database.ledger.items,
            ("batch_key", "userid"),
            (*READING, *LEFT),
            [(*row.reading, *row.left, self.lease.key, row.asked.userid) for row in rows],
        )
