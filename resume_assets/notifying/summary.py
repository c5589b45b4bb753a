"""The daily summary, for those who want one (RESUME_NOTIFY_SUMMARY)."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from resume_assets.batches import costing
from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.attempts import given_up
from resume_assets.batches.ledger.queue import count_sendable
from resume_assets.batches.ledger.states import BatchState, ItemState
from resume_assets.database.connect import Database
from resume_assets.notifying.matters import Kind, Matter
from resume_assets.settings import Settings

FROM_HOUR = 6
"""UTC; the first look of a day from then on makes its summary."""

_DAY = timedelta(days=1)


def due_summary(now: datetime, settings: Settings) -> Matter | None:
    """The matter of today's summary, still without its figures; None before it is due."""
    if not settings.notify_summary or now.hour < FROM_HOUR:
        return None
    return Matter(Kind.summary, (now.date().isoformat(),), "", "resume-assets status")


def figures(
    connection: sa.Connection, database: Database, settings: Settings, now: datetime
) -> str:
    """What was done in the last 24 hours, and what waits: counts, no names, no ids."""
    ledger, since, most = database.ledger, now - _DAY, settings.max_attempts
    written = _count(
        connection,
        ledger.items,
        ledger.items.c.state == ItemState.succeeded,
        ledger.items.c.closed_at >= since,
    )
    done = sa.and_(ledger.batches.c.state == BatchState.done, ledger.batches.c.done_at >= since)
    out = batches.in_states(connection, database, [BatchState.submitted])
    people = sum(1 for _ in given_up(connection, database, max_attempts=most))
    came_up = _count(
        connection,
        ledger.notices,
        ledger.notices.c.came_up_at >= since,
        ledger.notices.c.kind != Kind.summary,
    )
    waiting = count_sendable(connection, database, max_attempts=most)
    settled = _count(connection, ledger.batches, done)
    return (
        f"{_many(written, 'record')} written, {_many(settled, 'batch')} done, "
        f"{_spent(connection, database, done)}; {_many(came_up, 'matter')} came up. "
        f"Now: {_many(waiting, 'resume')} waiting, {_many(len(out), 'batch')} out, "
        f"{_many(people, 'candidate')} given up."
    )


def _spent(connection: sa.Connection, database: Database, done: sa.ColumnElement[bool]) -> str:
    table = database.ledger.batches
    cost, standard = connection.execute(
        sa.select(sa.func.sum(table.c.batch_cost), sa.func.sum(table.c.standard_cost)).where(done)
    ).one()
    spent = costing.totals(connection, database)
    in_all = f"${spent.cost:,.2f} in all" if spent.is_price_known else "no price known in all"
    if cost is None:
        return f"no dollars counted, {in_all}"
    return f"${cost:,.2f} spent and ${standard - cost:,.2f} saved, {in_all}"


def _count(connection: sa.Connection, table: sa.Table, *which: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.count()).select_from(table).where(*which)
    return connection.execute(query).scalar_one()


def _many(count: int, what: str) -> str:
    plural = f"{what}es" if what.endswith("ch") else f"{what}s"
    return f"{count:,} {what if count == 1 else plural}"
