"""Fixtures: a server that answers at once, and one whose time is moved by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from resume_assets.local_openai.server import running
from resume_assets.local_openai.settings import IMMEDIATE, Limits, Pace
from resume_assets_tests.local_openai.support import Driver, driven


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "local_openai"


@pytest.fixture
def quick(folder: Path) -> Iterator[Driver]:
    """A server without delays."""
    limits = Limits(exact_tokens=False)
    with running(folder, pace=IMMEDIATE, limits=limits, share=False) as server:
        driver = Driver(server, folder)
        with driver.client:
            yield driver


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """A server without delays for all tests of a module: each looks only at what it made."""
    limits = Limits(exact_tokens=False)
    folder = tmp_path_factory.mktemp("shared")
    with running(folder, pace=IMMEDIATE, limits=limits, share=False) as server:
        driver = Driver(server, folder)
        with driver.client:
            yield driver


@pytest.fixture
def manual(folder: Path) -> Iterator[Driver]:
    """A server that takes 1 s to validate, 100 s to process, 2 s to finalize and 5 s to cancel."""
    with driven(folder, pace=Pace(1, 100, 0, 2, 5)) as driver:
        yield driver
