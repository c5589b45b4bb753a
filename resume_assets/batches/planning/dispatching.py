"""Which batches get a run now: each decision is a transaction, so that asking twice is harmless.

A run that was requested has REQUEST_PATIENCE to take its batch's lease; then another is requested.
Before a batch is submitted, that ends after MOST_REQUESTS runs that really took place: its claims
are released and it is `abandoned`. Afterwards it never ends: the answers are paid for. A request
for a run that Dagster never got (its tick was lost) is made again under the same run key, and not
counted.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import AFTER_ENDED, BEFORE_SUBMITTED, OPEN, BatchState
from resume_assets.batches.planning.runs import (
    MOST_REQUESTS,
    REQUEST_PATIENCE,
    Due,
    Orchestrator,
    Run,
    Stage,
    is_dead,
    is_due,
    last_request,
    run_key,
    stage_of,
)
from resume_assets.database.connect import Database
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.words import counted

_log = logging.getLogger(__name__)

_PAGE = 100  # batches that the orchestrator is asked about in one query
_NONE: frozenset[str] = frozenset()


def due_runs(
    database: Database,
    orchestrator: Orchestrator | None = None,
    *,
    patience: timedelta = REQUEST_PATIENCE,
) -> Iterator[Due]:
    """Note and yield the runs to request now, oldest batch first.

    Each is noted in a transaction of its own just before it is yielded, so that a caller who
    stops early leaves no run noted that it was not given. Without an `orchestrator` the caller
    carries the runs out itself.
    """

    def look(connection: sa.Connection) -> list[batches.Batch]:
        now = database.dialect.utc_now(connection)
        stopped = _is_stopped(connection, database)
        there = batches.in_states(
            connection, database, BEFORE_SUBMITTED | AFTER_ENDED, of_trials=False
        )
        return [batch for batch in there if is_due(batch, now, stopped=stopped, patience=patience)]

    due = database.read(look)
    for start in range(0, len(due), _PAGE):
        page = due[start : start + _PAGE]
        busy, unheard = _ask(database, orchestrator, page) if orchestrator else (_NONE, _NONE)
        for batch in page:
            if batch.batch_key in busy:
                continue
            decide = partial(
                _decide, database=database, key=batch.batch_key, unheard=unheard, patience=patience
            )
            run = decided(database, decide, f"batch {batch.batch_key}")
            if run is not None:
                yield run


def decided(
    database: Database, decide: Callable[[sa.Connection], Due | None], what: str
) -> Due | None:
    """The run that a decision in a transaction asks for; a failure keeps no other waiting."""
    try:
        return database.write(decide)
    except DatabaseFailed as problem:
        _log.warning("%s: no run asked for: %s", what, problem)
        return None


def dead_runs(database: Database, runs: Sequence[Run]) -> list[Run]:
    """Those runs whose worker is gone; runs of batches not in this ledger are never among them."""
    table = database.ledger.batches
    keys = sorted({run.key for run in runs})

    def look(connection: sa.Connection) -> tuple[dict[str, batches.Batch], datetime]:
        found: dict[str, batches.Batch] = {}
        for start in range(0, len(keys), _PAGE):
            query = sa.select(table).where(table.c.batch_key.in_(keys[start : start + _PAGE]))
            found |= {batch.batch_key: batch for batch in connection.execute(query)}
        return found, database.dialect.utc_now(connection)

    if not keys:
        return []
    there, now = database.read(look)
    return [run for run in runs if run.key in there and is_dead(run, there[run.key], now)]


def open_keys(database: Database) -> Sequence[str]:
    """The keys of all batches that are not closed, which Dagster must know as partitions.

    A trial's are none: the trial is.
    """
    table = database.ledger.batches
    query = sa.select(table.c.batch_key).where(
        table.c.state.in_(sorted(OPEN)), table.c.trial_key.is_(None)
    )
    return database.read(lambda connection: connection.execute(query).scalars().all())


def _ask(
    database: Database, orchestrator: Orchestrator, page: Sequence[batches.Batch]
) -> tuple[frozenset[str], frozenset[str]]:
    """The keys of the batches that have a living run, and run keys that never had a run."""
    runs = orchestrator.unfinished([batch.batch_key for batch in page])
    dead = {run.run_id for run in dead_runs(database, runs)}
    busy = frozenset(run.key for run in runs if run.run_id not in dead)
    asked_for = frozenset(key for batch in page if (key := last_request(batch)) is not None)
    return busy, asked_for - orchestrator.known(sorted(asked_for))


def _decide(
    connection: sa.Connection,
    database: Database,
    key: str,
    unheard: frozenset[str],
    patience: timedelta,
) -> Due | None:
    """Request a run, or abandon; the row is locked, so that no worker begins meanwhile."""
    batch = batches.lock(connection, database, key)
    now = database.dialect.utc_now(connection)
    stage = stage_of(batch)
    stopped = _is_stopped(connection, database)
    if stage is None or not is_due(batch, now, stopped=stopped, patience=patience):
        return None
    requests = batch.run_requests
    if last_request(batch) not in unheard:
        if stage is Stage.submit and requests >= MOST_REQUESTS and _may_abandon(batch):
            _give_up(connection, database, batch, now)
            return None
        requests += 1
    batch = batches.update(connection, database, key, run_requests=requests, requested_at=now)
    return Due(key, stage, run_key(batch, stage))


def _is_stopped(connection: sa.Connection, database: Database) -> bool:
    stopped = sa.select(database.ledger.installation.c.stopped_reason)
    return connection.execute(stopped).scalar() is not None


def _may_abandon(batch: batches.Batch) -> bool:
    """Not while it may be at OpenAI, nor while it only waits for room there."""
    return batch.state not in (BatchState.submitting, BatchState.quota)


def _give_up(
    connection: sa.Connection, database: Database, batch: batches.Batch, now: datetime
) -> None:
    why = f" Last: {batch.message}" if batch.message else ""
    given_up = f"Given up after {batch.run_requests} runs that did not submit it."
    abandon(connection, database, batch, "batch_abandoned", given_up + why, now=now)


def abandon(
    connection: sa.Connection,
    database: Database,
    batch: batches.Batch,
    reason: str,
    message: str,
    *,
    now: datetime,
) -> batches.Batch:
    """End a batch of which nothing ran; its claims go back. The caller has locked its row."""
    given_back = batches.release(connection, database, batch, reason, now=now)
    became = f"{counted(given_back, 'resume')} {batches.fate_of_unsent(batch, given_back)}."
    _log.warning("batch %s: abandoned, %s", batch.batch_key, became)
    return batches.update(
        connection,
        database,
        batch.batch_key,
        state=BatchState.abandoned,
        message=f"{message} {became}"[:1000],
    )
