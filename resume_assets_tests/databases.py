"""Databases for tests: each test its own, once on SQLite and once on SQL Server.

SQL Server's half runs where RESUME_TEST_SQLSERVER_URL is set: an SQLAlchemy URL, whose database may
hold anything else. A test there has a schema of its own, dropped after it; the engine is shared,
since connecting is slow. The fixtures `database` and `empty_database` are for other rooms too:

    from resume_assets_tests.databases import backend, database, empty_database
"""

import datetime
import os
import secrets
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets.database.connect import Database, from_url
from resume_assets.database.setup import initialise
from resume_assets.settings import Settings

VARIABLE = "RESUME_TEST_SQLSERVER_URL"
SQLITE, SQLSERVER = "sqlite", "sqlserver"
BACKENDS = (SQLITE, pytest.param(SQLSERVER, marks=pytest.mark.sqlserver))

NEWEST = datetime.datetime(2026, 1, 31, 12)  # noqa: DTZ001 (a column without zone)


def sqlserver_url() -> sa.URL:
    """Where the SQL Server half runs; skips the test where it is not said."""
    text = os.environ.get(VARIABLE)
    if not text:
        pytest.skip(f"{VARIABLE} is not set")
    return sa.make_url(text)


def settings(**values: Any) -> Settings:
    """Settings that read neither environment nor `.env`."""
    return Settings.model_construct(**values)


def settings_for(database: Database) -> Settings:
    """Settings by which another process opens the same database."""
    table = database.table_name
    if database.schema:
        table = f"{database.schema}.{table}"
    if database.dialect.name == SQLITE:
        url = database.engine.url.render_as_string(hide_password=False)
    else:
        url = sqlserver_url().render_as_string(hide_password=False)
    return Settings(_env_file=None, RESUME_DATABASE_URL=url, RESUME_TABLE=table)


@lru_cache(maxsize=1)
def shared_sqlserver() -> Database:
    """The one engine of the SQL Server half, with its dialect."""
    return from_url(sqlserver_url(), settings())


def sqlite_database(folder: Path, table: str = "aicandidate") -> Database:
    """An empty database in a file of its own."""
    return from_url(
        sa.URL.create("sqlite", database=str(folder / "test.db")), settings(table=table)
    )


def sqlserver_database(table: str = "aicandidate", *, patience: float = 60) -> Database:
    """A database whose schema is not there yet, on the shared engine; see `drop_schema`."""
    shared = shared_sqlserver()
    schema = f"t_{secrets.token_hex(6)}"
    return Database(shared.engine, shared.dialect, table=f"{schema}.{table}", patience=patience)


def drop_schema(database: Database) -> None:
    """Drop everything that a test made."""
    schema = database.schema
    with database.engine.begin() as connection:
        inspector = sa.inspect(connection)
        if schema not in inspector.get_schema_names():
            return
        for name in inspector.get_view_names(schema=schema):
            connection.exec_driver_sql(f"DROP VIEW [{schema}].[{name}]")
        for name in inspector.get_table_names(schema=schema):
            connection.exec_driver_sql(f"DROP TABLE [{schema}].[{name}]")
        connection.exec_driver_sql(f"DROP SCHEMA [{schema}]")


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on."""
    name: str = request.param
    if name == SQLSERVER:
        sqlserver_url()
    return name


@pytest.fixture
def empty_database(backend: str, tmp_path: Path) -> Iterator[Database]:
    """A database in which nothing is; on SQL Server not even its schema."""
    if backend == SQLITE:
        database = sqlite_database(tmp_path)
        yield database
        database.dispose()
        return
    database = sqlserver_database()
    try:
        yield database
    finally:
        drop_schema(database)


@pytest.fixture
def database(empty_database: Database) -> Database:
    """A database with our tables, and no candidates."""
    initialise(empty_database)
    return empty_database


def make_schema(database: Database) -> None:
    """Make the test's schema, where the database has such things."""
    if database.schema is not None:
        with database.engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA [{database.schema}]")


def make_table(database: Database, columns: Mapping[str, Any], name: str | None = None) -> sa.Table:
    """Make a table as a site has it: SQL types, or SQLAlchemy's, by column; the first is the key.

    Types are as SQL Server writes them; SQLite takes any.
    """
    (key, kind), *others = columns.items()
    table = sa.Table(
        name or database.table_name,
        sa.MetaData(),
        sa.Column(key, kind, primary_key=True, autoincrement=False),
        *(sa.Column(column, type_) for column, type_ in others),
        schema=database.schema,
    )
    with database.engine.begin() as connection:
        table.create(connection)
    return table


def seed(database: Database, texts: int | Mapping[Any, str | None], *, first: int = 1) -> None:
    """Put resumes into the queue; the first is the newest."""
    if isinstance(texts, int):
        texts = {number: f"Resume of {number}" for number in range(first, first + texts)}
    there = database.candidates
    names = (there.userid.name, there.text.name, there.modified.name)
    rows = [
        (userid, text, NEWEST - datetime.timedelta(minutes=index))
        for index, (userid, text) in enumerate(texts.items())
    ]
    database.write(
        lambda connection: database.dialect.insert_rows(connection, there.table, names, rows)
    )


def put_document(database: Database, userid: Any, key: str, *, days: float) -> None:
    """A file that was imported for somebody so many days ago."""
    values = {
        "document_key": key,
        "userid": userid,
        "file_name": f"{key}.pdf",
        "bytes": 1,
        "kind": "pdf",
        "library": "none",
        "delivery": "d1",
        "imported_at": database.read(database.dialect.utc_now) - datetime.timedelta(days=days),
    }
    table = database.ledger.documents
    database.write(lambda connection: connection.execute(table.insert().values(values)))


def rows_of(database: Database, query: Any) -> list[Any]:
    """All rows of a query."""
    return list(database.read(lambda connection: connection.execute(query).all()))


def is_stand_in(database: Database) -> bool:
    """Whether the server is Babelfish, which speaks SQL Server's protocol and lacks some of it."""
    return database.dialect.name != SQLITE and "Babelfish" in database.read(database.dialect.server)
