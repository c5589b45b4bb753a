"""Values as SQLite is given them, what a connection is told first, and what is tried again."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from resume_assets.database.connect import Database, from_url, open_database
from resume_assets.database.dialect import Supplied
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.database.sqlite import SQLiteDialect, _adapted
from resume_assets_tests.databases import settings


def test_the_same_instant_in_another_zone_is_told_as_that_zone_has_it() -> None:
    noon = datetime(2026, 11, 28, 12, tzinfo=UTC)
    east = noon.astimezone(timezone(timedelta(hours=2)))
    assert noon == east
    assert [*map(_adapted, (noon, east, noon.replace(tzinfo=None), noon))] == [
        "2026-11-28 12:00:00.000000+00:00",
        "2026-11-28 14:00:00.000000+02:00",
        "2026-11-28 12:00:00.000000",
        "2026-11-28 12:00:00.000000+00:00",
    ]


@pytest.mark.parametrize(
    ("value", "held"),
    [
        (date(2026, 11, 28), "2026-11-28"),
        (datetime(2026, 11, 28, 12), "2026-11-28 12:00:00.000000"),  # noqa: DTZ001
        (UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff"), "6f9619ff8b86d011b42d00c04fc964ff"),
        (Decimal("7.10"), "7.10"),
    ],
)
def test_values_as_sqlite_is_given_them(value: Any, held: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        assert connection.execute("SELECT ?", (value,)).fetchone() == (held,)


def test_a_connection_waits_for_others_and_loses_nothing(tmp_path: Path) -> None:
    database = from_url(sa.URL.create("sqlite", database=str(tmp_path / "a.db")), settings())

    def pragmas(connection: sa.Connection) -> dict[str, Any]:
        names = ("busy_timeout", "journal_mode", "synchronous", "secure_delete")
        return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}

    full, on = 2, 1
    assert database.read(pragmas) == {
        "busy_timeout": 30_000,
        "journal_mode": "wal",
        "synchronous": full,
        "secure_delete": on,
    }
    database.dispose()


def test_a_person_has_the_same_number_in_each_version(tmp_path: Path) -> None:
    """It is what the ledger knows the forgotten by."""
    database = from_url(sa.URL.create("sqlite", database=str(tmp_path / "a.db")), settings())

    def number(connection: sa.Connection, userid: Any) -> Any:
        person = database.dialect.person("secret", sa.literal(userid))
        return connection.execute(sa.select(person)).scalar()

    found = database.read(lambda c: [number(c, userid) for userid in (7, "7", "Łódź")])
    assert found == [526214949845652623, 526214949845652623, 6134242899806553327]
    database.dispose()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (sqlite3.SQLITE_BUSY, True),
        (sqlite3.SQLITE_LOCKED, True),
        (sqlite3.SQLITE_BUSY | 2 << 8, True),  # one of its kinds: SQLITE_BUSY_SNAPSHOT
        (sqlite3.SQLITE_LOCKED | 1 << 8, True),
        (sqlite3.SQLITE_READONLY, False),
        (None, False),
    ],
)
def test_what_others_hold_is_tried_again(error: int | None, expected: bool) -> None:
    problem = sqlite3.OperationalError("held")
    if error is not None:
        problem.sqlite_errorcode = error
    wrapped = sa.exc.OperationalError("SELECT 1", None, problem)
    assert SQLiteDialect(Path()).is_transient(wrapped) is expected
    assert SQLiteDialect(Path()).is_transient(problem) is expected
    other = sqlite3.IntegrityError("no")
    other.sqlite_errorcode = sqlite3.SQLITE_BUSY
    assert not SQLiteDialect(Path()).is_transient(other)


@pytest.mark.parametrize(
    ("when", "is_told"),
    [
        ("AFTER UPDATE ON people", True),
        ("after update of city on people", True),
        ("BEFORE\nUPDATE\nOF city\nON people", True),
        ("UPDATE ON people", True),
        ("AFTER INSERT ON people", False),
        ("after delete on people", False),
    ],
)
def test_a_trigger_that_sees_an_update_is_known_by_its_text(
    tmp_path: Path, when: str, is_told: bool
) -> None:
    database = from_url(sa.URL.create("sqlite", database=str(tmp_path / "a.db")), settings())
    table = sa.Table("people", sa.MetaData(), sa.Column("city", sa.Unicode(9)))

    def names(connection: sa.Connection) -> list[str]:
        connection.execute(sa.schema.CreateTable(table))
        connection.exec_driver_sql(f"CREATE TRIGGER theirs {when} BEGIN SELECT 1; END")
        return [guard.name for guard in database.dialect.guards(connection, table)]

    assert database.write(names) == (["theirs"] if is_told else [])
    database.dispose()


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[Database]:
    """A database that waits for nobody, with a table of people in it."""
    database = from_url(sa.URL.create("sqlite", database=str(tmp_path / "a.db")), settings())
    sa.event.listen(
        database.engine, "connect", lambda one, _: one.execute("PRAGMA busy_timeout = 1")
    )
    with database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE people (name TEXT)")
        connection.exec_driver_sql("INSERT INTO people VALUES (?)", [("Zebulon " * 5_000,)] * 50)
    yield database
    database.dispose()


def test_what_is_deleted_leaves_no_room_and_no_log(impatient: Database, tmp_path: Path) -> None:
    with impatient.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM people")
    assert impatient.dialect.scrub(impatient.engine) is True
    files = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert not any(b"Zebulon" in held for held in files.values())
    assert len(files["a.db"]) < 50_000, "its free space is given back"
    assert files["a.db-wal"] == b""
    assert impatient.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("begun", ["BEGIN", "BEGIN IMMEDIATE"])
def test_a_log_that_others_need_is_not_emptied_and_that_is_told(
    impatient: Database, tmp_path: Path, begun: str
) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        other.execute(begun)
        other.execute("SELECT count(*) FROM people").fetchone()
        if begun == "BEGIN":  # who reads
            assert impatient.dialect.scrub(impatient.engine) is False
        else:
            with pytest.raises(DatabaseFailed, match="while its free space was cleared"):
                impatient.dialect.scrub(impatient.engine)
    assert impatient.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert impatient.dialect.scrub(impatient.engine) is True


@pytest.fixture
def empty_file(tmp_path: Path) -> Iterator[Database]:
    database = from_url(sa.URL.create("sqlite", database=str(tmp_path / "a.db")), settings())
    yield database
    database.dispose()


@pytest.mark.parametrize(
    ("columns", "always", "by_default"),
    [
        ("id INTEGER PRIMARY KEY, age INTEGER", set(), {"id"}),
        ("ID INTEGER PRIMARY KEY, Age INTEGER DEFAULT 3", set(), {"id", "age"}),
        ("id TEXT PRIMARY KEY, age INTEGER NOT NULL", set(), set()),
        ("id INT PRIMARY KEY", set(), set()),  # takes NULL, and makes no id
        ("id BIGINT PRIMARY KEY", set(), set()),
        ("id INTEGER PRIMARY KEY DESC", set(), set()),
        ("id integer, age INTEGER, PRIMARY KEY (id)", set(), {"id"}),
        ("id INTEGER, age INTEGER, PRIMARY KEY (id, age)", set(), set()),
        ("id TEXT, Twice INT GENERATED ALWAYS AS (id || id) VIRTUAL", {"twice"}, set()),
    ],
)
def test_what_sqlite_gives_a_column_by_itself(
    empty_file: Database, columns: str, always: set[str], by_default: set[str]
) -> None:
    def look(connection: sa.Connection) -> Supplied:
        connection.exec_driver_sql(f"CREATE TABLE people ({columns})")
        return empty_file.dialect.supplied(connection, sa.Table("people", sa.MetaData()))

    assert empty_file.write(look) == Supplied(frozenset(always), frozenset(by_default))


def test_what_sqlite_gives_by_itself_is_asked_of_the_tables_own_schema(
    empty_file: Database,
) -> None:
    def look(connection: sa.Connection) -> list[frozenset[str]]:
        connection.exec_driver_sql("CREATE TABLE people (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("CREATE TEMP TABLE people (id INT PRIMARY KEY)")
        tables = [sa.Table("people", sa.MetaData(), schema=name) for name in ("main", "temp")]
        return [empty_file.dialect.supplied(connection, each).by_default for each in tables]

    assert empty_file.write(look) == [{"id"}, frozenset()]


def test_a_check_without_a_name_is_told_as_such(empty_file: Database) -> None:
    def look(connection: sa.Connection) -> dict[str, str | None]:
        connection.exec_driver_sql(
            "CREATE TABLE people (age INT, CONSTRAINT grown CHECK (age > 17), CHECK (age < 200))"
        )
        found = empty_file.dialect.guards(connection, sa.Table("people", sa.MetaData()))
        return {guard.name: guard.definition for guard in found}

    assert empty_file.write(look) == {"grown": "age > 17", "CHECK": "age < 200"}


def test_rows_may_be_lists_and_a_made_id_is_returned_in_silence(
    empty_file: Database, recwarn: pytest.WarningsRecorder
) -> None:
    table = sa.Table(
        "people",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Unicode(9)),
    )
    dialect = empty_file.dialect

    def work(connection: sa.Connection) -> Any:
        table.create(connection)
        dialect.insert_rows(connection, table, ("id", "name"), [[7, "Ada"], [8, "Grace"]])
        assert dialect.update_rows(connection, table, ("id",), ("name",), [["Zoe", 7]]) == 1
        return dialect.insert_made(connection, table, {"name": "Mary"}, "id")

    assert empty_file.write(work) == 9
    assert not [one for one in recwarn if issubclass(one.category, sa.exc.SAWarning)]
    query = sa.select(table).order_by(table.c.id)
    rows = empty_file.read(lambda connection: connection.execute(query).all())
    assert [tuple(row) for row in rows] == [(7, "Zoe"), (8, "Grace"), (9, "Mary")]


def test_the_time_of_a_record_has_whole_seconds(empty_file: Database) -> None:
    now = empty_file.read(lambda connection: empty_file.dialect.clock(connection, sa.DateTime()))
    assert isinstance(now, datetime)
    assert (now.microsecond, now.tzinfo) == (0, None)
    day = empty_file.read(lambda connection: empty_file.dialect.clock(connection, sa.Date()))
    assert type(day) is date


def test_who_reads_waits_for_no_writer_and_who_may_write_does_so_at_once(
    impatient: Database, tmp_path: Path
) -> None:
    """One that read first and wrote later would fail wherever another wrote in between."""
    impatient.patience = 0.1

    def count(connection: sa.Connection) -> Any:
        return connection.exec_driver_sql("SELECT count(*) FROM people").scalar()

    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert impatient.read(count) == 50
        with pytest.raises(DatabaseFailed):
            impatient.write(count)
        with pytest.raises(sa.exc.OperationalError), impatient.engine.begin():
            pytest.fail("it has begun")


def test_an_error_of_the_driver_tells_no_value(impatient: Database) -> None:
    with impatient.engine.connect() as connection, pytest.raises(sa.exc.DBAPIError) as problem:
        connection.exec_driver_sql("SELECT age FROM people WHERE name = ?", ("Zebulon",))
    assert "Zebulon" not in str(problem.value)


def test_what_is_not_said_is_not_kept_and_not_overwritten(impatient: Database) -> None:
    plain = Database(impatient.engine, impatient.dialect, table="people")
    assert (plain.keep_existing, plain.overwrite_corrections) == (False, False)


def test_the_folder_of_the_embedded_database_is_its_users_alone(tmp_path: Path) -> None:
    database = open_database(settings(home=tmp_path / "home"))
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700
    database.dispose()
