"""`evaluate`: records against known answers, the samples' or those of a file."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets import samples
from resume_assets.batches.records.judging import judge
from resume_assets.evaluation.groups import GROUP_OF, GROUPS
from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.home import Platform

CHOSEN = (1001, 1002, 1013)


@pytest.fixture
def processed(platform: Platform) -> Platform:
    known = {sample.userid: sample.text for sample in samples.load() if sample.userid in CHOSEN}
    platform.seed(known)
    platform.to_the_end("b1")
    return platform


def table(said: str) -> dict[str, list[str]]:
    """The rows of both tables by group or column."""
    words = (line.split() for line in said.splitlines())
    return {row[0]: row[1:] for row in words if len(row) == 10 and row[5].isdigit()}


def test_a_table_by_group_and_the_columns_that_are_missed(processed: Platform) -> None:
    processed.change(1001, LastName="Somebody", MostRecentStartDate=None, Masters="MBA")
    said = ok("evaluate")
    rows = table(said)
    report = judge(processed.database, samples.gold()).report
    assert [name for name in rows if name in GROUPS] == list(report.by_group)
    assert rows["all"][4] == str(report.total.cases)
    assert rows["LastName"][:5] == ["2", "1", "0", "0", "3"]
    assert rows["MostRecentStartDate"][:5] == ["2", "0", "1", "0", "3"]
    assert rows["Masters"][3] == "1"
    missed = {name for name in rows if name in GROUP_OF}
    assert missed == {c for c, one in report.by_column.items() if one.met < one.cases}
    assert f"{len(report.by_column) - len(missed)} more columns without a fault." in said
    share = f"{report.total.accuracy:.1%} of {report.total.cases} known answers are met, in 3"
    assert share in said
    assert "Not compared: 95 not found by id or by text." in said
    assert max(map(len, said.splitlines())) <= 80


def test_for_programs(processed: Platform) -> None:
    found = json.loads(ok("evaluate", "--json"))
    report = judge(processed.database, samples.gold()).report
    assert found.pop("not_compared") == {"not found by id or by text": 95}
    assert found == report.as_dict()


def test_for_a_spreadsheet(processed: Platform) -> None:
    rows = list(csv.DictReader(ok("evaluate", "--csv").splitlines()))
    report = judge(processed.database, samples.gold()).report
    assert [row["column"] for row in rows] == list(report.by_column)
    for row in rows:
        one = report.by_column[row["column"]]
        assert row["group"] == GROUP_OF[row["column"]]
        assert int(row["right"]) == one.right
        assert int(row["cases"]) == one.cases
        assert row["recall"] == ("" if one.recall is None else str(round(one.recall, 4)))


def test_both_at_once_is_wrong_use(platform: Platform) -> None:
    assert call("evaluate", "--csv", "--json").exit_code == 2


def gold(folder: Path, *lines: dict[str, Any]) -> str:
    path = folder / "known.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return str(path)


def test_a_file_of_the_users_own(processed: Platform, tmp_path: Path) -> None:
    text = processed.candidate(1013).markdownResume
    path = gold(
        tmp_path,
        {"userid": 1001, "known": {"City": "austin", "Email2": None}, "wrong": ["State"]},
        {"text": text, "known": {"LastName": "Pembury"}},
        {"userid": 4711, "known": {"City": "Turku"}},
    )
    found = json.loads(ok("evaluate", path, "--json"))
    assert found["records"] == 2
    assert found["not_compared"] == {"not found by id or by text": 1}
    assert found["columns"].keys() == {"LastName", "City", "State", "Email2"}
    assert found["total"]["right"] == 2
    assert found["total"]["empty"] == 1
    assert found["total"]["wrong"] == 1


def test_a_faulty_file_is_told_and_nothing_of_it_used(platform: Platform, tmp_path: Path) -> None:
    path = gold(tmp_path, {"userid": 1, "known": {"Ctiy": "Turku"}})
    result = call("evaluate", path)
    assert result.exit_code == 2
    assert "line 1: entry 1 of `known` names no column; is City meant?" in result.stderr
    assert "Turku" not in result.output
    assert call("evaluate", str(tmp_path / "nowhere")).exit_code == 2


def test_another_candidate_of_that_id_is_not_judged(processed: Platform) -> None:
    processed.change(1001, markdownResume="# Somebody else, with the id of a sample")
    found = json.loads(ok("evaluate", "--json"))
    assert found["records"] == 2
    assert found["not_compared"]["their resume is another text now"] == 1


def test_without_a_sample_there_is_nothing_to_compare(platform: Platform) -> None:
    platform.seed(1)
    platform.to_the_end("b1")
    result = call("evaluate")
    assert result.exit_code == 1
    assert "resume-assets demo" in result.stderr
    assert "98 not found" in result.stderr


def test_only_the_samples_are_read(processed: Platform) -> None:
    """A table of millions is not brought here for a hundred of them."""
    statements: list[str] = []
    engine = processed.database.engine
    sa.event.listen(engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    judge(processed.database, samples.gold())
    assert any("userid IN" in statement for statement in statements)
    assert all("WHERE" in one for one in statements if "markdownResume" in one)


def test_no_value_is_told(processed: Platform) -> None:
    processed.change(1001, LastName="Zebulon")
    for way in ([], ["--json"], ["--csv"]):
        said = ok("evaluate", *way)
        assert "Zebulon" not in said
        assert "Doe" not in said
