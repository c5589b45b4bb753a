"""`forget`: asks, shows the receipt and keeps it; ids from standard input; the way back."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.upkeep import forgetting
from resume_assets.cli import cli
from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.home import Platform


@pytest.fixture
def sent(platform: Platform) -> Platform:
    """Three records are written."""
    platform.seed(3)
    platform.to_the_end("b1")
    return platform


def test_it_asks_and_keeps_a_receipt(sent: Platform) -> None:
    declined = CliRunner().invoke(cli, ["forget", "2"], input="n\n")
    assert declined.exit_code == 1
    assert sent.items("b1")[2].digests
    said = ok("forget", "2", "--yes")
    assert "1 row without what was personal" in said
    assert "2 lines blanked" in said
    assert "--records empties them" in said
    assert sent.items("b1")[2].digests is None
    assert sent.candidate(2).Email
    [receipt] = json.loads(ok("forget", "--receipts", "--json"))["receipts"]
    assert receipt["receipt"] in said
    assert receipt["receipt"] in ok("forget", "--receipts")
    again = call("forget", "2", "--yes", "--records")
    assert again.exit_code == 0
    assert "1 emptied" in again.stdout
    assert sent.candidate(2).Email is None
    assert sent.waiting() == []
    assert "1 of 1 may be sent again" in ok("forget", "2", "--allow-again")
    assert sent.waiting() == [2]


def test_for_programs_and_from_standard_input(sent: Platform) -> None:
    result = CliRunner().invoke(cli, ["forget", "-", "--json"], input="1\n\n 3 \n")
    told = json.loads(result.stdout)
    assert (told["people"], told["ledger_rows"], told["left_for_later"]) == (2, 2, [])
    assert told["remote_files_deleted"] == 0  # the batch's own run deleted them


def test_what_is_no_id(sent: Platform) -> None:
    for wrong in (("x",), (), (str(10**30),), ("-",)):
        assert call("forget", *wrong).exit_code == 2
    result = call("forget", "99", "--yes")
    assert result.exit_code == 0
    assert "is the id right?" in result.stderr


def test_what_is_left_for_later_is_said(sent: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting.forget, "__kwdefaults__", {"records": False, "patience": 0.0})
    with leased(sent.database, "b1"):
        result = call("forget", "1", "--yes")
    assert result.exit_code == 3
    assert "another worker is at it" in result.stdout
    assert "housekeeping" in result.stdout
    assert ok("forget", "1", "--yes")


def test_dagster_is_not_told_of_an_address(home: Path, request: pytest.FixtureRequest) -> None:
    """Nor by checks that name candidates; the terminal names them all the same."""
    home.mkdir(mode=0o700)
    with closing(sqlite3.connect(home / "resumes.db")) as database:
        database.execute(
            "CREATE TABLE aicandidate (userid VARCHAR(100) PRIMARY KEY, markdownResume TEXT,"
            " datelastmodified DATETIME, LastProcessed DATETIME, City VARCHAR(3))"
        )
    platform: Platform = request.getfixturevalue("platform")
    person = "zerelda@example.com"
    platform.seed({person: "# Zerelda Quixby\n\nzerelda@example.com | Springfield, IL\n"})
    assert platform.run("submit_batch", "b1").success
    platform.until_the_server_has_ended("b1")
    result = platform.run("collect_batch", "b1")
    assert result.success
    checked = platform.materialize("b1", "updated_candidate_records")
    told = "".join(str(event) for found in (result, checked) for event in found.all_events)
    assert "position 0" in told
    assert "zerelda" not in told.casefold()
