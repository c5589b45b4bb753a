"""How the queue stands at a moment: what the hourly observation of the candidates' table notes."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from resume_assets.batches import costing
from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.attempts import given_up
from resume_assets.batches.ledger.queue import count_sendable, oldest_waiting
from resume_assets.batches.ledger.states import OPEN
from resume_assets.database.connect import Database
from resume_assets.settings import Settings

_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Standing:
    """Counts of candidates and batches; days; US dollars, None where no price is known."""

    candidates: int
    waiting: int
    oldest_waiting_days: float | None  # None where nobody waits, or no time is known
    given_up: int
    batches_out: int
    spent_usd: float | None


def observe(database: Database, settings: Settings) -> Standing:
    """Look once; nothing is changed. Raises DatabaseFailed."""
    return database.read(lambda connection: _observe(connection, database, settings))


def _observe(connection: sa.Connection, database: Database, settings: Settings) -> Standing:
    most = settings.max_attempts
    everyone = sa.select(sa.func.count()).select_from(database.candidates.table)
    oldest = oldest_waiting(connection, database, max_attempts=most)
    spent = costing.totals(connection, database)
    return Standing(
        candidates=connection.execute(everyone).scalar_one(),
        waiting=count_sendable(connection, database, max_attempts=most),
        oldest_waiting_days=_days_since(oldest, database.dialect.utc_now(connection)),
        given_up=sum(1 for _ in given_up(connection, database, max_attempts=most)),
        batches_out=len(batches.in_states(connection, database, OPEN, of_trials=False)),
        spent_usd=spent.cost if spent.is_price_known else None,
    )


def _days_since(then: object, now: datetime) -> float | None:
    """The users' column has no zone: a few hours more or less are no matter, but never below 0."""
    if not isinstance(then, datetime):
        return None
    age = now - then.replace(tzinfo=None)
    return round(max(age.total_seconds(), 0.0) / _DAY, 2)
