"""A project of two functions goes the whole way: recorded, changed, tried."""

import shutil
import time
from pathlib import Path

import pytest

from resume_assets_tests.mutants import recorder
from resume_assets_tests.mutants.__main__ import Trial, Tried
from resume_assets_tests.mutants.changes import changes
from resume_assets_tests.mutants.copies import Copy, Verdict
from resume_assets_tests.mutants.covering import Covering
from resume_assets_tests.mutants.records import up_to_date

CODE = """
LIMIT = 3

def half(number):
    if number < 0:
        return 0
    return number / 2

def is_few(number):
    return number < LIMIT

def countdown(number):
    while number != 0:
        number -= 1
    return "lift-off"

def never_called():
    return True
"""
TESTS = """
from resume_assets.code import countdown, half, is_few

def test_half():
    assert half(6) == 3

def test_few():
    assert is_few(2) and not is_few(3)

def test_countdown():
    countdown(3)
"""
MORE = """
from resume_assets.code import half

def test_negative():
    assert half(-1) == 0
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    ours = root / "resume_assets_tests" / "mutants"
    ours.mkdir(parents=True)
    (root / "resume_assets").mkdir()
    (root / "resume_assets" / "code.py").write_text(CODE)
    (root / "resume_assets_tests" / "test_code.py").write_text(TESTS)
    shutil.copy(recorder.__file__, ours)
    for folder in (root / "resume_assets", root / "resume_assets_tests", ours):
        (folder / "__init__.py").touch()
    return root


def tried(root: Path, kept: Path, said: list[str]) -> dict[str, Tried]:
    """What becomes of each change, by the change."""
    copy = Copy(root, kept / "copy")
    place = up_to_date(root, kept, copy, 1, said.append)
    path = "resume_assets/code.py"
    source = (root / path).read_bytes()
    trial = Trial([copy], Covering(place, {path: source}), time.monotonic() + 300)
    wanted = {
        "operator: / -> *",
        "constant: 3 -> 2",
        "never: number < 0 -> (False)",
        "comparison: != -> ==",
        "constant: True -> False",
    }
    chosen = [change for change in changes(path, source) if change.key[2] in wanted]
    assert len(chosen) == len(wanted)
    return {one.change.key[2]: one for one in trial.all(chosen)}


def test_the_whole_way(root: Path, tmp_path: Path):
    said: list[str] = []
    found = tried(root, tmp_path / "kept", said)
    assert {name: str(one.verdict) for name, one in found.items()} == {
        "operator: / -> *": "failed",
        "constant: 3 -> 2": "failed",  # a table, by the function that uses it
        "never: number < 0 -> (False)": "passed",
        "comparison: != -> ==": "passed",
        "constant: True -> False": "passed",
    }
    assert "test_half" in found["operator: / -> *"].by
    assert found["comparison: != -> =="].is_covered
    assert not found["constant: True -> False"].is_covered
    assert (root / "resume_assets" / "code.py").read_text() == CODE

    (root / "resume_assets_tests" / "test_more.py").write_text(MORE)
    again = tried(root, tmp_path / "kept", said)
    assert again["never: number < 0 -> (False)"].is_noticed
    assert not again["comparison: != -> =="].is_noticed
    assert said[0].endswith("1 of 1 files.")
    assert said[2].endswith("1 of 2 files.")


def test_what_takes_too_long_counts_as_hung(root: Path, tmp_path: Path):
    verdict, by = Copy(root, tmp_path / "copy").run(
        ["resume_assets_tests/test_code.py::test_half"], 0.05
    )
    assert (verdict, by) == (Verdict.hung, "")


def test_a_change_that_nothing_can_be_imported_with_is_noticed(root: Path, tmp_path: Path):
    (root / "resume_assets_tests" / "conftest.py").write_text("import resume_assets.code\n")
    copy = Copy(root, tmp_path / "copy")
    tests = ["resume_assets_tests/test_code.py::test_half"]
    assert copy.run(tests, 60) == (Verdict.passed, "")
    (copy.folder / "resume_assets" / "code.py").write_text("LIMIT = 3 + {}\n")
    verdict, by = copy.run(tests, 60)
    assert verdict is Verdict.failed
    assert "TypeError" in by


def test_pytest_that_could_not_be_asked_is_no_verdict(root: Path, tmp_path: Path):
    with pytest.raises(RuntimeError, match="could not be asked"):
        Copy(root, tmp_path / "copy").run(["resume_assets_tests/test_nowhere.py::test_half"], 60)
