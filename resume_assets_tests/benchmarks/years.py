"""Years of batches: what is slower with tens of thousands of finished ones than with twenty.

The whole command `status`, the code location loaded, a tick of `batch_completion_sensor`, and what
Dagster's page of an asset asks of its partitions. And the same once old partitions are taken away.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from resume_assets.batches.ledger.states import BatchState
from resume_assets.settings import load_settings
from resume_assets_tests.benchmarks import children, data
from resume_assets_tests.benchmarks.figures import FOLDER, Figure, figure

FEW, MANY = 20, 50_000
_A_DAY = 30  # batches
_LOOKS = 3

# Of what Dagster's own page of an asset asks: each partition's state, and the newest events.
_PAGE = """
query Page($key: AssetKeyInput!) {
  assetNodeOrError(assetKey: $key) {
    ... on AssetNode {
      partitionKeyConnection(limit: 100, ascending: false) { results }
      partitionStats { numMaterialized numFailed numPartitions }
      assetPartitionStatuses {
        ... on DefaultPartitionStatuses {
          materializedPartitions failedPartitions unmaterializedPartitions materializingPartitions
        }
      }
      assetMaterializations(limit: 100) { partition timestamp }
    }
  }
}
"""


def _filled(count: int) -> Path:
    """A home with so many finished batches, each materialized, made once."""
    home = (FOLDER / f"years-{count}").resolve()
    if home.exists():
        return home
    part = home.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    with _at(part):
        _fill(count)
    return part.rename(home)


@contextmanager
def _at(home: Path) -> Iterator[None]:
    before = dict(os.environ)
    os.environ |= {"RESUME_ASSETS_HOME": str(home), "DAGSTER_HOME": str(home / "dagster")}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _fill(count: int) -> None:
    import dagster as dg

    from resume_assets.assets import resume_batches, updated_candidate_records
    from resume_assets.commands.databases import opened_database
    from resume_assets.dagster_home import open_instance

    settings = load_settings()
    now = datetime.now(UTC).replace(tzinfo=None)
    with opened_database(settings) as database:
        rows: list[dict[str, Any]] = []
        for number in range(count):
            moment = now - timedelta(days=number / _A_DAY)
            rows.append(
                {
                    "batch_key": f"key-{number}",
                    "state": BatchState.done,
                    "origin": "sensor",
                    "try_number": 1,
                    "run_requests": 1,
                    "rows_planned": 500,
                    "tokens_planned": 500_000,
                    "rows_claimed": 500,
                    "succeeded": 495,
                    "model": data.MODEL,
                    "max_output_tokens": 4_000,
                    "quota_tries": 0,
                    "endpoint": "local",
                    "openai_batch_id": f"batch_{number}",
                    "openai_status": "completed",
                    "planned_at": moment,
                    "submitted_at": moment,
                    "ended_at": moment,
                    "done_at": moment,
                }
            )
        table = database.ledger.batches
        database.write(lambda connection: connection.execute(table.insert(), rows))
    with open_instance(settings) as instance:
        keys = [row["batch_key"] for row in rows]
        instance.add_dynamic_partitions(resume_batches.name or "", keys)
        event = dg.AssetMaterialization(updated_candidate_records.key, partition=keys[0])
        instance.report_runless_asset_event(event)
    _repeat(settings.dagster_folder / "history" / "runs" / "index.db", keys)


def _repeat(index: Path, keys: list[str]) -> None:
    """Note the first partition's event for the others too: through Dagster it would take hours."""
    with closing(sqlite3.connect(index)) as database, database:
        cursor = database.execute("SELECT * FROM event_logs WHERE partition = ?", (keys[0],))
        names = [column[0] for column in cursor.description]
        row = dict(zip(names, cursor.fetchone(), strict=True))
        first = row.pop("id")
        told, quoted = str(row["event"]), f'"{keys[0]}"'
        if quoted not in told:
            raise ValueError(f"event {first} does not name its partition {keys[0]}")
        rows = (
            row | {"partition": key, "event": told.replace(quoted, f'"{key}"')} for key in keys[1:]
        )
        columns = ", ".join(row)
        values = ", ".join(f":{name}" for name in row)
        database.executemany(f"INSERT INTO event_logs ({columns}) VALUES ({values})", rows)


def page_seconds(*, home: str) -> list[float]:
    """Seconds of what the page of `updated_candidate_records` asks, three times."""
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster._core.workspace.load_target import ModuleTarget
    from dagster_graphql.test.utils import execute_dagster_graphql

    from resume_assets.dagster_home import LOCATION, open_instance

    found = []
    target = ModuleTarget(LOCATION, None, None, "resume_assets")
    with (
        _at(Path(home)),
        open_instance(load_settings()) as instance,
        WorkspaceProcessContext(instance, target) as workspace,
    ):
        for _ in range(_LOOKS):
            start = time.perf_counter()
            key = {"path": ["updated_candidate_records"]}
            context = workspace.create_request_context()
            result = execute_dagster_graphql(context, _PAGE, variables={"key": key})
            found.append(time.perf_counter() - start)
            if result.errors:
                raise RuntimeError(str(result.errors))
    return found


def tick_seconds(*, home: str) -> list[float]:
    """Seconds of a tick that finds nothing to do, three times."""
    import dagster as dg

    from resume_assets.dagster_home import open_instance
    from resume_assets.resources import OpenAIResource, SettingsResource, SQLServerResource
    from resume_assets.sensors import batch_completion_sensor

    found = []
    settings = SettingsResource()
    with _at(Path(home)), open_instance(settings.load()) as instance:
        resources = {
            "settings": settings,
            "sqlserver": SQLServerResource(settings=settings),
            "openai": OpenAIResource(settings=settings),
        }
        for _ in range(_LOOKS):
            start = time.perf_counter()
            with dg.build_sensor_context(instance=instance, resources=resources) as context:
                batch_completion_sensor.evaluate_tick(context)
            found.append(time.perf_counter() - start)
    return found


def _command_seconds(home: Path, *command: str) -> list[float]:
    """Seconds of a whole command."""
    found = []
    with _at(home):
        for _ in range(_LOOKS):
            start = time.perf_counter()
            subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, check=True)
            found.append(time.perf_counter() - start)
    return found


def _looks(home: Path) -> dict[str, list[float]]:
    return {
        "status": _command_seconds(home, "-m", "resume_assets.cli", "status"),
        "load": _command_seconds(home, "-c", "import resume_assets.definitions"),
        "tick": children.run("years", "tick_seconds", home=str(home)).value,
        "page": children.run("years", "page_seconds", home=str(home)).value,
    }


def measure(rows: int, rounds: int) -> Iterator[Figure]:
    """Each thing's seconds, and its ratio to the same with twenty batches."""
    del rounds
    count = MANY if rows >= MANY else 1_000
    few = _looks(_filled(FEW))
    many = _filled(count)
    pruned = FOLDER.resolve() / "years-pruned"
    shutil.rmtree(pruned, ignore_errors=True)
    shutil.copytree(many, pruned)
    _command_seconds(pruned, "-m", "resume_assets.cli", "prune")
    for home, what in ((many, ""), (pruned, "_pruned")):
        for name, seconds in _looks(home).items():
            told = f"{count:,} finished batches{', the old ones pruned' if what else ''}"
            yield figure(f"years_{name}{what}", seconds, "s", told)
            ratios = [mine / other for mine, other in zip(seconds, few[name], strict=True)]
            yield figure(f"years_{name}{what}_over_few", ratios, "x", f"the same with {FEW}")
