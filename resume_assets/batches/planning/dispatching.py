"""Which batches need a run now: the decision is a transaction, so that asking twice is harmless.

A batch whose run was asked for has REQUEST_PATIENCE to take its lease; then it is asked for again.
Before submission that ends after MOST_REQUESTS: its claims go back and it is `abandoned`. After it,
never: its answers are paid for.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import is_free
from resume_assets.batches.ledger.states import AFTER_ENDED, BEFORE_SUBMITTED, OPEN, BatchState
from resume_assets.database.connect import Database

_log = logging.getLogger(__name__)

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


def run_key(batch: batches.Batch, stage: Stage) -> str:
    """Dagster never runs a key twice, failed or not: so it names the try and the request."""
    return f"{batch.batch_key}:{stage}:{batch.try_number}:{batch.run_requests}"


def due_runs(
    database: Database,
    *,
    has_run: Callable[[str], bool] = lambda _key: False,
    patience: timedelta | None = None,
) -> list[Due]:
    """Note and return the runs to request now; each batch in a transaction of its own.

    `has_run`: whether a run of that batch is queued or under way, asked only where it matters.
    `patience`: REQUEST_PATIENCE unless told otherwise.
    """
    pause = REQUEST_PATIENCE if patience is None else patience

    def look(connection: sa.Connection) -> list[str]:
        now = database.dialect.utc_now(connection)
        stopped = _is_stopped(connection, database)
        open_now = batches.in_states(connection, database, BEFORE_SUBMITTED | AFTER_ENDED)
        return [b.batch_key for b in open_now if _is_due(b, now, pause, stopped=stopped)]

    due = []
    for key in database.read(look):
        if has_run(key):
            continue
        run = database.write(lambda connection: _decide(connection, database, key, pause))  # noqa: B023 (called at once)
        if run is not None:
            due.append(run)
    return due


def open_keys(database: Database) -> Sequence[str]:
    """The keys of all batches that are not closed, which Dagster must know as partitions."""
    table = database.ledger.batches
    query = sa.select(table.c.batch_key).where(table.c.state.in_(sorted(OPEN)))
    return database.read(lambda connection: connection.execute(query).scalars().all())


def _decide(
    connection: sa.Connection, database: Database, key: str, patience: timedelta
) -> Due | None:
    """Request a run, or abandon: by the locked row, so that no worker has begun meanwhile."""
    batch = batches.lock(connection, database, key)
    now = database.dialect.utc_now(connection)
    before = batch.state in BEFORE_SUBMITTED
    if not (before or batch.state in AFTER_ENDED):
        return None
    if not _is_due(batch, now, patience, stopped=_is_stopped(connection, database)):
        return None
    if before and batch.run_requests >= MOST_REQUESTS and _may_abandon(batch):
        _give_up(connection, database, batch, now)
        return None
    batch = batches.update(
        connection, database, key, run_requests=batch.run_requests + 1, requested_at=now
    )
    stage = Stage.submit if before else Stage.collect
    return Due(key, stage, run_key(batch, stage))


def _is_stopped(connection: sa.Connection, database: Database) -> bool:
    stopped = sa.select(database.ledger.installation.c.stopped_reason)
    return connection.execute(stopped).scalar() is not None


def _is_due(batch: batches.Batch, now: datetime, patience: timedelta, *, stopped: bool) -> bool:
    if not is_free(batch, now):
        return False
    in_doubt = batch.state == BatchState.submitting
    if stopped and batch.state in BEFORE_SUBMITTED and not in_doubt:
        return False
    if batch.quota_until is not None and batch.quota_until > now:
        return False
    if batch.requested_at is None:
        return True
    pause = patience
    if in_doubt or batch.state in AFTER_ENDED:  # tried for ever, ever more slowly
        pause = min(patience * 2 ** min(batch.run_requests, 8), _LONGEST)
    return bool(batch.requested_at + pause <= now)


def _may_abandon(batch: batches.Batch) -> bool:
    """Not while it may be at OpenAI, nor while it only waits for room there."""
    return batch.state not in (BatchState.submitting, BatchState.quota)


def _give_up(
    connection: sa.Connection, database: Database, batch: batches.Batch, now: datetime
) -> None:
    why = f" Last: {batch.message}" if batch.message else ""
    given_up = f"Given up after {batch.run_requests} runs that did not submit it."
    abandon(connection, database, batch.batch_key, "batch_abandoned", given_up + why, now=now)


def abandon(
    connection: sa.Connection,
    database: Database,
    key: str,
    reason: str,
    message: str,
    *,
    now: datetime,
) -> batches.Batch:
    """End a batch of which nothing ran; its claims go back. The caller has locked its row."""
    given_back = batches.release(connection, database, key, reason, now=now)
    _log.warning("batch %s: abandoned, %d resumes went back to the queue", key, given_back)
    return batches.update(
        connection,
        database,
        key,
        state=BatchState.abandoned,
        message=f"{message} {given_back} resumes went back to the queue."[:1000],
    )
