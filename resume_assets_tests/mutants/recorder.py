"""A pytest plugin for `make mutants`: it records which test executes which line, or obeys orders.

MUTANTS_RECORD names a folder: the lines go there, and each test's time and outcome. MUTANTS_ORDER
names a file with the tests to be run, in that order, and no others.
"""

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest

LINES, TIMES = "lines", "times.json"
RECORD, ORDER = "MUTANTS_RECORD", "MUTANTS_ORDER"


class Recorder:
    """Coverage with each test as a context, its fixtures included."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.times: dict[str, float] = defaultdict(float)
        self.failed: set[str] = set()
        self.coverage = coverage.Coverage(
            data_file=str(folder / LINES),
            data_suffix=True,  # each worker of pytest-xdist has a file of its own
            config_file=False,
            source=["resume_assets"],
            messages=False,
        )
        self.coverage.set_option("run:relative_files", True)
        self.coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.coverage.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self.coverage.switch_context("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.times[report.nodeid] += report.duration
        if not report.passed:
            self.failed.add(report.nodeid)  # or skipped: it tells nothing

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self.coverage.stop()
        self.coverage.save()
        if not hasattr(session.config, "workerinput"):
            passed = {test: time for test, time in self.times.items() if test not in self.failed}
            (self.folder / TIMES).write_text(json.dumps(passed), encoding="utf-8")


class Orders:
    """Only the tests of a list, in its order, whatever their fixtures share."""

    def __init__(self, file: Path) -> None:
        self.places = {test: place for place, test in enumerate(json.loads(file.read_bytes()))}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        wanted = [item for item in items if item.nodeid in self.places]
        items[:] = sorted(wanted, key=lambda item: self.places[item.nodeid])


# As early as can be: the lines that an import executes are not of the first test.
_recorder = Recorder(Path(os.environ[RECORD])) if RECORD in os.environ else None


def pytest_configure(config: pytest.Config) -> None:
    if _recorder is not None:
        config.pluginmanager.register(_recorder)
    if ORDER in os.environ:
        config.pluginmanager.register(Orders(Path(os.environ[ORDER])))


def combine(folder: Path, kept: Path) -> None:
    """Add what was recorded in `folder` to what is kept of earlier records."""
    whole = coverage.Coverage(data_file=str(kept / LINES), config_file=False, messages=False)
    if (kept / LINES).exists():
        whole.load()
    whole.combine([str(folder)])
    whole.save()
