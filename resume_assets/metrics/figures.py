"""What the ledger knows, or can say at little cost: in one transaction that only reads.

Of a batch only its state; of a candidate nothing.
"""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa

from resume_assets.batches import costing
from resume_assets.batches.ledger import counters
from resume_assets.batches.ledger.attempts import given_up
from resume_assets.batches.ledger.queue import count_sendable, oldest_waiting
from resume_assets.batches.ledger.states import OPEN, WRITTEN, BatchState
from resume_assets.batches.planning import planner
from resume_assets.batches.planning.outstanding import end_of_model
from resume_assets.batches.receiving.results import REUSED_ONES
from resume_assets.database.connect import Database
from resume_assets.database.setup import require_initialised
from resume_assets.metrics.exposition import Metric, Sample
from resume_assets.settings import Settings
from resume_assets.tallies import Tally

_RECENT: Final = 5
"""Batches whose values were looked for in their resumes: the last ones that are done."""

_COUNTED: Final = {
    Tally.throttled: ("openai_throttled", "Answers of OpenAI's with status 429."),
    Tally.repeated: ("openai_retries", "Calls of OpenAI's that were made again."),
    Tally.transactions_repeated: ("database_retries", "Transactions that were run again."),
    Tally.database_failed: ("database_errors", "Transactions that failed for good."),
    Tally.store_failed: ("store_errors", "Uses of the batch store that failed."),
}


def look(database: Database, settings: Settings) -> list[Metric]:
    """All figures, as of now. Raises DatabaseFailed, NotInitialised."""
    return database.read(lambda connection: [*_look(connection, database, settings)])


def _look(connection: sa.Connection, database: Database, settings: Settings) -> Iterator[Metric]:
    installation = require_initialised(connection, database)
    now = database.dialect.utc_now(connection)
    yield from _queue(connection, database, settings, now)
    yield from _batches(connection, database, now)
    stuck = planner.stuck_batches(connection, database, settings)
    yield Metric("batches_stuck", "Batches out for over RESUME_STUCK_HOURS.", [_of(len(stuck))])
    why = planner.why_stopped(connection, database, settings, installation)
    what = "1 while nothing is planned until a person acts."
    yield Metric("planning_stopped", what, [_of(bool(why))])
    if (end := end_of_model(connection, database, settings)) is not None:
        midnight = datetime(end.on.year, end.on.month, end.on.day, tzinfo=UTC)
        yield Metric(
            "model_end_timestamp_seconds",
            "When the configured model's last day begins.",
            [_of(midnight.timestamp(), model=end.model)],
        )
    yield from _money(connection, database)
    yield from _records(connection, database)
    yield from _counters(connection, database)


def _of(value: float, **labels: str) -> Sample:
    return Sample(float(value), labels)


def _queue(
    connection: sa.Connection, database: Database, settings: Settings, now: datetime
) -> Iterator[Metric]:
    most = settings.max_attempts
    waiting = count_sendable(connection, database, max_attempts=most)
    yield Metric("queue_resumes", "Resumes that wait to be sent.", [_of(waiting)])
    oldest = oldest_waiting(connection, database, max_attempts=most)
    if isinstance(oldest, datetime):
        age = max((now - oldest.replace(tzinfo=None)).total_seconds(), 0.0)
        what = "Since the change of the resume that waits longest; by the table's own clock."
        yield Metric("queue_oldest_age_seconds", what, [_of(age)])
    lost = sum(1 for _ in given_up(connection, database, max_attempts=most))
    yield Metric("candidates_given_up", "Candidates without attempts left.", [_of(lost)])


def _batches(connection: sa.Connection, database: Database, now: datetime) -> Iterator[Metric]:
    table = database.ledger.batches
    query = sa.select(
        table.c.state, sa.func.count().label("number"), sa.func.min(table.c.planned_at).label("old")
    )
    found = {row.state: row for row in connection.execute(query.group_by(table.c.state))}
    number = [
        _of(found[state].number if state in found else 0, state=state) for state in BatchState
    ]
    yield Metric("batches", "Batches by state, those of trials too.", number)
    ages = [
        _of((now - found[state].old).total_seconds(), state=state)
        for state in BatchState
        if state in OPEN and state in found
    ]
    what = "Since the oldest open batch in that state was planned."
    yield Metric("batch_oldest_age_seconds", what, ages)


def _money(connection: sa.Connection, database: Database) -> Iterator[Metric]:
    spent = costing.totals(connection, database)
    if spent.is_price_known:
        what = "US dollars of all settled batches."
        yield Metric("cost_usd_total", what, [_of(spent.cost)], "counter")
        what = "US dollars that the standard price would have been more."
        yield Metric("saving_usd_total", what, [_of(spent.saving)], "counter")
        what = "US dollars that were not spent, as the text had been answered."
        yield Metric("reuse_saving_usd_total", what, [_of(spent.reuse_saving)], "counter")
    what = "Resumes of settled batches that were not sent, as the text had been answered."
    yield Metric("reused_total", what, [_of(spent.reused)], "counter")
    yield Metric("tokens_total", "Tokens of all settled batches.", [_of(spent.tokens)], "counter")


def _records(connection: sa.Connection, database: Database) -> Iterator[Metric]:
    table = database.ledger.batches
    query = sa.select(table.c.succeeded, table.c.tally).where(
        table.c.trial_key.is_(None), table.c.tally.is_not(None)
    )
    records, reasons = 0, Counter[str]()
    for succeeded, tally in connection.execute(query):
        records += succeeded or 0
        reasons.update(json.loads(tally))
    del reasons[REUSED_ONES]  # no requests
    what = "Records written into the candidates' table."
    yield Metric("records_total", what, [_of(records)], "counter")
    yield Metric(
        "requests_total",
        "Requests that came back or should have, by what they came to.",
        [_of(number, **_outcome(what)) for what, number in sorted(reasons.items())],
        "counter",
    )
    yield from _borne_out(connection, database)


def _outcome(told: str) -> dict[str, str]:
    outcome, _, reason = told.partition(": ")
    return {"outcome": outcome, "reason": reason}


def _borne_out(connection: sa.Connection, database: Database) -> Iterator[Metric]:
    table, items = database.ledger.batches, database.ledger.items
    recent = (
        sa.select(table.c.batch_key)
        .where(table.c.state == BatchState.done, table.c.trial_key.is_(None))
        .order_by(table.c.done_at.desc())
        .limit(_RECENT)
    )
    keys = connection.execute(recent).scalars().all()
    sums: Any = sa.select(
        sa.func.sum(items.c.values_checked), sa.func.sum(items.c.values_not_borne_out)
    ).where(items.c.batch_key.in_(keys), items.c.state.in_(sorted(WRITTEN)))
    checked, missing = connection.execute(sums).one()
    if checked:
        what = f"Share of values that stand in their resumes, in the last {_RECENT} batches done."
        yield Metric("borne_out_ratio", what, [_of(1 - missing / checked)])


def _counters(connection: sa.Connection, database: Database) -> Iterator[Metric]:
    found = counters.read(connection, database)
    for name, (called, what) in _COUNTED.items():
        number = found[name][0] if name in found else 0
        yield Metric(f"{called}_total", what, [_of(number)], "counter")
    if counters.TICKS in found:
        number, at = found[counters.TICKS]
        what = "Ticks of the sensor that looks at the batches, which came to their end."
        yield Metric("ticks_total", what, [_of(number)], "counter")
        what = "When the last of these ticks ended."
        yield Metric("last_tick_timestamp_seconds", what, [_of(at.replace(tzinfo=UTC).timestamp())])
