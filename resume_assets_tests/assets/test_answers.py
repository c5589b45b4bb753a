"""`batch_output`, `updated_candidate_records`, `batch_cost`, materialized by Dagster."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from resume_assets.extraction import mapping
from resume_assets.extraction.dates.reading import read_period
from resume_assets_tests.home import (
    ASSETS,
    NEVER,
    Platform,
    checks_of,
    failure_of,
    materialized,
    metadata_of,
    numbers,
    platform_at,
    table,
)

LATER = ASSETS[3:]

MILLIONTH = 1e-6
"""Of a dollar: what is told is rounded to it."""


def rewrite_output(platform: Platform, key: str, change: Callable[[Any], Any]) -> None:
    """Change the kept answers, line by line; `change` returns the line's object, or None."""
    path = platform.home / "batches" / key / "output.jsonl"
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    changed = [change(line) for line in lines]
    path.write_bytes(b"".join(json.dumps(line).encode() + b"\n" for line in changed if line))


# What they report


def test_what_they_report(platform: Platform) -> None:
    platform.seed(3)
    platform.sent("b1")
    result = platform.run("collect_batch", "b1")
    assert result.success
    assert materialized(result) == list(LATER)

    output = metadata_of(result, "batch_output")
    assert numbers(output) == {
        "succeeded": 3,
        "reused": 0,
        "not_usable": 0,
        "usable_percent": 100.0,
        "requests": 3,
    }
    assert output["openai_status"].value == "completed"
    assert table(output["not_usable_by_reason"]) == []

    records = metadata_of(result, "updated_candidate_records")
    assert {
        name: value for name, value in numbers(records).items() if name.startswith("rows_")
    } == {
        "rows_written": 3,
        "rows_superseded": 0,
        "rows_given_back": 0,
        "rows_given_up": 0,
        "rows_journaled": 0,
    }
    assert {"months_assumed", "dates_unread", "values_not_whole"} <= set(numbers(records))
    assert table(records["not_written_by_reason"]) == []
    assert numbers(records)["borne_out_percent"] == 100.0
    assert numbers(records)["values_checked"] > 20
    assert table(records["not_borne_out_by_column"]) == []
    changes = table(records["changes_by_column"])
    assert all(row.keys() == {"column", "what", "records"} for row in changes)
    assert {"column": "SecondaryCategory", "what": "surplus", "records": 3} in changes

    cost = numbers(metadata_of(result, "batch_cost"))
    assert cost["input_tokens"] > 0
    assert cost["output_tokens"] > 0
    assert cost["cost_usd"] == pytest.approx(cost["standard_cost_usd"] / 2, abs=MILLIONTH)
    assert cost["saving_usd"] == pytest.approx(cost["cost_usd"], abs=MILLIONTH)
    assert cost["cost_per_resume_usd"] == pytest.approx(cost["cost_usd"] / 3, abs=MILLIONTH)
    assert cost["total_cost_usd"] == pytest.approx(cost["cost_usd"], abs=MILLIONTH)
    assert (cost["reused"], cost["reuse_saving_usd"]) == (0, 0)
    assert abs(cost["token_estimate_error_percent"]) < 20


def test_the_total_runs_on_over_batches(platform: Platform) -> None:
    platform.seed(1)
    first = platform.to_the_end("b1")
    platform.seed({2: "# Grace Hopper\n\n## Skills\nCompilers"})
    platform.sent("b2")
    result = platform.run("collect_batch", "b2")
    total = numbers(metadata_of(result, "batch_cost"))["total_cost_usd"]
    both = float(first.batch_cost + platform.batch("b2").batch_cost)
    assert total == pytest.approx(both, abs=MILLIONTH)


def test_no_part_of_a_person_is_told(platform: Platform) -> None:
    platform.seed(2)
    platform.sent("b1")
    result = platform.run("collect_batch", "b1")
    told = str(platform.instance.all_logs(result.run_id))
    assert "rows_written" in told
    for secret in ("Lovelace", "example.com", "Welder", "Springfield", platform.server.api_key):
        assert secret not in told


def test_a_column_that_the_table_lacks_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a database of someone's own: the embedded one would make it."""
    monkeypatch.setenv("RESUME_DATABASE_URL", f"sqlite:///{home.with_name('own.db')}")
    with platform_at(home) as platform:
        monkeypatch.setenv("OPENAI_BASE_URL", platform.server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", platform.server.api_key)
        drop = sa.text("ALTER TABLE aicandidate DROP COLUMN Hardware5")
        platform.database.write(lambda connection: connection.execute(drop))
        platform.database.__dict__.pop("candidates", None)
        platform.seed(1)
        platform.sent("b1")
        result = platform.run("collect_batch", "b1")
        assert result.success
        records = metadata_of(result, "updated_candidate_records")
        assert records["columns_left_out"].value == "Hardware5 (missing)"
        assert platform.written() == [1]


def refused(line: Any) -> Any:
    """Candidate 1 is refused, 2 cut off, 3 not there, 4 good."""
    choice = line["response"]["body"]["choices"][0]
    match line["custom_id"]:
        case "1":
            choice["message"] = {"role": "assistant", "content": None, "refusal": "I can't."}
        case "2":
            choice["finish_reason"] = "length"
        case "3":
            return None
    return line


def test_every_request_ends_in_one_state_with_its_reason(platform: Platform) -> None:
    platform.seed(4)
    platform.sent("b1")
    platform.materialize("b1", "batch_output")
    rewrite_output(platform, "b1", refused)
    result = platform.materialize("b1", *LATER)
    assert result.success
    output = metadata_of(result, "batch_output")
    assert numbers(output)["succeeded"] == 1
    assert numbers(output)["not_usable"] == 3
    assert numbers(output)["usable_percent"] == 25.0
    reasons = {row["reason"]: row["requests"] for row in table(output["not_usable_by_reason"])}
    assert sorted(reasons.values()) == [1, 1, 1]
    assert {reason.partition(":")[0] for reason in reasons} == {"refused", "cut", "missing"}
    records = metadata_of(result, "updated_candidate_records")
    assert numbers(records)["rows_written"] == 1
    assert numbers(records)["rows_given_back"] == 3
    assert len(table(records["not_written_by_reason"])) == 3
    checks = checks_of(result)
    assert not checks["usable_answers"].passed
    assert checks["every_claim_accounted_for"].passed
    assert platform.is_balanced()
    assert len(platform.waiting()) == 3


def invented(line: Any) -> Any:
    """Another's address, a moved year, an invented company and a made-up skill, of the first."""
    if line["custom_id"] == "1":
        message = line["response"]["body"]["choices"][0]["message"]
        answer = json.loads(message["content"])
        answer["emails"] = ["john.doe@example.com"]
        answer["skills"].insert(0, "Falconry")
        answer["positions"][0].update(company="Umbrella Corporation", start="2011-03")
        message["content"] = json.dumps(answer)
    return line


def test_what_an_answer_invents_is_counted_named_and_an_address_is_not_written(
    platform: Platform,
) -> None:
    columns = ["Email", "MostRecentCompany", "MostRecentStartDate", "Skill1"]
    platform.seed(2)
    platform.sent("b1")
    platform.materialize("b1", "batch_output")
    rewrite_output(platform, "b1", invented)
    result = platform.materialize("b1", *LATER)
    records = metadata_of(result, "updated_candidate_records")
    checked = numbers(records)["values_checked"]
    assert numbers(records)["borne_out_percent"] == round(100 - 400 / checked, 2)
    assert table(records["not_borne_out_by_column"]) == [
        {"column": column, "values": 1} for column in columns
    ]
    assert {"column": "Email", "what": "not in the resume", "records": 1} in table(
        records["changes_by_column"]
    )
    candidate = platform.candidate(1)
    assert (candidate.Email, candidate.MostRecentCompany) == (None, "Umbrella Corporation")
    found = checks_of(result)["values_borne_out"]
    assert not found.passed
    assert table(found.metadata["first_50"]) == [
        {"userid": "1", "column": column} for column in columns
    ]
    told = json.dumps([str(value) for value in (*records.values(), *found.metadata.values())])
    for value in ("john.doe", "Falconry", "Umbrella"):
        assert value not in told


def test_who_has_used_up_the_attempts_is_counted_and_named(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_MAX_ATTEMPTS", "1")
    platform.seed(4)
    platform.sent("b1")
    platform.materialize("b1", "batch_output")
    rewrite_output(platform, "b1", refused)
    result = platform.materialize("b1", *LATER)
    records = numbers(metadata_of(result, "updated_candidate_records"))
    # With one attempt, a line that is missing is not sent again either: nobody can tell why.
    assert records["rows_given_up"] == 3
    assert records["rows_given_back"] == 0
    check = checks_of(result)["nobody_given_up"]
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.WARN
    named = table(check.metadata["candidates"])
    assert {row["userid"] for row in named} == {"1", "2", "3"}
    again = platform.materialize("b1", "updated_candidate_records")
    counted = numbers(metadata_of(again, "updated_candidate_records"))
    assert (counted["rows_given_up"], counted["rows_given_back"]) == (3, 0)


def test_without_a_price_no_sum_of_dollars_is_told(platform: Platform) -> None:
    platform.seed(1)
    platform.sent("b1")
    platform.update("b1", model="my-own-model")
    cost = metadata_of(platform.run("collect_batch", "b1"), "batch_cost")
    assert "No price known for my-own-model" in str(cost["in_words"].value)
    assert not any("usd" in name for name in cost)
    tokens = numbers(cost)["total_tokens"]
    assert table(cost["tokens_without_price"]) == [{"model": "my-own-model", "tokens": tokens}]


# Not there yet, and there again


def test_a_batch_that_is_still_out_skips_all_three(home: Path) -> None:
    with platform_at(home, pace=NEVER) as platform:
        platform.seed(1)
        assert platform.run("submit_batch", "b1").success
        result = platform.run("collect_batch", "b1")
        assert result.success
        assert materialized(result) == []
        assert not result.get_asset_check_evaluations()
        assert platform.batch("b1").state == "submitted"


def rows_of(platform: Platform) -> list[tuple[Any, ...]]:
    query = sa.select(platform.database.candidates.table)
    return [tuple(row) for row in platform.rows(query)]


def test_each_cell_again_is_safe_in_each_state(platform: Platform) -> None:
    platform.seed(2)
    platform.sent("b1")
    for name, state in zip(LATER, ("collected", "applied", "done"), strict=True):
        assert platform.materialize("b1", name).success
        assert platform.batch("b1").state == state
        before, items = rows_of(platform), platform.items("b1")
        ready = ASSETS[: ASSETS.index(name) + 1]
        result = platform.materialize("b1", *ready)
        assert result.success
        assert materialized(result) == list(ready)
        assert platform.batch("b1").state == state
        assert rows_of(platform) == before
        assert platform.items("b1") == items
    assert len(platform.book.batches()) == 1
    assert not platform.book.paid_twice()


def test_again_needs_no_server(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    platform.seed(2)
    platform.to_the_end("b1")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    result = platform.materialize("b1")
    assert result.success
    assert materialized(result) == list(ASSETS)


def test_corrections_and_what_is_journaled_are_shown(platform: Platform) -> None:
    platform.seed(3)
    platform.to_the_end("b1")
    platform.change(2, City="corrected", LastProcessed=None)
    platform.change(3, City=None)
    platform.sent("b2")
    records = metadata_of(platform.run("collect_batch", "b2"), "updated_candidate_records")
    shown = numbers(records)
    assert (shown["rows_written"], shown["rows_journaled"], shown["corrections_kept"]) == (1, 1, 1)
    told = {"column": "City", "what": "kept as a person corrected it", "records": 1}
    assert told in table(records["changes_by_column"])
    assert platform.candidate(2).City == "corrected"
    again = numbers(metadata_of(platform.materialize("b1", *LATER), "updated_candidate_records"))
    assert (again["rows_written"], again["corrections_kept"]) == (2, 1)
    assert platform.candidate(3).City is None


def test_a_mended_rule_rewrites_the_records_without_a_call(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first run has a bug in a date rule; the second has it mended."""
    with monkeypatch.context() as bug:

        def without_months(start: Any, end: Any) -> Any:
            first, last = read_period(start, end)
            return first._replace(value=first.value and f"{first.value[:4]}-01"), last

        bug.setattr(mapping, "read_period", without_months)
        platform.seed(3)
        before = platform.to_the_end("b1")
    assert platform.candidate(1).MostRecentStartDate == "2019-01"
    processed = platform.candidate(1).LastProcessed
    # What others did to two of them meanwhile stays.
    platform.change(2, markdownResume="another text")
    platform.change(3, LastProcessed=None, LastName="By hand")
    result = platform.materialize("b1", *LATER)
    assert result.success
    records = numbers(metadata_of(result, "updated_candidate_records"))
    assert (records["rows_written"], records["rows_superseded"]) == (1, 2)
    assert platform.candidate(1).MostRecentStartDate == "2019-03"
    assert platform.candidate(1).LastProcessed == processed
    assert platform.candidate(2).MostRecentStartDate == "2019-01"
    assert platform.candidate(3).LastName == "By hand"
    after = platform.batch("b1")
    assert (after.batch_cost, after.try_number) == (before.batch_cost, before.try_number)
    assert len(platform.book.batches()) == 1


def test_files_that_are_gone_are_said_to_be_gone(platform: Platform) -> None:
    platform.seed(1)
    platform.to_the_end("b1")
    before = rows_of(platform)
    (platform.home / "batches/b1/output.jsonl").unlink()
    for name in ("batch_output", "updated_candidate_records"):
        result = platform.materialize("b1", name)
        assert not result.success
        assert "b1: output.jsonl is no longer kept" in failure_of(result)
    assert rows_of(platform) == before
    assert platform.batch("b1").state == "done"
