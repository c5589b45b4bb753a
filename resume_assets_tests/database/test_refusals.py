"""A table that refuses values: the other rows are written, and of that row what it does take."""

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.batches.ledger.attempts import given_up
from resume_assets.batches.ledger.lease import Lease, leased
from resume_assets.batches.ledger.queue import waiting
from resume_assets.batches.records.auditing import audit_dates
from resume_assets.batches.records.refusals import refused_among
from resume_assets.batches.records.rewriting import Mender
from resume_assets.batches.records.rows import Applied
from resume_assets.batches.records.writing import Writer
from resume_assets.choices import NotBorneOut
from resume_assets.database.connect import Database
from resume_assets.database.obstacles import constraints_in_the_way
from resume_assets.database.setup import initialise
from resume_assets.extraction.candidate import COLUMNS
from resume_assets_tests.collected import KEY, answers_to, collected_batch
from resume_assets_tests.databases import SQLITE, make_schema, rows_of, settings, sqlite_database

ODD = 4
ALL = range(1, 8)
"""Candidates; the answer to ODD is another, and a trigger may have something against it."""

BEFORE = "as it was"
"""What City has before."""


def site(database: Database, columns: Mapping[str, str], *more: str, **values: str) -> None:
    """A site's own table: some columns declared in its own way, and a batch of answers to it.

    `more`: constraints of the table; `values`: what columns hold before, in SQL.
    """
    make_schema(database)
    longest = "TEXT" if database.dialect.name == SQLITE else "NVARCHAR(MAX)"
    declared = {
        "userid": "INT NOT NULL PRIMARY KEY",
        "markdownResume": longest,
        "datelastmodified": "DATETIME",
        "LastProcessed": "DATETIME",
        **{c.name: f"NVARCHAR({c.length})" if c.length else longest for c in COLUMNS},
        **columns,
    }
    lines = [*(f"{name} {kind}" for name, kind in declared.items()), *more]
    run(database, f"CREATE TABLE {{table}} ({', '.join(lines)})")
    initialise(database)
    before = {"City": f"'{BEFORE}'", **values}
    names = ", ".join(["userid", "markdownResume", "datelastmodified", *before])
    known = ", ".join(before.values())
    run(
        database,
        *(
            f"INSERT INTO {{table}} ({names}) VALUES ({n}, 'text of {n}', '2026-01-01', {known})"
            for n in ALL
        ),
    )
    collected_batch(database, settings(), len(ALL))


def run(database: Database, *statements: str) -> None:
    """Run SQL; `{table}` stands for the candidate table."""
    table = f"{database.schema}.{database.table_name}" if database.schema else database.table_name
    with database.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement.replace("{table}", table))


def trigger(database: Database, condition: str, sqlite: str, sqlserver: str) -> None:
    """A trigger after each update; `condition` on a row called NEW."""
    if database.dialect.name == SQLITE:
        sql = (
            f"CREATE TRIGGER refuses AFTER UPDATE ON {{table}} WHEN {condition} BEGIN {sqlite}; END"
        )
    else:
        sql = (
            f"CREATE TRIGGER {database.schema}.refuses ON {{table}} AFTER UPDATE AS "
            f"IF EXISTS (SELECT 1 FROM inserted AS NEW WHERE {condition}) BEGIN {sqlserver} END"
        )
    run(database, sql)


def refusing_trigger(database: Database, condition: str) -> None:
    trigger(
        database,
        condition,
        "SELECT RAISE(ABORT, 'Gotham is not ours')",
        "RAISERROR('Gotham is not ours', 16, 1); ROLLBACK TRANSACTION;",
    )


def rows(lease: Lease, writer: Writer, odd: Mapping[str, Any]) -> list[Any]:
    def change(userid: int) -> dict[str, Any]:
        own = {"emails": [f"{userid}@example.com"], "city": "Austin"}
        return own | (dict(odd) if userid == ODD else {})

    return list(writer.rows(answers_to(lease.database, change=change)))


def write(database: Database, chunk: int = 500, **odd: Any) -> Applied:
    """Write all answers; that to ODD differs from the others by these fields."""
    with leased(database, KEY) as lease:
        writer = Writer(lease)
        found = rows(lease, writer, odd)
        for start in range(0, len(found), chunk):
            writer.write(found[start : start + chunk])
    assert not rows_of(database, sa.select(database.ledger.claims))
    return writer.applied


@contextmanager
def none_refused(database: Database) -> Iterator[None]:
    """Nothing fails in the block, not even what is tried again."""
    failed: list[str] = []

    def notice(context: sa.engine.ExceptionContext) -> None:
        failed.append(type(context.original_exception).__name__)

    sa.event.listen(database.engine, "handle_error", notice)
    try:
        yield
    finally:
        sa.event.remove(database.engine, "handle_error", notice)
    assert not failed


def column(database: Database, name: str) -> dict[int, Any]:
    """What a column has, by candidate."""
    there = database.candidates
    found = there.column(name)
    assert found is not None
    return {row[0]: row[1] for row in rows_of(database, sa.select(there.userid, found))}


def ends(database: Database) -> dict[int, str]:
    items = database.ledger.items
    return {
        row.userid: f"{row.state}: {row.reason}" if row.reason else row.state
        for row in rows_of(database, sa.select(items))
    }


def processed(database: Database) -> list[int]:
    there = database.candidates
    query = sa.select(there.userid).where(there.processed.is_not(None)).order_by(there.userid)
    return [row.userid for row in rows_of(database, query)]


REFUSALS: dict[str, tuple[dict[str, str], tuple[str, ...], dict[str, Any], str, Any]] = {
    "a CHECK": (
        {"City": f"NVARCHAR(100) CHECK (City IN ('Austin', '{BEFORE}'))"},
        (),
        {"city": "Gotham"},
        "City",
        BEFORE,
    ),
    "a CHECK of the table": (
        {},
        ("CONSTRAINT ck_gotham CHECK (City <> 'Gotham')",),
        {"city": "Gotham"},
        "City",
        BEFORE,
    ),
    "a CHECK of two columns": (
        {},
        ("CHECK (FirstName <> LastName)",),
        {"first_name": "Ray", "last_name": "Ray"},
        "LastName",
        None,
    ),
}


@pytest.mark.parametrize("chunk", [500, 3])
@pytest.mark.parametrize("refusal", REFUSALS)
def test_the_refused_column_stays_as_it_was(
    empty_database: Database, refusal: str, chunk: int
) -> None:
    columns, more, odd, refused, before = REFUSALS[refusal]
    site(empty_database, columns, *more)
    one_column_is_refused(empty_database, write(empty_database, chunk, **odd), refused, before)


def one_column_is_refused(
    database: Database, applied: Applied, refused: str, before: Any = BEFORE
) -> None:
    assert applied.written == len(ALL)
    assert dict(applied.refused) == {refused: 1}
    assert applied.values_cut == 1
    assert set(ends(database).values()) == {"succeeded"}
    assert processed(database) == [*ALL]
    found = column(database, refused)
    assert found[ODD] == before
    assert all(value not in (None, BEFORE) for userid, value in found.items() if userid != ODD)
    assert column(database, "PrimaryTitle") == dict.fromkeys(ALL, "Data Engineer")
    items = database.ledger.items
    [kept] = rows_of(database, sa.select(items).where(items.c.userid == ODD))
    assert kept.values_cut == 1
    assert not kept.attempt_used


def test_a_trigger_that_says_no(empty_database: Database) -> None:
    site(empty_database, {})
    refusing_trigger(empty_database, "NEW.City = 'Gotham'")
    one_column_is_refused(empty_database, write(empty_database, city="Gotham"), "City")


def test_a_unique_index(backend: str, empty_database: Database) -> None:
    site(empty_database, {})
    where = " WHERE Email IS NOT NULL" if backend != SQLITE else ""
    run(empty_database, f"CREATE UNIQUE INDEX one_each ON {{table}} (Email){where}")
    empty_database.not_borne_out = NotBorneOut.keep  # the address is in no resume
    applied = write(empty_database, emails=["2@example.com"])
    one_column_is_refused(empty_database, applied, "Email", None)


@pytest.mark.parametrize("deferred", ["", " DEFERRABLE INITIALLY DEFERRED"])
def test_a_foreign_key(backend: str, empty_database: Database, deferred: str) -> None:
    """One that is looked at with the commit only is not found by trying: no part is written."""
    schema = f"{empty_database.schema}." if empty_database.schema else ""
    references = f"REFERENCES {schema}cities (name)"
    if backend == SQLITE:
        sa.event.listen(
            empty_database.engine, "connect", lambda c, _: c.execute("PRAGMA foreign_keys = ON")
        )
        run(empty_database, "CREATE TABLE cities (name NVARCHAR(100) NOT NULL PRIMARY KEY)")
        run(empty_database, f"INSERT INTO cities VALUES ('Austin'), ('{BEFORE}')")
        site(empty_database, {"City": f"NVARCHAR(100) {references}{deferred}"})
    elif deferred:
        pytest.skip("SQL Server defers none")
    else:
        site(empty_database, {})
        run(
            empty_database,
            f"CREATE TABLE {schema}cities (name NVARCHAR(100) NOT NULL PRIMARY KEY)",
            f"INSERT INTO {schema}cities VALUES ('Austin'), ('{BEFORE}')",
            f"ALTER TABLE {{table}} ADD CONSTRAINT fk FOREIGN KEY (City) {references}",
        )
    applied = write(empty_database, city="Gotham")
    if deferred:
        unwritable(empty_database, applied, [userid for userid in ALL if userid != ODD])
    else:
        one_column_is_refused(empty_database, applied, "City")


def test_several_rows_and_several_columns(empty_database: Database) -> None:
    """Each row loses what is refused of it, and no more."""
    site(
        empty_database,
        {
            "State": "NVARCHAR(50) CHECK (State <> 'TX' OR userid NOT IN (2, 4))",
            "Skill2": "NVARCHAR(100) CHECK (userid NOT IN (4, 6) OR Skill2 IS NULL)",
            "Summary": "NVARCHAR(255) CHECK (Summary <> 'short' OR userid = 1)",
        },
    )
    applied = write(empty_database, summary="short")
    assert applied.written == len(ALL)
    assert dict(applied.refused) == {"State": 2, "Skill2": 2, "Summary": 1}
    assert {u for u, state in column(empty_database, "State").items() if state is None} == {2, 4}
    assert {u for u, skill in column(empty_database, "Skill2").items() if skill is None} == {4, 6}
    assert {u for u, text in column(empty_database, "Summary").items() if text is None} == {4}
    assert column(empty_database, "AvgTenure") == dict.fromkeys(ALL, "3.9")


def unwritable(database: Database, applied: Applied, written: list[int]) -> None:
    refused = [userid for userid in ALL if userid not in written]
    assert applied.written == len(written)
    assert dict(applied.ends) == {"unwritable: refused_by_database": len(refused)}
    assert processed(database) == written
    assert ends(database) == dict.fromkeys(written, "succeeded") | dict.fromkeys(
        refused, "unwritable: refused_by_database"
    )
    assert all(column(database, "City")[userid] == BEFORE for userid in refused)
    items = database.ledger.items
    for item in rows_of(database, sa.select(items).where(items.c.userid.in_(refused))):
        assert item.attempt_used
        assert item.input_tokens == 1900  # it is paid for, and in the bill
    # Its answer is there: not to be paid for again, but for a person to see.
    most = settings().max_attempts
    assert most > 1
    assert not database.read(lambda c: waiting(c, database, 100, max_attempts=most))
    shown = database.read(lambda c: [*given_up(c, database, max_attempts=most)])
    assert [one.userid for one in shown] == refused


@pytest.mark.parametrize("chunk", [500, 2])
def test_a_row_that_can_not_be_written(empty_database: Database, chunk: int) -> None:
    site(empty_database, {})
    refusing_trigger(empty_database, f"NEW.userid = {ODD}")
    unwritable(empty_database, write(empty_database, chunk), [u for u in ALL if u != ODD])


def test_a_table_that_refuses_everything(empty_database: Database) -> None:
    site(empty_database, {})
    refusing_trigger(empty_database, "NEW.LastProcessed IS NOT NULL")
    unwritable(empty_database, write(empty_database), [])


def test_a_trigger_that_undoes_what_is_written(empty_database: Database) -> None:
    """As of a site that queues a candidate again whenever it changes."""
    site(empty_database, {})
    name = "{table}"
    trigger(
        empty_database,
        f"NEW.userid = {ODD}",
        f"UPDATE {name} SET LastProcessed = NULL, City = '{BEFORE}' WHERE userid = {ODD}",
        f"UPDATE {name} SET LastProcessed = NULL WHERE userid = {ODD};",
    )
    unwritable(empty_database, write(empty_database), [u for u in ALL if u != ODD])


@pytest.mark.parametrize("backend", [SQLITE], indirect=True)
def test_a_trigger_that_ignores_a_row(empty_database: Database) -> None:
    site(empty_database, {})
    trigger = (
        f"CREATE TRIGGER ignores BEFORE UPDATE ON {{table}} WHEN NEW.userid = {ODD} "
        "BEGIN SELECT RAISE(IGNORE); END"
    )
    run(empty_database, trigger)
    unwritable(empty_database, write(empty_database), [u for u in ALL if u != ODD])


def test_mended_the_kept_answer_is_written(empty_database: Database) -> None:
    site(empty_database, {})
    refusing_trigger(empty_database, f"NEW.userid = {ODD}")
    write(empty_database)
    schema = f"{empty_database.schema}." if empty_database.schema else ""
    with leased(empty_database, KEY) as lease:
        writer = Mender(lease)
        writer.write(rows(lease, writer, {"city": "Boston"}))
        assert (writer.applied.written, writer.applied.superseded) == (0, 1)
    assert ends(empty_database)[ODD] == "unwritable: refused_by_database"
    run(empty_database, f"DROP TRIGGER {schema}refuses")
    # Meanwhile a person has it sent again: the other batch's claim is not ours to drop.
    claims = empty_database.ledger.claims
    empty_database.write(
        lambda c: c.execute(claims.insert().values(userid=ODD, batch_key="another"))
    )
    with leased(empty_database, KEY) as lease:
        writer = Mender(lease)
        writer.write(rows(lease, writer, {"city": "Boston"}))
        assert (writer.applied.written, writer.applied.superseded) == (1, 0)
    assert set(ends(empty_database).values()) == {"succeeded"}
    assert column(empty_database, "City")[ODD] == "Boston"
    assert [row.batch_key for row in rows_of(empty_database, sa.select(claims))] == ["another"]


def test_what_may_not_be_null_takes_its_default(empty_database: Database) -> None:
    """Known from the table: nothing has to fail for it."""
    site(
        empty_database,
        {
            "MiddleName": "NVARCHAR(100) NOT NULL DEFAULT ''",
            "Masters": "NVARCHAR(255) NOT NULL DEFAULT 'it''s not told'",
            "Phone2": "NVARCHAR(50) NOT NULL DEFAULT (N'-')"
            if empty_database.dialect.name != SQLITE
            else "NVARCHAR(50) NOT NULL DEFAULT ('-')",
            "Hardware5": "NVARCHAR(255) NOT NULL DEFAULT ('x')",
            "Hardware4": "INT NOT NULL DEFAULT ((-1))",
            "FourthMostRecentStartDate": "DATE NOT NULL DEFAULT '1900-01-01'",
        },
    )
    with none_refused(empty_database):
        applied = write(empty_database, masters="", phones=[])
    assert (applied.written, dict(applied.refused), applied.values_cut) == (len(ALL), {}, 0)
    assert set(column(empty_database, "MiddleName").values()) == {""}
    assert column(empty_database, "Masters")[ODD] == "it's not told"
    assert column(empty_database, "Phone2")[ODD] == "-"
    assert column(empty_database, "Hardware4")[ODD] == -1
    assert str(column(empty_database, "FourthMostRecentStartDate")[ODD]) == "1900-01-01"


def test_what_may_not_be_null_and_has_no_default(empty_database: Database) -> None:
    """An empty text; any other column stays as it is."""
    site(
        empty_database,
        {
            "MiddleName": "NVARCHAR(100) NOT NULL",
            "LengthinUS": "INT NOT NULL",
            "MostRecentEndDate": "DATE NOT NULL",
            "AvgTenure": "DECIMAL(3, 1) NOT NULL DEFAULT (1 + 1)",
        },
        MiddleName="'Maria'",
        LengthinUS="7",
        MostRecentEndDate="'2020-02-01'",
    )
    with none_refused(empty_database):
        applied = write(empty_database, years_in_us=None, positions=[], average_tenure=None)
    assert applied.written == len(ALL)
    assert set(column(empty_database, "MiddleName").values()) == {""}
    assert column(empty_database, "LengthinUS")[ODD] == 7
    assert column(empty_database, "AvgTenure")[ODD] == 2
    assert set(map(str, column(empty_database, "MostRecentEndDate").values())) == {"2020-02-01"}


def test_what_is_kept_needs_no_default(empty_database: Database) -> None:
    empty_database.keep_existing = True
    site(empty_database, {"MiddleName": "NVARCHAR(100) NOT NULL DEFAULT ''"}, MiddleName="'Maria'")
    with none_refused(empty_database):
        write(empty_database)
    assert set(column(empty_database, "MiddleName").values()) == {"Maria"}


def test_what_stands_for_null_is_no_date(empty_database: Database) -> None:
    site(
        empty_database,
        {
            "MostRecentEndDate": "NVARCHAR(10) NOT NULL DEFAULT ''",
            "SecondMostRecentStartDate": "NVARCHAR(7) NOT NULL DEFAULT '-'",
            "ThirdMostRecentEndDate": "DATE NOT NULL DEFAULT '1900-01-01'",
        },
    )
    job = {"company": "Acme", "start": "2019-03", "end": "", "location": ""}
    write(empty_database, positions=[job, {**job, "start": ""}, job])
    found = empty_database.read(lambda c: audit_dates(c, empty_database, KEY))
    assert found.formats.looked_at == len(ALL)
    assert (found.formats.passed, found.order.passed) == (True, True)


@pytest.mark.parametrize("backend", [SQLITE], indirect=True)
def test_stopped_anywhere_it_goes_on_from_there(tmp_path: Path, backend: str) -> None:
    """One record without a column, one not at all; the process ends after each commit in turn."""
    expected: list[Any] = []
    for commits in itertools.count():
        folder = tmp_path / str(commits)
        folder.mkdir()
        database = sqlite_database(folder)
        site(database, {"City": "NVARCHAR(100) CHECK (City <> 'Gotham')"})
        refusing_trigger(database, "NEW.userid = 6")
        stopped = stops_after(commits, database)
        state = ends(database)
        claims = {row.userid for row in rows_of(database, sa.select(database.ledger.claims))}
        assert claims == {userid for userid, end in state.items() if end == "submitted"}
        assert set(processed(database)) == {u for u, end in state.items() if end == "succeeded"}
        if stopped:
            write(database, city="Gotham")
        there = database.candidates
        columns = [c for c in there.table.c if c.name != "LastProcessed"]
        found = [ends(database), rows_of(database, sa.select(*columns))]
        database.dispose()
        expected = expected or found
        assert found == expected
        if not stopped:
            break
    assert commits >= 5
    assert expected[0] == dict.fromkeys(ALL, "succeeded") | {6: "unwritable: refused_by_database"}


def stops_after(commits: int, database: Database) -> bool:
    """Write until so many transactions of the writing are committed."""
    left = [commits]
    with leased(database, KEY) as lease:
        write_leased = lease.write

        def counted(work: Any) -> Any:
            if left[0] == 0:
                raise KeyboardInterrupt
            done = write_leased(work)
            left[0] -= 1
            return done

        writer = Writer(lease)
        with patch.object(lease, "write", counted), suppress(KeyboardInterrupt):
            writer.write(rows(lease, writer, {"city": "Gotham"}))
            return False
    return True


def test_what_is_in_the_way_is_told(backend: str, empty_database: Database) -> None:
    site(
        empty_database,
        {
            "MiddleName": "NVARCHAR(100) NOT NULL DEFAULT ''",
            "AvgTenure": "DECIMAL(3, 1) NOT NULL DEFAULT (1 + 1)",
            "Email": "NVARCHAR(255) CONSTRAINT ck_mail CHECK (Email LIKE '%@%')",
            "Theirs": "INT CONSTRAINT ck_theirs CHECK (Theirs > 0)",
            "Masters": "VARCHAR(255)" + (" COLLATE Polish_CI_AS" if backend != SQLITE else ""),
        },
    )
    refusing_trigger(empty_database, "NEW.City = 'Gotham'")
    run(empty_database, "CREATE UNIQUE INDEX one_each ON {table} (userid, City)")
    told = empty_database.read(lambda c: [*constraints_in_the_way(c, empty_database)])
    text = "\n".join(told).casefold()
    for expected in (
        "default or '' instead of null: middlename",
        "left as they are: avgtenure",
        "check ck_mail on email:",
        "trigger refuses",
        "city must be unique",
    ):
        assert expected in text
    assert ("code page 1250" in text and ": masters" in text) == (backend != SQLITE)
    assert len(told) == (5 if backend == SQLITE else 6)


def test_keys_that_are_in_the_way_are_told(backend: str, empty_database: Database) -> None:
    if backend != SQLITE:
        pytest.skip("there such a constraint is an index, and the stand-in tells no foreign keys")
    run(empty_database, "CREATE TABLE cities (name NVARCHAR(100) PRIMARY KEY)")
    site(
        empty_database,
        {"City": "NVARCHAR(100) REFERENCES cities (name)", "theirs": "INT REFERENCES cities"},
        "UNIQUE (Email, State)",
        "UNIQUE (userid, theirs)",
    )
    told = empty_database.read(lambda c: [*constraints_in_the_way(c, empty_database)])
    stays = "where it refuses a value, that column stays as it was and is counted"
    assert told == [
        f"foreign key on City: {stays}",
        f"State, Email must be unique: {stays}",
    ]


@pytest.mark.parametrize("others", [0, 1])
def test_a_table_of_one_code_page_is_told_in_two_words(
    database: Database, monkeypatch: pytest.MonkeyPatch, others: int
) -> None:
    """Where all columns are so, none is named; SQLite has no code pages, so they are said here."""
    there = database.candidates
    kept = there.targets[:others]
    old = tuple(replace(target, codec="cp1250") for target in there.targets[others:])
    monkeypatch.setattr(database, "candidates", replace(there, targets=kept + old))
    (told,) = database.read(lambda c: [*constraints_in_the_way(c, database)])
    assert told.startswith("VARCHAR of code page 1250, so letters")
    names = told.rpartition(": ")[2]
    assert names == (", ".join(target.name for target in old) if others else "all columns")


def test_nothing_is_in_the_way_of_the_table_that_init_db_makes(database: Database) -> None:
    assert not database.read(lambda c: [*constraints_in_the_way(c, database)])


@given(
    st.lists(st.sampled_from("abcdefghijklm"), min_size=1, unique=True).flatmap(
        lambda columns: st.tuples(st.just(columns), st.sets(st.sampled_from(columns)))
    )
)
def test_just_the_refused_columns_are_found(found: tuple[list[str], set[str]]) -> None:
    columns, refused = found
    tries = []

    def is_taken(left_out: frozenset[str]) -> bool:
        tries.append(left_out)
        return refused <= left_out

    assert refused_among(columns, is_taken) == frozenset(refused)
    assert len(tries) <= 2 * len(columns) + 2


def test_few_tries_find_one_of_many() -> None:
    columns = [column.name for column in COLUMNS]
    for refused in columns:
        tries = []

        def is_taken(left_out: frozenset[str], refused: str = refused) -> bool:
            tries.append(left_out)  # noqa: B023 (called at once)
            return refused in left_out

        assert refused_among(columns, is_taken) == frozenset([refused])
        assert len(tries) <= 16


def test_nothing_helps() -> None:
    tries: list[frozenset[str]] = []

    def is_taken(left_out: frozenset[str]) -> bool:
        tries.append(left_out)
        return False

    assert refused_among(["a", "b", "c"], is_taken) is None
    assert len(tries) == 1
