"""Fixtures: a home with a few resumes, and a server that answers at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from resume_assets import tallies
from resume_assets_tests.flow import Flowing, flow_at


@pytest.fixture
def flow(tmp_path: Path) -> Iterator[Flowing]:
    """Five resumes wait; nothing was counted in this process."""
    tallies.take()
    with flow_at(tmp_path / "home") as opened:
        opened.seed(5)
        yield opened
    tallies.take()
