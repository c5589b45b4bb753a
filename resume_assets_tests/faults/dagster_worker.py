"""As `worker`, with Dagster: real runs in a persisted instance, by command, sensor or hand."""

import os
import threading
from typing import Any

import dagster as dg

from resume_assets import sensors
from resume_assets.batches.dispatching import Stage
from resume_assets.batches.states import OPEN, BatchState
from resume_assets.commands.continuous import continuous
from resume_assets.commands.session import Session, session
from resume_assets_tests.faults import worker
from resume_assets_tests.flow import Flow
from resume_assets_tests.home import ASSETS

ENVIRONMENT = {
    "RESUME_MAX_ATTEMPTS": "1",
    "RESUME_USABLE_SHARE": "0",
    "RESUME_DOUBT_SECONDS": "0.02",
    "RESUME_CHECK_INTERVAL": "0.01",
}


def by_continuous(opened: Session) -> None:
    """The command, to its end."""
    code = continuous(opened, batches=2, rows=6, interval=0.05, in_flight=1)
    assert code == 0, code


def by_sensor(opened: Session) -> None:
    """Ticks, and the runs that they request, until nothing is open."""
    sensors._SILENT = sensors._SILENT * 0  # a run that was killed is forgotten at once
    pause = threading.Event()
    for _ in range(600):
        resources = opened.definitions.resources
        with dg.build_sensor_context(instance=opened.instance, resources=resources) as context:
            tick = sensors.batch_completion_sensor(context)
        assert isinstance(tick, dg.SensorResult)
        for request in tick.run_requests or []:
            opened.run(Stage(request.job_name or ""), request.partition_key or "")
        if not _open(opened):
            break
        pause.wait(0.02)
    by_continuous(opened)


def by_hand(opened: Session) -> None:
    """Every open partition materialized again, all six assets in one run."""
    job = opened.definitions.resolve_implicit_global_asset_job_def()
    for key in _open(opened):
        opened.know(key)
        job.execute_in_process(
            instance=opened.instance,
            partition_key=key,
            asset_selection=[dg.AssetKey(name) for name in ASSETS],
            raise_on_error=False,
        )
    by_continuous(opened)


def _open(opened: Session) -> list[str]:
    from resume_assets.batches import ledger

    found = opened.database.read(lambda c: ledger.in_states(c, opened.database, OPEN))
    return [batch.batch_key for batch in found if BatchState(batch.state) in OPEN]


def way(of: Any) -> Any:
    """A way of the worker's, which opens what the commands open."""

    def go(flow: Flow) -> None:
        home = str(flow.home)
        os.environ.update(ENVIRONMENT, RESUME_ASSETS_HOME=home, DAGSTER_HOME=f"{home}/dagster")
        os.environ["OPENAI_BASE_URL"] = str(flow.api.client.base_url).rstrip("/")
        os.environ["OPENAI_API_KEY"] = flow.api.client.api_key
        os.chdir(home)
        with session() as opened:
            of(opened)

    return go


worker.WAYS |= {
    "continuous": way(by_continuous),
    "sensor": way(by_sensor),
    "by hand": way(by_hand),
}

if __name__ == "__main__":
    worker.serve()
