"""Fixtures: a home with five resumes, and a server that answers at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from resume_assets_tests.flow import flow_at
from resume_assets_tests.trials.trying import Trying


@pytest.fixture
def trying(tmp_path: Path) -> Iterator[Trying]:
    """Five resumes, none of them processed."""
    with flow_at(tmp_path / "home") as flow:
        flow.seed(5)
        yield Trying(flow)
