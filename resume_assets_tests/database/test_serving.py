"""A ledger in another schema that can't be read: passed over, unless it may be read in a moment."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from resume_assets.database import serving
from resume_assets.database.connect import Database
from resume_assets.database.setup import initialise
from resume_assets_tests.databases import sqlite_database


@pytest.mark.parametrize(
    ("code", "is_passed_over"), [(sqlite3.SQLITE_ERROR, True), (sqlite3.SQLITE_BUSY, False)]
)
def test_only_what_comes_again_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: int, is_passed_over: bool
) -> None:
    orig = sqlite3.OperationalError("as SQLite says it")
    orig.sqlite_errorcode = code
    problem = sa.exc.OperationalError("SELECT", None, orig)

    def not_readable(*_: object) -> str | None:
        raise problem

    database: Database = sqlite_database(tmp_path)
    assert database.dialect.is_transient(problem) is not is_passed_over
    initialise(database)
    monkeypatch.setattr(serving, "noted_in", not_readable)

    def look(connection: sa.Connection) -> str | None:
        return serving._noted_elsewhere(
            connection, sa.inspect(connection), database, database.ledger.installation
        )

    with database.engine.connect() as connection:
        if is_passed_over:
            assert look(connection) is None
        else:
            with pytest.raises(sa.exc.OperationalError):
                look(connection)
