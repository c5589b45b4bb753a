"""Errors as drivers raise them, without the trouble."""

import sqlite3

import sqlalchemy as sa


def lost_connection(connection: sa.Connection) -> sa.exc.OperationalError:
    """What a broken connection (SQLite: a busy file) looks like; the connection itself is well."""
    driver = connection.dialect.driver
    if driver == "pyodbc":
        import pyodbc

        text = "[08S01] [Microsoft][ODBC Driver 18 for SQL Server]Communication link failure (0)"
        cause: BaseException = pyodbc.OperationalError("08S01", f"{text} (SQLEndTran)")
    elif driver == "mssqlpython":
        from mssql_python.exceptions import OperationalError

        cause = OperationalError("Communication link failure", "")
    else:
        cause = sqlite3.OperationalError("database is locked")
        cause.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return sa.exc.OperationalError("COMMIT", None, cause)
