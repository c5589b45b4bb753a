"""insert_rows, update_rows, delete_rows: what goes in comes out, on every database."""

import datetime
import sqlite3
import uuid
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql

from resume_assets.database.connect import Database
from resume_assets.database.retrying import DatabaseFailed, DuplicateKey
from resume_assets_tests.databases import SQLITE, make_schema, make_table, rows_of

EDGES = {
    1: "Łódź",
    2: "日本語 の 名前",
    3: "👩🏽‍💻 and 🏳️‍🌈",
    4: "NULL",
    5: "'; DROP TABLE aicandidate; --",
    6: "quotes \" ' ` ] [ { } ? : :name %s %(x)s \\ \\u0041",
    7: "",
    8: " spaces kept ",
    9: None,
    10: "line\nbreak\ttab\r\n",
    11: "\u202eright to left\u202c é e\u0301",
}


@pytest.fixture
def people(empty_database: Database) -> sa.Table:
    make_schema(empty_database)
    return make_table(
        empty_database,
        {"id": sa.Integer, "name": sa.Unicode(255), "long": sa.UnicodeText, "done": sa.DateTime},
    )


def insert(database: Database, table: sa.Table, columns: tuple[str, ...], rows: list[Any]) -> None:
    database.write(lambda c: database.dialect.insert_rows(c, table, columns, rows))


def update(database: Database, table: sa.Table, *arguments: Any, **more: Any) -> int:
    return database.write(lambda c: database.dialect.update_rows(c, table, *arguments, **more))


def test_texts_come_out_as_they_went_in(empty_database: Database, people: sa.Table) -> None:
    insert(empty_database, people, ("id", "name", "long"), [(i, t, t) for i, t in EDGES.items()])
    found = rows_of(empty_database, sa.select(people.c.id, people.c.name, people.c.long))
    assert {row.id: row.name for row in found} == EDGES
    assert {row.id: row.long for row in found} == EDGES


def test_updates_write_texts_as_they_are(empty_database: Database, people: sa.Table) -> None:
    insert(empty_database, people, ("id", "name"), [(i, "before") for i in EDGES])
    rows = [(text, text and text * 500, i) for i, text in EDGES.items()]
    assert update(empty_database, people, ("id",), ("name", "long"), rows) == len(EDGES)
    found = rows_of(empty_database, sa.select(people.c.id, people.c.name, people.c.long))
    assert {row.id: row.name for row in found} == EDGES
    assert {row.id: row.long for row in found} == {i: t and t * 500 for i, t in EDGES.items()}


def test_halves_of_surrogate_pairs_are_no_characters(
    backend: str, empty_database: Database, people: sa.Table
) -> None:
    if backend == SQLITE:
        pytest.skip("what reaches SQLite was parsed from UTF-8")
    rows = [(1, "a\ud83d"), (2, 'a "\udc00"')]
    insert(empty_database, people, ("id", "name"), rows)
    found = rows_of(empty_database, sa.select(people.c.name).order_by(people.c.id))
    assert [row.name for row in found] == ["a\ufffd", 'a "\ufffd"']


def test_only_rows_with_the_key_are_hit(empty_database: Database, people: sa.Table) -> None:
    insert(empty_database, people, ("id", "name"), [(i, "before") for i in range(5)])
    rows = [("after", 1), ("after", 3), ("after", 99)]
    assert update(empty_database, people, ("id",), ("name",), rows) == 2
    found = rows_of(empty_database, sa.select(people.c.name).order_by(people.c.id))
    assert [row.name for row in found] == ["before", "after", "before", "after", "before"]


def test_only_null_leaves_rows_that_have_a_value(
    empty_database: Database, people: sa.Table
) -> None:
    done = datetime.datetime(2026, 1, 1)  # noqa: DTZ001
    insert(empty_database, people, ("id", "done"), [(1, None), (2, done)])
    rows = [("after", 1), ("after", 2)]
    hit = update(empty_database, people, ("id",), ("name",), rows, only_null=["done"])
    assert hit == 1
    found = rows_of(empty_database, sa.select(people.c.name).order_by(people.c.id))
    assert [row.name for row in found] == ["after", None]


def test_null_is_written_or_kept(empty_database: Database, people: sa.Table) -> None:
    insert(empty_database, people, ("id", "name", "long"), [(1, "a", "b"), (2, "a", "b")])
    update(empty_database, people, ("id",), ("name", "long"), [(None, None, 1)])
    update(
        empty_database,
        people,
        ("id",),
        ("name", "long"),
        [(None, None, 2)],
        keep_existing=["name"],
    )
    found = rows_of(empty_database, sa.select(people.c.name, people.c.long).order_by(people.c.id))
    assert [tuple(row) for row in found] == [(None, None), ("a", None)]


def test_more_rows_than_a_statement_takes(empty_database: Database, people: sa.Table) -> None:
    count = 2_345
    insert(empty_database, people, ("id", "name"), [(i, f"n{i}") for i in range(count)])
    hit = update(
        empty_database, people, ("id",), ("name",), [(f"m{i}", i) for i in range(0, count, 2)]
    )
    assert hit == len(range(0, count, 2))
    database, values = empty_database, [*list(range(0, count, 3)), 10**6]
    gone = database.write(lambda c: database.dialect.delete_rows(c, people, "id", values))
    assert gone == len(range(0, count, 3))
    found = rows_of(database, sa.select(people.c.id, people.c.name).order_by(people.c.id))
    assert [tuple(row) for row in found] == [
        (i, f"{'n' if i % 2 else 'm'}{i}") for i in range(count) if i % 3
    ]


def test_nothing_to_do(empty_database: Database, people: sa.Table) -> None:
    insert(empty_database, people, ("id",), [])
    assert update(empty_database, people, ("id",), ("name",), []) == 0
    dialect = empty_database.dialect
    assert empty_database.write(lambda c: dialect.delete_rows(c, people, "id", [])) == 0


def test_all_or_none(empty_database: Database, people: sa.Table) -> None:
    insert(empty_database, people, ("id", "name"), [(1_500, "first")])
    rows = [(i, "second") for i in range(2_000)]
    with pytest.raises(DuplicateKey) as problem:
        insert(empty_database, people, ("id", "name"), rows)
    assert "second" not in str(problem.value)
    assert "1500" not in str(problem.value)
    assert len(rows_of(empty_database, sa.select(people))) == 1


def test_a_text_too_long_is_refused_and_not_told(
    backend: str, empty_database: Database, people: sa.Table
) -> None:
    if backend == SQLITE:
        pytest.skip("SQLite's columns have no length")
    insert(empty_database, people, ("id",), [(1,)])
    with pytest.raises(DatabaseFailed) as problem:
        update(empty_database, people, ("id",), ("name",), [("secret" * 50, 1)])
    assert "secret" not in str(problem.value)
    assert "longer than its column" in str(problem.value)
    assert rows_of(empty_database, sa.select(people.c.name))[0].name is None


ONE = uuid.UUID("0e984725-c51c-4bf4-9960-e1c80e27aba0")
TWO = uuid.UUID("ffffffff-c51c-4bf4-9960-e1c80e27aba1")


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        (sa.Integer, [1, -(2**31)]),
        (sa.BigInteger, [2**62 + 1, -5]),
        (sa.SmallInteger, [3, 7]),
        (sa.Unicode(50), ["A-1", "Żółć 日本"]),
        (sa.String(50), ["A-1", "b:2"]),
        (sa.Uuid, [ONE, TWO]),
    ],
)
def test_keys_of_every_type(empty_database: Database, kind: Any, keys: list[Any]) -> None:
    make_schema(empty_database)
    table = make_table(empty_database, {"userid": kind, "name": sa.Unicode(20)})
    insert(empty_database, table, ("userid", "name"), [(key, "before") for key in keys])
    assert update(empty_database, table, ("userid",), ("name",), [("after", keys[1])]) == 1
    found = rows_of(empty_database, sa.select(table.c.userid, table.c.name))
    assert {row.userid: row.name for row in found} == {keys[0]: "before", keys[1]: "after"}
    database = empty_database
    assert database.write(lambda c: database.dialect.delete_rows(c, table, "userid", keys[:1])) == 1
    assert [row.userid for row in rows_of(database, sa.select(table.c.userid))] == keys[1:]


def test_values_of_every_type(empty_database: Database) -> None:
    make_schema(empty_database)
    kinds = {
        "id": sa.Integer(),
        "flag": sa.Boolean(),
        "day": sa.Date(),
        "coarse": sa.DateTime().with_variant(mssql.DATETIME(), "mssql"),
        "fine": sa.DateTime().with_variant(mssql.DATETIME2(6), "mssql"),
        "minute": sa.DateTime().with_variant(mssql.SMALLDATETIME(), "mssql"),
        "big": sa.BigInteger(),
        "small": sa.SmallInteger(),
        "amount": sa.Numeric(18, 6),
        "share": sa.Float(),
        "guid": sa.Uuid(),
    }
    table = make_table(empty_database, kinds)
    row = {
        "id": 1,
        "flag": True,
        "day": datetime.date(2019, 3, 1),
        "coarse": datetime.datetime(2026, 1, 2, 23, 59, 58),  # noqa: DTZ001
        "fine": datetime.datetime(2026, 1, 2, 3, 4, 5, 123456),  # noqa: DTZ001
        "minute": datetime.datetime(2026, 1, 2, 3, 4),  # noqa: DTZ001
        "big": 2**60,
        "small": -7,
        "amount": Decimal("0.000001"),
        "share": 1e-9,
        "guid": ONE,
    }
    names = tuple(kinds)
    nothing = dict.fromkeys(names, None) | {"id": 2}
    insert(empty_database, table, names, [tuple(row.values()), tuple(nothing.values())])
    found = rows_of(empty_database, sa.select(table).order_by(table.c.id))
    assert [dict(one._mapping) for one in found] == [row, nothing]
    columns = tuple(name for name in names if name != "id")
    swapped = [
        (*(nothing[name] for name in columns), 1),
        (*(row[name] for name in columns), 2),
    ]
    assert update(empty_database, table, ("id",), columns, swapped) == 2
    found = rows_of(empty_database, sa.select(table).order_by(table.c.id.desc()))
    assert [dict(one._mapping) for one in found] == [row | {"id": 2}, nothing | {"id": 1}]


def test_a_money_of_float_is_a_number(empty_database: Database) -> None:
    make_schema(empty_database)
    table = make_table(
        empty_database, {"id": sa.Integer, "usd": sa.Numeric(18, 6, asdecimal=False)}
    )
    insert(empty_database, table, ("id", "usd"), [(1, 1e-06), (2, 12.5)])
    found = rows_of(empty_database, sa.select(table.c.usd).order_by(table.c.id))
    assert [row.usd for row in found] == [1e-06, 12.5]


def test_a_day_into_a_datetime(empty_database: Database) -> None:
    make_schema(empty_database)
    table = make_table(empty_database, {"id": sa.Integer, "at": sa.DateTime})
    noon = datetime.datetime(2019, 3, 1, 12, 0)  # noqa: DTZ001
    insert(empty_database, table, ("id", "at"), [(1, noon)])
    assert rows_of(empty_database, sa.select(table.c.at))[0].at == noon


def test_keys_that_differ_in_case_only(backend: str, empty_database: Database) -> None:
    """A collation decides: the table's own, not the database's default."""
    make_schema(empty_database)
    kind = sa.Unicode(20)
    if backend != SQLITE:
        kind = mssql.NVARCHAR(20, collation="Latin1_General_BIN2")
    table = make_table(empty_database, {"key": kind, "n": sa.Integer})
    insert(empty_database, table, ("key", "n"), [("a", 1), ("A", 2)])
    assert update(empty_database, table, ("key",), ("n",), [(3, "A")]) == 1
    found = rows_of(empty_database, sa.select(table.c.key, table.c.n))
    assert {row.key: row.n for row in found} == {"a": 1, "A": 3}


def test_a_case_insensitive_collation_finds_the_key(backend: str, empty_database: Database) -> None:
    if backend == SQLITE:
        pytest.skip("SQLite compares bytes")
    make_schema(empty_database)
    kind = mssql.NVARCHAR(20, collation="SQL_Latin1_General_CP1_CI_AS")
    table = make_table(empty_database, {"key": kind, "n": sa.Integer})
    insert(empty_database, table, ("key", "n"), [("Abc", 1)])
    assert update(empty_database, table, ("key",), ("n",), [(2, "aBC")]) == 1


def test_names_that_need_quoting(empty_database: Database) -> None:
    make_schema(empty_database)
    table = make_table(
        empty_database, {"order": sa.Integer, "a :b": sa.Unicode(20), "select": sa.Integer}, "group"
    )
    insert(empty_database, table, ("order", "a :b", "select"), [(1, "x", 1)])
    assert update(empty_database, table, ("order",), ("a :b", "select"), [("y", 2, 1)]) == 1
    found = rows_of(empty_database, sa.select(table))
    assert [tuple(row) for row in found] == [(1, "y", 2)]


def test_a_trigger_does_not_change_the_count(backend: str, empty_database: Database) -> None:
    """Sites have triggers that set `datelastmodified`, often without SET NOCOUNT ON."""
    database = empty_database
    make_schema(database)
    table = make_table(
        database, {"id": sa.Integer, "name": sa.Unicode(20), "touched": sa.Integer}, "people"
    )
    log = make_table(database, {"id": sa.Integer, "n": sa.Integer}, "log")
    insert(database, log, ("id", "n"), [(i, 0) for i in range(7)])
    if backend == SQLITE:
        trigger = (
            "CREATE TRIGGER touch AFTER UPDATE OF name ON people BEGIN UPDATE log SET n = n + 1; "
            "UPDATE people SET touched = 1 WHERE id = new.id; END"
        )
    else:
        people, logged = f"[{database.schema}].people", f"[{database.schema}].log"
        trigger = (
            f"CREATE TRIGGER [{database.schema}].touch ON {people} AFTER UPDATE AS BEGIN "
            f"UPDATE {logged} SET n = n + 1; END"
        )
    database.write(lambda connection: connection.exec_driver_sql(trigger))
    insert(database, table, ("id", "name"), [(i, "before") for i in range(3)])
    rows = [("after", i) for i in (0, 1, 99)]
    assert update(database, table, ("id",), ("name",), rows) == 2
    assert rows_of(database, sa.select(log.c.n))[0].n >= 1


def test_counts_of_other_statements_stay_right(empty_database: Database, people: sa.Table) -> None:
    """The ledger counts on them: a lease that was not renewed is lost."""
    insert(empty_database, people, ("id", "name"), [(i, "x") for i in range(3)])

    def work(connection: sa.Connection) -> int:
        empty_database.dialect.update_rows(connection, people, ("id",), ("name",), [("y", 1)])
        statement = people.update().where(people.c.id < 2).values(name="z")
        return connection.execute(statement).rowcount

    assert empty_database.write(work) == 2
    if empty_database.dialect.name != SQLITE:  # whose columns have no length
        with pytest.raises(DatabaseFailed):
            update(empty_database, people, ("id",), ("name",), [("too long" * 99, 1)])
    statement = people.update().values(name="z")
    assert empty_database.write(lambda c: c.execute(statement).rowcount) == 3


def test_a_null_does_not_end_the_transaction(empty_database: Database, people: sa.Table) -> None:
    """A driver that asks the server for the type of a NULL may lose what was written before."""

    def work(connection: sa.Connection) -> None:
        connection.execute(people.insert().values(id=1, name="kept"))
        connection.execute(people.update().where(people.c.id == 1).values(long=None, done=None))
        connection.execute(people.insert().values(id=2, name=None))

    empty_database.write(work)
    found = rows_of(empty_database, sa.select(people.c.name).order_by(people.c.id))
    assert [row.name for row in found] == ["kept", None]


def test_kept_values_of_a_row_that_brings_none(empty_database: Database, people: sa.Table) -> None:
    quotes = 'a "quoted" one'
    insert(empty_database, people, ("id", "name", "long"), [(1, "a", "b"), (2, "c", "d")])
    rows = [(None, None, 1), (quotes, None, 2), (None, None, 3)]
    columns = ("name", "long")
    assert update(empty_database, people, ("id",), columns, rows, keep_existing=columns) == 2
    found = rows_of(empty_database, sa.select(people.c.name, people.c.long).order_by(people.c.id))
    assert [tuple(row) for row in found] == [("a", "b"), (quotes, "d")]


def test_a_write_begins_as_a_writer(backend: str, database: Database) -> None:
    """SQLite: whoever reads first and writes later fails if somebody else wrote in between."""
    if backend != SQLITE:
        pytest.skip("SQL Server locks rows")
    url = database.engine.url.database
    with closing(sqlite3.connect(str(url), timeout=0, isolation_level=None)) as other:

        def others_turn(_connection: sa.Connection) -> str:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                return str(error)  # raised, it would be tried again for three minutes
            other.execute("ROLLBACK")
            return "theirs"

        assert database.read(others_turn) == "theirs"
        assert "locked" in database.write(others_turn)
