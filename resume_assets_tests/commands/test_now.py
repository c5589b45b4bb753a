"""`now`: records at once, what they cost, and why there is none; `--finish-now`."""

import json
import os
import re
import signal
from datetime import timedelta
from typing import Any

import dagster as dg
import pytest

from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.sending import asking
from resume_assets.batches.upkeep.at_once import begin
from resume_assets.local_openai.completions import Rules
from resume_assets.local_openai.rules import answer
from resume_assets.openai_api.asking import post
from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.flow import RESUME
from resume_assets_tests.home import Platform, platform_at
from resume_assets_tests.local_openai.faults import Faults, Respond

CHAT = "/v1/chat/completions"


def test_the_record_is_shown_with_its_price_and_without_the_resume(
    platform: Platform, instance: dg.DagsterInstance
) -> None:
    platform.seed(3)
    said = ok("now", "2")
    [batch] = platform.batches()
    assert (batch.state, batch.origin, platform.written()) == ("done", "now", [2])
    assert re.search(r"1 resume, \$0\.\d+ at the standard price, estimated", said)
    assert re.search(r"tokens?, \$0\.\d+ at the standard price\n", said)
    assert "2  written" in said
    assert re.search(r"^  Email +ada2@example.com$", said, re.MULTILINE)
    assert RESUME.split("\n")[4] not in said
    # Its runs are Dagster's, as any batch's, and its six assets are there.
    assert {run.job_name for run in instance.get_runs()} == {"submit_batch", "collect_batch"}
    assert instance.get_materialized_partitions(dg.AssetKey("batch_cost")) == {batch.batch_key}


def test_who_is_done_is_shown_and_not_paid_for_again(platform: Platform) -> None:
    platform.seed(1)
    ok("now", "1")
    said = ok("now", "1")
    assert "`--again` has it read again" in said
    assert "ada1@example.com" in said
    assert len(platform.batches()) == 1
    assert "1  written" in ok("now", "1", "--again")
    assert len(platform.batches()) == 2


def test_a_program_gets_the_records_and_the_reasons(platform: Platform) -> None:
    platform.seed({1: RESUME.format(number=1), 2: None})
    result = call("now", "1", "2", "99", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    one, two = found["candidates"]
    assert (one["userid"], one["outcome"]) == ("1", "written")
    assert one["record"]["Email"] == "ada1@example.com"
    assert (two["outcome"], two["reason"], two["record"]) == ("refused", "2 has no resume.", None)
    assert "has no candidate 99" in result.stderr
    assert found["batches"][0]["service"] == "standard"


def test_wrong_ids_are_wrong_use(platform: Platform) -> None:
    platform.seed(51)
    assert call("now", "one").exit_code == 2
    assert call("now", "99").exit_code == 2
    assert call("now", *map(str, range(1, 52))).exit_code == 2
    assert platform.batches() == []


def test_a_dry_run_tells_the_price_and_does_nothing(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.seed(2)
    monkeypatch.setenv("RESUME_MODEL", "gpt-6-luna")
    flex = re.search(r"\$([\d.]+) at the flex price", ok("now", "1", "2", "--dry-run"))
    standard = re.search(
        r"\$([\d.]+) at the standard price", ok("now", "1", "2", "--standard", "--dry-run")
    )
    assert flex
    assert standard
    assert float(standard[1]) == pytest.approx(2 * float(flex[1]), abs=0.0002)
    monkeypatch.setenv("RESUME_MODEL", "my-own-model")
    assert "no price known for my-own-model" in ok("now", "1", "--dry-run")
    assert platform.batches() == []
    assert platform.claims() == {}


def test_another_process_that_is_at_it_is_told_of(platform: Platform) -> None:
    platform.seed(1)
    key = begin(platform.database, platform.settings, [1]).key
    assert key is not None
    before = call("now", "1")  # it has not taken the lease yet
    with leased(platform.database, key):
        meanwhile = call("now", "1")
    for result in (before, meanwhile):
        assert result.exit_code == 3
        assert f"Batch {key}: another process asks for it" in result.stderr
    assert platform.batch(key).state == "claimed"
    assert len(platform.batches()) == 1


def test_what_a_killed_command_left_is_told_and_goes_on(platform: Platform) -> None:
    platform.seed(1)
    key = begin(platform.database, platform.settings, [1]).key
    assert key is not None
    platform.update(key, requested_at=platform.batch(key).planned_at - timedelta(hours=1))
    assert f"{key}  claimed  1 resume\n" in ok("status")
    assert "`resume-assets now` goes on with it." in ok("status")
    assert "No resume is waiting" in ok("submit")  # which leaves it alone
    said = ok("now")
    assert f"{key}  done  1 of 1 record written" in said
    assert platform.written() == [1]
    assert "Nothing was left to be asked." in ok("now")


def test_the_same_id_goes_on_as_well(platform: Platform) -> None:
    platform.seed(1)
    key = begin(platform.database, platform.settings, [1]).key
    assert key is not None
    platform.update(key, requested_at=platform.batch(key).planned_at - timedelta(hours=1))
    assert "1  written" in ok("now", "1")
    assert [batch.batch_key for batch in platform.batches()] == [key]


def test_without_room_it_says_what_would_not_wait(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.05)
    monkeypatch.setenv("RESUME_MODEL", "gpt-6-luna")
    faults = Faults()
    faults.add("POST", CHAT, Respond(429, "resource_unavailable"), times=None)
    with platform_at(home, wrap=faults.wrap) as platform:
        platform.seed(1)
        result = call("now", "1")
        assert result.exit_code == 1
        assert "`resume-assets now --standard`" in result.stderr
        assert platform.claims() == {}
        assert platform.waiting() == [1]
        faults.clear()
        assert "1  written" in ok("now", "1", "--standard")
        assert platform.batches()[-1].service == "standard"


def test_an_answer_that_can_not_be_used_is_told(home: Any) -> None:
    with platform_at(home, rules=lambda *_: "no") as platform:
        platform.seed(1)
        result = call("now", "1")
        assert result.exit_code == 1
        assert "1  no new record: invalid" in result.stderr
        assert platform.waiting() == [1]


def test_ctrl_c_says_what_is_kept(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    platform.seed(2)
    asked: list[Any] = []

    def interrupted(*arguments: Any) -> Any:
        asked.append(arguments)
        if len(asked) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return post(*arguments)

    monkeypatch.setattr(asking, "post", interrupted)
    result = call("now", "1", "2")
    [batch] = platform.batches()
    assert result.exit_code == 130
    assert f"Batch {batch.batch_key} has ended; `resume-assets check" in result.stderr
    assert "1 of 2 records written" in ok("check", batch.batch_key)
    assert len(platform.waiting()) == 1


def failing_once() -> Rules:
    """The batch's requests fail; those that are sent one by one, later, do not."""
    failed: set[str] = set()

    def failing(schema: dict[str, Any], text: str) -> dict[str, Any]:
        if text not in failed:
            failed.add(text)
            raise RuntimeError("on demand")
        return answer(schema, text)

    return failing


def test_what_a_batch_left_is_asked_again_when_it_is_brought_in(
    home: Any, instance: dg.DagsterInstance
) -> None:
    with platform_at(home, rules=failing_once()) as platform:
        platform.seed(2)
        ok("submit", "--batch", "monday-1", "--finish-now", "1")
        platform.until_the_server_has_ended("monday-1")
        said = call("check", "monday-1").stdout
        assert "done  1 of 1 record written" in said
        assert len(platform.written()) == 1
        [finishing] = [one for one in platform.batches() if one.batch_key != "monday-1"]
        assert (finishing.origin, finishing.state) == ("finishing", "done")
        assert instance.has_dynamic_partition("resume_batches", finishing.batch_key)


def test_continuous_asks_again_too(home: Any) -> None:
    with platform_at(home, rules=failing_once()) as platform:
        platform.seed(2)
        arguments = ("--num-batches", "1", "--check-interval", "0.2", "--finish-now", "2")
        said = ok("continuous", *arguments)
        assert platform.written() == [1, 2]
        assert "1 batch is in. 2 records are written." in said
