"""Batches that closed so long ago that nobody looks for them in a list any more."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from resume_assets.batches.ledger.states import CLOSED
from resume_assets.database.connect import Database


def last_step_at(batches: sa.Table) -> sa.ColumnElement[datetime]:
    """When a closed batch was closed, which has no column: when it came as far as it came."""
    step = batches.c
    return sa.func.coalesce(step.done_at, step.ended_at, step.built_at, step.planned_at)


def old_batches(database: Database, days: float) -> Sequence[str]:
    """The keys of the real work's batches that closed more than so many days ago, oldest first."""
    table = database.ledger.batches
    closed = last_step_at(table)

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
