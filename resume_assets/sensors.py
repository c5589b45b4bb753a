"""What happens by itself: bringing batches in that ended, and keeping new ones out.

A tick must end in time and never in an exception, which would lose all of it; and since Dagster may
carry out a part of what a tick asks for, all of it is safe to ask for again.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import dagster as dg

from resume_assets.assets.partitions import resume_batches
from resume_assets.batches.planning import planner
from resume_assets.batches.planning.decision import NoPlan
from resume_assets.batches.planning.dispatching import Due, Stage, due_runs, open_keys
from resume_assets.batches.planning.planner import plan_batch
from resume_assets.batches.receiving import polling
from resume_assets.database.connect import Database
from resume_assets.errors import PlatformError, in_words
from resume_assets.jobs import collect_batch, submit_batch
from resume_assets.openai_api.limits import rows_per_batch
from resume_assets.resources import OpenAIResource, SettingsResource, SQLServerResource

T = TypeVar("T")

# Of the 60 seconds that Dagster gives a tick:
LOOKING_SECONDS = 25.0
DECIDING_SECONDS = 20.0
_PLANS_A_TICK = 20
_ASKED_SINGLY = 20  # partitions; of more it is quicker to fetch the whole list

_WAITING = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED]
_BEGUN = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
_SILENT = timedelta(minutes=10)
"""A run that began and has said nothing for so long, while its batch has no lease, was killed: its
process had no time to tell Dagster."""


class TookTooLong(PlatformError):
    """A part of a tick did not end in time; what it writes later is as good then."""


@dg.sensor(
    jobs=[submit_batch, collect_batch],
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Looks every minute at the batches that are out, brings in those that ended, in "
    "whatever way, and asks again for runs that came to nothing.",
)
def batch_completion_sensor(
    context: dg.SensorEvaluationContext,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
    openai: OpenAIResource,
) -> dg.SensorResult:
    """Looks at every batch that is out, and brings those in that ended, in whatever way.

    Asks again for runs that came to nothing, and tells Dagster of batches that it forgot.
    """
    problems: list[str] = []
    due: list[Due] = []
    forgotten: list[str] = []
    try:
        problems += _look(settings, sqlserver, openai)
    except Exception as error:  # noqa: BLE001 (told below, without what it might quote)
        problems.append(in_words(error, "looking at the batches"))
    try:
        decide = partial(_decide, context.instance, settings, sqlserver)
        due, forgotten, late = within(DECIDING_SECONDS, "Deciding what to run", decide)
        problems += late
    except Exception as error:  # noqa: BLE001 (as above)
        problems.append(in_words(error, "deciding what to run"))
    for problem in problems:
        context.log.warning(problem)
    return dg.SensorResult(
        run_requests=[_request(run) for run in due],
        dynamic_partitions_requests=[resume_batches.build_add_request(forgotten)]
        if forgotten
        else [],
        skip_reason=None if due else "; ".join(problems) or "No batch has ended.",
    )


@dg.sensor(
    job=submit_batch,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Once turned on, keeps up to RESUME_MAX_IN_FLIGHT batches out while resumes wait; "
    "RESUME_CONTINUOUS_BATCHES ends it after so many in all.",
)
def continuous_submission_sensor(
    context: dg.SensorEvaluationContext,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
) -> dg.SensorResult:
    """Keeps up to RESUME_MAX_IN_FLIGHT batches out while resumes wait.

    RESUME_CONTINUOUS_BATCHES ends it after so many in all.
    """
    # A batch that was planned has its row: if this tick is lost, it is asked for again.
    planned: list[Due] = []
    try:
        plan = partial(_plan, settings, sqlserver, planned)
        why = within(LOOKING_SECONDS + DECIDING_SECONDS, "Planning", plan)
    except Exception as error:  # noqa: BLE001 (told below, without what it might quote)
        why = in_words(error, "planning")
        context.log.warning(why)
    runs = list(planned)  # a thread that was late may still add to it
    keys = [run.key for run in runs]
    return dg.SensorResult(
        run_requests=[_request(run) for run in runs],
        dynamic_partitions_requests=[resume_batches.build_add_request(keys)] if keys else [],
        skip_reason=None if runs else why,
    )


def within(seconds: float, what: str, work: Callable[[], T]) -> T:
    """What `work` returns or raises, should it end within so many seconds. Raises TookTooLong.

    A thread that can't be ended is left behind; it holds up neither the tick nor the process's end.
    """
    outcome: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcome.put((work(), None))
        except Exception as error:  # noqa: BLE001 (raised again below)
            outcome.put((None, error))

    threading.Thread(target=run, name=what, daemon=True).start()
    try:
        result, error = outcome.get(timeout=seconds)
    except queue.Empty:
        raise TookTooLong(f"{what} took over {seconds:.0f} s; the next tick goes on.") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value] # there is one where there is no error


def _look(
    settings: SettingsResource, sqlserver: SQLServerResource, openai: OpenAIResource
) -> list[str]:
    """Ask OpenAI; sentences about odd batches, and about an endpoint that does not answer."""
    opened = partial(_database_if_anything_is_out, sqlserver)
    database = within(LOOKING_SECONDS, "Opening the database", opened)
    if database is None:
        return []
    values = settings.load()
    began = time.monotonic()

    def is_late() -> bool:  # time for one more call
        return time.monotonic() - began > LOOKING_SECONDS / 2

    # Leaving this block closes the connections, and so ends a call that hangs in the thread.
    with openai.api(quick=True) as api:
        poll = partial(polling.poll, database, api, values, until=is_late)
        found = within(LOOKING_SECONDS, "Looking at the batches at OpenAI", poll)
    return list(found.problems.values())


def _database_if_anything_is_out(sqlserver: SQLServerResource) -> Database | None:
    database = sqlserver.database()
    return database if polling.is_anything_out(database) else None


def _decide(
    instance: dg.DagsterInstance, settings: SettingsResource, sqlserver: SQLServerResource
) -> tuple[list[Due], list[str], list[str]]:
    """The runs to request, the keys that Dagster forgot, and sentences about stuck batches."""
    database, values = sqlserver.database(), settings.load()
    due = due_runs(database, has_run=lambda key: _has_run(instance, key))
    stuck = database.read(lambda connection: planner.stuck_batches(connection, database, values))
    late = [
        f"Batch {batch.batch_key} has been out for over {values.stuck_hours:g} hours "
        f"({batch.openai_status} at OpenAI); `resume-assets cancel {batch.batch_key}` calls it "
        "back."
        for batch in stuck
    ]
    return due, _forgotten(instance, open_keys(database)), late


def _plan(settings: SettingsResource, sqlserver: SQLServerResource, planned: list[Due]) -> str:
    """Plan as many batches as the limits allow; returns why no more."""
    database, values = sqlserver.database(), settings.load()
    for _ in range(_PLANS_A_TICK):
        decision = plan_batch(
            database,
            values,
            rows=rows_per_batch(values),
            origin="sensor",
            in_flight=values.max_in_flight,
            in_all=values.continuous_batches or None,
        )
        if isinstance(decision, NoPlan):
            return decision.why
        planned.append(decision.due)
    return f"{_PLANS_A_TICK} batches in one tick are enough."


def _request(run: Due) -> dg.RunRequest:
    job = submit_batch if run.stage is Stage.submit else collect_batch
    return dg.RunRequest(run_key=run.run_key, job_name=job.name, partition_key=run.key)


def _has_run(instance: dg.DagsterInstance, key: str) -> bool:
    """Whether a run of that partition waits or works; asked of batches that nobody is at."""
    tags = {"dagster/partition": key}
    heard_of = datetime.now(UTC) - _SILENT
    return any(
        instance.get_runs_count(runs) > 0
        for runs in (
            dg.RunsFilter(statuses=_WAITING, tags=tags),
            dg.RunsFilter(statuses=_BEGUN, tags=tags, updated_after=heard_of),
        )
    )


def _forgotten(instance: dg.DagsterInstance, keys: Sequence[str]) -> list[str]:
    name = resume_batches.name or ""
    if len(keys) <= _ASKED_SINGLY:
        return [key for key in keys if not instance.has_dynamic_partition(name, key)]
    known = set(instance.get_dynamic_partitions(name))
    return [key for key in keys if key not in known]
