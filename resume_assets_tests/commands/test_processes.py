"""The three ways of working, each command a process of its own: nothing is shared but the home."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from resume_assets.dagster_home import open_instance
from resume_assets.local_openai.settings import Pace
from resume_assets.settings import load_settings
from resume_assets_tests.commands.processes import (
    PATIENCE,
    environment,
    line_with,
    resume_assets,
    run,
    said,
    started,
    stop,
    until_nothing_runs,
)
from resume_assets_tests.home import platform_at
from resume_assets_tests.local_openai.support import ManualClock

pytestmark = pytest.mark.timeout(PATIENCE * 2)


def test_submit_check_and_continuous(own_home: Path) -> None:
    with platform_at(own_home) as platform:
        platform.seed(4)
    # The server is gone with the block: each command brings its own, which goes on where the last
    # one stopped.
    submitted = resume_assets(own_home, "submit", "--batch-size", "2")
    assert submitted.returncode == 0, said(submitted)
    key, state, remote = submitted.stdout.splitlines()[1].split()[:3]
    assert state == "submitted"
    for _ in range(5):
        checked = resume_assets(own_home, "check", remote)
        if checked.returncode != 3:
            break
    assert checked.returncode == 0, said(checked)
    assert f"{key}  done  {remote} (completed)  2 of 2 records written" in checked.stdout
    going_on = resume_assets(
        own_home,
        *("continuous", "--num-batches", "2", "--batch-size", "1", "--check-interval", "0.5"),
    )
    assert going_on.returncode == 0, said(going_on)
    assert "2 batches are in." in going_on.stdout
    found = json.loads(resume_assets(own_home, "status", "--json").stdout)
    assert found["waiting"] == 0
    assert [batch["succeeded"] for batch in found["batches_closed_last"]] == [2, 1, 1]
    until_nothing_runs(own_home)
    with open_instance(load_settings()) as instance:
        runs = instance.get_runs()
        assert len(runs) == 6
        assert all(run.is_success for run in runs)
    assert (own_home / "logs" / "batch_api.log").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "command",
    [("status",), ("status", "--json"), ("doctor",), ("submit",), ("retry",), ("--help",)],
    ids=" ".join,
)
def test_a_reader_who_has_had_enough_is_no_problem(
    own_home: Path, command: tuple[str, ...]
) -> None:
    """As with `| head -1`: nobody reads what it still says."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            ("resume-assets", *command),
            env=environment(own_home),
            cwd=own_home.parent,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    finally:
        os.close(writer)
    assert done.returncode in ((1, 141) if command == ("--help",) else (141,))
    told = [line for line in done.stderr.splitlines() if "A new home" not in line]
    assert told == []


def test_continuous_is_stopped_and_started_again(own_home: Path) -> None:
    command = ("resume-assets", "continuous", "--num-batches", "1", "--check-interval")
    clock = ManualClock()
    with platform_at(own_home, clock=clock, pace=Pace(1, 100, 0, 1, 1)) as platform:
        platform.seed(2)
        with started(own_home, *command, "3600") as going_on:
            key = line_with(going_on, "  submitted  ").split()[0]
            code, output = stop(going_on, signal.SIGINT)
            assert code == 130, output
            assert f"Batch {key} is at the local server" in output
            assert f"`resume-assets check {key}` brings it in." in output
        assert resume_assets(own_home, "check", key).returncode == 3
        for seconds in (1, 100, 1):
            clock.advance(seconds)
        again = run(own_home, *command, "0.2")
        assert again.returncode == 0, said(again)
        assert "1 batch is in." in again.stdout
        [batch] = platform.batches()
        assert (batch.batch_key, batch.state, batch.succeeded) == (key, "done", 2)
        assert len(platform.book.batches()) == 1
