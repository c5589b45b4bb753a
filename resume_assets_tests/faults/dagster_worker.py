"""As `worker`, with Dagster: real runs in a persisted instance, by command, sensor or hand."""

import os
import threading
from collections.abc import Callable
from datetime import timedelta

import dagster as dg

from resume_assets import sensors
from resume_assets.batches.planning import runs as planning_runs
from resume_assets.batches.planning.runs import Stage
from resume_assets.commands import continuous as continuous_module
from resume_assets.commands.continuous import continuous
from resume_assets.commands.session import Session, session
from resume_assets.database.projection import catch_up
from resume_assets.definitions import defs
from resume_assets.resources import sqlserver_resource
from resume_assets_tests.faults import worker
from resume_assets_tests.faults.worker import Life, due_at_once
from resume_assets_tests.home import ASSETS, QUIET

ENVIRONMENT = {
    "RESUME_MAX_ATTEMPTS": "1",
    "RESUME_USABLE_SHARE": "0",
    "RESUME_BORNE_OUT_SHARE": "0",
    "RESUME_DOUBT_SECONDS": "0.02",
    "RESUME_CHECK_INTERVAL": "0.01",
}
NOT_OVER = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


STILL_WORKS = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])


def by_continuous(opened: Session, life: Life) -> None:
    """The command, to its end."""
    life.wait_for_server()
    code = continuous(opened, batches=2, rows=life.rows, interval=0.05, in_flight=1)
    assert code == 0, code


def by_sensor(opened: Session, life: Life) -> None:
    """Ticks, and the runs that they request, until nothing is open."""
    # A run that was killed is dead at once.
    planning_runs._BETWEEN_LEASES = planning_runs._BEFORE_FIRST_LEASE = timedelta(0)  # type: ignore[misc]
    pause = threading.Event()
    for _ in range(600):
        resources = opened.definitions.resources
        with dg.build_sensor_context(instance=opened.instance, resources=resources) as context:
            tick = sensors.batch_completion_sensor(context)
        assert isinstance(tick, dg.SensorResult)
        for request in tick.run_requests or []:
            opened.run(Stage(request.job_name or ""), request.partition_key or "")
        if not life.open_batches() and not opened.instance.get_runs_count(STILL_WORKS):
            break
        pause.wait(0.02)
    assert not opened.instance.get_runs_count(STILL_WORKS), "a killed run keeps its slot"
    by_continuous(opened, life)


def by_hand(opened: Session, life: Life) -> None:
    """Every open partition materialized again, all six assets in one run."""
    job = opened.definitions.resolve_implicit_global_asset_job_def()
    for key in life.open_batches():
        opened.know(key)
        job.execute_in_process(
            instance=opened.instance,
            partition_key=key,
            asset_selection=[dg.AssetKey(name) for name in ASSETS],
            raise_on_error=False,
        )
    by_continuous(opened, life)


def submit_batch() -> dg.JobDefinition:
    """For Dagster, which loads a job by the name of a function before it executes it again."""
    return defs.resolve_job_def(Stage.submit.value)


def collect_batch() -> dg.JobDefinition:
    """As above."""
    return defs.resolve_job_def(Stage.collect.value)


JOBS = {job.__name__: dg.reconstructable(job) for job in (submit_batch, collect_batch)}


def by_reexecution(opened: Session, life: Life) -> None:
    """In the UI, a person calls the run failed that the crash left as begun, and re-executes it."""
    instance = opened.instance
    for run in instance.get_runs(dg.RunsFilter(statuses=NOT_OVER)):
        instance.report_run_failed(run)
        dg.execute_job(
            JOBS[run.job_name],
            instance=instance,
            run_config=QUIET,
            reexecution_options=dg.ReexecutionOptions.from_failure(run.run_id, instance),
            tags={name: run.tags[name] for name in ("dagster/partition",)},
        )
    by_continuous(opened, life)


def way(of: Callable[[Session, Life], None]) -> Callable[[Life], None]:
    """A way of the worker's, which opens what the commands open."""

    def go(life: Life) -> None:
        home = str(life.flow.home)
        os.environ.update(ENVIRONMENT, RESUME_ASSETS_HOME=home, DAGSTER_HOME=f"{home}/dagster")
        os.environ["OPENAI_BASE_URL"] = str(life.flow.api.client.base_url).rstrip("/")
        os.environ["OPENAI_API_KEY"] = life.flow.api.client.api_key
        # The database whose statements are compiled already; and its endpoint is always the same.
        sqlserver_resource._opened = lambda _: life.flow.database  # type: ignore[assignment]
        with session() as opened:
            of(opened, life)
            catch_up(opened.database)  # as the daily housekeeping does

    return go


for module in (sensors, continuous_module):
    module.due_runs = due_at_once  # type: ignore[attr-defined]

worker.WAYS |= {
    "continuous": way(by_continuous),
    "sensor": way(by_sensor),
    "by hand": way(by_hand),
    "re-executed": way(by_reexecution),
}

if __name__ == "__main__":
    os.chdir(os.sep)  # where no `.env` is
    worker.serve()
