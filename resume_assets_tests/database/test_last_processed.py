"""`LastProcessed` in whatever type a site has: what we compare is what the column kept."""

import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.records.auditing import audit_dates
from resume_assets.batches.records.rewriting import Rewriter
from resume_assets.batches.records.writing import Writer
from resume_assets.database.candidates import TableProblem
from resume_assets.database.connect import Database
from resume_assets.database.setup import initialise
from resume_assets.extraction.candidate import COLUMNS
from resume_assets_tests.collected import KEY, answers_to, collected_batch
from resume_assets_tests.databases import SQLITE, make_schema, rows_of, seed, settings

ROWS = 3


def site(database: Database, kind: str) -> None:
    make_schema(database)
    table = f"{database.schema}.{database.table_name}" if database.schema else database.table_name
    longest = "TEXT" if database.dialect.name == SQLITE else "NVARCHAR(MAX)"
    columns = ", ".join(
        f"{column.name} NVARCHAR({column.length})" if column.length else f"{column.name} {longest}"
        for column in COLUMNS
    )
    with database.engine.begin() as connection:
        connection.exec_driver_sql(
            f"CREATE TABLE {table} (userid INT NOT NULL PRIMARY KEY, markdownResume {longest}, "
            f"datelastmodified DATETIME, LastProcessed {kind}, {columns})"
        )
    initialise(database)
    seed(database, ROWS)
    collected_batch(database, settings(), ROWS)


def write(database: Database, kind: type[Writer], **changes: Any) -> tuple[int, int]:
    """Write all answers; how many were written, and how many left alone."""
    with leased(database, KEY) as lease:
        writer = kind(lease)
        writer.write(list(writer.rows(answers_to(database, change=lambda _: changes))))
    return writer.applied.written, writer.applied.superseded


def kept(database: Database) -> dict[int, Any]:
    there = database.candidates
    rows = rows_of(database, sa.select(there.userid, there.processed))
    return {row[0]: row[1] for row in rows}


def cities(database: Database) -> dict[int, str]:
    there = database.candidates
    city = there.column("City")
    assert city is not None
    return {row[0]: row[1] for row in rows_of(database, sa.select(there.userid, city))}


def all_are_known_again(database: Database) -> None:
    assert write(database, Writer) == (ROWS, 0)
    looked_at = database.read(lambda c: audit_dates(c, database, KEY)).formats.looked_at
    assert looked_at == ROWS
    before = kept(database)
    assert None not in before.values()
    assert write(database, Rewriter, city="Boston") == (ROWS, 0)
    assert kept(database) == before
    assert set(cities(database).values()) == {"Boston"}
    # And what somebody else processed is told from it.
    there = database.candidates
    other = before[2] - datetime.timedelta(days=1) if not isinstance(before[2], str) else "x"
    key, names = (there.userid.name,), (there.processed.name,)
    update_rows = database.dialect.update_rows
    database.write(lambda c: update_rows(c, there.table, key, names, [(other, 2)]))
    assert write(database, Rewriter, city="Oslo") == (ROWS - 1, 1)
    assert cities(database) == {1: "Oslo", 2: "Boston", 3: "Oslo"}
    assert database.read(lambda c: audit_dates(c, database, KEY)).formats.looked_at == ROWS - 1


@pytest.mark.parametrize(
    "kind",
    [
        "DATETIME",
        "SMALLDATETIME",
        "DATE",
        "DATETIME2(0)",
        "DATETIME2(7)",
        "DATETIMEOFFSET(0)",
        "NVARCHAR(30)",
    ],
)
def test_compared_as_the_column_keeps_it(empty_database: Database, kind: str) -> None:
    site(empty_database, kind)
    all_are_known_again(empty_database)


@pytest.mark.parametrize("backend", [SQLITE], indirect=True)
@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:00", "%Y-%m-%d %H:%M", "%Y-%m-%d"])
def test_a_trigger_rounds_it(empty_database: Database, form: str) -> None:
    site(empty_database, "DATETIME")
    trigger = (
        "CREATE TRIGGER rounds AFTER UPDATE OF LastProcessed ON aicandidate BEGIN "
        f"UPDATE aicandidate SET LastProcessed = strftime('{form}', NEW.LastProcessed) "
        "WHERE userid = NEW.userid; END"
    )
    with empty_database.engine.begin() as connection:
        connection.exec_driver_sql(trigger)
    all_are_known_again(empty_database)


@pytest.mark.parametrize("backend", ["sqlserver"], indirect=True)
def test_with_a_zone_it_is_the_right_moment(empty_database: Database) -> None:
    site(empty_database, "DATETIMEOFFSET(0)")
    write(empty_database, Writer)
    now = datetime.datetime.now(datetime.UTC)
    for moment in kept(empty_database).values():
        assert abs(moment - now) < datetime.timedelta(minutes=30)


@pytest.mark.parametrize("kind", ["INT", "DECIMAL(9, 2)"])
def test_a_type_that_holds_no_time_is_said_to(empty_database: Database, kind: str) -> None:
    with pytest.raises(TableProblem, match=r"(?i)LastProcessed.*date"):
        site(empty_database, kind)
