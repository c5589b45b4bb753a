"""A tick of `batch_completion_sensor` over many batches in flight, in a real Dagster instance."""

import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from resume_assets.batches.ledger.states import BatchState
from resume_assets.database import connect
from resume_assets.database.connect import Database
from resume_assets.database.retrying import run_transaction
from resume_assets_tests.benchmarks import children, data
from resume_assets_tests.benchmarks.batches_stub import Stub, stub
from resume_assets_tests.benchmarks.figures import FOLDER, Figure, figure

IN_FLIGHT, FINISHED = 1_000, 10_000
_HOME = FOLDER / "ticking"


def _remote(number: int, created: datetime, completed: int) -> dict[str, Any]:
    return {
        "id": f"batch_{number}",
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "input_file_id": f"file-{number}",
        "completion_window": "24h",
        "status": "in_progress",
        "created_at": int(created.timestamp()),
        "in_progress_at": int(created.timestamp()) + 60,
        "expires_at": int(created.timestamp()) + 86_400,
        "request_counts": {"total": 500, "completed": completed, "failed": 0},
    }


def _fill(database: Database, endpoint: str, now: datetime, *, finished: int) -> list[str]:
    """Batches that are out, and finished ones before them; returns all keys."""
    rows: list[dict[str, Any]] = []
    for number in range(IN_FLIGHT + finished):
        out = number < IN_FLIGHT
        moment = now - timedelta(seconds=10 + number)
        rows.append(
            {
                "batch_key": f"key-{number}",
                "state": BatchState.submitted if out else BatchState.done,
                "origin": "sensor",
                "try_number": 1,
                "run_requests": 1,
                "rows_planned": 500,
                "tokens_planned": 500_000,
                "model": data.MODEL,
                "max_output_tokens": 4_000,
                "quota_tries": 0,
                "endpoint": endpoint,
                "openai_batch_id": f"batch_{number}",
                "openai_status": "in_progress" if out else "completed",
                "planned_at": moment,
                "requested_at": moment,
                "submitted_at": moment,
            }
        )
    table = database.ledger.batches
    database.write(lambda connection: connection.execute(table.insert(), rows))
    return [row["batch_key"] for row in rows]


def ticks(*, finished: int) -> dict[str, Any]:
    """Ticks one after the other: calls, transactions and seconds of each."""
    now = datetime.now(UTC)
    remote = [
        _remote(number, now - timedelta(seconds=10 + number), number % 7)
        for number in range(IN_FLIGHT)
    ]
    shutil.rmtree(_HOME, ignore_errors=True)
    with stub(remote) as server:
        os.environ |= {
            "RESUME_ASSETS_HOME": str(_HOME),
            "DAGSTER_HOME": str(_HOME / "dagster"),
            "OPENAI_BASE_URL": server.base_url,
            "OPENAI_API_KEY": "benchmark",
        }
        return _ticks(server, remote, now, finished=finished)


def _ticks(
    server: Stub, remote: list[dict[str, Any]], now: datetime, *, finished: int
) -> dict[str, Any]:
    import dagster as dg

    from resume_assets.assets import resume_batches
    from resume_assets.dagster_home import open_instance
    from resume_assets.resources import OpenAIResource, SettingsResource, SQLServerResource
    from resume_assets.sensors import batch_completion_sensor

    settings = SettingsResource()
    database = SQLServerResource(settings=settings).database()
    keys = _fill(database, server.base_url, now.replace(tzinfo=None), finished=finished)
    begun: list[str] = []

    def counted(*given: Any, **options: Any) -> Any:
        begun.append("")
        return run_transaction(*given, **options)

    found: dict[str, Any] = {"seconds": [], "calls": [], "transactions": []}
    with (
        patch.object(connect, "run_transaction", counted),
        open_instance(settings.load()) as instance,
    ):
        instance.add_dynamic_partitions(resume_batches.name or "", keys)
        resources = {
            "settings": settings,
            "sqlserver": SQLServerResource(settings=settings),
            "openai": OpenAIResource(settings=settings),
        }
        # The first sees nothing new, the second all of them changed, the third nothing new again.
        for tick in range(4):
            if tick == 2:
                for batch in remote:
                    batch["request_counts"]["completed"] += 10
            begun.clear()
            server.calls = 0
            start = time.perf_counter()
            with dg.build_sensor_context(instance=instance, resources=resources) as context:
                result = batch_completion_sensor.evaluate_tick(context)
            found["seconds"].append(time.perf_counter() - start)
            found["calls"].append(server.calls)
            found["transactions"].append(len(begun))
            if result.run_requests:
                raise RuntimeError("no batch has ended, yet runs are requested")
    database.dispose()
    return found


def measure(rows: int, rounds: int) -> Iterator[Figure]:
    """Calls, transactions and seconds of a tick; what finished partitions add."""
    del rows, rounds
    many = children.run("ticking", "ticks", finished=FINISHED).value
    none = children.run("ticking", "ticks", finished=0).value
    what = f"{IN_FLIGHT:,} batches in flight, {FINISHED:,} finished"
    yield figure("status_calls_1000_batches", many["calls"], "calls", what, at_most=11)
    yield figure("tick_transactions", many["transactions"][-1:], "", f"{what}, nothing new")
    yield figure("tick_transactions_all_changed", many["transactions"][2:3], "", what)
    yield figure("tick_seconds", [many["seconds"][1], many["seconds"][3]], "s", what)
    yield figure("tick_seconds_all_changed", many["seconds"][2:3], "s", what)
    added = [
        mine / other for mine, other in zip(many["seconds"][1:], none["seconds"][1:], strict=True)
    ]
    yield figure("tick_finished_over_none", added, "x", "the same tick without any finished")
