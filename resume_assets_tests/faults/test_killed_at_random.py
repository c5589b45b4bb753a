"""The commands as users start them, killed at random moments, and the local server with them.

Takes many minutes, most of them waiting as long as users do: RESUME_RANDOM_KILLS=70 tells how many
kills, RESUME_RANDOM_SEED which. `test_crashes` comes by the same moments in seconds.
"""

import os
import random
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import resume_assets
from resume_assets.local_openai.server import running
from resume_assets_tests.commands.processes import environment
from resume_assets_tests.commands.processes import resume_assets as command
from resume_assets_tests.faults.invariants import records, violations
from resume_assets_tests.flow import Flow, flow_at, settings_at

KILLS = int(os.environ.get("RESUME_RANDOM_KILLS", "0"))
SEED = int(os.environ.get("RESUME_RANDOM_SEED", "1"))
RESUMES = 6
ROOT = Path(resume_assets.__file__).parents[1]
SHORT = {"RESUME_DOUBT_SECONDS": "0.5"}
CONTINUOUS = ("continuous", "--num-batches", "20", "--batch-size", "3", "--check-interval", "0.2")


def untouched(home: Path) -> Path:
    """Resumes wait, and the server has a folder."""
    flow = Flow(home, settings_at(home), None)  # type: ignore[arg-type]
    flow.seed(RESUMES)
    flow.database.dispose()
    with running(home / "local_openai"):
        return home


def undisturbed(home: Path) -> dict[int, Any]:
    """What the records are when nothing happens."""
    with flow_at(home) as flow:
        flow.seed(RESUMES)
        flow.until_done()
    return records(home)


def killed(home: Path, chance: random.Random) -> bool:
    """Start `continuous` or materialize a partition, and kill it; False where it was through."""
    arguments = ["resume-assets", *CONTINUOUS]
    if chance.random() < 0.6:
        key = chance.choice([f"m{chance.randint(1, 9)}", *keys(home)])
        assert command(home, "new", key).returncode in (0, 2)
        arguments = ["dagster", "asset", "materialize", "--select", "*", "--partition", key]
        arguments += ["-m", "resume_assets.definitions", "-d", str(ROOT)]
    told = {**SHORT, "DAGSTER_HOME": str(home / "dagster")}
    before = written(home)
    with subprocess.Popen(
        arguments,
        env=environment(home, told),
        cwd=home.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        while process.poll() is None and written(home) == before:
            time.sleep(0.005)  # it is still starting
        try:
            process.wait(chance.uniform(0, 2) ** 2)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    return process.returncode == -signal.SIGKILL


def keys(home: Path) -> list[str]:
    with closing(sqlite3.connect(home / "resumes.db")) as database:
        return [key for (key,) in database.execute("SELECT batch_key FROM resume_batches")]


def written(home: Path) -> Any:
    """Changes with each commit to the embedded database."""
    path = home / "resumes.db-wal"
    return (path.stat().st_mtime_ns, path.stat().st_size) if path.exists() else None


@pytest.mark.skipif(not KILLS, reason="RESUME_RANDOM_KILLS is not set: it takes minutes")
def test_killed_at_random_moments(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    expected = undisturbed(tmp_path / "reference")
    kills = lives = 0
    while kills < KILLS:
        lives += 1
        home = untouched(tmp_path / str(lives) / "home")
        for _ in range(chance.randint(3, 8)):
            kills += killed(home, chance)
            assert violations(home, came_to_its_end=False, expected=expected) == []
            if kills >= KILLS:
                break
        told = environment(home, SHORT)
        ended = subprocess.run(
            ["resume-assets", *CONTINUOUS],
            env=told,
            cwd=home.parent,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        found = violations(home, came_to_its_end=True, expected=expected)
        # Uploads whose answers were lost go an hour later, with the daily housekeeping.
        assert [one for one in found if not one.startswith("left at the server")] == []
