"""The users' table as it really is: reflected, and written to as it takes things."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql

from resume_assets.database import candidates
from resume_assets.database.candidates import TableProblem
from resume_assets.database.connect import Database, split_name
from resume_assets.database.setup import initialise
from resume_assets.extraction.candidate import COLUMNS
from resume_assets.extraction.values import Change, Changes
from resume_assets.settings import SettingsError
from resume_assets_tests.databases import SQLITE, make_schema, make_table, rows_of

REQUIRED: dict[str, Any] = {
    "userid": sa.Integer(),
    "markdownResume": sa.UnicodeText(),
    "datelastmodified": sa.DateTime(),
    "LastProcessed": sa.DateTime(),
}
VALUES = {
    "FirstName": "Zażółć gęślą",
    "PrimaryTitle": "日本" * 150,  # 300 characters
    "SecondaryTitle": "😀" * 200,
    "MostRecentStartDate": "2019-03",
    "MostRecentEndDate": "Present",
    "SecondMostRecentEndDate": "2018-12",
    "YearsofExperience": "7.5",
    "AvgTenure": "2.5",
    "Summary": "NULL",
}


def site(database: Database, name: str | None = None, **columns: Any) -> None:
    """A site's own table; `userid` and the others may be given another type, or None."""
    make_schema(database)
    kinds = {**REQUIRED, **columns}
    make_table(database, {c: kind for c, kind in kinds.items() if kind is not None}, name)


def write(database: Database, **values: str | None) -> tuple[dict[str, Any], Changes]:
    """Write a record into row 1; returns what is there then, and what was done to the values."""
    there = database.candidates
    by_name = VALUES | values
    changes: Changes = {}
    row = there.fit_row(
        [by_name.get(column.name) for column in COLUMNS], changes, keep_existing=False
    )
    dialect = database.dialect

    def work(connection: sa.Connection) -> int:
        dialect.insert_rows(connection, there.table, (there.userid.name,), [(1,)])
        return dialect.update_rows(
            connection, there.table, (there.userid.name,), there.names, [(*row, 1)]
        )

    assert database.write(work) == 1
    [found] = rows_of(database, sa.select(there.table))
    spelt = {column.name: there.column(column.name) for column in COLUMNS}
    return {
        name: found._mapping[column] for name, column in spelt.items() if column is not None
    }, changes


def test_the_table_that_init_db_makes(database: Database) -> None:
    assert not database.candidates.missing
    assert len(database.candidates.targets) == len(COLUMNS) == 78
    # As `to_record` gives them: what was cut to our own lengths is counted there.
    titles = {"PrimaryTitle": "日本" * 127 + "日", "SecondaryTitle": "😀" * 127}
    found, changes = write(database, **titles)
    assert found["FirstName"] == VALUES["FirstName"]
    assert found["PrimaryTitle"] == titles["PrimaryTitle"]
    assert found["SecondaryTitle"] == titles["SecondaryTitle"]  # two units of UTF-16 each
    assert not changes
    assert found["MostRecentStartDate"] == "2019-03"
    assert found["MostRecentEndDate"] == "Present"
    assert found["Summary"] == "NULL"
    assert found["City"] is None


def test_dates_as_dates(empty_database: Database) -> None:
    site(
        empty_database,
        MostRecentStartDate=sa.Date(),
        MostRecentEndDate=sa.Date(),
        SecondMostRecentEndDate=sa.DateTime().with_variant(mssql.DATETIME(), "mssql"),
    )
    found, changes = write(empty_database)
    assert found == {
        "MostRecentStartDate": datetime.date(2019, 3, 1),
        "MostRecentEndDate": None,  # Present is no date
        "SecondMostRecentEndDate": datetime.datetime(2018, 12, 1),  # noqa: DTZ001
    }
    assert not changes


def test_where_all_columns_are_there_a_shorter_one_is_seen(empty_database: Database) -> None:
    declared: dict[str, Any] = {
        c.name: sa.Unicode(c.length) if c.length else sa.UnicodeText() for c in COLUMNS
    }
    site(empty_database, **(declared | {"FirstName": sa.Unicode(4)}))
    assert not empty_database.candidates.left_out
    # The others are as long as declared: what reading an answer cut to that is not cut again.
    found, changes = write(empty_database, PrimaryTitle="日本", SecondaryTitle="😀")
    assert found["FirstName"] == "Zażó"
    assert changes["FirstName"] is Change.cut


def test_shorter_texts_are_cut_at_a_character_and_counted(empty_database: Database) -> None:
    site(
        empty_database,
        FirstName=sa.Unicode(4),
        PrimaryTitle=sa.Unicode(5),
        SecondaryTitle=sa.Unicode(5),
        MostRecentStartDate=sa.Unicode(4),
        MostRecentEndDate=sa.Unicode(10),
    )
    found, changes = write(empty_database)
    assert found == {
        "FirstName": "Zażó",
        "PrimaryTitle": "日本日本日",
        "SecondaryTitle": "😀😀",
        "MostRecentStartDate": None,  # half a date would be a wrong one
        "MostRecentEndDate": "Present",
    }
    assert changes == {
        "FirstName": Change.cut,
        "PrimaryTitle": Change.cut,
        "SecondaryTitle": Change.cut,
        "MostRecentStartDate": Change.nulled,
    }


def test_numbers_as_numbers(empty_database: Database) -> None:
    """Rounded where the column keeps less, NULL where it does not hold as much; and told."""
    site(
        empty_database,
        YearsofExperience=sa.Integer(),
        AvgTenure=sa.Numeric(4, 1),
        LengthinUS=sa.SmallInteger(),
        Phone1=sa.BigInteger(),
        Phone2=sa.Integer(),
        PrimaryTitle=sa.Float(),
    )
    found, changes = write(
        empty_database, LengthinUS="99999", Phone1="5550100199", Phone2="0301234567"
    )
    assert found == {
        "YearsofExperience": 8,
        "AvgTenure": Decimal("2.5"),
        "LengthinUS": None,
        "Phone1": 5550100199,
        "Phone2": None,  # without its zero it would be another
        "PrimaryTitle": None,
    }
    assert changes == {
        "YearsofExperience": Change.cut,
        "LengthinUS": Change.nulled,
        "Phone2": Change.nulled,
        "PrimaryTitle": Change.nulled,
    }


def test_missing_columns_are_named_and_left_out(empty_database: Database) -> None:
    site(empty_database, FirstName=sa.Unicode(100), Extra=sa.Integer())
    there = empty_database.candidates
    assert len(there.missing) == len(COLUMNS) - 1
    assert "LastName" in there.missing
    assert there.column("LastName") is None
    found, _ = write(empty_database)
    assert found == {"FirstName": VALUES["FirstName"]}


def test_columns_of_types_that_are_not_ours_to_write(empty_database: Database) -> None:
    site(empty_database, FirstName=sa.LargeBinary(), LastName=sa.Unicode(50))
    left_out = empty_database.candidates.left_out
    assert left_out["FirstName"] == "of a type that is not ours to write"
    assert "FirstName" not in empty_database.candidates.missing
    assert "LastName" not in left_out


def test_last_processed_must_be_ours_to_set(backend: str, empty_database: Database) -> None:
    if backend != SQLITE:
        pytest.skip("the types of computed columns are the stand-in's own")
    name = empty_database.table_name
    lines = "userid INT PRIMARY KEY, markdownResume TEXT, datelastmodified DATETIME"
    computed = "LastProcessed DATETIME GENERATED ALWAYS AS (datelastmodified) VIRTUAL"
    empty_database.write(lambda c: c.exec_driver_sql(f"CREATE TABLE {name} ({lines}, {computed})"))
    with pytest.raises(TableProblem, match=r"LastProcessed of .* is computed: it must be ours"):
        _ = empty_database.candidates


def test_a_computed_column_is_left_alone(backend: str, empty_database: Database) -> None:
    site(empty_database, FirstName=sa.Unicode(50))
    table, add = empty_database.candidates.table.fullname, "ADD City AS (userid + 1)"
    if backend == SQLITE:
        add = "ADD COLUMN City GENERATED ALWAYS AS (userid + 1) VIRTUAL"
    empty_database.write(lambda c: c.exec_driver_sql(f"ALTER TABLE {table} {add}"))
    empty_database.forget()
    assert empty_database.candidates.left_out["City"] == "computed"
    assert "City" not in empty_database.candidates.missing


def test_names_in_another_case(empty_database: Database) -> None:
    make_schema(empty_database)
    names = {name.upper(): kind for name, kind in REQUIRED.items()}
    make_table(empty_database, {**names, "firstname": sa.Unicode(100)})
    found, _ = write(empty_database)
    assert found == {"FirstName": VALUES["FirstName"]}


@pytest.mark.parametrize("lacking", [*REQUIRED])
def test_a_table_without_a_needed_column(empty_database: Database, lacking: str) -> None:
    columns = {name: kind for name, kind in REQUIRED.items() if name != lacking}
    make_schema(empty_database)
    make_table(empty_database, {"id": sa.Integer(), **columns})
    with pytest.raises(TableProblem, match=lacking):
        _ = empty_database.candidates


def test_a_needed_column_of_a_type_that_is_not_read(empty_database: Database) -> None:
    site(empty_database, markdownResume=sa.LargeBinary())
    with pytest.raises(TableProblem, match=r"has no column markdownResume; nothing works"):
        _ = empty_database.candidates


def test_last_processed_must_hold_a_time(empty_database: Database) -> None:
    site(empty_database, LastProcessed=sa.Integer())
    with pytest.raises(TableProblem, match=r"LastProcessed of .* must hold a date and time\.$"):
        _ = empty_database.candidates


def test_no_table(empty_database: Database) -> None:
    with pytest.raises(TableProblem, match="init-db") as problem:
        _ = empty_database.candidates
    schema, name = empty_database.schema, empty_database.table_name
    full = f"{schema}.{name}" if schema else name
    assert str(problem.value).startswith(f"There is no table {full}, or this login may not see it")


def test_no_table_in_that_schema(backend: str, empty_database: Database) -> None:
    if backend == SQLITE:
        empty_database.schema = "main"
    with pytest.raises(TableProblem, match=f"^There is no table {empty_database.schema}\\."):
        _ = empty_database.candidates


def test_a_whole_table_one_of_whose_columns_is_never_null(empty_database: Database) -> None:
    declared: dict[str, Any] = {
        c.name: sa.Unicode(c.length) if c.length else sa.UnicodeText() for c in COLUMNS
    }
    site(empty_database, **declared)
    table = empty_database.candidates.table.fullname

    def alter(connection: sa.Connection) -> None:
        for change in ("DROP COLUMN City", "ADD City NVARCHAR(255) NOT NULL DEFAULT ''"):
            connection.exec_driver_sql(f"ALTER TABLE {table} {change}")

    empty_database.write(alter)
    empty_database.forget()
    there = empty_database.candidates
    assert not there.left_out
    assert there.stand_ins == {"City": ""}
    assert not there.are_nullable
    found, _ = write(empty_database, PrimaryTitle="Welder", SecondaryTitle=None)
    assert (found["City"], found["State"]) == ("", None)


def test_a_table_of_another_name(empty_database: Database) -> None:
    name = "people, of HR"
    site(empty_database, name, FirstName=sa.Unicode(50))
    empty_database.table_name = name
    initialise(empty_database)
    found, _ = write(empty_database, PrimaryTitle="Welder", SecondaryTitle=None)
    assert found["FirstName"] == VALUES["FirstName"]


@pytest.mark.parametrize(
    "kind",
    [
        sa.BigInteger(),
        sa.Unicode(40),
        sa.String(40),
        pytest.param(mssql.UNIQUEIDENTIFIER(), marks=pytest.mark.sqlserver),
        pytest.param(
            mssql.NVARCHAR(40, collation="SQL_Latin1_General_CP1_CI_AS"),
            marks=pytest.mark.sqlserver,
        ),
    ],
    ids=["bigint", "nvarchar", "varchar", "uniqueidentifier", "nvarchar_ci"],
)
def test_the_ledger_has_the_type_of_the_ids(
    backend: str, empty_database: Database, kind: sa.types.TypeEngine[Any]
) -> None:
    if backend == SQLITE and (isinstance(kind, sa.Uuid) or getattr(kind, "collation", None)):
        pytest.skip("a type of SQL Server")
    site(empty_database, userid=kind)
    initialise(empty_database)
    inspector = sa.inspect(empty_database.engine)
    for table in ("resume_claims", "resume_batch_items"):
        columns = inspector.get_columns(table, schema=empty_database.schema)
        [own] = [column["type"] for column in columns if column["name"] == "userid"]
        real = empty_database.candidates.userid.type
        assert type(own) is type(real)
        assert getattr(own, "length", None) == getattr(real, "length", None)
        assert getattr(own, "collation", None) == getattr(real, "collation", None)


@pytest.mark.parametrize(
    ("text", "schema", "name"),
    [
        ("aicandidate", None, "aicandidate"),
        ("dbo.aicandidate", "dbo", "aicandidate"),
        ("hr.dbo.people", "hr.dbo", "people"),
        ("[my schema].[the table]", "my schema", "the table"),
        ("[a.b].[c]]d]", "[a.b]", "c]d"),
        ('"x"."y""z"', "x", 'y"z'),
    ],
)
def test_names_as_people_write_them(text: str, schema: str | None, name: str) -> None:
    assert split_name(text) == (schema, name)


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", "a.b.c.d", "[a", "a]b", "[a]b"])
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(SettingsError, match="RESUME_TABLE"):
        split_name(text)


@pytest.mark.parametrize(
    ("kind", "default", "taken"),
    [
        (sa.Unicode(9), None, ""),
        (sa.Unicode(9), "(N'it''s')", "it's"),
        (sa.Unicode(9), "('')", ""),
        (sa.Integer(), "((7))", 7),
        (sa.Integer(), "CONVERT([int],'7')", 7),
        (sa.Integer(), "(CONVERT([int],(0)))", 0),
        (sa.Integer(), "CAST('7' AS int)", 7),
        (sa.Integer(), "CAST((-3) AS [decimal](9, 0))", -3),
        (sa.Integer(), "('x')", None),
        (sa.Integer(), "(1 + 1)", None),
        (sa.Integer(), None, None),
        (sa.Numeric(3, 1), "((1.5))", Decimal("1.5")),
        (sa.Numeric(3, 1), "('x')", None),
        (sa.DateTime(), "('2019-03-05T00:00:00')", datetime.date(2019, 3, 5)),
        (sa.DateTime(), "(getdate())", None),
        (sa.DateTime(), "('March')", None),
    ],
)
def test_what_stands_for_null_is_the_default_if_that_is_a_value(
    kind: Any, default: str | None, taken: Any
) -> None:
    found = candidates._stand_in(kind, default)
    assert (found, type(found)) == (taken, type(taken))


@pytest.mark.parametrize(
    ("kind", "collation"),
    [
        (mssql.VARCHAR(9, collation="Polish_CI_AS"), "Polish_CI_AS"),
        (mssql.VARCHAR(9), ""),
        (mssql.NVARCHAR(9, collation="Polish_CI_AS"), ""),  # Unicode, whatever it sorts by
        (sa.UnicodeText(collation="Polish_CI_AS"), ""),
        (sa.Integer(), ""),
    ],
)
def test_which_columns_hold_one_code_page(kind: Any, collation: str) -> None:
    assert candidates._code_page_collation(kind) == collation


def test_each_collation_is_asked_for_once(database: Database) -> None:
    asked: list[Any] = []

    class Server:
        def codecs(self, _: sa.Connection, collations: Any) -> dict[str, str]:
            asked.extend(collations)
            return dict.fromkeys(collations, "cp1250")

    polish = mssql.VARCHAR(9, collation="Polish_CI_AS")
    ask: Any = candidates._codecs
    found = database.read(lambda c: ask(c, Server(), [polish, sa.Integer(), polish]))
    assert found == {"Polish_CI_AS": "cp1250"}
    assert asked == ["Polish_CI_AS"]
