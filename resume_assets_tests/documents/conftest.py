"""Imports go into databases of each kind."""

from resume_assets_tests.databases import (  # noqa: F401 (fixtures)
    backend,
    database,
    empty_database,
)
