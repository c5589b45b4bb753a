"""`aicandidateBatchStatus` follows the ledger, and whatever a site's table is like, never stops it.

The tables are made by hand, as sites have them.
"""

import datetime
import logging
import threading
from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.database import connect, projection
from resume_assets.database.connect import Database
from resume_assets.database.projection import catch_up
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.database.setup import initialise, plan
from resume_assets.database.status_table import NAME, look, schema_of
from resume_assets_tests.collected import KEY, collected_batch
from resume_assets_tests.databases import SQLITE, make_schema, rows_of, seed, settings

LONG = "a-model-with-a-name-that-is-long"


def name(database: Database, table: str = NAME) -> str:
    return f"[{database.schema}].[{table}]" if database.schema else f"[{table}]"


def execute(database: Database, statement: str) -> None:
    database.write(lambda connection: connection.exec_driver_sql(statement))


def old_table(database: Database, columns: str) -> None:
    """A site's own table, and our tables beside it."""
    make_schema(database)
    execute(database, f"CREATE TABLE {name(database)} ({columns})")
    initialise(database)


def shown(database: Database, columns: str) -> Sequence[Any]:
    query = sa.text(f"SELECT {columns} FROM {name(database)} WHERE batch_id LIKE 'batch%'")
    return [tuple(row) for row in rows_of(database, query)]


def batch(database: Database, key: str = KEY) -> Any:
    return database.read(lambda connection: batches.get(connection, database, key))


def step(database: Database, key: str = KEY, **values: Any) -> None:
    database.write(lambda connection: batches.update(connection, database, key, **values))


def problems(database: Database) -> str:
    return "; ".join(database.read(lambda connection: look(connection, database)).problems)


PLAIN = "batch_id NVARCHAR(100), status NVARCHAR(50), created_at DATETIME"
ALL_NEED_A_VALUE = """batch_id NVARCHAR(100) NOT NULL, status NVARCHAR(50) NOT NULL,
    created_at DATETIME NOT NULL, batch_key NVARCHAR(64) NOT NULL PRIMARY KEY,
    message NVARCHAR(99) NOT NULL, batch_cost FLOAT NOT NULL, done_at DATETIME NOT NULL"""

HELD = {
    "nothing but what must be": (PLAIN, "", 1),
    "status must have a value": (PLAIN.replace("(50)", "(50) NOT NULL"), "", 1),
    "all must have a value": (ALL_NEED_A_VALUE, "", 1),
    "a time as a number": (PLAIN.replace("DATETIME", "INT"), "created_at is INTEGER", 1),
    "a time as a text": (PLAIN.replace("DATETIME", "NVARCHAR(10)"), "", 1),
    "a text as a number": (f"{PLAIN}, state INT", "state is INTEGER", 1),
    "its own time as a number": (f"{PLAIN}, updated_at INT", "updated_at is INTEGER", 1),
    "its own time as a text": (f"{PLAIN}, updated_at NVARCHAR(30)", "", 1),
    "a key that is filled up": (f"{PLAIN}, batch_key CHAR(64)", "", 1),
    "a default of theirs": (f"{PLAIN}, recruiter INT NOT NULL DEFAULT 7", "", 1),
    "only they know": (f"{PLAIN}, recruiter INT NOT NULL", "recruiter must have a value", 0),
    "a constraint": (f"{PLAIN}, CHECK (status <> 'completed')", "", 0),
    "shorter columns": ("batch_id NVARCHAR(5), status NVARCHAR(3), created_at DATETIME", "", 1),
}


@pytest.mark.parametrize("site", HELD)
def test_a_sites_table_never_keeps_the_ledger_back(
    empty_database: Database, caplog: pytest.LogCaptureFixture, site: str
) -> None:
    database = empty_database
    columns, told, rows = HELD[site]
    old_table(database, columns)
    seed(database, 2)
    with caplog.at_level(logging.WARNING):
        collected_batch(database, settings(model=LONG), 2)
        step(database, message="again")
        step(database, message="and again")
    assert (batch(database).state, batch(database).message) == ("collected", "and again")
    assert told in problems(database)
    found = shown(database, "batch_id, status, batch_key")
    assert len(found) == rows
    if rows:
        batch_id, status, key = found[0]
        assert f"batch_{KEY}".startswith(batch_id)
        assert "completed".startswith(status)
        assert key.rstrip() == KEY
    assert caplog.text.count("aicandidateBatchStatus is behind") == 1 - rows  # once
    catch_up(database)
    assert len(shown(database, "1")) == rows


def test_columns_that_are_computed(backend: str, empty_database: Database) -> None:
    computed = "AS (7)" if backend != SQLITE else "INT GENERATED ALWAYS AS (7) VIRTUAL"
    key = "IDENTITY" if backend != SQLITE else "NOT NULL"
    number = f"id INTEGER {key} PRIMARY KEY"
    old_table(empty_database, f"{number}, {PLAIN}, requests {computed}")
    seed(empty_database, 2)
    collected_batch(empty_database, settings(), 2)
    assert problems(empty_database) == "requests is computed, so left out"
    assert shown(empty_database, "id, status, requests") == [(1, "completed", 7)]


def test_names_in_another_case(empty_database: Database) -> None:
    old_table(empty_database, "BATCH_ID NVARCHAR(99), Status NVARCHAR(9), Created_At DATETIME")
    seed(empty_database, 1)
    collected_batch(empty_database, settings(), 1)
    step(empty_database, openai_status="expired")
    assert shown(empty_database, "BATCH_ID, Status") == [(f"batch_{KEY}", "expired")]


def test_a_table_that_may_not_be_altered(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then a row is known by OpenAI's id, and has what there is room for."""
    database = empty_database
    monkeypatch.setattr(database.dialect, "may_alter", lambda *_: False)
    old_table(database, PLAIN)
    assert "batch_key is missing" in problems(database)
    assert {step.alters.name for step in plan(database) if step.alters is not None} == {NAME}
    seed(database, 1)
    collected_batch(database, settings(), 1)
    step(database, openai_status="expired")
    assert shown(database, "batch_id, status") == [(f"batch_{KEY}", "expired")]
    catch_up(database)
    assert len(shown(database, "1")) == 1


def test_a_table_without_our_keys_that_may_not_be_altered(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    database = empty_database
    monkeypatch.setattr(database.dialect, "may_alter", lambda *_: False)
    old_table(database, "status NVARCHAR(50)")
    seed(database, 1)
    collected_batch(database, settings(), 1)
    catch_up(database)
    assert batch(database).state == "collected"
    assert caplog.text.count("batch_id is missing, so left out") == 1
    assert rows_of(database, sa.text(f"SELECT * FROM {name(database)}")) == []


@pytest.mark.parametrize(
    ("ledger", "tables", "expected"),
    [
        ("dbo", {"dbo", "ours"}, "dbo"),
        ("ours", {"dbo"}, "dbo"),
        ("ours", {"dbo", "ours"}, "dbo"),
        ("ours", {"ours"}, "ours"),
        ("ours", set(), "ours"),
    ],
)
def test_where_the_table_is(ledger: str, tables: set[str], expected: str) -> None:
    """SQLite has no schemas, and so needs no look."""

    class Inspector:
        def has_table(self, name: str, schema: str | None) -> bool:
            assert name == NAME
            return schema in tables

    class Site:
        schema, ledger_schema = "dbo", ledger

    assert schema_of(Inspector(), Site()) == expected  # type: ignore[arg-type]


def test_no_table_at_all(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    execute(database, f"DROP TABLE {name(database)}")
    seed(database, 1)
    collected_batch(database, settings(), 1)
    assert batch(database).state == "collected"
    assert "init-db" in caplog.text
    catch_up(database)
    initialise(database)
    catch_up(database)
    assert shown(database, "status") == [("completed",)]


def test_what_was_lost_is_made_up_for(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process was killed between the ledger's commit and the projection's."""
    seed(database, 2)
    with monkeypatch.context() as patch:
        patch.setattr(connect, "project", lambda *_: None)
        collected_batch(database, settings(), 1, key="b1")
    assert shown(database, "1") == []
    collected_batch(database, settings(), 1, key="b2")
    catch_up(database)
    assert dict(shown(database, "batch_key, state")) == {"b1": "collected", "b2": "collected"}
    now = database.read(database.dialect.utc_now).replace(microsecond=0)  # exact in any column
    soon, later = (now + datetime.timedelta(seconds=more) for more in (1, 2))
    execute(database, f"UPDATE {name(database)} SET state = 'theirs', updated_at = '{soon}'")
    with monkeypatch.context() as patch:
        patch.setattr(connect, "project", lambda *_: None)
        step(database, "b1", ended_at=later)
        written: list[str] = []
        patch.setattr(projection, "project", lambda _, keys: written.extend(keys))
        catch_up(database)
    assert written == ["b1"]  # of b2 no step is known to be later
    moment = f"updated_at = '{later}'"  # of the last step: what it did may not be there
    with monkeypatch.context() as patch:
        patch.setattr(projection, "project", lambda _, keys: written.extend(keys))
        execute(database, f"UPDATE {name(database)} SET {moment} WHERE batch_key = 'b1'")
        catch_up(database)
        execute(database, f"UPDATE {name(database)} SET updated_at = NULL WHERE batch_key = 'b1'")
        catch_up(database)  # of when it was written nothing is known
    assert written == ["b1", "b1"]
    execute(database, f"UPDATE {name(database)} SET {moment} WHERE batch_key = 'b1'")
    catch_up(database)
    assert dict(shown(database, "batch_key, state")) == {"b1": "collected", "b2": "theirs"}


def test_a_database_that_can_t_be_read_now_is_told_and_raises_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_: Any) -> Any:
        raise DatabaseFailed("away")

    monkeypatch.setattr(database, "read", fails)
    catch_up(database)
    assert "away" in caplog.text


@pytest.mark.parametrize(("good", "tried"), [((), 3), (("b2",), 5), (("b2", "b4", "b6"), 9)])
def test_after_some_failures_in_a_row_the_others_wait(
    database: Database, monkeypatch: pytest.MonkeyPatch, good: tuple[str, ...], tried: int
) -> None:
    keys: list[str] = []

    def written(_: Database, page: Sequence[str]) -> bool:
        if len(page) > 1:
            return False
        keys.extend(page)
        return page[0] in good

    monkeypatch.setattr(projection, "_written", written)
    projection.project(database, [f"b{number}" for number in range(1, 10)])
    assert len(keys) == tried


@pytest.mark.parametrize(
    ("number", "bad", "expected"),
    [
        (1, {"b0"}, ["b0"]),  # alone it was tried already
        (2, {"b0"}, ["b0 b1", "b0", "b1"]),
        (3, set(), ["b0 b1 b2"]),
    ],
)
def test_a_page_that_fails_is_tried_row_by_row(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    bad: set[str],
    expected: list[str],
) -> None:
    tried: list[str] = []

    def written(_: Database, page: Sequence[str]) -> bool:
        tried.append(" ".join(page))
        return not bad.intersection(page)

    monkeypatch.setattr(projection, "_written", written)
    projection.project(database, [f"b{place}" for place in range(number)])
    assert tried == expected


def test_of_very_many_batches_each_is_written(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []
    keys = [f"b{number}" for number in range(350)]

    def written(_: Database, page: Sequence[str]) -> bool:
        found.extend(page)
        return True

    monkeypatch.setattr(projection, "_written", written)
    projection.project(database, keys)
    assert found == keys


def test_a_table_that_was_changed_meanwhile_is_looked_at_again(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    seed(database, 1)
    collected_batch(database, settings(), 1)
    execute(database, f"ALTER TABLE {name(database)} DROP COLUMN message")
    step(database, message="on", openai_status="expired")
    assert shown(database, "status") == [("completed",)]
    assert "aicandidateBatchStatus is behind" in caplog.text
    step(database, message="and on")
    assert shown(database, "status") == [("expired",)]
    initialise(database)
    step(database, message="and there again")
    assert shown(database, "message") == [("and there again",)]


def test_what_the_driver_says_of_a_row_is_not_logged(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuses(*_: Any) -> None:
        raise sa.exc.ArgumentError("Ada Lovelace is no status")

    monkeypatch.setattr(projection, "_write", refuses)
    projection.project(database, ["b1"])
    assert "ArgumentError" in caplog.text
    assert "Ada" not in caplog.text


def test_one_bad_row_never_holds_up_another(empty_database: Database) -> None:
    old_table(empty_database, f"{PLAIN}, model NVARCHAR(50), CHECK (model <> 'odd')")
    seed(empty_database, 3)
    for key, model in (("b1", "one"), ("b2", "odd"), ("b3", "two")):
        collected_batch(empty_database, settings(model=model), 1, key=key)

    def all_at_once(connection: sa.Connection) -> None:
        for key in ("b1", "b2", "b3"):
            batches.update(connection, empty_database, key, openai_status="expired")

    empty_database.write(all_at_once)
    assert shown(empty_database, "model, status") == [("one", "expired"), ("two", "expired")]


def test_many_rows_are_one_transaction(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(database, 3)
    for key in ("b1", "b2", "b3"):
        collected_batch(database, settings(), 1, key=key)
    commits: list[int] = []
    sa.event.listen(database.engine, "commit", lambda _: commits.append(1))

    def all_at_once(connection: sa.Connection) -> None:
        for key in ("b1", "b2", "b3", "b1"):
            batches.update(connection, database, key, openai_status="expired")

    database.write(all_at_once)
    assert len(commits) == 2
    assert {status for (status,) in shown(database, "status")} == {"expired"}


def test_a_row_that_others_lock_is_not_waited_for(backend: str, database: Database) -> None:
    """Somebody looks into the table in a transaction, and goes to lunch."""
    if backend == SQLITE:
        pytest.skip("SQLite has one lock, which is the ledger's too")
    seed(database, 1)
    collected_batch(database, settings(), 1)
    held, release = threading.Event(), threading.Event()

    def hold(connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"UPDATE {name(database)} SET status = 'lunch'")
        held.set()
        release.wait(60)

    holder = threading.Thread(target=database.write, args=(hold,))
    holder.start()
    assert held.wait(30)
    try:
        step(database, message="on")
        assert batch(database).message == "on"
        assert not release.is_set()
    finally:
        release.set()
        holder.join()
    assert shown(database, "status, message") == [("lunch", None)]
    step(database, message="later")
    assert shown(database, "status, message") == [("completed", "later")]
