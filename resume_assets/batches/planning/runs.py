"""When a batch needs a run, and when a run that has not ended is dead: pure functions.

The ledger's row, the clock and what the orchestrator (Dagster, in `resume_assets.runs`) says of its
runs are passed in; `dispatching` writes down what follows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Protocol

from sqlalchemy import Row

from resume_assets.batches.ledger.batches import Batch
from resume_assets.batches.ledger.lease import LEASE_SECONDS, is_free
from resume_assets.batches.ledger.states import AFTER_ENDED, BEFORE_SUBMITTED, BatchState

REQUEST_PATIENCE: Final = timedelta(minutes=2)
"""How long a run that was asked for may take to hold the batch's lease."""

MOST_REQUESTS: Final = 3
"""Runs that may fail to submit a batch; then it is abandoned."""

_LONGEST: Final = timedelta(hours=1)

_BETWEEN_LEASES: Final = timedelta(seconds=45)
"""A living run holds the batch's lease but for the moments between two steps."""

_BEFORE_FIRST_LEASE: Final = timedelta(minutes=2)
"""A run that has begun loads the code, connects, and may wait for another worker's lease."""

_LOOKING: Final = timedelta(minutes=10)
"""A run that asks a slow endpoint about a batch that is out holds no lease meanwhile."""


class Stage(StrEnum):
    """What a run is for; the values are the names of the Dagster jobs."""

    submit = "submit_batch"  # the two halves of a batch's life
    collect = "collect_batch"
    trial = "run_model_trial"  # one step of a trial


@dataclass(frozen=True, slots=True)
class Due:
    """A run to be requested, for batch or trial `key`; each that counts has a new `run_key`."""

    key: str
    stage: Stage
    run_key: str


@dataclass(frozen=True, slots=True)
class Run:
    """A run of batch or trial `key` that has not ended, as far as the orchestrator knows.

    `began_at`: UTC, without zone; None while it waits for its turn.
    """

    run_id: str
    key: str
    began_at: datetime | None


class Orchestrator(Protocol):
    """What is asked of whoever carries the runs out; each call is one query, however many keys."""

    def unfinished(self, keys: Sequence[str]) -> Sequence[Run]:
        """The runs of these batches that are queued or in progress."""

    def known(self, run_keys: Sequence[str]) -> frozenset[str]:
        """Those of these run keys that it has ever had a run of, ended ones included."""


def run_key(batch: Batch, stage: Stage) -> str:
    """Dagster never starts a run key twice, failed or not: so it has the try and the request."""
    return f"{batch.batch_key}:{stage}:{batch.try_number}:{batch.run_requests}"


def stage_of(batch: Batch) -> Stage | None:
    """Which half of its life is next for the batch; None while it is out, and once it is closed."""
    if batch.state in BEFORE_SUBMITTED:
        return Stage.submit
    return Stage.collect if batch.state in AFTER_ENDED else None


def last_request(batch: Batch) -> str | None:
    """The run key that was last asked for, None where no run of this half was."""
    stage = stage_of(batch)
    return run_key(batch, stage) if stage is not None and batch.run_requests else None


def is_due(
    batch: Batch, now: datetime, *, stopped: bool, patience: timedelta = REQUEST_PATIENCE
) -> bool:
    """Whether the batch needs a run now, going by its row alone.

    `stopped`: nothing is sent while planning has stopped, but what may be at OpenAI is looked for.
    """
    if stage_of(batch) is None or not is_free(batch, now):
        return False
    in_doubt = batch.state == BatchState.submitting
    if stopped and batch.state in BEFORE_SUBMITTED and not in_doubt:
        return False
    if batch.quota_until is not None and batch.quota_until > now:
        return False
    # Such a batch is tried for ever, ever more slowly.
    return is_time(batch, now, patience, slower=in_doubt or batch.state in AFTER_ENDED)


def is_time(row: Row[Any], now: datetime, patience: timedelta, *, slower: bool) -> bool:
    """Whether the last request for a run, of a batch or a trial, is so long ago that it failed.

    `slower`: each time twice as long ago as the last, up to an hour.
    """
    if row.requested_at is None or _was_killed(row):
        return True
    if slower:
        patience = min(patience * 2 ** min(row.run_requests, 8), _LONGEST)
    return bool(row.requested_at + patience <= now)


def _was_killed(row: Row[Any]) -> bool:
    """Whether the run that was last asked for took the lease and never gave it back.

    Where workers are killed each time, it waits like the others from the third time on.
    """
    if row.lease_owner is None or row.run_requests >= MOST_REQUESTS:
        return False
    taken_or_renewed = row.lease_until - timedelta(seconds=LEASE_SECONDS)
    return bool(row.requested_at <= taken_or_renewed)


def is_dead(run: Run, batch: Batch, now: datetime) -> bool:
    """Whether the run's worker is gone, though it could tell nobody: its batch has no lease."""
    between = _LOOKING if batch.state == BatchState.submitted else _BETWEEN_LEASES
    return _is_left_alone(run, batch, now, between)


def is_dead_of_trial(run: Run, trial: Row[Any], now: datetime) -> bool:
    """The same of a trial's run, which holds the trial's lease all the time."""
    return _is_left_alone(run, trial, now, _BETWEEN_LEASES)


def _is_left_alone(run: Run, row: Row[Any], now: datetime, between: timedelta) -> bool:
    if run.began_at is None or not is_free(row, now):
        return False
    left_alone = row.lease_until is None or row.lease_until + between <= now
    return left_alone and run.began_at + max(between, _BEFORE_FIRST_LEASE) <= now
