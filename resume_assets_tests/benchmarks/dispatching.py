"""Ticks of `batch_completion_sensor` while thousands of batches are due, in a Dagster with a past.

What a tick hands over is run at once: the batch is `done`, its run ended. So each tick sees what
the one before left, until nothing is due.
"""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import dagster as dg
import sqlalchemy as sa
from dagster._core.storage.runs.schema import RunsTable, RunTagsTable
from dagster._serdes import serialize_value

from resume_assets.batches.ledger.states import BatchState
from resume_assets.database.connect import Database
from resume_assets_tests.benchmarks import children, data
from resume_assets_tests.benchmarks.figures import FOLDER, Figure, figure
from resume_assets_tests.ticks import tick

DUE, PAST_RUNS = 3_000, 40_000
SLOW = 0.05  # seconds a statement, of a database far away
_HOME = FOLDER / "dispatching"
_STATES = ("planned", "claimed", "built", "submitting", "quota", "ended", "collected", "applied")


def _fill(database: Database, now: datetime) -> list[str]:
    """Due batches in every state that can be, the first the oldest; returns their keys."""
    rows: list[dict[str, Any]] = []
    for number in range(DUE):
        moment = now - timedelta(minutes=DUE - number)
        rows.append(
            {
                "batch_key": f"key-{number:05}",
                "state": BatchState(_STATES[number % len(_STATES)]),
                "origin": "sensor",
                "try_number": 1,
                "run_requests": 0,
                "rows_planned": 500,
                "tokens_planned": 500_000,
                "model": data.MODEL,
                "max_output_tokens": 4_000,
                "quota_tries": 0,
                "planned_at": moment,
            }
        )
    table = database.ledger.batches
    database.write(lambda connection: connection.execute(table.insert(), rows))
    return [row["batch_key"] for row in rows]


def _ended_runs(instance: dg.DagsterInstance, requested: list[tuple[str, str, str]]) -> None:
    """Put runs that went well into the storage: partition, run key and job of each."""
    runs: list[dict[str, Any]] = []
    tags: list[dict[str, str]] = []
    for key, run_key, job in requested:
        own = {"dagster/partition": key, "dagster/run_key": run_key, "dagster/max_retries": "0"}
        run = dg.DagsterRun(
            job_name=job, run_id=str(uuid4()), status=dg.DagsterRunStatus.SUCCESS, tags=own
        )
        runs.append(
            {
                "run_id": run.run_id,
                "pipeline_name": job,
                "status": run.status.value,
                "run_body": serialize_value(run),
                "partition": key,
            }
        )
        tags += [{"run_id": run.run_id, "key": name, "value": own[name]} for name in own]
    with instance.run_storage.connect() as connection:  # type: ignore[attr-defined]
        connection.execute(RunsTable.insert(), runs)
        connection.execute(RunTagsTable.insert(), tags)


def ticks(*, slow: bool) -> dict[str, Any]:
    """Tick until nothing is due, at most ten times where the database is slow."""
    shutil.rmtree(_HOME, ignore_errors=True)
    os.environ |= {"RESUME_ASSETS_HOME": str(_HOME), "DAGSTER_HOME": str(_HOME / "dagster")}
    from resume_assets.dagster_home import open_instance
    from resume_assets.definitions import defs as definitions
    from resume_assets.resources import SettingsResource, SQLServerResource

    settings = SettingsResource()
    database = SQLServerResource(settings=settings).database()
    keys = _fill(database, datetime.now(UTC).replace(tzinfo=None))
    found: dict[str, Any] = {"seconds": [], "handed": []}
    handed: list[str] = []
    with open_instance(settings.load()) as instance:
        instance.add_dynamic_partitions("resume_batches", keys)
        past = [f"past-{number}" for number in range(PAST_RUNS)]
        _ended_runs(instance, [(key, f"{key}:collect_batch:1:1", "collect_batch") for key in past])
        if slow:
            pause = threading.Event()
            sa.event.listen(
                sa.Engine, "before_cursor_execute", lambda *_: pause.wait(SLOW), named=False
            )
        while len(handed) < DUE and not (slow and len(found["handed"]) == 3):
            start = time.perf_counter()
            result = tick(definitions, instance, "batch_completion_sensor")
            found["seconds"].append(time.perf_counter() - start)
            requests = result.run_requests or []
            found["handed"].append(len(requests))
            if not requests:
                raise RuntimeError(f"only {len(handed)} of {DUE} were handed over")
            _ended_runs(
                instance,
                [(r.partition_key or "", r.run_key or "", r.job_name or "") for r in requests],
            )
            handed += [request.partition_key or "" for request in requests]
            _done(database, handed[-len(requests) :])
    if handed != keys[: len(handed)]:
        raise RuntimeError("not the oldest first")
    _check(database, handed)
    database.dispose()
    return found


def _done(database: Database, keys: list[str]) -> None:
    table = database.ledger.batches
    ran = table.update().where(table.c.batch_key.in_(keys)).values(state=BatchState.done)
    database.write(lambda connection: connection.execute(ran))


def _check(database: Database, handed: list[str]) -> None:
    """None is given up, and of a slow tick at most one is noted that was not handed over."""
    table = database.ledger.batches
    query = sa.select(table.c.batch_key, table.c.state, table.c.run_requests)
    rows = database.read(lambda connection: connection.execute(query).all())
    if any(state == BatchState.abandoned for _, state, _ in rows):
        raise RuntimeError("a batch was abandoned")
    noted = {key for key, _, requests in rows if requests} - set(handed)
    if len(noted) > 1:
        raise RuntimeError(f"{len(noted)} batches count as asked for, without a run")


def measure(rows: int, rounds: int) -> Iterator[Figure]:
    """Runs handed over a tick and its seconds, with a quick database and with a slow one."""
    del rows, rounds
    what = f"{DUE:,} batches due, {PAST_RUNS:,} runs in Dagster"
    quick = children.run("dispatching", "ticks", slow=False).value
    yield figure("due_batches_a_tick", quick["handed"][:-1], "", what, at_least=100)
    yield figure("due_tick_seconds", quick["seconds"], "s", what, at_most=30)
    slow = children.run("dispatching", "ticks", slow=True).value
    far = f"{what}, {SLOW * 1000:.0f} ms a statement"
    yield figure("due_batches_a_tick_slow", slow["handed"], "", far)
    yield figure("due_tick_seconds_slow", slow["seconds"], "s", far, at_most=30)
