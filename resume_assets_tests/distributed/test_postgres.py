"""Dagster on Postgres by `deploy/dagster.yaml`: code server, web server and daemon apart."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from resume_assets_tests.distributed.conftest import Shared
from resume_assets_tests.distributed.deployment import DEPLOY, Deployment, deployed
from resume_assets_tests.distributed.servers import postgres
from resume_assets_tests.local_openai.support import until

pytestmark = [pytest.mark.distributed, pytest.mark.timeout(1500)]

LONGEST = 400.0


@pytest.fixture
def deployment(shared: Shared, tmp_path: Path) -> Iterator[Deployment]:
    pytest.importorskip("dagster_postgres")
    with (
        postgres() as storage,
        deployed(tmp_path, DEPLOY / "dagster.yaml", shared.variables | storage) as made,
    ):
        yield made


def runs(deployment: Deployment) -> list[tuple[str, str]]:
    """Job and status of each run, the newest first."""
    return [(run["jobName"], run["status"]) for run in deployment.runs()]


def test_a_batch_goes_through_while_daemon_and_code_server_are_replaced(
    shared: Shared, deployment: Deployment
) -> None:
    shared.seed(6)
    code = deployment.code_server()
    deployment.web_server()
    shared.plan("b1", rows=4)
    shared.update("b1", requested_at=None)  # whoever planned it is gone: the sensor need not wait
    daemon = deployment.daemon()
    # Its first tick asks for the run; it may be queued or at work when the daemon is gone.
    until(lambda: runs(deployment), LONGEST)
    daemon.kill()
    code.restart()
    daemon.start()
    until(lambda: shared.batch("b1").state == "done", LONGEST)
    assert shared.written() == [1, 2, 3, 4]
    until(lambda: all(status in ("SUCCESS", "FAILURE") for _, status in runs(deployment)), LONGEST)
    assert runs(deployment)[0] == ("collect_batch", "SUCCESS"), deployment.logs()
    assert daemon.is_running
    assert code.is_running
