"""`import`: what it says, which files it names, and that what it brought in can be read."""

import json
from pathlib import Path

import pytest

from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.flow import resume
from resume_assets_tests.home import Platform

pytestmark = pytest.mark.usefixtures("wide")


@pytest.fixture
def delivered(tmp_path: Path) -> Path:
    folder = tmp_path / "cvs"
    folder.mkdir()
    for number in (7, 8):
        (folder / f"Zerelda Quixby {number}.md").write_text(resume(number), encoding="utf-8")
    (folder / "photo.jpg").write_bytes(b"\xff\xd8")
    return folder


def test_from_a_folder_to_records(platform: Platform, delivered: Path) -> None:
    said = ok("import", str(delivered))
    assert "photo.jpg: not of a resume's kind." in said
    assert "2  imported, each a new candidate" in said
    assert "Next: `resume-assets submit --dry-run`" in said
    platform.to_the_end("b1")
    emails = [platform.candidate(userid).Email for userid in platform.written()]
    assert sorted(emails) == ["ada7@example.com", "ada8@example.com"]
    again = ok("import", str(delivered))
    assert "2  left alone: the same bytes came before" in again
    assert "Next" not in again


def test_for_programs(platform: Platform, delivered: Path) -> None:
    tried = json.loads(ok("import", str(delivered), "--dry-run", "--json"))
    assert (tried["readable"], tried["imported"], tried["delivery"]) == (2, 0, None)
    found = json.loads(ok("import", str(delivered), "--json"))
    assert (found["files"], found["imported"], found["known"]) == (3, 2, 0)
    assert found["not_imported"] == {"other_kind": 1}
    assert [one["file"] for one in found["problems"]] == ["photo.jpg"]
    assert sorted(found["userids"]) == ["1", "2"]
    assert found["next"] == "resume-assets submit --dry-run"


def test_nothing_that_could_be_imported(platform: Platform, delivered: Path) -> None:
    result = call("import", str(delivered / "photo.jpg"))
    assert result.exit_code == 1
    assert "not of a resume's kind" in result.output


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["nowhere"], "nowhere is neither a file nor a folder"),
        (["cvs", "--csv", "nowhere.csv"], "does not exist"),
        ([], "Missing argument"),
    ],
)
def test_what_can_not_be_is_refused_in_a_sentence(
    platform: Platform, arguments: list[str], why: str
) -> None:
    result = call("import", *arguments)
    assert result.exit_code == 2
    assert why in result.output


def test_forget_forgets_the_file_too(platform: Platform, delivered: Path) -> None:
    ok("import", str(delivered))
    [first, _] = platform.rows(platform.database.ledger.documents.select())
    receipt = json.loads(ok("forget", str(first.userid), "--json"))
    assert receipt["documents"] == 1
    platform.delete(first.userid)
    assert "of a person who is forgotten" in ok("import", str(delivered))
    ok("forget", str(first.userid), "--allow-again")
    assert "1  imported, each a new candidate" in ok("import", str(delivered))
