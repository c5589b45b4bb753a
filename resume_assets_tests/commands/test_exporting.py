"""`export`: what it says, where the file is, and what is refused."""

import csv
import json
from pathlib import Path

import pytest

from resume_assets.exports.spreadsheet import MARK
from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.home import Platform

pytestmark = pytest.mark.usefixtures("wide")


def test_all_records_by_default(done: Platform) -> None:
    said = ok("export")
    file = done.home / "exports" / "records.jsonl"
    assert said.startswith("2 records, ")
    assert str(file) in said
    documents = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    emails = [one["basics"]["email"] for one in documents]
    assert emails == ["ada1@example.com", "ada2@example.com"]
    assert documents[0]["work"][0]["name"] == "Steel & Sons"


def test_a_batch_or_candidates_as_csv(done: Platform) -> None:
    done.seed({7: "# Grace Hopper"})
    ok("export", "--format", "csv", "--batch", "b1", "--out", "b1.csv")
    text = Path("b1.csv").read_text("utf-8")
    rows = [*csv.DictReader(text.removeprefix(MARK).splitlines())]
    assert [row["userid"] for row in rows] == ["1", "2"]
    assert rows[0]["Phone1"] == "'+1 555 010 0001"
    result = call("export", "--userid", "2", "--userid", "99", "--out", "two.jsonl")
    assert result.exit_code == 0
    assert "no candidate 99" in result.stderr
    assert "1 record, " in result.stdout


def test_nothing_written_is_told(done: Platform) -> None:
    assert "No record is written of what was asked for" in ok("export", "--since", "2099-01-01")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--batch", "b1", "--since", "2026-11-01"], "one of the three"),
        (["--batch", "nobody"], "nobody"),
        (["--userid", "one"], "'one' is no id of this table"),
        (["--userid", "99"], "no candidate 99"),
        (["--since", "yesterday"], "does not match the format"),
        (["--format", "xlsx"], "is not one of"),
        (["--out", "nosuch://x/y.jsonl"], "takes a folder, or a URL that fsspec knows"),
    ],
)
def test_what_can_not_be_is_refused_in_a_sentence(
    done: Platform, arguments: list[str], why: str
) -> None:
    result = call("export", *arguments)
    assert result.exit_code in (1, 2)
    assert why in result.output
    assert not (done.home / "exports").exists()


def test_a_batch_whose_records_are_not_written_yet(done: Platform) -> None:
    done.seed({7: "# Grace Hopper"})
    done.plan("b2")
    result = call("export", "--batch", "b2")
    assert result.exit_code == 1  # as review and undo have it: the command is right, and too early
    assert "b2 is planned: its records are not written yet" in result.output


def test_a_setting_says_where_and_what(done: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESUME_EXPORT_STORE", "memory://exports-of-a-test")
    monkeypatch.setenv("RESUME_EXPORT_FORMAT", "csv")
    found = json.loads(ok("export", "--json"))
    assert found["file"] == "memory://exports-of-a-test/records.csv"
    assert (found["format"], found["records"]) == ("csv", 2)
