"""`continuous`: goes on until N are in, stops where it must, and is safe to stop."""

import os
import re
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from resume_assets.batches.planning.dispatching import due_runs
from resume_assets.batches.sending.building import build
from resume_assets.commands.session import Session
from resume_assets.commands.submitting import send
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.local_openai.rules import answer
from resume_assets.local_openai.server import connect
from resume_assets.resources import OpenAIResource, SettingsResource
from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.flow import limits_with
from resume_assets_tests.home import NEVER, Platform, platform_at
from resume_assets_tests.local_openai.faults import Faults, Respond

MODULE = "resume_assets.commands.continuous"
ASSETS = "resume_assets.assets.requests"
QUICK = ("--check-interval", "0.01")


def states(platform: Platform) -> list[str]:
    return sorted(batch.state for batch in platform.batches())


def test_it_goes_on_until_so_many_are_in(platform: Platform) -> None:
    platform.seed(5)
    said = ok("continuous", "--num-batches", "2", "--batch-size", "2", *QUICK)
    assert "2 batches are in." in said
    assert states(platform) == ["done", "done"]
    assert platform.written() == [1, 2, 3, 4]
    assert [batch.origin for batch in platform.batches()] == ["continuous"] * 2


def test_it_ends_when_nothing_waits_and_nothing_is_out(platform: Platform) -> None:
    platform.seed(1)
    said = ok("continuous", "--num-batches", "5", *QUICK)
    assert "No resume is waiting." in said
    assert "1 batch is in." in said
    assert platform.written() == [1]
    assert "0 batches are in." in ok("continuous", *QUICK)


def test_what_is_out_comes_in_first_and_counts(platform: Platform) -> None:
    platform.seed(3)
    platform.until_submitted("out", rows=1)
    platform.until_built("left-by-a-crash", rows=1)
    platform.update("left-by-a-crash", requested_at=None)
    said = ok("continuous", "--num-batches", "2", "--max-in-flight", "3", *QUICK)
    assert "2 batches are in." in said
    assert {batch.batch_key for batch in platform.batches()} == {"out", "left-by-a-crash"}
    assert len(platform.written()) == 2


def test_no_more_are_out_at_once_than_allowed(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 0

    def counting(*arguments: Any) -> Any:
        nonlocal most
        sent = send(*arguments)
        out = [one for one in platform.batches() if one.state == "submitted"]
        most = max(most, len(out))
        return sent

    monkeypatch.setattr(f"{MODULE}.send", counting)
    platform.seed(3)
    ok("continuous", "--num-batches", "3", "--batch-size", "1", "--max-in-flight", "2", *QUICK)
    assert 1 <= most <= 2
    assert len(platform.written()) == 3


def test_a_batch_that_failed_unrun_does_not_count(home: Path) -> None:
    """And as it is the batches' fault, it ends after two of them."""
    with platform_at(home, limits=limits_with(requests_per_batch=1)) as platform:
        platform.seed(2)
        result = call("continuous", "--num-batches", "2", "--batch-size", "2", *QUICK)
        assert result.exit_code == 1
        assert "RESUME_USABLE_SHARE" in result.stderr
        assert [batch.openai_status for batch in platform.batches()] == ["failed", "failed"]
        assert platform.waiting() == [1, 2]


def test_money_ends_it_as_a_failure(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESUME_MAX_COST_USD", "0")
    platform.seed(1)
    result = call("continuous", *QUICK)
    assert result.exit_code == 1
    assert "resume-assets unpause" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_waiting_and_what_is_out_stays_out(
    home: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    with platform_at(home, pace=NEVER) as platform:
        platform.seed(2)
        wait = threading.Event.wait

        def signalled(self: threading.Event, timeout: float | None = None) -> bool:
            if timeout == 1234:
                os.kill(os.getpid(), number)
            return wait(self, timeout)

        monkeypatch.setattr(threading.Event, "wait", signalled)
        before = signal.getsignal(signal.SIGINT)
        result = call("continuous", "--batch-size", "1", "--check-interval", "1234")
        # Services are told to stop by SIGTERM; that is no fault.
        code, said, begins = (
            (0, result.stdout, "Stopped. Batch ")
            if number == signal.SIGTERM
            else (130, result.stderr, "Interrupted. Batch ")
        )
        assert result.exit_code == code
        assert begins in said
        assert "is at the local server" in said
        assert states(platform) == ["submitted"]
        assert signal.getsignal(signal.SIGINT) is before


def test_a_signal_in_the_middle_of_a_run_ends_it_and_it_goes_on_later(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    platform.seed(1)
    asked_for_at_once(monkeypatch)
    monkeypatch.setattr(f"{ASSETS}.build", interrupted)
    stopped = call("continuous", "--num-batches", "1", *QUICK)
    assert stopped.exit_code == 130
    assert "Interrupted." in stopped.stderr
    [batch] = platform.batches()
    following = f"`resume-assets submit --batch {batch.batch_key}` goes on with it."
    assert f"is not sent; 1 resume stays claimed for it. {following}" in stopped.stderr
    assert batch.state == "claimed"
    assert batch.lease_owner is None
    monkeypatch.setattr(f"{ASSETS}.build", build)
    assert "1 batch is in." in ok("continuous", "--num-batches", "1", *QUICK)
    assert [one.batch_key for one in platform.batches()] == [batch.batch_key]


def failing(times: int, error: Exception, work: Callable[..., Any]) -> Callable[..., Any]:
    left = times

    def work_or_fail(*arguments: Any, **more: Any) -> Any:
        nonlocal left
        if left:
            left -= 1
            raise error
        return work(*arguments, **more)

    return work_or_fail


def test_a_database_that_is_away_for_a_while_is_waited_for(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.seed(1)
    away = failing(20, DatabaseFailed("The server stays away."), due_runs)
    monkeypatch.setattr(f"{MODULE}.due_runs", away)
    result = call("continuous", "--num-batches", "1", *QUICK)
    assert result.exit_code == 0
    assert result.stderr.count("The server stays away.") == 20  # some seconds at most
    assert platform.written() == [1]


def test_where_nothing_goes_well_it_gives_up(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ValueError("a resume's content")

    monkeypatch.setattr(f"{ASSETS}.claim", broken)
    monkeypatch.setattr(f"{MODULE}._PATIENCE", 0)
    asked_for_at_once(monkeypatch)
    platform.seed(1)
    result = call("continuous", "--num-batches", "1", *QUICK)
    assert result.exit_code == 1
    assert "Nothing went well in 3 rounds" in result.stderr
    assert "a resume's content" not in result.output
    assert states(platform) == ["planned"]


def asked_for_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that came to nothing is asked for again after two minutes: here at once."""
    at_once = partial(due_runs, patience=timedelta(0))
    monkeypatch.setattr(f"{MODULE}.due_runs", at_once)


def refusing(path: str, status: int, code: str) -> Faults:
    faults = Faults()
    refusal = Respond(status, code=code, kind="invalid_request_error")
    faults.add("GET", path, refusal, times=None)
    return faults


def test_an_endpoint_that_does_not_answer_is_waited_for(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = Faults()
    faults.add("GET", "/v1/batches(/.*)?", Respond(503), times=20)
    with platform_at(home, wrap=faults.wrap) as platform:
        impatient = OpenAIResource(settings=SettingsResource(), max_retries=0)
        monkeypatch.setattr(Session, "openai", property(lambda _: impatient))
        platform.seed(1)
        result = call("continuous", "--num-batches", "1", *QUICK)
        assert result.exit_code == 0
        assert result.stderr.count("503") > 5
        assert platform.written() == [1]


def test_no_usable_answer_at_all_is_a_failure(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with platform_at(home, rules=lambda *_: "no") as platform:
        platform.seed(2)
        result = call("continuous", "--num-batches", "1", *QUICK)
        assert result.exit_code == 1
        assert "2  invalid: " in result.stdout
        assert "Nothing of it is usable." in result.stdout
        assert "1 batch is in. 0 records are written." in result.stdout
        assert "Next: `resume-assets submit` for the 2 resumes that wait." in result.stdout
        assert platform.waiting() == [1, 2]


def test_one_useless_batch_among_others_is_none(home: Path) -> None:
    def rules(schema: dict[str, Any], resume: str) -> Any:
        return "no" if "Lovelace2\n" in resume else answer(schema, resume)

    with platform_at(home, rules=rules) as platform:
        platform.seed(2)
        said = ok("continuous", "--num-batches", "2", "--batch-size", "1", *QUICK)
        assert "Nothing of it is usable." in said
        assert len(platform.batches()) == 2


def test_the_pause_is_the_configured_one_unless_told_otherwise(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float | None] = []
    wait = threading.Event.wait

    def noted(self: threading.Event, timeout: float | None = None) -> bool:
        if timeout in (1234, 4321):
            pauses.append(timeout)
            os.kill(os.getpid(), signal.SIGINT)
        return wait(self, timeout)

    monkeypatch.setattr(threading.Event, "wait", noted)
    monkeypatch.setenv("RESUME_CHECK_INTERVAL", "1234")
    with platform_at(home, pace=NEVER) as platform:
        platform.seed(1)
        assert call("continuous").exit_code == 130
        assert call("continuous", "--check-interval", "4321").exit_code == 130
    assert pauses == [1234, 4321]


def test_the_local_server_runs_while_it_waits_and_progress_shows(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other process has one: between two looks, it is this command's or nobody's."""
    there: list[bool] = []
    wait = threading.Event.wait

    def noted(self: threading.Event, timeout: float | None = None) -> bool:
        if timeout == 0.25125:
            there.append(connect(home / "local_openai") is not None)
        return wait(self, timeout)

    monkeypatch.setattr(threading.Event, "wait", noted)
    with platform_at(home) as platform:
        platform.seed(40)
    said = ok("continuous", "--num-batches", "1", "--check-interval", "0.25125")
    assert there
    assert all(there)
    assert "40 of 40 records written" in said
    progress = re.findall(r"  submitted  batch_\w+ \(.*", said)
    assert progress
    assert len(set(progress)) == len(progress)  # a line only where something has changed


def test_of_several_batches_progress_is_one_line(home: Path) -> None:
    with platform_at(home, limits=limits_with()) as platform:
        platform.seed(4)
        said = ok(
            "continuous", "--num-batches", "2", "--batch-size", "2", "--max-in-flight", "2", *QUICK
        )
    told = [line for line in said.splitlines() if "2 batches are out" in line]
    assert {"2 batches are out, of 4 requests"} >= set(told)
    assert "2 batches are in. 4 records are written." in said


def test_a_key_that_is_refused_ends_it_as_a_failure(home: Path) -> None:
    faults = refusing("/v1/batches", 401, "invalid_api_key")
    with platform_at(home, wrap=faults.wrap) as platform:
        platform.seed(1)
        result = call("continuous", "--num-batches", "1", *QUICK)
        assert result.exit_code == 1
        assert "`resume-assets unpause` goes on" in result.stderr
        assert states(platform) == ["submitted"]
        faults.clear()
        ok("unpause")
        assert "1 batch is in." in ok("continuous", "--num-batches", "1", *QUICK)


def test_a_file_that_is_not_there_yet_ends_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many rounds it takes: it is waited for, told once, and nothing is sent again."""
    monkeypatch.setattr("resume_assets.openai_api.backoff.SECONDS", 0.001)
    faults = Faults()
    with platform_at(home, wrap=faults.wrap) as platform:
        platform.seed(2)
        faults.add("GET", "/v1/files/[^/]+/content", Respond(404), times=18)  # three a round
        result = call("continuous", "--num-batches", "1", *QUICK)
        assert result.exit_code == 0, result.stderr
        assert result.stdout.count("names its output") == 1
        assert "1 batch is in." in result.stdout
        assert platform.written() == [1, 2]
        assert faults.count("POST", "/v1/batches") == 1
