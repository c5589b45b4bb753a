"""`submit`: as many batches as the limits demand, and what it says of each."""

import datetime
import re
from pathlib import Path

import dagster as dg
import pytest

from resume_assets.batches.ledger.lease import leased
from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.home import NEVER, Platform, platform_at
from resume_assets_tests.local_openai.faults import Faults, Respond

KEY = re.compile(r"^(\d{8}-\d{6}-[a-z]{4})  submitted  (batch_\w+) ", re.MULTILINE)


def test_it_prints_the_key_and_openais_id(platform: Platform) -> None:
    platform.seed(3)
    said = ok("submit", "--batch-size", "2")
    [(key, remote)] = KEY.findall(said)
    assert platform.batch(key).openai_batch_id == remote
    assert platform.batch(key).requests == 2
    assert platform.batch(key).origin == "submit"
    assert len(platform.waiting()) == 1


def test_its_runs_are_dagsters(platform: Platform, instance: dg.DagsterInstance) -> None:
    platform.seed(1)
    ok("submit", "--batch", "monday-1")
    [run] = instance.get_runs()
    assert (run.job_name, run.is_success) == ("submit_batch", True)
    assert run.tags["dagster/partition"] == "monday-1"
    assert instance.has_dynamic_partition("resume_batches", "monday-1")


def test_nothing_waiting_is_no_failure(platform: Platform) -> None:
    assert "No resume is waiting." in ok("submit")
    assert not platform.batches()


def test_more_than_one_file_takes_makes_several_partitions(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resume_assets.batches.planning.outstanding.most_requests", lambda _: 2)
    platform.seed(5)
    said = ok("submit", "--batch-size", "50000")
    keys = [key for key, _ in KEY.findall(said)]
    assert len(set(keys)) == 3
    assert [platform.batch(key).requests for key in keys] == [2, 2, 1]
    assert "No more resumes are waiting." in said


def test_several_batches_of_one_name_are_numbered(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resume_assets.batches.planning.outstanding.most_requests", lambda _: 1)
    platform.seed(3)
    platform.until_built("x" * 62 + "-2", rows=1)
    ok("submit", "--batch-size", "3", "--batch", "x" * 64)
    keys = {batch.batch_key for batch in platform.batches()}
    assert keys == {"x" * 64, *("x" * 62 + f"-{number}" for number in (2, 3))}
    assert platform.batch("x" * 62 + "-2").state == "built"


def test_the_token_limit_ends_it_with_what_is_left_said(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_ENQUEUED_TOKEN_LIMIT", "2000")
    platform.seed(5)
    said = ok("submit", "--batch-size", "5")
    [(key, _)] = KEY.findall(said)
    assert platform.batch(key).requests == 2
    assert "of 2,000 enqueued tokens are out." in said
    again = call("submit")
    assert again.exit_code == 0
    assert "of 2,000 enqueued tokens are out." in again.stderr


def test_a_key_is_taken_up_again_where_it_stands(platform: Platform) -> None:
    platform.seed(1)
    first = ok("submit", "--batch", "monday-1")
    again = ok("submit", "--batch", "monday-1")
    assert re.findall(r"batch_\w+", first)[-1] in again
    assert len(platform.book.batches()) == 1


@pytest.mark.parametrize("key", ["a/b", "a b", "", "x" * 65, "ä"])
def test_a_bad_key_is_wrong_use(platform: Platform, key: str) -> None:
    platform.seed(1)
    result = call("submit", "--batch", key)
    assert result.exit_code == 2
    assert "1 to 64" in result.stderr
    assert not platform.batches()


def test_a_money_limit_is_a_failure_that_says_what_to_do(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_MAX_COST_USD", "0.000001")
    platform.seed(1)
    result = call("submit")
    assert result.exit_code == 1
    assert "RESUME_MAX_COST_USD" in result.stderr
    assert "resume-assets unpause" in result.stderr


def test_a_run_that_fails_says_why_and_nothing_is_lost(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = Faults()
    faults.add(
        "POST",
        "/v1/batches",
        Respond(401, code="invalid_api_key", kind="invalid_request_error"),
        times=None,
    )
    with platform_at(home, wrap=faults.wrap) as platform:
        platform.seed(1)
        result = call("submit", "--batch", "b1")
        assert result.exit_code == 1
        assert "key" in result.stderr
        assert "Traceback" not in result.output
        assert platform.batch("b1").state == "built"
        stopped = call("submit")
        assert stopped.exit_code == 1
        assert "resume-assets unpause" in stopped.stderr
        faults.clear()
        ok("unpause")
        ok("submit", "--batch", "b1")
        assert platform.batch("b1").openai_batch_id in platform.book.batches()


def test_what_an_earlier_try_left_is_sent_before_anything_is_planned(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.seed(5)
    with monkeypatch.context() as nowhere:
        nowhere.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
        nowhere.setattr("openai._base_client.BaseClient._calculate_retry_timeout", lambda *_: 0)
        nowhere.setattr("resume_assets.openai_api.backoff.SECONDS", 0)
        for _ in range(3):
            result = call("submit", "--batch-size", "2")
            assert result.exit_code == 1
            assert "resume-assets doctor" in result.stderr
        [left] = platform.batches()
        assert (left.state, left.rows_claimed) == ("built", 2)
        assert f"`resume-assets submit --batch {left.batch_key}` goes on with it" in result.stderr
        said = ok("status")
        assert f"Not sent        {left.batch_key}  built  2 requests  " in said
        assert "(ConnectError)" in said
        assert f"`resume-assets submit --batch {left.batch_key}` goes on with it." in said
    said = ok("submit", "--batch-size", "3")
    [(first, _), (second, _)] = KEY.findall(said)
    assert first == left.batch_key
    assert platform.batch(second).rows_claimed == 1  # what was left counts
    assert platform.batch(first).message is None
    assert f"Next: `resume-assets check {second}`" in said
    assert "Not sent" not in ok("status")


def test_what_was_left_is_enough(platform: Platform) -> None:
    platform.seed(3)
    platform.plan("left", rows=2)
    said = ok("submit", "--batch-size", "2")
    assert "left  planned: goes on from there" in said
    assert [batch.batch_key for batch in platform.batches()] == ["left"]


def test_what_somebody_is_at_or_what_waits_for_room_is_left_alone(platform: Platform) -> None:
    platform.seed(3)
    platform.until_built("waits", rows=1)
    until = datetime.datetime.now(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(hours=1)
    platform.update("waits", state="quota", quota_until=until)
    platform.plan("busy", rows=1)
    with leased(platform.database, "busy"):
        ok("submit", "--batch-size", "1")
    states = {batch.batch_key: batch.state for batch in platform.batches()}
    assert states.pop("waits") == "quota"
    assert states.pop("busy") == "planned"
    assert len(states) == 1


def test_no_more_are_out_than_allowed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESUME_MAX_IN_FLIGHT", "2")
    with platform_at(home, pace=NEVER) as platform:
        platform.seed(4)
        for _ in range(2):
            ok("submit", "--batch-size", "1")
        result = call("submit", "--batch-size", "1")
        assert result.exit_code == 0
        assert "RESUME_MAX_IN_FLIGHT" in result.stderr
        assert len(platform.batches()) == 2


def test_a_dry_run_sends_and_claims_nothing(platform: Platform) -> None:
    platform.seed(3)
    said = ok("submit", "--dry-run", "--batch-size", "2")
    assert re.search(r"^requests +2$", said, re.MULTILINE)
    tokens = re.search(r"^input tokens +([\d,]+) ", said, re.MULTILINE)
    assert tokens
    assert 500 < int(tokens[1].replace(",", "")) < 5_000
    batch, standard = map(float, re.findall(r"\$(\d+\.\d+)", said))
    assert standard == pytest.approx(2 * batch, abs=0.0002)
    assert "Nothing was sent and nothing claimed." in said
    assert not platform.batches()
    assert not platform.claims()
    assert platform.book.files() == []
    assert not (platform.home / "batches").exists()


def test_a_dry_run_with_nothing_waiting(platform: Platform) -> None:
    assert "No resume is waiting." in ok("submit", "--dry-run")


def test_a_dry_run_invents_no_price(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESUME_MODEL", "my-own-model")
    platform.seed(1)
    said = ok("submit", "--dry-run")
    assert "no price known" in said
    assert "$" not in said


def test_a_dry_run_is_close_to_what_is_then_billed(platform: Platform) -> None:
    platform.seed(4)
    said = ok("submit", "--dry-run")
    tokens = re.search(r"^input tokens +([\d,]+) ", said, re.MULTILINE)
    assert tokens
    platform.to_the_end("b1")
    assert platform.batch("b1").input_tokens == pytest.approx(
        int(tokens[1].replace(",", "")), rel=0.15
    )


def test_tables_that_are_missing_are_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESUME_DATABASE_URL", "sqlite:///bare.db")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    for command in ("submit", "status", "resume"):
        result = call(command)
        assert result.exit_code == 1, command
        assert "init-db" in result.stderr


@pytest.mark.parametrize(("model", "is_told"), [("gpt-6-luna", True), ("gpt-4.1-mini", False)])
def test_a_dry_run_says_what_is_cached(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, model: str, is_told: bool
) -> None:
    monkeypatch.setenv("RESUME_MODEL", model)
    platform.seed(1)
    said = ok("submit", "--dry-run")
    found = re.search(r"^caching +off: .*uncached, \$[\d.]+ if half", said, re.MULTILINE)
    assert (found is not None) is is_told


def test_without_its_prompt_nothing_is_claimed_and_the_rest_goes_on(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.seed(1)
    monkeypatch.setenv("RESUME_PROMPT", "nowhere.md")
    for arguments in (["submit"], ["submit", "--dry-run"], ["continuous"]):
        result = call(*arguments)
        assert result.exit_code == 2
        assert "nowhere.md is not there" in result.stderr
        assert "detailed, lean" in result.stderr
    assert not platform.batches()
    assert "Waiting         1 resume\n" in ok("status")
