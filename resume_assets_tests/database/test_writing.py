"""A chunk of records: fields, LastProcessed, the items' ends and the claims, all or nothing."""

import datetime
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql

from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.ledger.states import ItemState
from resume_assets.choices import NotBorneOut
from resume_assets.database.connect import Database
from resume_assets.database.setup import initialise
from resume_assets.extraction.candidate import COLUMNS
from resume_assets.settings import Settings
from resume_assets_tests.collected import KEY, answers_to, collected_batch, write_all
from resume_assets_tests.database.broken import lost_connection
from resume_assets_tests.databases import (
    SQLITE,
    make_schema,
    make_table,
    rows_of,
    seed,
    settings,
)


@pytest.fixture
def quick() -> Settings:
    return settings()


def candidate(database: Database, userid: Any) -> SimpleNamespace:
    """A record by the columns' usual names: a server may spell them in lower case."""
    there = database.candidates
    columns = {column.name: there.column(column.name) for column in COLUMNS}
    columns = {name: column for name, column in columns.items() if column is not None}
    query = sa.select(there.processed, *columns.values()).where(there.userid == userid)
    [row] = rows_of(database, query)
    return SimpleNamespace(**dict(zip(("LastProcessed", *columns), row, strict=True)))


def states(database: Database) -> dict[Any, str]:
    items = database.ledger.items
    return {row.userid: row.state for row in rows_of(database, sa.select(items))}


def test_records_are_written_with_their_ledger(database: Database, quick: Settings) -> None:
    seed(database, 30)
    collected_batch(database, quick, 20)
    names = {1: "Łódź", 2: "日本語", 3: 'O\'Brien "the" --', 4: "👩🏽‍💻", 5: "back\\slash"}
    answers = list(
        answers_to(database, change=lambda userid: {"first_name": names.get(userid, "Ada")})
    )
    with leased(database, KEY) as lease:
        writer = write_all(lease, answers, chunk=7)
    assert writer.applied.written == 20
    assert not writer.applied.ends
    for userid, name in names.items():
        assert candidate(database, userid).FirstName == name
    row = candidate(database, 20)
    assert row.LastName == "Łódzka"
    assert row.MostRecentStartDate == "2021-03"
    assert row.MostRecentEndDate == "Present"
    assert row.FourthMostRecentCompany is None
    assert row.LastProcessed.microsecond == 0
    assert candidate(database, 21).LastProcessed is None
    items = database.ledger.items
    [kept] = rows_of(database, sa.select(items).where(items.c.userid == 20))
    assert (kept.state, kept.input_tokens, kept.output_tokens) == ("succeeded", 1900, 420)
    assert kept.last_processed == row.LastProcessed
    assert kept.attempt_used in (False, 0)
    assert not rows_of(database, sa.select(database.ledger.claims))
    assert set(states(database).values()) == {"succeeded"}


CASE_BLIND = mssql.NVARCHAR(40, collation="SQL_Latin1_General_CP1_CI_AS")
SITES: dict[str, tuple[Any, list[Any]]] = {
    "int": (sa.Integer(), [7, -(2**31)]),
    "bigint": (sa.BigInteger(), [2**40 + 1, 8]),
    "nvarchar": (sa.Unicode(40), ["Ł-1", "a b;c'd"]),
    "varchar": (sa.String(40), ["A-1", "x-2"]),
    "case_blind": (CASE_BLIND, ["Abc", "x-2"]),
    "uniqueidentifier": (mssql.UNIQUEIDENTIFIER(), [uuid.UUID(int=1), uuid.UUID(int=2**127)]),
}


@pytest.mark.parametrize("kind", SITES)
def test_a_site_of_its_own_from_claim_to_record(
    backend: str, empty_database: Database, quick: Settings, kind: str
) -> None:
    """Another name, ids of another type, dates as dates, a column less."""
    userid, ids = SITES[kind]
    if backend == SQLITE and kind in ("case_blind", "uniqueidentifier"):
        pytest.skip("a type of SQL Server")
    database = empty_database
    database.table_name = "people of HR"
    make_schema(database)
    columns = {
        "UserID": userid,
        "markdownresume": sa.UnicodeText(),
        "DateLastModified": sa.DateTime(),
        "lastprocessed": sa.DateTime(),
        "FirstName": sa.Unicode(3),
        "MostRecentStartDate": sa.Date(),
        "MostRecentEndDate": sa.DateTime(),
        "Theirs": sa.Integer(),
    }
    table = make_table(database, columns)
    initialise(database)
    quoted = database.engine.dialect.identifier_preparer.format_table(table)
    lacking = f"ALTER TABLE {quoted} DROP COLUMN LastName"
    database.write(lambda connection: connection.exec_driver_sql(lacking))
    database.forget()
    assert database.candidates.missing == ("LastName",)
    seed(database, dict.fromkeys(ids, "a resume"))
    collected_batch(database, quick, 2)
    with leased(database, KEY) as lease:
        writer = write_all(lease, list(answers_to(database)))
    assert writer.applied.written == 2
    assert writer.applied.values_cut == 2  # Zofia, twice
    assert set(states(database).values()) == {ItemState.succeeded}
    assert not rows_of(database, sa.select(database.ledger.claims))
    assert candidate(database, ids[0]).PrimaryTitle == "Data Engineer"
    found = rows_of(database, sa.select(table))
    assert {row[0] for row in found} == set(ids)
    for row in found:
        assert row[3] is not None
        assert row[4:] == ("Zof", datetime.date(2021, 3, 1), None, None)


def test_what_could_not_be_read_is_kept_in_the_ledger(database: Database, quick: Settings) -> None:
    seed(database, 2)
    collected_batch(database, quick, 2)
    job = {"company": "Acme", "end": "", "location": ""}
    starts = {1: "some day", 2: "2019-03"}
    answers = list(
        answers_to(
            database, change=lambda userid: {"positions": [{**job, "start": starts[userid]}]}
        )
    )
    with leased(database, KEY) as lease:
        writer = write_all(lease, answers)
    items = database.ledger.items
    unread = {row.userid: row.unread for row in rows_of(database, sa.select(items))}
    assert unread[2] is None
    assert json.loads(unread[1]) == {"MostRecentStartDate": "some day"}
    assert writer.applied.dates_unread == 1


def test_titles_of_300_characters_are_cut_at_a_character(
    database: Database, quick: Settings
) -> None:
    seed(database, 2)
    collected_batch(database, quick, 2)
    titles = {1: ["日本" * 150, "😀" * 300], 2: ["Welder", "e\u0301" * 150]}
    answers = list(answers_to(database, change=lambda userid: {"titles": titles[userid]}))
    with leased(database, KEY) as lease:
        writer = write_all(lease, answers)
    first, second = candidate(database, 1), candidate(database, 2)
    assert first.PrimaryTitle == ("日本" * 150)[:255]
    assert first.SecondaryTitle == "😀" * 127  # two units of UTF-16 each
    assert second.PrimaryTitle == "Welder"
    assert ("e\u0301" * 150).startswith(second.SecondaryTitle)
    assert 250 <= len(second.SecondaryTitle) <= 255
    assert writer.applied.values_cut == 3


def test_what_was_done_to_values_is_kept_by_column(database: Database, quick: Settings) -> None:
    database.not_borne_out = NotBorneOut.keep  # these resumes say nothing
    seed(database, 3)
    collected_batch(database, quick, 3)
    job = {"company": "Acme", "start": "", "end": "2020-01", "location": "Austin, TX"}
    given: dict[int, dict[str, Any]] = {
        1: {"positions": [job | {"start": "2019-01"}]},
        2: {"positions": [job | {"start": "some day"}], "titles": ["T" * 300]},
        3: {"positions": [job | {"start": "2019"}], "city": "a@x.example"},
    }
    answers = list(answers_to(database, change=lambda userid: given[userid]))
    with leased(database, KEY) as lease:
        applied = write_all(lease, answers).applied
    items = database.ledger.items
    columns = (items.c.months_assumed, items.c.values_cut, items.c.changes, items.c.unread)
    plain, cut, assumed = rows_of(database, sa.select(*columns).order_by(items.c.userid))
    assert tuple(plain) == (0, 0, None, None)
    assert (cut.months_assumed, cut.values_cut) == (0, 2)
    assert json.loads(cut.unread) == {"MostRecentStartDate": "some day"}
    # Two numbers that no date bears out: the experience is the model's word.
    assert json.loads(cut.changes) == {
        "PrimaryTitle": "cut",
        "MostRecentStartDate": "date not read",
        "LengthinUS": "not computed",
        "YearsofExperience": "not computed",
        "AvgTenure": "made NULL",
    }
    assert (assumed.months_assumed, assumed.values_cut, assumed.unread) == (1, 1, None)
    assert json.loads(assumed.changes) == {
        "City": "made NULL",
        "MostRecentStartDate": "month assumed",
    }
    assert applied.changes["City", "made NULL"] == 1
    assert (applied.months_assumed, applied.dates_unread) == (1, 1)
    assert "some day" not in str(applied.changes)


def test_what_others_did_meanwhile_is_left_alone(database: Database, quick: Settings) -> None:
    seed(database, 6)
    collected_batch(database, quick, 6)
    there = database.candidates
    done = datetime.datetime(2026, 5, 5, 5, 5, 5)  # noqa: DTZ001

    def interfere(connection: sa.Connection) -> None:
        change = there.table.update()
        connection.execute(
            change.where(there.userid == 1).values({there.text.name: "another text"})
        )
        connection.execute(change.where(there.userid == 2).values({there.processed.name: done}))
        connection.execute(there.table.delete().where(there.userid == 3))

    database.write(interfere)
    answers = list(answers_to(database))
    with leased(database, KEY) as lease:
        writer = write_all(lease, answers)
    assert writer.applied.written == 3
    assert states(database) == dict.fromkeys((1, 2, 3), "stale") | dict.fromkeys(
        (4, 5, 6), "succeeded"
    )
    assert candidate(database, 1).FirstName is None
    assert candidate(database, 1).LastProcessed is None
    assert candidate(database, 2).LastProcessed == done
    assert not rows_of(database, sa.select(database.ledger.claims))


def test_a_failing_chunk_leaves_nothing(database: Database, quick: Settings) -> None:
    seed(database, 5)
    collected_batch(database, quick, 5)
    answers = list(answers_to(database))

    class Stop(Exception):
        pass

    with leased(database, KEY) as lease:

        def work(connection: sa.Connection) -> None:
            write_all_in(connection)
            raise Stop

        from resume_assets.batches.records.writing import Writer

        writer = Writer(lease)
        rows = list(writer.rows(answers))

        def write_all_in(connection: sa.Connection) -> None:
            written, _ = writer._commit(connection, rows, look_first=False)
            assert len(written) == 5

        with pytest.raises(Stop):
            lease.write(work)
        assert set(states(database).values()) == {"submitted"}
        assert candidate(database, 1).LastProcessed is None
        writer.write(rows)
    assert set(states(database).values()) == {"succeeded"}


@contextmanager
def answer_of_commit_lost(database: Database, times: int = 1) -> Iterator[list[int]]:
    """The server commits, and the connection breaks before it can say so."""
    lost: list[int] = []

    def commit(connection: sa.Connection) -> None:
        if len(lost) < times:
            lost.append(1)
            connection.connection.dbapi_connection.commit()  # type: ignore[union-attr]
            raise lost_connection(connection)

    sa.event.listen(database.engine, "commit", commit)
    try:
        yield lost
    finally:
        sa.event.remove(database.engine, "commit", commit)


def test_a_commit_whose_answer_was_lost_counts_once(database: Database, quick: Settings) -> None:
    seed(database, 8)
    collected_batch(database, quick, 8)
    answers = list(answers_to(database))
    with leased(database, KEY) as lease, answer_of_commit_lost(database) as lost:
        writer = write_all(lease, answers)
    assert lost
    assert writer.applied.written == 8
    assert not writer.applied.ends
    assert set(states(database).values()) == {ItemState.succeeded}
    assert not rows_of(database, sa.select(database.ledger.claims))


def test_keep_existing_keeps_what_the_answer_does_not_know(
    database: Database, quick: Settings
) -> None:
    database.keep_existing = True
    seed(database, 1)
    there = database.candidates
    old = {there.column("MiddleName"): "Maria", there.column("FirstName"): "Old"}
    before = there.table.update().values(old)
    database.write(lambda connection: connection.execute(before))
    collected_batch(database, quick, 1)
    with leased(database, KEY) as lease:
        write_all(lease, list(answers_to(database)))
    row = candidate(database, 1)
    assert (row.MiddleName, row.FirstName) == ("Maria", "Zofia")


@pytest.mark.parametrize("backend", ["sqlserver"], indirect=True)
def test_no_question_mark_gets_into_a_varchar(empty_database: Database, quick: Settings) -> None:
    """A column of one code page, beside a resume in any script."""
    database = empty_database
    make_schema(database)
    make_table(
        database,
        {
            "userid": sa.Integer(),
            "markdownResume": sa.UnicodeText(),
            "datelastmodified": sa.DateTime(),
            "LastProcessed": sa.DateTime(),
            "FirstName": mssql.VARCHAR(50, collation="Latin1_General_CI_AS"),
            "LastName": mssql.VARCHAR(50, collation="Polish_CI_AS"),
            "City": mssql.VARCHAR(50, collation="Latin1_General_CI_AS"),
            "Email": sa.Unicode(10),
            "LengthinUS": sa.Integer(),
        },
    )
    initialise(database)
    seed(database, 2)
    collected_batch(database, quick, 2)
    answer = {"first_name": "Łukasz", "last_name": "Wiśniewski", "city": "München"}
    other = {"first_name": "山田", "last_name": "山田", "city": "Łódź"}
    answers = answers_to(database, change=lambda userid: answer if userid == 1 else other)
    with leased(database, KEY) as lease:
        writer = write_all(lease, list(answers))
    first, second = candidate(database, 1), candidate(database, 2)
    assert (first.FirstName, first.LastName, first.City) == ("Lukasz", "Wiśniewski", "München")
    assert (second.FirstName, second.LastName, second.City) == (None, None, "Lódz")
    assert first.Email is None
    assert isinstance(first.LengthinUS, int)
    # Łukasz; twice 山田, and Łódź; two addresses; and years that were rounded.
    assert writer.applied.values_cut == 1 + 3 + 2 + 2
