"""A login with data rights only is enough, and what it lacks is told before anything is sent."""

import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.planning.planner import plan_batch
from resume_assets.database import rights
from resume_assets.database.connect import Database, from_url
from resume_assets.database.rights import RightsMissing
from resume_assets.database.setup import initialise, plan
from resume_assets_tests.collected import KEY, answers_to, collected_batch, write_all
from resume_assets_tests.databases import (
    SQLITE,
    make_schema,
    rows_of,
    seed,
    settings,
    shared_sqlserver,
    sqlserver_url,
)

SCRIPT = Path(__file__).parents[2] / "docs" / "grants.sql"
_GRANT = re.compile(r"GRANT ([A-Z, ]+) ON (\w+)\.(\w+) TO resume_writer;")


def run(database: Database, script: str) -> None:
    """Run a script as the database's own tools do: batch by batch."""
    end = database.dialect.end_of_batch.split("\n")[-1]
    batches = script.split(f"{end}\n") if end == "GO" else [script]
    for batch in batches:
        for statement in [batch] if end == "GO" else batch.split(";\n"):
            code = [line for line in statement.splitlines() if not line.startswith("--")]
            if "".join(code).strip():
                text = "\n".join(code)
                database.write(lambda connection: connection.exec_driver_sql(text))  # noqa: B023


def test_the_script_grants_what_is_needed_and_no_more(database: Database) -> None:
    asked = [
        *rights.needs(database),
        *database.read(lambda connection: rights.needs_of_status(connection, database)),
    ]
    needed = {(need.right, need.table.name) for need in asked}
    granted = {
        (right, table)
        for listed, _, table in _GRANT.findall(SCRIPT.read_text())
        for right in listed.split(", ")
    }
    assert granted == needed


@pytest.fixture
def login() -> Iterator[tuple[str, str]]:
    """A login and its user, with no right at all."""
    name, password = f"t_{secrets.token_hex(6)}", f"Aa1_{secrets.token_hex(8)}"
    engine = shared_sqlserver().engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        try:
            connection.exec_driver_sql(f"CREATE LOGIN {name} WITH PASSWORD = N'{password}'")
        except sa.exc.DBAPIError:
            pytest.skip("the test's login may not make logins")
        connection.exec_driver_sql(f"CREATE USER {name} FOR LOGIN {name}")
        try:
            yield name, password
        finally:
            connection.exec_driver_sql(f"DROP USER {name}")
            connection.exec_driver_sql(f"DROP LOGIN {name}")


@pytest.fixture
def granted(
    empty_database: Database, request: pytest.FixtureRequest
) -> Iterator[tuple[Database, Callable[[str], None]]]:
    """The tables as a DBA makes them from the printed script; what the login sees, and the DBA."""
    if empty_database.dialect.name == SQLITE:
        pytest.skip("SQLite has no logins")
    database = empty_database
    name, password = request.getfixturevalue("login")
    statements = [f"{step.ddl}{database.dialect.end_of_batch}\n" for step in plan(database)]
    run(database, "".join(statements))
    assert plan(database) == []
    script = SCRIPT.read_text().replace("dbo", str(database.schema))
    run(database, script.replace("resume_writer", name))
    url = sqlserver_url().set(username=name, password=password)
    theirs = from_url(url, settings(table=f"{database.schema}.aicandidate"))
    try:
        yield theirs, lambda statement: run(database, statement)
    finally:
        theirs.dispose()
        run(database, "".join(f"REVOKE ALL ON {t} FROM {name};\nGO\n" for t in tables(database)))


def tables(database: Database) -> list[str]:
    names = sa.inspect(database.engine).get_table_names(schema=database.schema)
    return [f"[{database.schema}].[{name}]" for name in names]


@pytest.mark.sqlserver
def test_a_login_with_data_rights_only(
    granted: tuple[Database, Callable[[str], None]], login: tuple[str, str]
) -> None:
    """It takes a batch all the way; each right that is taken from it is named as the GRANT."""
    theirs, dba = granted
    name, _ = login
    assert initialise(theirs) == []
    assert rights.lacking(theirs) == []
    schema = theirs.schema
    dba(
        f"INSERT INTO {schema}.aicandidate (userid, markdownResume, datelastmodified) VALUES "
        "(1, N'text', '2026-01-01'), (2, N'text', '2026-01-02')"
    )
    collected_batch(theirs, settings(), 2)
    with leased(theirs, KEY) as lease:
        write_all(lease, list(answers_to(theirs)))
    status = sa.text(f"SELECT status FROM {schema}.aicandidateBatchStatus")
    assert [tuple(row) for row in rows_of(theirs, status)] == [("completed",)]
    taken = {
        "UPDATE": f"{schema}.aicandidate",
        "DELETE": f"{schema}.resume_claims",
        "INSERT": f"{schema}.resume_batches",
    }
    for right, table in taken.items():
        dba(f"REVOKE {right} ON {table} FROM {name}")
    lacking = rights.lacking(theirs)
    grants = [f"GRANT {right} ON {table} TO {name};" for right, table in taken.items()]
    assert sorted(lacking) == sorted(grants)
    theirs.forget()
    with pytest.raises(RightsMissing, match="nothing was sent") as problem:
        plan_batch(theirs, settings(), rows=1, origin="test")
    assert all(grant in str(problem.value) for grant in lacking)
    dba(f"GRANT UPDATE (FirstName, LastProcessed) ON {schema}.aicandidate TO {name}")
    [by_column, *_] = rights.lacking(theirs)
    assert "firstname" not in by_column.casefold()
    assert by_column.casefold().startswith("grant update (middlename, lastname, ")


def test_rights_are_asked_for_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def lacking(_: sa.Connection, needs: object) -> list[str]:
        asked.append(needs)
        return []

    monkeypatch.setattr(database.dialect, "lacking_rights", lacking)
    seed(database, 2)
    collected_batch(database, settings(), 1, "b1")
    collected_batch(database, settings(), 1, "b2")
    assert len(asked) == 1
    database.forget()  # tables were made or altered
    rights.require(database)
    assert len(asked) == 2


def test_nothing_is_planned_without_the_rights(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database.dialect, "lacking_rights", lambda *_: ["GRANT everything;"])
    seed(database, 1)
    with pytest.raises(RightsMissing, match=r"Missing: GRANT everything; .*doctor"):
        plan_batch(database, settings(), rows=1, origin="test")
    assert rows_of(database, sa.select(database.ledger.batches)) == []


VIEW = "userid, markdownResume, datelastmodified, LastProcessed, FirstName, City"


def view(database: Database, columns: str = VIEW) -> None:
    """The candidate table is a view of some of the columns of another."""
    make_schema(database)
    prefix = f"[{database.schema}]." if database.schema else ""
    statements = f"""
        CREATE TABLE {prefix}people (userid INT NOT NULL PRIMARY KEY, markdownResume NVARCHAR(4000),
            datelastmodified DATETIME, LastProcessed DATETIME, FirstName NVARCHAR(100),
            City NVARCHAR(100), Email NVARCHAR(100));
        INSERT INTO {prefix}people (userid, markdownResume, datelastmodified, Email)
            VALUES (1, 'text', '2026-01-01T00:00:00', 'theirs');
        CREATE VIEW {prefix}aicandidate AS SELECT {columns} FROM {prefix}people"""
    for statement in statements.split(";"):
        database.write(lambda connection: connection.exec_driver_sql(statement))  # noqa: B023


def test_a_view_with_a_few_of_the_columns(backend: str, empty_database: Database) -> None:
    """Our tables are made; no column and no index is proposed for it, and it is written through."""
    database = empty_database
    view(database)
    assert not [step for step in plan(database) if step.alters is not None]
    initialise(database)
    assert plan(database) == []
    assert "Email" in database.candidates.missing
    if backend == SQLITE:
        assert "a table in place of the view aicandidate" in rights.lacking(database)[0]
        return
    assert rights.lacking(database) == []
    collected_batch(database, settings(), 1)
    with leased(database, KEY) as lease:
        write_all(lease, list(answers_to(database)))
    prefix = f"[{database.schema}]." if database.schema else ""
    query = sa.text(f"SELECT FirstName, City, Email, LastProcessed FROM {prefix}people")
    [row] = rows_of(database, query)
    assert row.FirstName
    assert row.City
    assert row.Email == "theirs"
    assert row.LastProcessed is not None


@pytest.mark.sqlserver
def test_a_view_that_can_not_be_written(backend: str, empty_database: Database) -> None:
    """Told before anything is sent, by column where some can be."""
    if backend == SQLITE:
        pytest.skip("there no view can be written")
    view(empty_database, VIEW.replace("City", "UPPER(City) AS City"))
    initialise(empty_database)
    [lacking] = rights.lacking(empty_database)
    assert "aicandidate.City can't be written" in lacking
    with pytest.raises(RightsMissing, match="City"):
        plan_batch(empty_database, settings(), rows=1, origin="test")
