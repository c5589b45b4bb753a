"""Celery workers by `deploy/compose/dagster.yaml`, one killed in mid-write, the store away.

Database, store and endpoint are shared; each process has a home of its own. Once on what one
machine has, and once on servers, where RESUME_TEST_SQLSERVER_URL names one.
"""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from resume_assets.batches.planning.runs import Stage
from resume_assets.batches.upkeep.housekeeping import tidy
from resume_assets.database.projection import catch_up
from resume_assets_tests.distributed.conftest import SUMMARY, Shared
from resume_assets_tests.distributed.deployment import (
    DEPLOY,
    STALLED,
    WRITTEN_BEFORE_IT_STALLED,
    Deployment,
    deployed,
)
from resume_assets_tests.distributed.servers import postgres, redis
from resume_assets_tests.faults.invariants import violations
from resume_assets_tests.local_openai.support import until

pytestmark = [pytest.mark.distributed, pytest.mark.timeout(2000)]

BATCHES = 48
ROWS = 30
AWAY = 10.0
"""Seconds that the store is gone."""

LONGEST = 900.0
BACK = timedelta(minutes=2)
"""After the end of its lease, the run that goes on with a killed worker's batch is asked for."""


@pytest.fixture(
    params=["shared", pytest.param("on_servers", marks=pytest.mark.sqlserver)],
    ids=["one machine", "servers"],
)
def places(request: pytest.FixtureRequest) -> Shared:
    """Where database and batch files are."""
    made: Shared = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def deployment(places: Shared, tmp_path: Path) -> Iterator[Deployment]:
    pytest.importorskip("dagster_postgres")
    pytest.importorskip("dagster_celery")
    configuration = DEPLOY / "compose" / "dagster.yaml"
    with (
        postgres() as storage,
        redis() as broker,
        deployed(tmp_path, configuration, places.variables | storage | broker) as made,
    ):
        yield made


@pytest.fixture
def undisturbed(places: Shared) -> dict[int, Any]:
    """Each candidate's record, as one process alone writes it."""
    return places.undisturbed(BATCHES * ROWS)


def ours(deployment: Deployment) -> list[dict[str, Any]]:
    """The runs of our jobs; where all have ended, a dead one keeps no place either."""
    return [run for run in deployment.runs() if run["jobName"] in tuple(Stage)]


def test_three_workers_one_killed_and_the_store_away(
    places: Shared,
    deployment: Deployment,
    undisturbed: dict[int, Any],
    record_property: Callable[[str, object], None],
) -> None:
    began = time.monotonic()
    places.seed(BATCHES * ROWS)
    deployment.code_server()
    deployment.web_server()
    deployment.daemon()
    victim = deployment.worker(1, 1, "--include", "resume_assets_tests.distributed.stalling")
    deployment.worker(2, 2)
    deployment.worker(3, 2)
    told = ("--num-batches", str(BATCHES), "--batch-size", str(ROWS), "--check-interval", "1")
    command = deployment.command("continuous", "--launch", *told, "--max-in-flight", "16")

    stalled = victim.folder / STALLED
    until(lambda: stalled.exists() or command.poll() is not None, LONGEST)
    assert command.poll() is None, deployment.said() + deployment.logs()
    victim.kill()
    killed = stalled.read_text(encoding="utf-8")
    half = places.batch(killed)
    ends = list(places.ends(killed).values())
    assert ends.count("succeeded") == WRITTEN_BEFORE_IT_STALLED
    assert ends.count("submitted") == ROWS - WRITTEN_BEFORE_IT_STALLED
    with places.store_away():
        threading.Event().wait(AWAY)

    assert command.wait(LONGEST) == 0, deployment.said() + deployment.logs()
    said = deployment.said()
    assert f"{BATCHES} batches are in. {BATCHES * ROWS:,} records are written." in said
    tidy(places.database, places.settings, places.store, places.api)
    catch_up(places.database)
    assert (
        violations(places.home, came_to_its_end=True, expected=undisturbed, select=places.select)
        == []
    )
    until(lambda: {run["status"] for run in ours(deployment)} == {"SUCCESS", "FAILURE"}, LONGEST)
    done = [batch for batch in places.batches() if batch.state == "done"]
    assert len(done) == BATCHES
    back = places.batch(killed).requested_at - half.lease_until
    assert back <= BACK
    lost = (places.batch(killed).done_at - half.lease_until).total_seconds()
    runs = ours(deployment)
    failed = [run for run in runs if run["status"] == "FAILURE"]
    record_property(
        SUMMARY,
        f"{len(deployment.workers)} workers, 1 killed in mid-write, store away for {AWAY:g} s: "
        f"{len(done)} batches, {BATCHES * ROWS:,} resumes in {time.monotonic() - began:.0f} s; "
        f"{len(failed)} of {len(runs)} runs failed and were done again; the killed "
        f"batch was asked for again {back.total_seconds():.0f} s and in {lost:.0f} s after its "
        "lease; 0 violations",
    )
