"""Homes for commands: called in this process, or as processes of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from resume_assets_tests.home import prepare_storage


@pytest.fixture(autouse=True)
def _wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentences are compared whole, unfolded; how they are folded has tests of its own."""
    monkeypatch.setenv("COLUMNS", "2000")


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """The one that commands called in this process use: in memory, so four times as quick."""
    with dg.DagsterInstance.ephemeral() as ephemeral:

        @contextmanager
        def opened(_: object) -> Iterator[dg.DagsterInstance]:
            yield ephemeral

        for module in ("pruning", "session"):
            monkeypatch.setattr(f"resume_assets.commands.{module}.open_instance", opened)
        yield ephemeral


@pytest.fixture
def home(home: Path, instance: dg.DagsterInstance) -> Path:
    """For commands called in this process."""
    return home


@pytest.fixture
def own_home(home: Path) -> Path:
    """For processes: with Dagster's storage, which takes each new home a second."""
    prepare_storage(home / "dagster")
    return home
