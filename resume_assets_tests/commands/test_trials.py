"""`trial`: creates one, brings it on, shows it; and what the other commands make of one."""

import json
import re
from pathlib import Path

import dagster as dg
import pytest

from resume_assets.trials.ledger import get, open_trials
from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.home import NEVER, Platform, platform_at
from resume_assets_tests.trials.trying import MINI, NANO

TWO = ("--model", MINI, "--model", NANO, "--sample", "3", "--seed", "7")


def key_of(platform: Platform) -> str:
    trials = platform.database.ledger.trials
    [row] = platform.rows(trials.select())
    return str(row.trial_key)


def started(platform: Platform, resumes: int = 4) -> str:
    """A trial that is out; the server has ended it, the ledger is not told."""
    platform.seed(resumes)
    assert call("trial", *TWO).exit_code == 3
    key = key_of(platform)
    keys = [batch.batch_key for batch in platform.batches()]
    platform.until_the_server_has_ended(*keys)
    return key


def test_from_the_first_command_to_the_report(
    platform: Platform, instance: dg.DagsterInstance
) -> None:
    platform.seed(4)
    result = call("trial", *TWO)
    assert result.exit_code == 3
    key = key_of(platform)
    assert f"{key}  3 resumes, drawn with seed 7, for 2 variants" in result.stdout
    assert re.search(rf"{MINI} +3 out", result.stdout)
    assert f"Next: `resume-assets trial {key}`" in result.stdout
    platform.until_the_server_has_ended(*[batch.batch_key for batch in platform.batches()])
    said = ok("trial", key)
    assert f"Trial {key}: 3 resumes, drawn with seed 7" in said
    assert "usable answers   100.0%" in said
    assert said == ok("trial", key)
    assert {run.job_name for run in instance.get_runs()} == {"run_model_trial"}
    assert platform.written() == []
    assert len(platform.waiting()) == 4


def test_it_waits_for_the_end(platform: Platform) -> None:
    platform.seed(4)
    said = ok("trial", *TWO, "--wait")
    assert "What this shows, and what it does not:" in said


def test_a_dry_run_sends_and_writes_nothing(platform: Platform) -> None:
    platform.seed(4)
    said = ok("trial", *TWO, "--model", "gpt-4-none", "--dry-run")
    assert "3 resumes, drawn with seed 7" in said
    assert re.search(rf"{MINI}\n  3 requests, [\d,]+ input tokens, \$[\d.]+ as a batch", said)
    assert re.search(r"gpt-4-none\n  3 requests, [\d,]+ input tokens, no price known", said)
    assert not platform.batches()
    assert not platform.database.read(lambda c: open_trials(c, platform.database))


def test_for_programs(platform: Platform) -> None:
    key = started(platform)
    platform.set()
    report = json.loads(ok("trial", key, "--json"))
    assert report["trial_key"] == key
    assert [one["model"] for one in report["variants"]] == [MINI, NANO]


def test_under_way_for_programs(home: Path) -> None:
    with platform_at(home, pace=NEVER) as platform:
        platform.seed(3)
        result = call("trial", *TWO, "--json")
        assert result.exit_code == 3
        state = json.loads(result.stdout)
        assert not state["done"]
        assert [one["out"] for one in state["variants"]] == [3, 3]
        assert state["next"] == f"resume-assets trial {key_of(platform)}"


def test_the_page_has_the_values(platform: Platform, tmp_path: Path) -> None:
    key = started(platform)
    page = tmp_path / "trial.html"
    result = call("trial", key, "--page", str(page))
    assert result.exit_code == 0
    assert "keep it as private" in result.stderr
    assert page.stat().st_mode & 0o077 == 0


def test_known_answers_are_counted(platform: Platform, tmp_path: Path) -> None:
    key = started(platform)
    gold = tmp_path / "gold.jsonl"
    lines = [
        {"userid": number, "known": {"Email": f"ada{number}@example.com", "City": "Turku"}}
        for number in range(1, 5)
    ]
    gold.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    report = json.loads(ok("trial", key, "--json", "--gold", str(gold)))
    for variant in report["variants"]:
        assert variant["quality"]["known"] == 6
        assert variant["quality"]["precision"]["value"] == 0.5
    # They are kept no longer than the command.
    without = json.loads(ok("trial", key, "--json"))
    assert without["variants"][0]["quality"] is None


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--model", MINI, "--model", MINI),
        ("trial-none",),
        ("trial-none", "--model", MINI, "--model", NANO),
        ("--model", MINI, "--prompt", "nowhere.txt", "--prompt", "lean"),
    ],
)
def test_wrong_use(platform: Platform, arguments: tuple[str, ...]) -> None:
    platform.seed(1)
    result = call("trial", *arguments)
    assert result.exit_code == 2
    assert result.stderr
    assert not platform.batches()


def test_nobody_has_a_resume(platform: Platform) -> None:
    result = call("trial", *TWO)
    assert result.exit_code == 1
    assert "nothing to try" in result.stderr


def test_a_trial_without_one_usable_answer(platform: Platform) -> None:
    platform.seed(3)
    result = call("trial", "--model", "gpt-4-none", "--model", "gpt-4-nothing", "--wait")
    assert result.exit_code == 1
    assert "no price known" in result.stdout


def test_a_limit_that_a_person_must_lift_ends_the_waiting(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_MAX_COST_USD", "0.000001")
    platform.seed(3)
    result = call("trial", *TWO, "--wait")
    assert result.exit_code == 1
    assert "RESUME_MAX_COST_USD" in result.stderr
    assert not platform.batches()


def test_status_shows_it_and_what_comes_next(platform: Platform) -> None:
    key = started(platform)
    said = ok("status")
    assert f"Trial           {key}: 0 not sent yet, 6 out, 0 brought in" in said
    assert f"`resume-assets trial {key}` goes on with it." in said
    assert "Out             no batch" in said
    ok("trial", key)
    assert key not in ok("status")


def test_check_brings_it_in(platform: Platform) -> None:
    key = started(platform)
    [first, _] = platform.batches()
    said = ok("check", first.batch_key)
    assert f"belongs to trial {key}" in said
    assert f"{key}  done" in said
    assert f"{key}  done" in ok("check", key)


def test_continuous_brings_it_in(platform: Platform) -> None:
    key = started(platform)
    said = ok("continuous", "--num-batches", "1", "--batch-size", "4", "--check-interval", "0.05")
    assert f"{key}  is done" in said
    assert len(platform.written()) == 4
    assert platform.database.read(lambda c: get(c, platform.database, key)).done_at is not None


def test_submit_leaves_its_batches_alone(platform: Platform) -> None:
    key = started(platform)
    [first, _] = platform.batches()
    result = call("submit", "--batch", first.batch_key)
    assert result.exit_code == 2
    assert f"resume-assets trial {key}" in result.stderr


def test_cancelled_as_a_whole(home: Path) -> None:
    with platform_at(home, pace=NEVER) as platform:
        platform.seed(4)
        call("trial", *TWO)
        key = key_of(platform)
        said = ok("cancel", key)
        assert f"Trial {key}" in said
        for batch in platform.batches():
            assert platform.api.retrieve(batch.openai_batch_id).status in (
                "cancelling",
                "cancelled",
            )
        for _ in range(50):
            result = call("trial", key, "--json")
            if result.exit_code != 3:
                break
        assert result.exit_code == 1  # nothing was answered
        reasons = [one["reasons"] for one in json.loads(result.stdout)["variants"]]
        assert [sum(counts.values()) for counts in reasons] == [3, 3]
        assert all(why.startswith("cancelled: ") for counts in reasons for why in counts)
        assert platform.waiting() == [1, 2, 3, 4]


def test_a_batch_of_it_is_given_up(home: Path) -> None:
    with platform_at(home, pace=NEVER) as platform:
        platform.seed(4)
        call("trial", *TWO)
        [first, second] = [batch.batch_key for batch in platform.batches()]
        said = ok("cancel", first, "--give-up", "--yes")
        assert "leaves its 3 resumes out of the trial" in said
        assert platform.batch(first).message.startswith(
            "Given up by a person: 3 resumes are left out of the trial."
        )
        assert platform.batch(second).state == "submitted"
        assert platform.waiting() == [1, 2, 3, 4]
