"""Plain `dagster`, in processes of its own: what the README tells, without our command line."""

import json
import shutil
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import resume_assets
from resume_assets_tests.commands.processes import (
    PATIENCE,
    free_port,
    listens,
    run,
    said,
    started,
    stop,
    until_nothing_runs,
)
from resume_assets_tests.home import ASSETS, Platform, platform_at
from resume_assets_tests.local_openai.support import until

pytestmark = pytest.mark.timeout(PATIENCE * 2)

ROOT = Path(resume_assets.__file__).parents[1]

EVERYTHING = """{ workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError {
    ... on PythonError { message }
    ... on RepositoryLocation { repositories {
        assetNodes { assetKey { path } isExecutable }
        sensors { name sensorState { status } }
        allTopLevelResourceDetails { name resourceType configuredValues { key value } }
        jobs { name }
} } } } } } }"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The repository's root as it is, less what a developer may keep there (a `.env`)."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in ("workspace.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    (folder / "resume_assets").symlink_to(ROOT / "resume_assets")
    return folder


@pytest.fixture
def persisted(home: Path) -> Iterator[Platform]:
    with platform_at(home, persisted=True) as platform:
        yield platform


def ask(port: int, query: str) -> Any:
    """The web server's answer to a GraphQL query."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": query}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        found = json.load(answer)
    assert "errors" not in found, found
    return found["data"]


def test_definitions_validate(home: Path, checkout: Path) -> None:
    """Green is not enough: it is green, too, where nothing was found to load."""
    home.mkdir()
    result = run(home, "dagster", "definitions", "validate", cwd=checkout)
    assert result.returncode == 0, said(result)
    assert "code location resume_assets.definitions" in result.stdout + result.stderr


def test_a_key_made_by_new_is_materialized_by_dagster(persisted: Platform) -> None:
    persisted.seed(2)
    select = ",".join(ASSETS[:3])
    script = f"""
        set -e
        key=$(resume-assets new monday-1)
        eval "$(resume-assets env)"
        dagster asset materialize -m resume_assets.definitions --select {select} --partition $key
    """
    result = run(persisted.home, "bash", "-c", script)
    assert result.returncode == 0, said(result)
    batch = persisted.batch("monday-1")
    assert (batch.state, batch.requests, batch.origin) == ("submitted", 2, "manual")
    # In the instance that the UI shows.
    [run_record] = persisted.instance.get_runs()
    assert run_record.tags["dagster/partition"] == "monday-1"
    assert run_record.is_success


def test_dagster_dev_shows_everything_and_its_daemon_brings_a_batch_in(
    persisted: Platform, checkout: Path
) -> None:
    persisted.seed(2)
    persisted.sent("b1")
    port = free_port()
    env = {"DAGSTER_HOME": str(persisted.instance.root_directory)}
    command = ("dagster", "dev", "-h", "127.0.0.1", "-p", str(port))
    with started(persisted.home, *command, cwd=checkout, env=env) as child:
        until(lambda: listens(port) or child.poll() is not None, 90)
        assert child.poll() is None, child.stdout and child.stdout.read()
        [entry] = ask(port, EVERYTHING)["workspaceOrError"]["locationEntries"]
        [repository] = entry["locationOrLoadError"]["repositories"]
        assets = {
            node["assetKey"]["path"][0]: node["isExecutable"] for node in repository["assetNodes"]
        }
        apart = ("model_trial", "imported_resumes", "exported_records")
        assert assets == {"aicandidate": False} | dict.fromkeys((*ASSETS, *apart), True)
        sensors = {one["name"]: one["sensorState"]["status"] for one in repository["sensors"]}
        assert sensors == {
            "batch_completion_sensor": "RUNNING",
            "continuous_submission_sensor": "STOPPED",
            "notifications": "RUNNING",
            "import_sensor": "STOPPED",
        }
        resources = {one["name"] for one in repository["allTopLevelResourceDetails"]}
        assert resources == {"openai", "sqlserver", "settings", "store"}
        assert persisted.server.api_key not in json.dumps(repository)
        assert {"submit_batch", "collect_batch"} <= {job["name"] for job in repository["jobs"]}

        until(lambda: persisted.batch("b1").state == "done", 90)
        assert persisted.written() == [1, 2]
        until(lambda: all(found.is_finished for found in persisted.instance.get_runs()), 30)
        [collecting] = [
            found for found in persisted.instance.get_runs() if found.job_name == "collect_batch"
        ]
        assert collecting.tags["dagster/sensor_name"] == "batch_completion_sensor"
        assert collecting.tags["dagster/run_key"].startswith("b1:collect_batch:")
        code, output = stop(child, signal.SIGINT)
        assert code == 0, output
    until_nothing_runs(persisted.home)
