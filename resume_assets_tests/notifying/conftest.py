"""Databases for what is told, and receivers that listen."""

from collections.abc import Iterator

import pytest

from resume_assets_tests.databases import (  # noqa: F401 (fixtures)
    backend,
    database,
    empty_database,
)
from resume_assets_tests.notifying.servers import Hook, hook


@pytest.fixture
def receiver() -> Iterator[Hook]:
    """Takes everything, until a test says otherwise."""
    with hook() as made:
        yield made
