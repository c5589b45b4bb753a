"""Records in the database against known answers: whose records, and as their columns hold them."""

import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets.batches.records.judging import Unjudged, _day, judge, judge_batch
from resume_assets.database.connect import Database
from resume_assets.database.setup import initialise
from resume_assets.evaluation import Not, Score, Since
from resume_assets.evaluation.gold import Known
from resume_assets.extraction.text import text_hash
from resume_assets_tests.databases import (
    backend,
    database,
    empty_database,
    make_schema,
    make_table,
    seed,
)
from resume_assets_tests.flow import KEY, Flowing, resume

__all__ = ["backend", "database", "empty_database"]

WRITTEN = datetime.datetime(2026, 1, 15, 12)  # noqa: DTZ001 (a column without zone)


def know(userid: Any, text: str | None = None, **answers: Any) -> Known:
    hashed = None if text is None else text_hash(text)
    return Known(None if userid is None else str(userid), hashed, answers)


def spelt(database: Database, column: str) -> str:
    """A column's name as the table has it."""
    found = database.candidates.column(column)
    assert found is not None
    return found.name


def write(database: Database, userid: Any, **record: Any) -> None:
    there = database.candidates
    values = {spelt(database, column): value for column, value in record.items()}
    values[there.processed.name] = WRITTEN
    statement = there.table.update().where(there.userid == userid).values(values)
    database.write(lambda connection: connection.execute(statement))


def note_item(database: Database, userid: Any, text: str, *, state: str = "succeeded") -> None:
    """What the ledger has of a candidate that batch b1 wrote."""
    row = {
        "batch_key": KEY,
        "userid": userid,
        "position": 0,
        "custom_id": str(userid),
        "state": state,
        "attempt_used": False,
        "forgiven": False,
        "text_bytes": 1,
        "text_hash": text_hash(text),
        "truncated": False,
        "room": 1,
    }
    database.write(lambda connection: connection.execute(database.ledger.items.insert(), [row]))


def test_by_id(database: Database):
    seed(database, 3)
    write(database, 1, City="Turku", State="TX")
    write(database, 2, City="Waco")
    found = judge(database, [know(1, City="Turku", State=None), know(2, City="Turku")])
    assert found.report.records == 2
    assert found.report.by_column == {"City": Score(right=1, wrong=1), "State": Score(invented=1)}
    assert not found.unjudged


def test_those_without_a_record_are_counted_by_why(database: Database):
    seed(database, 3)
    write(database, 2, City="Turku")
    gold = [
        know(1, City="Turku"),
        know(2, "another text", City="Turku"),
        know(4711, City="Turku"),
        know("no such id", City="Turku"),
        know(2**70, City="Turku"),
        know(2**63, City="Turku"),
        know(-(2**63), City="Turku"),
        know(None, "a text that no batch has seen", City="Turku"),
    ]
    found = judge(database, gold)
    assert found.report.records == 0
    assert found.unjudged == {Unjudged.unprocessed: 1, Unjudged.changed: 1, Unjudged.unknown: 6}


def test_by_the_text_where_a_batch_has_written_it(database: Database):
    seed(database, 3)
    for userid in (1, 2, 3):
        write(database, userid, City="Turku")
    note_item(database, 1, "Resume of 1")
    note_item(database, 2, "what 2 had then")
    note_item(database, 3, "Resume of 3", state="refused")
    texts = ("Resume of 1", "what 2 had then", "Resume of 3")
    found = judge(database, [know(None, text, City="Turku") for text in texts])
    assert found.report.total == Score(right=1)
    assert found.unjudged == {Unjudged.changed: 1, Unjudged.unknown: 1}


def test_by_id_and_by_text_at_once(database: Database):
    seed(database, 2)
    for userid in (1, 2):
        write(database, userid, City="Turku", State="TX")
    note_item(database, 1, "Resume of 1")
    note_item(database, 2, "what 2 had then")
    gold = [
        know(1, City="Turku"),
        know(2, City="Turku"),
        know(None, "Resume of 1", State="LA"),
        know(None, "what 2 had then", State="LA"),
    ]
    found = judge(database, gold)
    assert found.report.by_column == {"City": Score(right=2), "State": Score(wrong=1)}
    assert found.unjudged == {Unjudged.changed: 1}


def test_more_of_them_than_one_statement_takes(database: Database):
    seed(database, 1_201)
    there = database.candidates
    statement = there.table.update().values(
        {there.processed.name: WRITTEN, spelt(database, "City"): "Turku"}
    )
    database.write(lambda connection: connection.execute(statement))
    found = judge(database, [know(userid, City="Turku") for userid in range(1, 1_202)])
    assert found.report.total == Score(right=1_201)


def test_what_grows_is_counted_to_the_day_of_the_record(database: Database):
    seed(database, 1)
    write(database, 1, LengthinUS="10.6")
    assert judge(database, [know(1, LengthinUS=Since("2015-06"))]).report.total == Score(right=1)


@pytest.mark.parametrize(
    ("processed", "day"),
    [
        (WRITTEN, WRITTEN),
        (datetime.date(2026, 1, 15), datetime.date(2026, 1, 15)),
        ("2026-01-15 12:00:00", datetime.date(2026, 1, 15)),  # of a text column
        ("2026-01-15", datetime.date(2026, 1, 15)),
        ("15 Jan", None),
        (None, None),
    ],
)
def test_the_day_of_a_record_whatever_its_column_holds(processed: Any, day: datetime.date | None):
    assert _day(processed) == day


def test_a_value_found_wrong_by_a_person(database: Database):
    seed(database, 1)
    write(database, 1, City="Turku", State="TX")
    known = Known("1", None, {"City": Not("Turku")}, frozenset(["State"]))
    assert judge(database, [known]).report.total == Score(wrong=2)
    write(database, 1, City="Åbo")
    assert judge(database, [known]).report.total == Score(wrong=1)


def test_a_table_of_another_shape(empty_database: Database):
    """Answers are compared as its columns can hold them, and only where it has the columns."""
    make_schema(empty_database)
    date, kind = sa.Date(), sa.Unicode
    make_table(
        empty_database,
        {
            "userid": kind(20),
            "markdownResume": sa.UnicodeText(),
            "datelastmodified": sa.DateTime(),
            "LastProcessed": sa.DateTime(),
            "MostRecentCompany": kind(8),
            "MostRecentStartDate": date,
            "MostRecentEndDate": date,
            "YearsofExperience": sa.Integer(),
        },
    )
    initialise(empty_database, ledger_only=True)
    seed(empty_database, {"a-7": "text"})
    write(
        empty_database,
        "a-7",
        MostRecentCompany="Ironclad",
        MostRecentStartDate=datetime.date(2019, 3, 1),
        YearsofExperience=6,
    )
    answers = {
        "MostRecentCompany": "Ironclad Fabrication",
        "MostRecentStartDate": "2019-03",
        "MostRecentEndDate": "Present",
        "YearsofExperience": "5.6",
        "City": "Turku",
    }
    report = judge(empty_database, [know("a-7", **answers)]).report
    assert report.by_column == {
        "MostRecentCompany": Score(right=1),
        "MostRecentStartDate": Score(right=1),
        "MostRecentEndDate": Score(empty=1),
        "YearsofExperience": Score(right=1),
    }


@pytest.fixture
def done(flow: Flowing) -> Flowing:
    flow.until_done()
    return flow


def of_batch(flow: Flowing, *gold: Known, key: str = KEY) -> Score:
    return flow.database.read(
        lambda connection: judge_batch(connection, flow.database, gold, key).total
    )


def test_a_batch_by_its_texts_whatever_the_ids(done: Flowing):
    known = [know(4711, resume(1), City="Springfield"), know(1, resume(2), City="Waco")]
    assert of_batch(done, *known) == Score(right=1, wrong=1)
    assert of_batch(done, *known, key="another") == Score()
    assert of_batch(done, know(1, "a text of nobody", City="Springfield")) == Score()
    assert of_batch(done) == Score()


def test_a_record_that_somebody_wrote_since_is_not_the_batchs(done: Flowing):
    done.change(1, LastProcessed=WRITTEN)
    known = [know(None, resume(number), City="Springfield") for number in (1, 2)]
    assert of_batch(done, *known) == Score(right=1)
