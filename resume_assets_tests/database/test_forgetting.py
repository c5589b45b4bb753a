"""Forgetting people in each database: ids that are numbers, and ids that are addresses."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets.batches.ledger import batches, forgotten
from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.ledger.queue import count_sendable, count_waiting, waiting
from resume_assets.batches.ledger.states import BatchState
from resume_assets.batches.records import journal
from resume_assets.batches.store import BatchStore
from resume_assets.batches.upkeep import anonymising, documents, forgetting, reprocessing, undoing
from resume_assets.batches.upkeep.emptying import NEVER_EMPTY, REFUSED
from resume_assets.batches.upkeep.receipts import Receipt, kept
from resume_assets.database.candidates import PROCESSED, CandidateTable
from resume_assets.database.connect import Database
from resume_assets.database.setup import initialise, plan
from resume_assets.trials import creating
from resume_assets.trials.sampling import draw, sample_of
from resume_assets.trials.variants import variants_of
from resume_assets_tests.collected import KEY, answers_to, collected_batch, write_all
from resume_assets_tests.databases import (
    SQLITE,
    make_schema,
    make_table,
    put_document,
    rows_of,
    seed,
    settings,
)

PEOPLE = ("Ada@example.com", "grace@example.com", "joan@example.com")


@pytest.fixture
def addressed(empty_database: Database) -> Database:
    """Candidates are told by their e-mail addresses."""
    make_schema(empty_database)
    make_table(empty_database, {"userid": sa.String(60)})
    initialise(empty_database)
    seed(empty_database, {one: f"Resume of {one}" for one in PEOPLE})
    return empty_database


@pytest.fixture
def store(tmp_path: Path) -> BatchStore:
    (tmp_path / "store").mkdir()
    return BatchStore(str(tmp_path / "store"))


def written(database: Database, rows: int = 3, key: str = KEY) -> None:
    """A batch whose records are written, and that is done."""
    collected_batch(database, settings(), rows, key)
    with leased(database, key) as lease:
        write_all(lease, list(answers_to(database, key)))
        lease.write(
            lambda c: batches.update(
                c, database, key, state=BatchState.done, done_at=database.dialect.utc_now(c)
            )
        )


def forget(database: Database, store: BatchStore, *userids: Any, **more: Any) -> Receipt:
    return forgetting.forget(database, settings(), store, None, userids, **more)


def in_ledger(database: Database) -> Iterator[str]:
    for table in database.ledger.metadata.sorted_tables:
        for row in rows_of(database, sa.select(table)):
            yield str(row).casefold()


def is_known(database: Database, userid: Any) -> bool:
    return any(str(userid).casefold() in row for row in in_ledger(database))


def record(database: Database, userid: Any) -> dict[str, Any]:
    """What stands in a candidate's columns, by column as COLUMNS spells it, and LastProcessed."""
    there: CandidateTable = database.candidates
    columns = [there.table.c[name] for name in there.names]
    query = sa.select(there.processed, *columns).where(there.userid == userid)
    [row] = rows_of(database, query)
    values = dict(zip([PROCESSED, *there.columns], row, strict=True))
    return {column: value for column, value in values.items() if value is not None}


def fill(database: Database, column: str, value: str) -> None:
    """Something stands there in every record, before us."""
    there = database.candidates
    filled = there.table.update().values({there.column(column): value})
    database.write(lambda c: c.execute(filled))


def of_a_site(database: Database, columns: str, rows: Sequence[str]) -> None:
    """A candidate table that somebody else made, with these rows; ours are beside it."""
    make_schema(database)
    bare = sa.Table(database.table_name, sa.MetaData(), schema=database.schema)
    name = database.engine.dialect.identifier_preparer.format_table(bare)
    statements = [
        f"CREATE TABLE {name} ({columns})",
        *(f"INSERT INTO {name} {row}" for row in rows),
    ]
    for statement in statements:
        database.write(lambda c: c.exec_driver_sql(statement))  # noqa: B023 (called at once)
    initialise(database)


def queue(database: Database) -> list[Any]:
    found = database.read(lambda c: waiting(c, database, 10, max_attempts=3))
    counted = database.read(lambda c: count_waiting(c, database))
    sendable = database.read(lambda c: count_sendable(c, database, max_attempts=3))
    assert counted == sendable == len(found)
    return sorted(one.userid for one in found)


def test_an_address_is_nowhere_afterwards(addressed: Database, store: BatchStore) -> None:
    database, person = addressed, PEOPLE[0]
    fill(database, "City", "Before us")
    written(database)
    assert is_known(database, person)
    assert len(rows_of(database, sa.select(database.ledger.journal))) == 3
    receipt = forget(database, store, person)
    assert (receipt.ledger_rows, receipt.journal_entries, receipt.left) == (1, 1, [])
    assert not is_known(database, person)
    assert is_known(database, PEOPLE[1])
    assert PROCESSED in record(database, person)
    assert forget(database, store, person, records=True).records_emptied == 1
    assert record(database, person) == {}
    assert "LastName" in record(database, PEOPLE[1])
    assert queue(database) == []
    assert len(kept(database)) == 2


def test_a_number_stays_and_what_it_leads_to_goes(database: Database, store: BatchStore) -> None:
    seed(database, 3)
    written(database)
    forget(database, store, 2)
    [item] = rows_of(
        database, sa.select(database.ledger.items).where(database.ledger.items.c.userid == 2)
    )
    assert item.state == "succeeded"
    assert (item.text_hash, item.digests, item.overwrote) == (None, None, None)
    assert item.custom_id.startswith("gone-")
    look = undoing.look(database, KEY)
    assert (look.put_back, dict(look.left_alone)) == (2, {undoing.Why.forgotten: 1})
    model = settings().model
    found = reprocessing.readable(database, model)
    assert sorted(one.userid for one in found.rows) == [1, 3]
    assert reprocessing.put_back(database, model, [1, 2, 3]) == 2
    assert queue(database) == [1, 3]


@pytest.mark.parametrize("kind", [sa.String(60), sa.Integer()], ids=["text", "number"])
def test_a_trials_page_goes_only_where_ids_tell_who_it_is(
    empty_database: Database, store: BatchStore, tmp_path: Path, kind: Any
) -> None:
    """A number stands in a page that is not about anybody, too."""
    database, one = empty_database, PEOPLE[0] if isinstance(kind, sa.String) else 20
    make_schema(database)
    make_table(database, {"userid": kind})
    initialise(database)
    seed(database, {one: "Resume"})
    page = tmp_path / "trials" / "t1.html"
    page.parent.mkdir()
    page.write_text(f"<p>{one}</p>", encoding="utf-8")
    receipt = forgetting.forget(database, settings(home=tmp_path), store, None, [one])
    is_text = isinstance(kind, sa.String)
    assert (page.exists(), receipt.files_removed) == (not is_text, int(is_text))


def test_not_sent_again(addressed: Database, store: BatchStore) -> None:
    database = addressed
    assert forget(database, store, PEOPLE[0]).people == 1
    assert queue(database) == list(PEOPLE[1:])
    assert database.read(lambda c: draw(c, database, 10, 1)) != []
    assert PEOPLE[0] not in database.read(lambda c: draw(c, database, 10, 1))
    assert not is_known(database, PEOPLE[0])
    allowed = forgetting.allow_again(database, settings(), store, None, PEOPLE)
    assert allowed == 1
    assert queue(database) == list(PEOPLE)


def test_one_who_is_gone_or_not_there_yet(addressed: Database, store: BatchStore) -> None:
    database, person = addressed, PEOPLE[2]
    written(database)
    there = database.candidates
    database.write(lambda c: c.execute(there.table.delete().where(there.userid == person)))
    assert forget(database, store, person, "new@example.com").ledger_rows == 1
    assert not is_known(database, person)
    seed(database, {person: "Back again", "new@example.com": "New"})
    assert queue(database) == []


def test_by_another_spelling(addressed: Database, store: BatchStore) -> None:
    """Where the database takes them for the same, so do we."""
    database = addressed
    if database.dialect.name == SQLITE:
        pytest.skip("SQLite tells them apart")
    written(database)
    assert forget(database, store, PEOPLE[0].upper()).ledger_rows == 1
    assert not is_known(database, PEOPLE[0])


def test_many_at_once(
    database: Database, store: BatchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "PAGE", 2)
    monkeypatch.setattr("resume_assets.batches.upkeep.cleaning.PAGE", 2)
    seed(database, 7)
    written(database, 7)
    receipt = forget(database, store, *range(1, 6), records=True)
    assert (receipt.people, receipt.ledger_rows, receipt.records_emptied) == (5, 5, 5)
    assert receipt.not_emptied == {}
    items = database.ledger.items
    known = rows_of(database, sa.select(items.c.userid).where(items.c.digests.is_not(None)))
    assert sorted(row.userid for row in known) == [6, 7]


def test_ids_of_two_characters(empty_database: Database, store: BatchStore) -> None:
    database = empty_database
    make_schema(database)
    make_table(database, {"userid": sa.String(2)})
    initialise(database)
    people = [f"{letter}{digit}" for letter in "abc" for digit in range(10)]
    seed(database, {one: f"Resume of {one}" for one in people})
    written(database, 30)
    assert forget(database, store, *people).ledger_rows == 30
    found = rows_of(database, sa.select(database.ledger.items.c.userid))
    assert not {row.userid for row in found} & set(people)


def test_ids_of_which_all_are_taken(
    addressed: Database, store: BatchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of that batch is changed, and they are forgotten the next time."""
    database, (person, other, *_) = addressed, PEOPLE
    written(database)
    with monkeypatch.context() as patched:
        patched.setattr(anonymising, "random_id", lambda _: other)
        receipt = forget(database, store, person)
    assert receipt.ledger_rows == 0
    assert any("userid is too short for random ids" in one for one in receipt.left)
    assert len(rows_of(database, sa.select(database.ledger.items))) == 3
    assert forget(database, store, person).ledger_rows == 1
    assert not is_known(database, person)


def test_ids_of_which_one_is_taken(
    addressed: Database, store: BatchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another is drawn in its place, and no more than are needed."""
    database = addressed
    written(database)
    drawn = iter([PEOPLE[2], *(f"nobody-{number}" for number in range(1, 9))])
    monkeypatch.setattr(anonymising, "random_id", lambda _: next(drawn))
    assert forget(database, store, *PEOPLE[:2]).ledger_rows == 2
    found = rows_of(database, sa.select(database.ledger.items.c.userid))
    assert {row.userid for row in found} == {PEOPLE[2], "nobody-1", "nobody-2"}


@pytest.mark.parametrize(
    ("length", "drawn", "is_marked"),
    [(2, 2, False), (10, 10, False), (11, 11, True), (24, 24, True), (60, 24, True)],
)
def test_a_random_id_is_one_of_nobody_and_fits(
    empty_database: Database, length: int, drawn: int, is_marked: bool
) -> None:
    """Where there is room it says that somebody is gone."""
    database = empty_database
    make_schema(database)
    make_table(database, {"userid": sa.String(length)})
    initialise(database)
    ids = {forgotten.random_id(database) for _ in range(20)}
    assert {len(one) for one in ids} == {drawn}
    assert {one.startswith("gone-") for one in ids} == {is_marked}
    assert len(ids) > 10


def test_what_stands_for_a_custom_id_fits_its_column(database: Database) -> None:
    masked = forgotten.mask("secret", "resume-1")
    assert forgotten.is_mask(masked)
    column = database.ledger.items.c.custom_id.type
    assert isinstance(column, sa.String)
    assert 32 <= len(masked) <= (column.length or 0)
    assert masked != forgotten.mask("another", "resume-1")


def test_columns_that_may_not_be_empty(empty_database: Database, store: BatchStore) -> None:
    """A text is blank then; a number without a default stays, and that is said."""
    database = empty_database
    columns = "userid INT PRIMARY KEY, City NVARCHAR(50) NOT NULL, State INT NOT NULL"
    of_a_site(database, columns, ["(userid, City, State) VALUES (1, 'Turku', 7)"])
    receipt = forget(database, store, 1, records=True)
    assert (receipt.records_emptied, receipt.not_emptied) == (1, {NEVER_EMPTY: 1})
    assert record(database, 1) == {"City": "", "State": 7}
    assert forget(database, store, 99, records=True).not_emptied == {}  # nobody's record


@pytest.mark.parametrize("people", [2, 3, 5])
def test_a_record_that_the_table_holds_on_to_holds_up_no_other(
    empty_database: Database, store: BatchStore, people: int
) -> None:
    database = empty_database
    columns = "userid INT PRIMARY KEY, City NVARCHAR(50), CHECK (userid <> 2 OR City IS NOT NULL)"
    rows = [f"(userid, City) VALUES ({userid}, 'Turku')" for userid in range(1, people + 1)]
    of_a_site(database, columns, rows)
    receipt = forget(database, store, *range(1, people + 1), records=True)
    assert (receipt.records_emptied, receipt.not_emptied) == (people - 1, {REFUSED: 1})
    filled = [userid for userid in range(1, people + 1) if record(database, userid)]
    assert filled == [2]


def test_a_trial_forgets(addressed: Database, store: BatchStore) -> None:
    database, values = addressed, settings()
    variants = variants_of(values, ("gpt-4.1-mini-2025-04-14", "gpt-4o-mini-2024-07-18"), [])
    key, size = creating.create(database, values, variants, size=3, seed=7)
    assert size == 3
    report = json.dumps({"pairs": [{"columns": [{"userids": PEOPLE[:2]}]}]})
    trials = database.ledger.trials
    database.write(lambda c: c.execute(trials.update().values(report=report)))
    assert forget(database, store, PEOPLE[0]).trials == 1
    assert not is_known(database, PEOPLE[0])
    assert PEOPLE[0] not in database.read(lambda c: sample_of(c, database, key))
    [trial] = rows_of(database, sa.select(trials))
    assert trial.sample_size == 2
    assert PEOPLE[1] in trial.report


def test_numbers_in_a_trials_report_tell_nobody(database: Database, store: BatchStore) -> None:
    seed(database, 3)
    values = settings()
    variants = variants_of(values, ("gpt-4.1-mini-2025-04-14", "gpt-4o-mini-2024-07-18"), [])
    creating.create(database, values, variants, size=3, seed=7)
    report = json.dumps({"pairs": [{"examples": ["2", "two"]}]})
    trials = database.ledger.trials
    database.write(lambda c: c.execute(trials.update().values(report=report)))
    assert forget(database, store, 2).trials == 1
    assert [row.report for row in rows_of(database, sa.select(trials.c.report))] == [report]


def test_who_was_in_the_sample_of_an_old_trial(addressed: Database) -> None:
    """The trial itself, and its figures, stay."""
    database, values = addressed, settings()
    variants = variants_of(values, ("gpt-4.1-mini-2025-04-14", "gpt-4o-mini-2024-07-18"), [])
    old, new, _ = (creating.create(database, values, variants, size=3, seed=7)[0] for _ in range(3))
    trials, now = database.ledger.trials, database.read(database.dialect.utc_now)
    for key, days in ((old, 31), (new, 29)):
        done = trials.update().where(trials.c.trial_key == key)
        at = now - timedelta(days=days)
        database.write(lambda c: c.execute(done.values(done_at=at)))  # noqa: B023
    assert anonymising.prune(database, 30) == 3
    assert database.read(lambda c: sample_of(c, database, old)) == []
    assert len(database.read(lambda c: sample_of(c, database, new))) == 3
    assert len(rows_of(database, sa.select(trials))) == 3
    assert anonymising.prune(database, 30) == 0


def test_files_that_were_imported_for_them(addressed: Database, store: BatchStore) -> None:
    """They are known until the person may be sent again; then they may be imported again."""
    database, (person, other, _) = addressed, PEOPLE
    for one in (person, other):
        put_document(database, one, one, days=31)
    receipt = forget(database, store, person)
    assert (receipt.documents, receipt.found_anything) == (1, True)
    assert [is_known(database, one) for one in (person, other)] == [False, True]
    table = database.ledger.documents
    assert len(rows_of(database, sa.select(table))) == 2
    assert forgetting.allow_again(database, settings(), store, None, [person]) == 1
    assert [row.userid for row in rows_of(database, sa.select(table.c.userid))] == [other]


@pytest.mark.parametrize("days", [30, 32])
def test_names_of_files_that_were_imported_long_ago(addressed: Database, days: float) -> None:
    """Where they are texts the ids go too."""
    put_document(addressed, PEOPLE[0], PEOPLE[0], days=31)
    assert documents.prune(addressed, days) == (days < 31)
    assert is_known(addressed, PEOPLE[0]) == (days > 31)
    assert len(rows_of(addressed, sa.select(addressed.ledger.documents))) == 1


def test_old_rows(addressed: Database) -> None:
    database = addressed
    written(database)
    assert anonymising.prune(database, 30) == 0
    database.write(
        lambda c: batches.update(
            c,
            database,
            KEY,
            done_at=database.dialect.utc_now(c) - timedelta(days=31),
            local_deleted_at=database.dialect.utc_now(c),
        )
    )
    there = database.candidates
    waits = there.table.update().where(there.userid == PEOPLE[1]).values({there.processed: None})
    database.write(lambda c: c.execute(waits))
    assert anonymising.prune(database, 30) == 2
    assert [is_known(database, one) for one in PEOPLE] == [False, True, False]
    assert anonymising.prune(database, 30) == 0


def test_a_ledger_of_version_5_is_upgraded(database: Database, store: BatchStore) -> None:
    seed(database, 2)
    written(database, 2)
    quote = database.engine.dialect.identifier_preparer.format_table
    ledger = database.ledger

    def older(connection: sa.Connection) -> None:
        for table in (ledger.forgotten, ledger.receipts):
            connection.exec_driver_sql(f"DROP TABLE {quote(table)}")
        for table, column in (
            (ledger.installation, "secret"),
            (ledger.batches, "forgetting_since"),
            (ledger.items, "forgotten_at"),
            (ledger.trial_items, "forgotten_at"),
        ):
            connection.exec_driver_sql(f"ALTER TABLE {quote(table)} DROP COLUMN {column}")
        connection.execute(ledger.installation.update().values(ledger_version=5))

    database.write(older)
    database.forget()
    initialise(database)
    assert plan(database) == []
    assert forget(database, store, 1).ledger_rows == 1


def test_a_hash_tells_nobody_and_the_same_from_others(addressed: Database) -> None:
    database = addressed

    def work(connection: sa.Connection) -> Any:
        secret = forgotten.made_secret(connection, database)
        assert secret == forgotten.made_secret(connection, database)
        first = forgotten.persons(connection, database, secret, PEOPLE)
        other = forgotten.persons(connection, database, "another", PEOPLE)
        return first, other

    first, other = database.write(work)
    assert set(first.values()) == set(PEOPLE)
    assert len(set(first) | set(other)) == 6
    assert all(abs(one) < 2**63 for one in first)


def test_the_journal_tells_how_many(database: Database) -> None:
    assert database.write(lambda c: journal.drop(c, database, KEY, [1])) == 0
