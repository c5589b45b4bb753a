"""Sites as they are: what init-db makes there, what it leaves alone, where our tables may lie."""

import re
import sqlite3
import string
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql
from sqlalchemy.schema import CreateTable

from resume_assets.batches.ledger.attempts import given_up
from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.ledger.queue import count_waiting, waiting
from resume_assets.database import serving
from resume_assets.database.candidates import TableProblem
from resume_assets.database.connect import Database, from_url
from resume_assets.database.setup import (
    NotInitialised,
    declared_candidates,
    initialise,
    plan,
    require_initialised,
)
from resume_assets.database.status_table import status_table
from resume_assets.database.tables import LEDGER_VERSION, Ledger, ledger_tables
from resume_assets.settings import SettingsError
from resume_assets_tests.collected import answers_to, collected_batch, write_all
from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.database.test_rights import run
from resume_assets_tests.databases import (
    BACKENDS,
    SQLITE,
    drop_schema,
    make_schema,
    make_table,
    rows_of,
    seed,
    settings,
    sqlserver_database,
)
from resume_assets_tests.flow import Flowing, flow_at, resume

pytestmark = pytest.mark.usefixtures("wide")

STATUS = "aicandidateBatchStatus"
SITE: dict[str, Any] = {
    "userid": sa.Integer(),
    "markdownResume": sa.UnicodeText(),
    "datelastmodified": sa.DateTime(),
    "LastProcessed": sa.DateTime(),
    "FirstName": sa.Unicode(100),
}


def columns(database: Database, table: str) -> set[str]:
    found = sa.inspect(database.engine).get_columns(table, schema=database.schema)
    return {column["name"].casefold() for column in found}


def test_no_column_of_ours_numbers_itself() -> None:
    """A row that is inserted as it is must be let in, by whoever made the tables."""
    ledger = ledger_tables(sa.Integer(), sa.DateTime(), "dbo")
    tables = (*ledger.metadata.sorted_tables, status_table(ledger.batches, "dbo"))
    for table in (*tables, declared_candidates("aicandidate", "dbo")):
        ddl = str(CreateTable(table).compile(dialect=mssql.dialect()))
        assert "IDENTITY" not in ddl
    assert len(tables) == len(fields(Ledger))  # one of which is the metadata
    shown = str(CreateTable(tables[-1]).compile(dialect=mssql.dialect()))
    assert shown.count("ated_at DATETIME2(3) NULL") == 2  # created and updated


def test_the_printed_script_is_the_whole_set_up(empty_database: Database) -> None:
    """As printed, batch by batch, and by somebody else than the login that works with it."""
    steps = plan(empty_database)
    end = empty_database.dialect.end_of_batch
    run(empty_database, "".join(f"-- {s.purpose}\n{s.ddl.strip()}{end}\n\n" for s in steps))
    row = empty_database.read(lambda c: require_initialised(c, empty_database))
    assert re.fullmatch(f"[{string.hexdigits}]{{24}}", row.installation_id)
    assert plan(empty_database) == []
    assert initialise(empty_database) == []


def test_our_tables_alone(empty_database: Database) -> None:
    database = empty_database
    make_schema(database)
    with pytest.raises(TableProblem, match="no table"):
        initialise(database, ledger_only=True)
    make_table(database, SITE)
    make_table(database, {"batch_id": sa.Unicode(99), "status": sa.Unicode(9)}, STATUS)
    made = initialise(database, ledger_only=True)
    assert (
        len([step for step in made if step.purpose.startswith("table")]) == len(fields(Ledger)) - 1
    )
    assert columns(database, "aicandidate") == {name.casefold() for name in SITE}
    assert columns(database, STATUS) == {"batch_id", "status"}
    assert plan(database, ledger_only=True) == []
    seed(database, 1)
    collected_batch(database, settings(), 1)


def test_a_login_that_may_not_alter_the_table(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it may is made; the rest stays planned, to be named and printed for somebody else."""
    database = empty_database
    make_schema(database)
    make_table(database, SITE)
    monkeypatch.setattr(database.dialect, "may_alter", lambda *_: False)
    initialise(database, with_index=True)
    assert columns(database, "aicandidate") == {name.casefold() for name in SITE}
    left = plan(database)
    assert len(left) == 78
    assert {step.alters.name for step in left if step.alters is not None} == {"aicandidate"}
    seed(database, 1)
    collected_batch(database, settings(), 1)
    assert [name.casefold() for name in database.candidates.names] == ["firstname"]


# What people are told


@pytest.fixture
def own(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site's database with a computed column and a status table with columns of its own."""
    path = home.with_name("own.db")
    monkeypatch.setenv("RESUME_DATABASE_URL", f"sqlite:///{path}")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            """CREATE TABLE aicandidate (userid INTEGER PRIMARY KEY, markdownResume TEXT,
                datelastmodified DATETIME, LastProcessed DATETIME, FirstName BLOB,
                City TEXT GENERATED ALWAYS AS ('x') VIRTUAL);
            CREATE TABLE aicandidateBatchStatus (batch_id TEXT, status TEXT NOT NULL,
                created_at INT, recruiter TEXT NOT NULL);"""
        )
    return path


def test_what_is_left_out_is_named_with_why(own: Path) -> None:
    for said in (ok("init-db"), call("doctor").stdout):
        assert "computed, so left out: City" in said
        assert "of a type that is not ours to write, so left out: FirstName" in said
        assert "created_at is INTEGER" in said
        assert "recruiter must have a value and has no default" in said
    assert "aicandidateBatchStatus" in said
    assert "WRONG  status" not in said
    assert "ok     rights" in said


def test_ledger_only_names_what_it_left(own: Path) -> None:
    said = ok("init-db", "--ledger-only")
    assert "made table resume_claims" in said
    assert "left out, for this login or --ledger-only does not alter it: column" in said
    assert "missing, so left out: LastName" in said
    script = ok("init-db", "--ledger-only", "--dry-run")
    assert script.strip() == "-- Nothing is missing."


def test_doctor_names_each_right_that_is_missing(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ok("init-db")
    monkeypatch.setattr(
        "resume_assets.database.sqlite.SQLiteDialect.lacking_rights",
        lambda *_: ["GRANT UPDATE ON t TO u;", "GRANT SELECT ON t TO u;"],
    )
    result = call("doctor")
    assert result.exit_code == 1
    assert "WRONG  rights     missing: GRANT UPDATE ON t TO u;" in result.stdout
    assert "GRANT SELECT ON t TO u;" in result.stdout
    assert "look   status" in result.stdout
    submitted = call("submit")
    assert submitted.exit_code == 1
    assert "nothing was sent. Missing: GRANT UPDATE ON t TO u;" in submitted.stderr


# RESUME_LEDGER_SCHEMA


def test_sqlite_has_no_schemas(tmp_path: Path) -> None:
    url = sa.URL.create("sqlite", database=str(tmp_path / "x.db"))
    database = from_url(url, settings(ledger_schema="resumes"))
    with pytest.raises(TableProblem, match="RESUME_LEDGER_SCHEMA"):
        initialise(database)


@pytest.mark.parametrize("name", [".", "a..b", "[a", "a.b.c.d"])
def test_what_is_no_schemas_name(tmp_path: Path, name: str) -> None:
    url = sa.URL.create("sqlite", database=str(tmp_path / "x.db"))
    with pytest.raises(SettingsError, match="RESUME_LEDGER_SCHEMA"):
        from_url(url, settings(ledger_schema=name))


def attached(folder: Path) -> Database:
    """Two files in one SQLite connection are as two schemas to all that names its tables."""
    url = sa.URL.create("sqlite", database=str(folder / "main.db"))
    database = from_url(url, settings(table="hr.aicandidate", ledger_schema="ours"))

    def attach(connection: Any, _: Any) -> None:
        for schema in ("hr", "ours"):
            connection.execute(f"ATTACH DATABASE '{folder / schema}.db' AS {schema}")

    sa.event.listen(database.engine, "connect", attach)
    return database


@pytest.fixture(params=BACKENDS)
def apart(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A site's table in its schema; our tables are to lie in another."""
    if request.param == SQLITE:
        database = attached(tmp_path)
        make_table(database, SITE)
        yield database
        database.dispose()
        return
    site, ours = sqlserver_database(), sqlserver_database()
    database = Database(
        site.engine,
        site.dialect,
        table=f"{site.schema}.aicandidate",
        ledger_schema=ours.schema,
    )
    make_schema(database)
    make_table(database, SITE)
    try:
        yield database
    finally:
        drop_schema(ours)
        drop_schema(site)


def test_our_tables_in_a_schema_of_their_own(apart: Database) -> None:
    if apart.dialect.name == SQLITE:  # where no other test has any
        with pytest.raises(NotInitialised, match="tables are missing: run `resume-assets init-db`"):
            apart.read(lambda connection: require_initialised(connection, apart))
    initialise(apart, ledger_only=True)
    inspector = sa.inspect(apart.engine)
    assert [n.casefold() for n in inspector.get_table_names(schema=apart.schema)] == ["aicandidate"]
    there = {name.casefold() for name in inspector.get_table_names(schema=apart.ledger_schema)}
    ours = {table.name.casefold() for table in apart.ledger.items.metadata.tables.values()}
    assert there == ours | {STATUS.casefold()}
    seed(apart, 2)
    batch = collected_batch(apart, settings(), 2)
    with leased(apart, batch.batch_key) as lease:
        write_all(lease, list(answers_to(apart)))
    status = sa.text(f"SELECT status FROM [{apart.ledger_schema}].[{STATUS}]")
    assert [row.status for row in rows_of(apart, status)] == ["completed"]
    moved = Database(apart.engine, apart.dialect, table=f"{apart.schema}.aicandidate")
    told = f"there are some in .*{apart.ledger_schema}"
    if apart.dialect.name == SQLITE:  # where no other test has any
        told = rf"in schema hr \(there are some in {apart.ledger_schema}: is RESUME_LEDGER"
    with pytest.raises(NotInitialised, match=told):
        moved.read(lambda connection: require_initialised(connection, moved))


@pytest.mark.parametrize("is_noted", [True, False], ids=["noted", "older"])
def test_a_second_ledger_is_refused(apart: Database, is_noted: bool) -> None:
    """It would know nothing of what the first has claimed and paid."""
    beside = Database(apart.engine, apart.dialect, table=f"{apart.schema}.aicandidate")
    initialise(beside)
    if not is_noted:
        note(beside, None)
    for use in (plan, initialise):
        with pytest.raises(NotInitialised, match=r"second one would know nothing.*TRANSFER") as no:
            use(apart)
        assert "Unset RESUME_LEDGER_SCHEMA, or move" in str(no.value)
        assert f"is in schema {apart.schema}, not in {apart.ledger_schema}:" in str(no.value)
        moved = f"ALTER SCHEMA {apart.ledger_schema} TRANSFER {apart.schema}.resume_batches;"
        assert moved in str(no.value)


@pytest.mark.parametrize(
    "problem",
    [
        sa.exc.ProgrammingError("SELECT", None, Exception("229: no permission")),
        sa.exc.NoSuchTableError("dropped meanwhile"),
    ],
)
def test_another_departments_ledger_that_may_not_be_read_is_no_obstacle(
    apart: Database, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    other = Database(apart.engine, apart.dialect, table=f"{apart.ledger_schema}.candidates")
    initialise(other)

    def not_readable(*_: object) -> str | None:
        raise problem

    monkeypatch.setattr(serving, "noted_in", not_readable)
    ours = Database(apart.engine, apart.dialect, table=f"{apart.schema}.aicandidate")
    initialise(ours)
    assert plan(ours) is not None


def test_a_second_ledger_is_refused_once_the_schema_of_the_first_is_not_named(
    apart: Database,
) -> None:
    initialise(apart)
    unset = Database(apart.engine, apart.dialect, table=f"{apart.schema}.aicandidate")
    for use in (plan, initialise):
        with pytest.raises(NotInitialised, match=r"second one would know nothing") as refused:
            use(unset)
        assert f"Set RESUME_LEDGER_SCHEMA={apart.ledger_schema}, or move" in str(refused.value)
    assert sa.inspect(apart.engine).get_table_names(schema=apart.schema) == ["aicandidate"]


@pytest.mark.parametrize("is_noted", [True, False], ids=["noted", "older"])
def test_a_ledger_of_another_table_is_none_of_this_one(apart: Database, is_noted: bool) -> None:
    """Each of two departments has its table, and its ledger beside it."""
    other = Database(apart.engine, apart.dialect, table=f"{apart.ledger_schema}.aicandidate")
    initialise(other)
    if not is_noted:
        note(other, None)
    own = Database(apart.engine, apart.dialect, table=f"{apart.schema}.aicandidate")
    initialise(own)
    assert not [step for step in plan(own) if not step.optional]


def note(database: Database, table: str | None) -> None:
    """Let the ledger say that it serves that table."""
    installation = database.ledger.installation
    noted = installation.update().values(candidate_table=table)
    database.write(lambda connection: connection.execute(noted))


def test_a_ledger_serves_one_table(empty_database: Database) -> None:
    """Ids of another table's candidates would be taken for those of the first."""
    initialise(empty_database)
    before = empty_database.table_name
    schema = f"{empty_database.schema}." if empty_database.schema else ""
    make_table(empty_database, SITE, "people")
    empty_database.table_name = "people"
    empty_database.forget()
    for use in (
        plan,
        initialise,
        lambda database: database.read(lambda c: require_initialised(c, database)),
    ):
        with pytest.raises(NotInitialised, match="their candidates would be mixed") as refused:
            use(empty_database)
        assert f"Set RESUME_TABLE={schema}{before}, or" in str(refused.value)
    statement = str(refused.value).partition("under another name: ")[2].removesuffix(".")
    with empty_database.engine.begin() as connection:
        connection.exec_driver_sql(statement)
    initialise(empty_database)
    assert empty_database.read(
        lambda c: require_initialised(c, empty_database)
    ).candidate_table == (f"{schema}people")


def test_a_ledger_that_is_older_than_the_note_gets_it(empty_database: Database) -> None:
    initialise(empty_database)
    note(empty_database, None)
    assert empty_database.read(lambda c: require_initialised(c, empty_database)) is not None
    assert [step.purpose for step in plan(empty_database)] == ["which table the ledger serves"]
    initialise(empty_database)
    assert plan(empty_database) == []
    row = empty_database.read(lambda c: require_initialised(c, empty_database))
    assert row.candidate_table.endswith("aicandidate")


def test_a_ledger_of_the_version_before_gets_the_note(empty_database: Database) -> None:
    initialise(empty_database)
    table = empty_database.ledger.installation.fullname
    with empty_database.engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN candidate_table")
        connection.exec_driver_sql(f"UPDATE {table} SET ledger_version = 2")
    steps = [step.purpose for step in plan(empty_database) if not step.optional]
    assert steps == [
        f"column {table}.candidate_table",
        "which table the ledger serves",
        f"ledger's version {LEDGER_VERSION}",
    ]
    initialise(empty_database)
    row = empty_database.read(lambda c: require_initialised(c, empty_database))
    assert row.candidate_table.endswith("aicandidate")


def test_a_status_table_of_the_sites_own_is_used(apart: Database) -> None:
    make_table(apart, {"batch_id": sa.Unicode(99), "status": sa.Unicode(20)}, STATUS)
    initialise(apart)
    seed(apart, 1)
    collected_batch(apart, settings(), 1)
    status = sa.text(f"SELECT status FROM [{apart.schema}].[{STATUS}]")
    assert [row.status for row in rows_of(apart, status)] == ["completed"]


# TEXT and NTEXT

# All that SQL Server lets be done to them: be selected, cast, measured, and be or not be NULL.
_LET = re.compile(
    r"DATALENGTH\([^()]*markdownResume\]*\)|CAST\([^()]*markdownResume\]* AS NVARCHAR\(\d+\)\)"
    r"|markdownResume\]* IS (NOT )?NULL",
    re.IGNORECASE,
)
_SELECTED = re.compile(r"SELECT (?!DISTINCT)[^()]*?markdownResume", re.IGNORECASE)


def test_a_resume_column_of_a_type_that_can_hardly_be_asked(tmp_path: Path) -> None:
    """On a batch's whole way nothing is done with it that TEXT and NTEXT refuse."""
    with flow_at(tmp_path / "home") as flow:
        statements = set(_about_the_resume(flow))
    assert len({text.split("FROM")[0] for text in statements}) > 3
    for statement in statements:
        left = _SELECTED.sub("SELECT", _LET.sub("", _as_sqlserver_measures(statement)), count=1)
        assert "markdownResume" not in left, statement


def _about_the_resume(flow: Flowing) -> list[str]:
    """Every statement of a batch's way that names the resume's column, as SQL Server gets it."""
    seen: list[str] = []

    def note(_connection: Any, element: Any, *_: Any) -> None:
        if isinstance(element, sa.Select | sa.Update) and "markdownResume" in str(element):
            seen.append(str(element.compile(dialect=mssql.dialect())))

    sa.event.listen(flow.database.engine, "before_execute", note)
    flow.seed({**{n: resume(n) for n in (1, 2, 3)}, 9: " ", 10: None, 11: ""})
    assert flow.until_done().succeeded == 3
    flow.database.read(lambda c: list(given_up(c, flow.database, max_attempts=1)))
    flow.database.read(lambda c: count_waiting(c, flow.database))
    return seen


def _as_sqlserver_measures(statement: str) -> str:
    """SQLite's measure of a text, in SQL Server's words."""
    return re.sub(
        r"LEN\(CAST\(([^() ]+) AS IMAGE\)\)",
        r"DATALENGTH(\1)",
        statement,
        flags=re.IGNORECASE,
    )


@pytest.mark.parametrize("kind", ["TEXT", "NTEXT"])
def test_texts_of_old_types(backend: str, empty_database: Database, kind: str) -> None:
    database = empty_database
    make_schema(database)
    prefix = f"[{database.schema}]." if backend != SQLITE else ""
    columns = (
        f"userid INT NOT NULL PRIMARY KEY, markdownResume {kind}, datelastmodified DATETIME, "
        f"LastProcessed DATETIME, FirstName NVARCHAR(100), Summary {kind}"
    )
    database.write(lambda c: c.exec_driver_sql(f"CREATE TABLE {prefix}aicandidate ({columns})"))
    initialise(database)
    seed(database, {1: "a resume", 2: " \t", 3: None, 4: "", 5: "long " * 2_000})
    assert database.read(lambda c: count_waiting(c, database)) == 2
    found = database.read(lambda c: waiting(c, database, 9, max_attempts=3))
    assert [row.userid for row in found] == [1, 5]
    batch = collected_batch(database, settings(), 2)
    with leased(database, batch.batch_key) as lease:
        write_all(lease, list(answers_to(database)))
    there = database.candidates
    summary = there.column("Summary")
    assert summary is not None
    found = rows_of(database, sa.select(summary).where(there.processed.is_not(None)))
    assert [bool(row[0]) for row in found] == [True, True]
