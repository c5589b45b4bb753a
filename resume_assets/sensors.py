"""What happens by itself: bringing batches in that ended, and keeping new ones out.

A tick must end in time and never in an exception, which would lose all of it; and since Dagster may
carry out a part of what a tick asks for, all of it is safe to ask for again.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from typing import TypeVar

import dagster as dg

from resume_assets.assets.partitions import resume_batches
from resume_assets.batches import tracking
from resume_assets.batches.dispatching import Due, Stage, due_runs, open_keys
from resume_assets.batches.limits import rows_per_batch
from resume_assets.batches.planner import count_planned, plan_batch
from resume_assets.batches.planning import NoPlan
from resume_assets.errors import PlatformError
from resume_assets.jobs import collect_batch, submit_batch
from resume_assets.resources import OpenAIResource, SettingsResource, SQLServerResource

T = TypeVar("T")

_SECONDS = 40.0  # of the 60 that Dagster gives a tick
_PLANS_A_TICK = 20

_ACTIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


@dg.sensor(
    jobs=[submit_batch, collect_batch],
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
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
    try:
        database = sqlserver.database()
        problems += _within(_SECONDS, lambda: _poll(settings, sqlserver, openai))
        due = due_runs(database, has_run=lambda key: _has_run(context.instance, key))
    except PlatformError as error:
        return dg.SensorResult(skip_reason=str(error))
    for problem in problems:
        context.log.warning(problem)
    forgotten = _forgotten(context.instance, open_keys(database))
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
)
def continuous_submission_sensor(
    context: dg.SensorEvaluationContext,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
) -> dg.SensorResult:
    """Keeps up to RESUME_MAX_IN_FLIGHT batches out while resumes wait.

    RESUME_CONTINUOUS_BATCHES ends it after so many in all.
    """
    planned: list[Due] = []
    why = ""
    try:
        database, values = sqlserver.database(), settings.load()
        for _ in range(_PLANS_A_TICK):
            most = values.continuous_batches
            if most and count_planned(database, "sensor") >= most:
                why = f"RESUME_CONTINUOUS_BATCHES = {most} batches are planned."
                break
            decision = plan_batch(
                database,
                values,
                rows=rows_per_batch(values),
                origin="sensor",
                in_flight=values.max_in_flight,
            )
            if isinstance(decision, NoPlan):
                why = decision.why
                break
            planned.append(decision.due)
    except PlatformError as error:
        # What was planned before has its row; if this tick is lost it is asked for again.
        context.log.warning(str(error))
        why = str(error)
    return dg.SensorResult(
        run_requests=[_request(run) for run in planned],
        dynamic_partitions_requests=[resume_batches.build_add_request([run.key for run in planned])]
        if planned
        else [],
        skip_reason=None if planned else why,
    )


def _poll(
    settings: SettingsResource, sqlserver: SQLServerResource, openai: OpenAIResource
) -> list[str]:
    """Sentences about odd batches; an endpoint that does not answer is one of them."""
    try:
        database, values = sqlserver.database(), settings.load()
        if not tracking.is_anything_out(database):
            return []
        with openai.api(quick=True) as api:
            return list(tracking.poll(database, api, values).problems.values())
    except PlatformError as error:
        return [str(error)]


def _within(seconds: float, work: Callable[[], list[str]]) -> list[str]:
    """Run `work` for so long at most; what it writes later is as good then."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="poll")
    try:
        return pool.submit(work).result(seconds)
    except TookTooLong:
        return [f"OpenAI did not answer within {seconds:.0f} s; the next tick looks again."]
    finally:
        pool.shutdown(wait=False)


def _request(run: Due) -> dg.RunRequest:
    job = submit_batch if run.stage is Stage.submit else collect_batch
    return dg.RunRequest(run_key=run.run_key, job_name=job.name, partition_key=run.key)


def _has_run(instance: dg.DagsterInstance, key: str) -> bool:
    """Whether a run of that partition waits or works."""
    mine = dg.RunsFilter(statuses=_ACTIVE, tags={"dagster/partition": key})
    return instance.get_runs_count(mine) > 0


def _forgotten(instance: dg.DagsterInstance, keys: Sequence[str]) -> list[str]:
    name = resume_batches.name or ""
    return [key for key in keys if not instance.has_dynamic_partition(name, key)]
