"""Which trials get a run now; each decision is a transaction, as in `planning.dispatching`.

A trial has its next run as soon as something of it can go on: a batch of it ended, one is still to
be sent, the limits allow another, or all is through and the report is to be made. Where a run came
to nothing, the next is asked for after a pause that doubles, up to an hour, however often.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa

from resume_assets.batches.ledger.batches import Batch
from resume_assets.batches.ledger.lease import is_free
from resume_assets.batches.ledger.states import AFTER_ENDED, BEFORE_SUBMITTED, BatchState
from resume_assets.batches.planning.dispatching import decided
from resume_assets.batches.planning.runs import (
    REQUEST_PATIENCE,
    Due,
    Orchestrator,
    Run,
    Stage,
    is_dead_of_trial,
    is_time,
)
from resume_assets.database.connect import Database
from resume_assets.settings import Settings
from resume_assets.trials import ledger
from resume_assets.trials.planning import may_plan
from resume_assets.trials.progress import TrialState, state_of

_ENDING = ("cancelling", "finalizing")
"""What OpenAI says of a batch that ends without another word."""


def due_trials(
    database: Database,
    settings: Settings,
    orchestrator: Orchestrator | None = None,
    *,
    patience: timedelta = REQUEST_PATIENCE,
) -> Iterator[Due]:
    """Note and yield the runs of trials to request now, oldest trial first.

    Without an `orchestrator` the caller carries the runs out itself.
    """

    def look(connection: sa.Connection) -> list[ledger.Trial]:
        return [
            trial
            for trial in ledger.open_trials(connection, database)
            if _is_due(connection, database, settings, trial, patience)
        ]

    for trial in database.read(look):
        if orchestrator is not None and _has_a_run(database, orchestrator, trial.trial_key):
            continue
        unheard = orchestrator is not None and _is_unheard(orchestrator, trial)
        decide = partial(
            _decide,
            database=database,
            settings=settings,
            key=trial.trial_key,
            unheard=unheard,
            patience=patience,
        )
        run = decided(database, decide, f"trial {trial.trial_key}")
        if run is not None:
            yield run


def dead_trial_runs(database: Database, runs: Sequence[Run]) -> list[Run]:
    """Those runs of open trials whose worker is gone; all others are never among them."""

    def look(connection: sa.Connection) -> tuple[dict[str, ledger.Trial], datetime]:
        there = {one.trial_key: one for one in ledger.open_trials(connection, database)}
        return there, database.dialect.utc_now(connection)

    if not runs:
        return []
    there, now = database.read(look)
    return [run for run in runs if run.key in there and is_dead_of_trial(run, there[run.key], now)]


def open_trial_keys(database: Database) -> list[str]:
    """The keys of all trials without a report, which Dagster must know as partitions."""
    trials = database.read(lambda connection: ledger.open_trials(connection, database))
    return [trial.trial_key for trial in trials]


def can_go_on(state: TrialState, now: datetime, *, stopped: bool, may_plan: bool) -> bool:
    """Whether a run would bring the trial on now. `stopped`: nothing is sent."""
    return (
        may_plan
        or state.is_through
        or any(_can_go_on(state.trial, batch, now, stopped=stopped) for batch in state.batches)
    )


def _can_go_on(trial: ledger.Trial, batch: Batch, now: datetime, *, stopped: bool) -> bool:
    if batch.state in AFTER_ENDED or batch.state == BatchState.submitting:
        return True
    if trial.called_off_at is not None:  # to be cancelled, unless that is under way
        return batch.openai_status not in _ENDING
    waits = batch.quota_until is not None and batch.quota_until > now
    return batch.state in BEFORE_SUBMITTED and not stopped and not waits


def _has_a_run(database: Database, orchestrator: Orchestrator, key: str) -> bool:
    runs = orchestrator.unfinished([key])
    return len(runs) > len(dead_trial_runs(database, runs))


def _is_unheard(orchestrator: Orchestrator, trial: ledger.Trial) -> bool:
    """Whether a run was asked for that Dagster never got: its tick was lost."""
    if not trial.run_requests:
        return False
    key = _run_key(trial)
    return key not in orchestrator.known([key])


def _run_key(trial: ledger.Trial) -> str:
    """Dagster never starts a run key twice, failed or not: so it counts up."""
    return f"{trial.trial_key}:{Stage.trial}:{trial.try_number}:{trial.run_requests}"


def _decide(
    connection: sa.Connection,
    database: Database,
    settings: Settings,
    key: str,
    unheard: bool,
    patience: timedelta,
) -> Due | None:
    """Request a run; under the planning lock, for whoever plans holds it before a trial's row."""
    database.dialect.lock(connection, database.ledger.installation)
    trial = ledger.lock(connection, database, key)
    if trial.done_at is not None or not _is_due(connection, database, settings, trial, patience):
        return None
    now = database.dialect.utc_now(connection)
    requests = trial.run_requests + (not unheard)
    trial = ledger.update(connection, database, key, run_requests=requests, requested_at=now)
    return Due(key, Stage.trial, _run_key(trial))


def _is_due(
    connection: sa.Connection,
    database: Database,
    settings: Settings,
    trial: ledger.Trial,
    patience: timedelta,
) -> bool:
    now = database.dialect.utc_now(connection)
    if not is_free(trial, now) or not is_time(trial, now, patience, slower=True):
        return False
    stopped = sa.select(database.ledger.installation.c.stopped_reason)
    return can_go_on(
        state_of(connection, database, trial.trial_key),
        now,
        stopped=connection.execute(stopped).scalar() is not None,
        may_plan=may_plan(connection, database, settings, trial),
    )
