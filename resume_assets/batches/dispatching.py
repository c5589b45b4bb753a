"""Which batches need a run now: the decision is a transaction, so that asking twice is harmless.

A batch whose run was asked for has REQUEST_PATIENCE to take its lease; then it is asked for again.
Before submission that ends after MOST_REQUESTS: its claims go back and it is `abandoned`. After it,
never: its answers are paid for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from resume_assets.batches import ledger
from resume_assets.batches.lease import is_free
from resume_assets.batches.states import AFTER_ENDED, BEFORE_SUBMITTED, BatchState
from resume_assets.database.connect import Database

REQUEST_PATIENCE = timedelta(minutes=2)
MOST_REQUESTS = 3
_LONGEST = timedelta(hours=1)


class Stage(StrEnum):
    """Which half of a batch's way is to be run; the names of the jobs."""

    submit = "submit_batch"
    collect = "collect_batch"


@dataclass(frozen=True, slots=True)
class Due:
    """A run to be requested. `run_key` is another one for each request."""

    key: str
    stage: Stage
    run_key: str


def run_key(batch: ledger.Batch, stage: Stage) -> str:
    """Dagster never runs a key twice, failed or not: so it names the try and the request."""
    return f"{batch.batch_key}:{stage}:{batch.try_number}:{batch.run_requests}"


def due_runs(
    database: Database, *, has_run: Callable[[str], bool] = lambda _key: False
) -> list[Due]:
    """Note and return the runs to request now.

    `has_run`: whether a run of that batch is queued or under way, asked only where it matters.
    """

    def work(connection: sa.Connection) -> list[Due]:
        now = database.dialect.utc_now(connection)
        stopped = connection.execute(
            sa.select(database.ledger.installation.c.stopped_reason)
        ).scalar()
        due = []
        for batch in ledger.in_states(connection, database, BEFORE_SUBMITTED | AFTER_ENDED):
            before = batch.state in BEFORE_SUBMITTED
            if (before and stopped) or not _is_due(batch, now) or has_run(batch.batch_key):
                continue
            if before and batch.run_requests >= MOST_REQUESTS and _may_abandon(batch):
                _abandon(connection, database, batch, now)
                continue
            batch = ledger.update(
                connection,
                database,
                batch.batch_key,
                run_requests=batch.run_requests + 1,
                requested_at=now,
            )
            stage = Stage.submit if before else Stage.collect
            due.append(Due(batch.batch_key, stage, run_key(batch, stage)))
        return due

    return database.write(work)


def open_keys(database: Database) -> Sequence[str]:
    """The keys of all batches that are not closed, which Dagster must know as partitions."""
    states = BEFORE_SUBMITTED | AFTER_ENDED | {BatchState.submitted}
    batches = database.ledger.batches
    query = sa.select(batches.c.batch_key).where(batches.c.state.in_(sorted(states)))
    return database.read(lambda connection: connection.execute(query).scalars().all())


def _is_due(batch: ledger.Batch, now: datetime) -> bool:
    if not is_free(batch, now):
        return False
    if batch.state == BatchState.quota:
        return bool(batch.quota_until is None or batch.quota_until <= now)
    if batch.requested_at is None:
        return True
    pause = REQUEST_PATIENCE
    if batch.state in AFTER_ENDED:
        pause = min(REQUEST_PATIENCE * 2 ** min(batch.run_requests, 8), _LONGEST)
    return bool(batch.requested_at + pause <= now)


def _may_abandon(batch: ledger.Batch) -> bool:
    """Not while it may be at OpenAI, nor while it only waits for room there."""
    return batch.state not in (BatchState.submitting, BatchState.quota)


def _abandon(
    connection: sa.Connection, database: Database, batch: ledger.Batch, now: datetime
) -> None:
    given_back = ledger.release(connection, database, batch.batch_key, "batch_abandoned", now=now)
    why = f" Last: {batch.message}" if batch.message else ""
    ledger.update(
        connection,
        database,
        batch.batch_key,
        state=BatchState.abandoned,
        message=f"Given up after {batch.run_requests} runs that did not submit it; {given_back} "
        f"resumes went back to the queue.{why}"[:1000],
    )
