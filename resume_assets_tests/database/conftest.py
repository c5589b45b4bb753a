"""The database suite runs on SQLite always, on SQL Server where it is told of one."""

import os
from typing import Any

import pytest

from resume_assets_tests.databases import (  # noqa: F401 (fixtures)
    VARIABLE,
    backend,
    database,
    empty_database,
)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    del config
    skipped = [
        report
        for report in terminalreporter.stats.get("skipped", [])
        if VARIABLE in str(report.longrepr)
    ]
    if os.environ.get(VARIABLE) or not skipped:
        return
    terminalreporter.section("SQL Server: SKIPPED", yellow=True)
    terminalreporter.line(
        f"{len(skipped)} tests of the database suite's SQL Server half did not run: {VARIABLE} is "
        "not set (README: Tests)."
    )
