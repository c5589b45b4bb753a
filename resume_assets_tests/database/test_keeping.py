"""What a person put into a record stays; what is overwritten is in the journal."""

import datetime
import random
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql

from resume_assets.batches.ledger import digests
from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.records import journal
from resume_assets.batches.records.rewriting import Rewriter
from resume_assets.batches.records.writing import Writer
from resume_assets.database.connect import Database
from resume_assets.database.setup import initialise
from resume_assets.extraction.candidate import COLUMNS
from resume_assets.extraction.values import Change
from resume_assets_tests.collected import KEY, answers_to, collected_batch
from resume_assets_tests.databases import SQLITE, make_schema, make_table, rows_of, seed, settings


def change(database: Database, userid: Any, **values: Any) -> None:
    """What a person does to a candidate."""
    there = database.candidates
    named = {there.column(name): value for name, value in values.items() if name != "LastProcessed"}
    if "LastProcessed" in values:
        named[there.processed] = values["LastProcessed"]
    statement = there.table.update().where(there.userid == userid).values(named)
    database.write(lambda connection: connection.execute(statement))


def record(database: Database, userid: Any) -> dict[str, Any]:
    there = database.candidates
    columns = [there.table.c[target.name] for target in there.targets]
    [row] = rows_of(database, sa.select(*columns).where(there.userid == userid))
    return dict(zip(there.columns, row, strict=True))


def write(database: Database, key: str = KEY, kind: type[Writer] = Writer, **answer: Any) -> Writer:
    """Write a batch's answers; `answer`: what is peculiar to all of them."""
    with leased(database, key) as lease:
        writer = kind(lease)
        writer.write(list(writer.rows(answers_to(database, key, change=lambda _: answer))))
    return writer


def send_again(database: Database, key: str) -> None:
    """Everybody waits again, and is in another batch, which is back."""
    there = database.candidates
    statement = there.table.update().values({there.processed: None})
    rows = database.write(lambda connection: connection.execute(statement).rowcount)
    collected_batch(database, settings(), rows, key)


def item(database: Database, userid: Any, key: str = KEY) -> Any:
    items = database.ledger.items
    [found] = rows_of(
        database, sa.select(items).where(items.c.userid == userid, items.c.batch_key == key)
    )
    return found


def entries(database: Database, key: str = KEY) -> dict[Any, journal.Entry]:
    return database.read(lambda connection: journal.look(connection, database, key, [1, 2, 3]))


@pytest.fixture
def written(database: Database) -> Database:
    """Three candidates, whose records were written by the batch KEY."""
    seed(database, 3)
    collected_batch(database, settings(), 3)
    assert write(database).applied.journaled == 0
    return database


def test_a_first_fill_journals_nothing(written: Database) -> None:
    assert not rows_of(written, sa.select(written.ledger.journal))
    one = item(written, 1)
    assert one.overwrote in (False, 0)
    told = [record(written, 1)[column.name] for column in COLUMNS]
    assert one.digests == digests.digests_of(told)


def test_a_persons_word_stays_whoever_writes(written: Database) -> None:
    answered = record(written, 2)
    change(written, 2, City="Kraków", PrimaryTitle=None, State="")
    for key in ("b2", "b3"):
        send_again(written, key)
        writer = write(written, key, city="Gdańsk", state="TX", last_name="Nowak")
        assert writer.applied.written == 3
        assert writer.applied.changes["City", Change.corrected] == 1
        assert writer.applied.corrections_kept == 3
        now = record(written, 2)
        assert (now["City"], now["PrimaryTitle"], now["State"]) == ("Kraków", None, "")
        assert now["LastName"] == "Nowak"
        assert record(written, 1)["City"] == "Gdańsk"
    [noted] = [orjson.loads(item(written, 2, "b3").changes)]
    assert noted["City"] == Change.corrected.value
    # What it said before the batch, corrections included.
    before = entries(written, "b2")[2].before
    assert before["City"] == "Kraków"
    assert "PrimaryTitle" not in before
    assert before["LastName"] == answered["LastName"]


def test_a_correction_that_the_answer_agrees_with_still_stays(written: Database) -> None:
    change(written, 1, City="Gdańsk")
    send_again(written, "b2")
    write(written, "b2", city="Gdańsk")
    send_again(written, "b3")
    write(written, "b3", city="Łódź")
    assert record(written, 1)["City"] == "Gdańsk"
    assert record(written, 2)["City"] == "Łódź"


def test_corrections_are_overwritten_where_told(written: Database) -> None:
    change(written, 2, City="Kraków")
    written.overwrite_corrections = True
    send_again(written, "b2")
    writer = write(written, "b2", city="Gdańsk")
    assert writer.applied.corrections_kept == 0
    assert record(written, 2)["City"] == "Gdańsk"
    assert entries(written, "b2")[2].before["City"] == "Kraków"
    written.overwrite_corrections = False
    send_again(written, "b3")
    assert write(written, "b3", city="Łódź").applied.corrections_kept == 0
    assert record(written, 2)["City"] == "Łódź"


def test_what_was_there_before_us_is_overwritten_and_kept_in_the_journal(
    database: Database,
) -> None:
    seed(database, 3)
    change(database, 2, City="Kraków", MiddleName="Maria")
    collected_batch(database, settings(), 3)
    writer = write(database, city="Gdańsk", middle_name=None)
    assert (writer.applied.written, writer.applied.journaled) == (3, 1)
    assert writer.applied.corrections_kept == 0
    now = record(database, 2)
    assert (now["City"], now["MiddleName"]) == ("Gdańsk", None)
    found = entries(database)
    assert found == {2: journal.Entry(2, {"City": "Kraków", "MiddleName": "Maria"})}
    assert item(database, 2).overwrote in (True, 1)
    assert item(database, 1).overwrote in (False, 0)


def test_what_we_left_to_others_is_not_ours(database: Database) -> None:
    """With RESUME_KEEP_EXISTING a value stays; it is no correction when it changes."""
    database.keep_existing = True
    seed(database, 1)
    change(database, 1, MiddleName="Maria")
    collected_batch(database, settings(), 1)
    write(database, middle_name=None)
    assert record(database, 1)["MiddleName"] == "Maria"
    change(database, 1, MiddleName="Anna")
    send_again(database, "b2")
    writer = write(database, "b2", middle_name="Ewa")
    assert record(database, 1)["MiddleName"] == "Ewa"
    assert writer.applied.corrections_kept == 0


def test_written_again_it_keeps_what_stood_there_before(written: Database) -> None:
    send_again(written, "b2")
    write(written, "b2", city="Gdańsk")
    before = entries(written, "b2")
    change(written, 2, LastName="Corrected")
    writer = write(written, "b2", Rewriter, city="Łódź", last_name="Nowak")
    assert (writer.applied.written, writer.applied.journaled) == (3, 0)
    assert (record(written, 2)["City"], record(written, 2)["LastName"]) == ("Łódź", "Corrected")
    assert entries(written, "b2") == before
    assert item(written, 2, "b2").overwrote in (True, 1)
    written.overwrite_corrections = True
    writer = write(written, "b2", Rewriter, city="Łódź", last_name="Nowak")
    assert writer.applied.journaled == 1
    assert record(written, 2)["LastName"] == "Nowak"
    after = entries(written, "b2")
    assert after[2].before == {**before[2].before, "LastName": "Corrected"}
    assert after[1] == before[1]


def test_a_record_of_an_older_program_is_kept_in_the_journal(written: Database) -> None:
    older = written.ledger.items.update().values(digests=None, overwrote=None)
    written.write(lambda connection: connection.execute(older))
    change(written, 2, City="Kraków")
    was = record(written, 2)
    assert write(written, kind=Rewriter, city="Łódź").applied.journaled == 3
    assert record(written, 2)["City"] == "Łódź"
    assert entries(written)[2].before == {name: value for name, value in was.items() if value}
    assert write(written, kind=Rewriter, city="Łódź").applied.journaled == 0


def test_the_journal_is_pruned(written: Database) -> None:
    send_again(written, "b2")
    write(written, "b2")
    assert journal.prune(written, 1) == 0
    table = written.ledger.journal
    long_ago = datetime.datetime(2026, 1, 1)  # noqa: DTZ001 (a column without zone)
    older = table.update().where(table.c.userid != 2).values(written_at=long_ago)
    written.write(lambda connection: connection.execute(older))
    assert journal.prune(written, 1) == 2
    assert list(entries(written, "b2")) == [2]


def test_a_column_that_is_no_longer_there_is_not_put_back(written: Database) -> None:
    entry = journal.Entry(1, {"City": "Turku", "Gone": "something"})
    written.write(lambda connection: journal.note(connection, written, "b9", [entry]))
    assert entries(written, "b9") == {1: journal.Entry(1, {"City": "Turku"})}


MARCH = ["2021-03", "1950-01", "2060-12", "Present"]
AMOUNTS = ["0", "5", "20.5", "7.25", "0.1", "88.88", "3.333"]
PHONES = ["15550101234", "5550107", "0", "999999999999999"]
WORDS = ["Ada", "Łódź", "日本語", "O'Brien", "👩🏽‍💻 dev", "e\u0301lan", "a b", "ﬁn–de—siècle …"]
KINDS: dict[str, tuple[Any, str, list[str]]] = {
    "nvarchar": (sa.Unicode(20), "PrimaryTitle", WORDS),
    "nvarchar(max)": (sa.UnicodeText(), "PrimaryTitle", WORDS),
    "nchar": (sa.NCHAR(20), "PrimaryTitle", WORDS),
    "varchar": (mssql.VARCHAR(20, collation="Polish_CI_AS"), "PrimaryTitle", WORDS),
    "char": (mssql.CHAR(20, collation="Latin1_General_CI_AS"), "PrimaryTitle", WORDS),
    "date": (sa.Date(), "MostRecentEndDate", MARCH),
    "datetime": (sa.DateTime(), "MostRecentEndDate", MARCH),
    "datetime2": (mssql.DATETIME2(7), "MostRecentEndDate", MARCH),
    "smalldatetime": (mssql.SMALLDATETIME(), "MostRecentEndDate", MARCH),
    "datetimeoffset": (mssql.DATETIMEOFFSET(), "MostRecentEndDate", MARCH),
    "int": (sa.Integer(), "LengthinUS", AMOUNTS),
    "smallint": (sa.SmallInteger(), "LengthinUS", AMOUNTS),
    "bigint": (sa.BigInteger(), "Phone1", PHONES),
    "decimal": (sa.Numeric(9, 2), "LengthinUS", AMOUNTS),
    "numeric": (sa.Numeric(18, 0), "Phone1", PHONES),
    "float": (sa.Float(53), "LengthinUS", AMOUNTS),
    "float of a phone": (sa.Float(53), "Phone1", PHONES),
    "real": (sa.REAL(), "LengthinUS", AMOUNTS),
    "real of a phone": (sa.REAL(), "Phone1", PHONES),
    "text": (sa.Unicode(50), "LengthinUS", AMOUNTS),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_back_has_the_digest_of_what_was_written(
    backend: str, empty_database: Database, kind: str
) -> None:
    database, (sql_type, column, values) = empty_database, KINDS[kind]
    if backend == SQLITE and isinstance(sql_type, mssql.VARCHAR | mssql.CHAR):
        sql_type = sa.String(20)
    elif backend == SQLITE and type(sql_type).__module__.endswith("mssql.base"):
        pytest.skip("a type of SQL Server")
    make_schema(database)
    required = {"userid": sa.Integer(), "markdownResume": sa.UnicodeText()}
    times = {"datelastmodified": sa.DateTime(), "LastProcessed": sa.DateTime()}
    make_table(database, {**required, **times, column: sql_type})
    chance = random.Random(kind)
    if column == "PrimaryTitle":
        values = values + ["".join(chance.choices("aéłßЖ日😀 -.", k=30)).strip() for _ in range(60)]
    elif column == "LengthinUS":
        values = values + [f"{chance.uniform(0, 90):.{chance.randint(1, 3)}f}" for _ in range(60)]
    seed(database, len(values))
    there = database.candidates
    place = list(digests.PLACES).index(column)
    rows = [[value if at == place else None for at in range(len(COLUMNS))] for value in values]
    fitted = [there.fit_row(row, {}, keep_existing=False)[0] for row in rows]
    database.write(
        lambda connection: database.dialect.update_rows(
            connection,
            there.table,
            (there.userid.name,),
            there.names,
            [(value, userid) for userid, value in enumerate(fitted, 1)],
        )
    )
    [target] = there.targets
    query = sa.select(there.userid, there.table.c[target.name])
    read = dict(map(tuple, rows_of(database, query)))
    for userid, value in enumerate(fitted, 1):
        assert digests.digest(read[userid]) == digests.digest(value), (value, read[userid])
    assert kind == "real of a phone" or sum(value is not None for value in fitted) > 2
    entry = journal.Entry(1, {column: read[1]} if read[1] is not None else {})
    initialise(database)
    database.write(lambda connection: journal.note(connection, database, KEY, [entry]))
    assert entries(database) == {1: entry}
