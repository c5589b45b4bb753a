"""What is known of which test executes which line: kept in `.mutants`, and brought up to date.

While neither the package nor what tests share has changed, only files of tests that are new or
changed are run again.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from resume_assets_tests.mutants.copies import Copy, digest, files_of
from resume_assets_tests.mutants.recorder import TIMES, combine

_FILES = "files.json"
_OURS = "resume_assets_tests/mutants/"

LEFT_OUT = (
    "resume_assets_tests/benchmarks/",
    "resume_assets_tests/commands/",  # the command line, and the browser; most in processes
    "resume_assets_tests/documentation/",  # the same, as the pages type it
    "resume_assets_tests/faults/test_crashes.py",  # hundreds of lives, minutes each
    "resume_assets_tests/faults/test_crashes_in_dagster.py",
    "resume_assets_tests/faults/test_killed_at_random.py",
    "resume_assets_tests/fuzz/",  # by chance
    "resume_assets_tests/local_openai/",  # not of the core
    _OURS,
    "resume_assets_tests/samples/",
    "resume_assets_tests/test_cli.py",
    "resume_assets_tests/test_imports.py",
    "resume_assets_tests/test_plain_dagster.py",
)
"""Slow, or not about the core."""


def up_to_date(root: Path, kept: Path, copy: Copy, jobs: int, say: Callable[[str], None]) -> Path:
    """The folder with the records of all tests as they are now; runs those that it has not."""
    files = {path.relative_to(root).as_posix(): path for path in files_of(root)}
    shared = [path for name, path in files.items() if _is_shared(name)]
    place = kept / digest(shared, root)
    now = {
        name: digest([path], root)
        for name, path in files.items()
        if _is_test(name) and not name.startswith(LEFT_OUT)
    }
    recorded = _read(place / _FILES)
    wanted = [name for name, content in now.items() if recorded.get(name) != content]
    if wanted:
        say(f"Recording which test executes which line: {len(wanted)} of {len(now)} files.")
        for line in copy.record(wanted, place / "new", jobs):
            say(line)
        combine(place / "new", place)
        known = _read(place / TIMES)
        times = {test: time for test, time in known.items() if _file(test) not in set(wanted)}
        _write(place / TIMES, times | _read(place / "new" / TIMES))
        _write(place / _FILES, now)
        shutil.rmtree(place / "new")
    return place


def _is_test(name: str) -> bool:
    return name.rpartition("/")[2].startswith("test_")


def _is_shared(name: str) -> bool:
    """Whether any test may depend on it."""
    if name.startswith("resume_assets_tests/"):
        return not (_is_test(name) or name.startswith(_OURS) or name.endswith("/__init__.py"))
    return name == "pyproject.toml" or name.startswith("resume_assets/")


def _file(test: str) -> str:
    return test.partition("::")[0]


def _read(path: Path) -> dict[str, object]:
    return dict(json.loads(path.read_bytes())) if path.exists() else {}


def _write(path: Path, values: object) -> None:
    path.write_text(json.dumps(values), encoding="utf-8")
