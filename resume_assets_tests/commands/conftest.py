"""A platform whose instance is ready: the commands open it as every process does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from resume_assets_tests.home import Platform, platform_at, prepare_storage


@pytest.fixture
def home(home: Path) -> Path:
    """With Dagster's storage, which takes each new home a second."""
    prepare_storage(home / "dagster")
    return home


@pytest.fixture
def platform(home: Path) -> Iterator[Platform]:
    """An empty platform with a local server that answers at once."""
    with platform_at(home) as opened:
        yield opened
