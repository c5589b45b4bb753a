"""Fixtures for tests of the whole platform.

Nothing here is used without being asked for; nor is Dagster loaded, so that the tests of rooms that
know nothing of it start quickly.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from resume_assets.settings import Settings

if TYPE_CHECKING:
    from resume_assets_tests.home import Platform

# A busy machine is no fault of the code: no property is held to a time.
hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")

VARIABLES = tuple(str(field.alias) for field in Settings.model_fields.values())


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say so where half of the database suite was left out."""
    variable = "RESUME_TEST_SQLSERVER_URL"
    skipped = [
        report
        for report in terminalreporter.stats.get("skipped", [])
        if variable in str(report.longrepr)
    ]
    if skipped and not os.environ.get(variable):
        terminalreporter.section("SQL Server: SKIPPED", yellow=True)
        terminalreporter.line(
            f"{len(skipped)} tests of the database suite's SQL Server half did not run: {variable} "
            "is not set (README: SQL Server tests)."
        )


def configure(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is configured but a home in this folder; no `.env` is where the tests run."""
    for name in VARIABLES:
        monkeypatch.setenv(name, "")  # so that it is as before afterwards, whoever sets it
        monkeypatch.delenv(name)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    home = folder / "home"
    monkeypatch.setenv("RESUME_ASSETS_HOME", str(home))
    monkeypatch.setenv("DAGSTER_HOME", str(home / "dagster"))
    return home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that is still to be made; the environment names it and nothing else."""
    return configure(tmp_path, monkeypatch)


@pytest.fixture
def platform(home: Path) -> Iterator["Platform"]:
    """An empty platform with a local server that answers at once."""
    from resume_assets_tests.home import platform_at

    with platform_at(home) as opened:
        yield opened


@pytest.fixture(scope="session")
def done_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home where batch `b1` has brought in candidates 1 and 2; to be copied, not used."""
    from resume_assets_tests.home import platform_at

    with pytest.MonkeyPatch.context() as monkeypatch:
        home = configure(tmp_path_factory.mktemp("done"), monkeypatch)
        with platform_at(home) as opened:
            opened.seed(2)
            opened.to_the_end("b1")
    return home


@pytest.fixture
def done(home: Path, done_home: Path) -> Iterator["Platform"]:
    """A platform of one's own where batch `b1` is done."""
    from resume_assets_tests.home import platform_at

    shutil.copytree(done_home, home)
    with platform_at(home) as opened:
        yield opened


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal so wide that nothing said is folded, here and in commands that are started."""
    monkeypatch.setenv("COLUMNS", "1000")
