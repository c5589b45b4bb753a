"""`check`: what it says of a batch in each state, and its exit code."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from resume_assets.local_openai.rules import answer
from resume_assets.local_openai.settings import Pace
from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.home import NEVER, Platform, platform_at
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
        assert "at the standard price" in said
        assert platform.written() == [1, 2]
        again = ok("check", "b1")
        assert "2 of 2 records written" in again
        assert "tokens" not in again  # nothing was brought in


def test_a_batch_of_which_nothing_need_be_sent(platform: Platform) -> None:
    """Somebody else's answer is there: it is written, and what that saves is said everywhere."""
    platform.seed(1)
    platform.until_done("b1")
    same = platform.candidate(1).markdownResume
    platform.seed({8: same, 9: same})
    submitted = ok("submit", "--batch", "b2")
    assert "b2  collected  0 requests, 2 answers reused" in submitted
    assert "Next: `resume-assets check b2` writes the records" in submitted
    assert "`resume-assets check b2` goes on with it" in ok("status")
    said = ok("check", "b2")
    assert "b2  done  2 of 2 records written, 2 answers reused" in said
    assert re.search(r"b2  2 answers reused for the same text, \$0\.\d+ saved", said)
    assert re.search(r"; 2 answers reused, \$0\.\d+ saved", ok("status"))
    assert platform.written() == [1, 8, 9]
    assert [entry.custom_id for entry in platform.book.entries()] == ["1"]
    found = ok("status", "--duplicates")
    assert "3 candidates in 1 group" in found
    assert "1, 8, 9: the same e-mail and phone" in found
    assert "ada" not in found.casefold()


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
    result = call("check", "b1")
    assert result.exit_code == 1
    assert "OpenAI: failed: some_code" in result.stdout
    assert "0 of 1 record written" in result.stdout
    assert "1  released: batch_failed" in result.stdout
    assert platform.waiting() == [1]


def no_answer(_: object, __: str) -> str:
    return "no"


def test_no_usable_answer_is_a_failure_with_its_reasons(home: Path) -> None:
    with platform_at(home, rules=no_answer) as platform:
        platform.seed(3)
        platform.sent("b1")
        for _ in range(2):  # brought in, and looked at again
            result = call("check", "b1")
            assert result.exit_code == 1
            assert "0 of 3 records written" in result.stdout
            assert "  3 not written:\n        3  invalid: " in result.stdout
            assert "Nothing of it is usable. The model does not answer in" in result.stdout
            assert "3 of them wait again" in result.stdout
            assert "Next: `resume-assets submit` for the 3 resumes that wait." in result.stdout


def test_where_some_are_usable_the_others_reasons_are_told(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_MAX_ATTEMPTS", "1")

    def rules(schema: dict[str, Any], resume: str) -> Any:
        return "no" if "Lovelace2\n" in resume else answer(schema, resume)

    with platform_at(home, rules=rules) as platform:
        platform.seed(3)
        platform.sent("b1")
        said = ok("check", "b1")
    assert "2 of 3 records written" in said
    assert "1 not written:" in said
    assert "1 of them has no attempts left: `resume-assets retry`" in said
    assert "Nothing of it is usable" not in said
    assert "Next: nothing; no resume waits." in said


def test_where_no_resume_waits_another_batch_may_be_on_its_way(home: Path) -> None:
    with platform_at(home) as platform:
        platform.seed(2)
        ok("submit", "--batch", "b1", "--batch-size", "1")
        ok("submit", "--batch", "b2")
        platform.until_the_server_has_ended("b1")
        assert "Next: `resume-assets check b2`; 1 batch is on the way." in ok("check", "b1")
        platform.until_the_server_has_ended("b2")
        assert "Next: nothing; no resume waits." in ok("check", "b2")


def test_answers_that_name_nobody_are_no_fault_of_the_shape(home: Path) -> None:
    def rules(schema: dict[str, Any], resume: str) -> Any:
        return {
            name: [] if isinstance(value, list) else ""
            for name, value in answer(schema, resume).items()
        }

    with platform_at(home, rules=rules) as platform:
        platform.seed(1)
        platform.sent("b1")
        said = " ".join(call("check", "b1").stdout.split())
    assert "1 invalid: empty (the answer names nobody)" in said
    assert "Nothing of it is usable. No answer names anybody" in said


def test_a_batch_that_a_person_cancelled_is_no_failure(home: Path) -> None:
    with platform_at(home, pace=NEVER) as platform:
        platform.seed(1)
        platform.until_submitted("b1")
        platform.update("b1", state="ended", openai_status="cancelled")
        said = ok("check", "b1")
        assert "1  cancelled: no_line" in said


def test_without_a_price_tokens_are_told_and_no_dollars(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_MODEL", "gpt-4o-mini-2024-07-18")
    with platform_at(home) as platform:
        platform.seed(1)
        platform.sent("b1")
        platform.update("b1", model="my-own-model")
        said = ok("check", "b1")
        assert re.search(r"[\d,]+ tokens, no price known for my-own-model", said)
        assert "$" not in said
        spent = json.loads(ok("status", "--json"))
        assert spent["cost_usd"] is None
        assert spent["saving_usd"] is None
        assert spent["tokens_without_price"] == {"my-own-model": spent["tokens"]}
        line = next(line for line in ok("status").splitlines() if line.startswith("Spent"))
        assert "tokens of my-own-model: no price known" in line
        assert "$" not in line
        platform.seed({2: "# Grace Hopper\n\n### Programmer, Navy\n1943 - 1986"})
        cost = platform.to_the_end("b2").batch_cost
        both = json.loads(ok("status", "--json"))
        assert both["cost_usd"] == pytest.approx(float(cost), abs=1e-6)
        assert both["tokens_without_price"] == spent["tokens_without_price"]
        line = next(line for line in ok("status").splitlines() if line.startswith("Spent"))
        assert "$0.0" in line
        assert "no price known" in line


def test_a_batch_that_is_not_sent_yet_names_the_command_that_sends_it(platform: Platform) -> None:
    platform.seed(1)
    platform.until_built("b1")
    result = call("check", "b1")
    assert result.exit_code == 3
    assert "`resume-assets submit --batch b1` goes on with it." in result.stdout


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
