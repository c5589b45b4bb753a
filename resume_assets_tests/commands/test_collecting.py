"""`check`: what it says of a batch in each state, and its exit code."""

from pathlib import Path

import pytest

from resume_assets.local_openai.settings import Pace
from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.home import Platform, platform_at
from resume_assets_tests.local_openai.faults import Faults, Respond
from resume_assets_tests.local_openai.support import ManualClock


def test_a_batch_on_its_way(home: Path) -> None:
    clock = ManualClock()
    with platform_at(home, pace=Pace(1, 100, 0, 2, 5), clock=clock) as platform:
        platform.seed(2)
        platform.plan("b1")
        assert call("check", "b1").exit_code == 3
        platform.run("submit_batch", "b1")
        clock.settle()
        for seconds, status in ((0, "validating"), (1, "in_progress"), (100, "finalizing")):
            clock.advance(seconds)
            result = call("check", "b1")
            assert result.exit_code == 3
            assert f"({status})" in result.stdout
        clock.advance(2)
        remote = platform.batch("b1").openai_batch_id
        said = ok("check", remote)
        assert f"b1  done  {remote} (completed)  2 of 2 records written" in said
        assert "tokens, $" in said
        assert "less than the standard price" in said
        assert platform.written() == [1, 2]
        again = ok("check", "b1")
        assert "2 of 2 records written" in again
        assert "tokens" not in again  # nothing was brought in


def test_an_unknown_batch_is_wrong_use(platform: Platform) -> None:
    result = call("check", "batch_unknown")
    assert result.exit_code == 2
    assert "resume-assets status" in result.stderr


def test_an_empty_batch_has_ended(platform: Platform) -> None:
    platform.materialize("b1")
    assert "b1  empty" in ok("check", "b1")


def test_a_batch_that_failed_is_brought_in_with_its_reason(platform: Platform) -> None:
    platform.seed(1)
    platform.until_submitted("b1")
    failed = {"state": "ended", "openai_status": "failed", "message": "OpenAI: failed: some_code"}
    platform.update("b1", **failed)
    said = ok("check", "b1")
    assert "failed" in said
    assert "0 of 1 records written" in said
    assert platform.waiting() == [1]


def test_an_endpoint_that_is_down_is_a_failure(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openai._base_client.BaseClient._calculate_retry_timeout", lambda *_: 0)
    faults = Faults()
    with platform_at(home, wrap=faults.wrap) as platform:
        platform.seed(1)
        platform.sent("b1")
        faults.add("GET", "/v1/batches", Respond(503), times=None)
        result = call("check", "b1")
        assert result.exit_code == 1  # not 3: nobody knows
        assert "503" in result.stderr
        faults.clear()
        ok("check", "b1")
