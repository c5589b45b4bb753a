"""The project in a folder of its own, where a change may be made, and pytest run there.

The working tree is never touched. Processes that a test starts find the copy as well.
"""

import compileall
import hashlib
import json
import os
import py_compile
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path

from resume_assets_tests.mutants.changes import Change
from resume_assets_tests.mutants.recorder import ORDER, RECORD

PACKAGES = ("resume_assets", "resume_assets_tests")

_NOTICED = (1, 2, 3)
"""Exit codes of pytest: a test failed, nothing could be imported, or pytest itself broke."""

_WRONG_CALL, _NOTHING_RUN = 4, 5
_NO_CONFTEST = "ImportError while loading conftest"
"""So pytest begins where the change breaks what all tests import, and ends as for a wrong call."""


class Verdict(StrEnum):
    """What the tests said to a change."""

    failed = "failed"
    hung = "hung"
    passed = "passed"


def files_of(root: Path) -> list[Path]:
    """The project's files as they are, sorted; nothing hidden and nothing that was made."""
    beside = [path for path in root.iterdir() if path.is_file()]
    inside = [
        path
        for package in (*PACKAGES, "deploy", "docs")  # tests look into those too
        for path in (root / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    return sorted(path for path in beside + inside if not path.name.startswith("."))


def digest(paths: Iterable[Path], root: Path) -> str:
    """Names and contents of some files, and this Python, in short."""
    found = hashlib.sha256(sys.version.encode())
    for path in paths:
        found.update(f"\0{path.relative_to(root)}\0".encode())
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:16]


class Copy:
    """One copy; one process of pytest at a time."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.folder = folder / "project"
        self._scratch = folder / "scratch"
        self._output = self._scratch / "output.txt"
        shutil.rmtree(folder, ignore_errors=True)
        self._scratch.mkdir(parents=True)
        for path in files_of(root):
            target = self.folder / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
        # By content: two changes of the same size within a second are told apart.
        checked = py_compile.PycInvalidationMode.CHECKED_HASH
        compileall.compile_dir(
            self.folder / PACKAGES[0], quiet=1, invalidation_mode=checked, force=True
        )

    @contextmanager
    def changed(self, change: Change) -> Iterator[None]:
        """The change is made within the block."""
        path = self.folder / change.path
        source = path.read_bytes()
        path.write_bytes(change.applied(source))
        try:
            yield
        finally:
            path.write_bytes(source)

    def record(self, files: Sequence[str], folder: Path, jobs: int) -> list[str]:
        """Run these files of tests and record them there; returns pytest's summary.

        A test that fails without any change is named in it, and tells nothing about changes.
        """
        folder.mkdir(parents=True, exist_ok=True)
        process = self._start("-n", str(jobs), "--tb=no", *files, **{RECORD: str(folder)})
        process.wait()
        printed = self._printed()
        return [*filter(_names_a_failure, printed), printed[-1]]

    def run(self, tests: Sequence[str], seconds: float) -> tuple[Verdict, str]:
        """Run these tests in this order up to the first failure; returns the line that names it.

        After so many `seconds` they count as hung.
        """
        order = self._scratch / "order.json"
        order.write_text(json.dumps(list(tests)), encoding="utf-8")
        files = dict.fromkeys(test.partition("::")[0] for test in tests)
        process = self._start("-x", "--tb=no", *files, **{ORDER: str(order)})
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            return Verdict.hung, ""
        finally:
            _end(process)
        printed = self._printed()
        is_wrong_call = code == _WRONG_CALL and not printed[0].startswith(_NO_CONFTEST)
        if is_wrong_call or code == _NOTHING_RUN:
            raise RuntimeError(f"pytest could not be asked: {printed[-1]}")
        if code not in (*_NOTICED, _WRONG_CALL) and code >= 0:
            return Verdict.passed, ""
        return Verdict.failed, next(filter(_names_a_failure, printed), printed[-1])

    def _start(self, *arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
        temporary = self._scratch / "tmp"
        shutil.rmtree(temporary, ignore_errors=True)
        # Not a pipe: a process that a test left behind would keep it open.
        with self._output.open("wb") as output:
            return subprocess.Popen(
                [
                    *(sys.executable, "-m", "pytest", "-p", f"{__package__}.recorder"),
                    *("-p", "no:cacheprovider", "--hypothesis-seed=0", f"--basetemp={temporary}"),
                    *("--no-header", "--disable-warnings", *arguments),
                ],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(self.folder), **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # what hangs is ended with all that it started
            )

    def _printed(self) -> list[str]:
        text = self._output.read_text(encoding="utf-8", errors="replace")
        return text.strip().splitlines() or ["pytest printed nothing"]


def _names_a_failure(line: str) -> bool:
    return line.startswith(("FAILED ", "ERROR "))


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the process, and what it left in its group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
