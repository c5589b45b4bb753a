"""Sessions of a server, and the end of them."""

import pytest
import sqlalchemy as sa

from resume_assets.database.connect import Database
from resume_assets_tests.databases import shared_sqlserver


def session_id(connection: sa.Connection) -> int:
    """The session's number."""
    return int(connection.exec_driver_sql("SELECT @@SPID").scalar_one())


def sessions_of(database: Database, count: int) -> list[int]:
    """Open that many connections, and leave them idle in the pool."""
    opened = [database.engine.connect() for _ in range(count)]
    try:
        return [session_id(connection) for connection in opened]
    finally:
        for connection in opened:
            connection.close()


def killed(session: int) -> None:
    """End a session, as an administrator does; skips where the login may not."""
    engine = shared_sqlserver().engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        try:
            connection.exec_driver_sql(f"KILL {session}")
        except sa.exc.DBAPIError as problem:
            pytest.skip(f"the test's login may not end sessions: {type(problem.orig).__name__}")
