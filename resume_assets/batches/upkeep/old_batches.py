"""Batches that closed so long ago that nobody looks for them in a list any more."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from resume_assets.batches.ledger.states import CLOSED
from resume_assets.database.connect import Database


def old_batches(database: Database, days: float) -> Sequence[str]:
    """The keys of the real work's batches that closed more than so many days ago, oldest first."""
    table = database.ledger.batches
    closed = sa.func.coalesce(
        table.c.done_at, table.c.ended_at, table.c.built_at, table.c.planned_at
    )

    def work(connection: sa.Connection) -> Sequence[str]:
        now = database.dialect.utc_now(connection)
        query = (
            sa.select(table.c.batch_key)
            .where(
                table.c.state.in_(sorted(CLOSED)),
                table.c.trial_key.is_(None),
                closed <= now - timedelta(days=days),
            )
            .order_by(closed, table.c.batch_key)
        )
        return connection.execute(query).scalars().all()

    return database.read(work)
