"""The database suite runs on SQLite always, on SQL Server where it is told of one."""

from resume_assets_tests.databases import (  # noqa: F401 (fixtures)
    backend,
    database,
    empty_database,
)
