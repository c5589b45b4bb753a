"""Records written again, by today's rules, from the answers that are kept."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.ledger.states import ItemState
from resume_assets.batches.receiving.results import Asked
from resume_assets.batches.records.writing import READING, Row, Writer


class Rewriter(Writer):
    """Writes records again by today's rules, where they are still as this batch left them."""

    def _wants(self, asked: Asked) -> bool:
        return asked.state == ItemState.succeeded

    def _is_ours(self, asked: Asked, processed: datetime | None) -> bool:
        return processed is not None and processed == asked.last_processed

    def _changed(
        self, connection: sa.Connection, rows: list[Row], *, also_processed: bool
    ) -> list[Row]:
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

    def _written_before(self, connection: sa.Connection, rows: list[Row]) -> list[Row]:
        del connection, rows  # what is written twice by the same rules is the same
        return []

    def _update_records(self, connection: sa.Connection, rows: list[Row], now: datetime) -> int:
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

    def _close_written(self, connection: sa.Connection, rows: list[Row], now: datetime) -> None:
        del now
        self.database.dialect.update_rows(
            connection,
            self.database.ledger.items,
            ("batch_key", "userid"),
            READING,
            [(*row.reading, self.lease.key, row.asked.userid) for row in rows],
        )

    def _leave_out(self, connection: sa.Connection, stale: list[Row]) -> None:
        """Their items stay as they are: this batch did succeed once."""

    def _count(self, written: list[Row], stale: list[Row]) -> None:
        super()._count(written, [])
        self.applied.superseded += len(stale)
