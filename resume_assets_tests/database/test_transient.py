"""Deadlocks, killed sessions, a restarting server: all is tried again, with a bound and an end."""

import os
import shlex
import subprocess
import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets import tallies
from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.records.writing import Writer
from resume_assets.database import retrying
from resume_assets.database.connect import Database
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.tallies import Tally
from resume_assets_tests.collected import KEY, answers_to, collected_batch
from resume_assets_tests.database.broken import lost_connection
from resume_assets_tests.database.sessions import killed, session_id
from resume_assets_tests.databases import (
    SQLITE,
    make_schema,
    make_table,
    rows_of,
    seed,
    settings,
)

RESTART = "RESUME_TEST_SQLSERVER_RESTART"
"""A command that restarts the server and ends when it is up, such as `docker restart mssql`."""


@pytest.fixture
def table(empty_database: Database) -> sa.Table:
    make_schema(empty_database)
    made = make_table(empty_database, {"id": sa.Integer(), "n": sa.Integer()})
    rows = [{"id": i, "n": 0} for i in range(10)]
    empty_database.write(lambda c: c.execute(made.insert(), rows))
    return made


def add(connection: sa.Connection, table: sa.Table, row: int) -> None:
    connection.execute(table.update().where(table.c.id == row).values(n=table.c.n + 1))


def sums(database: Database, table: sa.Table) -> list[int]:
    return [row.n for row in rows_of(database, sa.select(table.c.n).order_by(table.c.id))]


def in_threads(*works: Callable[[], Any]) -> None:
    """Run them at once; what one raises, this raises."""
    problems: list[BaseException] = []

    def run(work: Callable[[], Any]) -> None:
        try:
            work()
        except BaseException as problem:  # noqa: BLE001 (raised below)
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


def test_a_real_deadlock(backend: str, empty_database: Database, table: sa.Table) -> None:
    """Two transactions that lock two rows crosswise: one is the victim, both are written."""
    if backend == SQLITE:
        pytest.skip("SQLite has one writer at a time")
    database, both = empty_database, threading.Barrier(2, timeout=30)
    tries: list[str] = []

    def crosswise(name: str, first: int, second: int) -> Callable[[], None]:
        def work(connection: sa.Connection) -> None:
            tries.append(name)
            add(connection, table, first)
            if tries.count(name) == 1:
                both.wait()
            add(connection, table, second)

        return lambda: database.write(work)

    in_threads(crosswise("a", 1, 2), crosswise("b", 2, 1))
    assert sums(database, table)[1:3] == [2, 2]
    assert len(tries) == 3, "one of the two was tried twice"


def test_two_chunks_that_deadlock(backend: str, empty_database: Database, table: sa.Table) -> None:
    """The same with our own set-based statements, and what they leave of the session."""
    if backend == SQLITE:
        pytest.skip("SQLite has one writer at a time")
    database, both = empty_database, threading.Barrier(2, timeout=30)
    tries: list[int] = []

    def crosswise(value: int, first: list[int], second: list[int]) -> Callable[[], None]:
        def work(connection: sa.Connection) -> None:
            tries.append(value)
            update = database.dialect.update_rows
            update(connection, table, ("id",), ("n",), [(value, row) for row in first])
            if tries.count(value) == 1:
                both.wait()
            update(connection, table, ("id",), ("n",), [(value, row) for row in second])
            assert connection.execute(table.update().values(id=table.c.id)).rowcount == 10

        return lambda: database.write(work)

    low, high = list(range(5)), list(range(5, 10))
    in_threads(crosswise(1, low, high), crosswise(2, high, low))
    assert len(tries) >= 3
    assert sums(database, table) in ([1] * 10, [2] * 10)


def test_a_session_killed_in_mid_chunk(
    backend: str, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """After the fields are written, before the ledger is: all of it is done again, once."""
    if backend == SQLITE:
        pytest.skip("SQLite has no sessions")
    seed(database, 50)
    collected_batch(database, settings(), 50)
    kills: list[int] = []

    class Killed(Writer):
        def _close_written(self, connection: sa.Connection, *arguments: Any) -> None:
            if not kills:
                kills.append(session_id(connection))
                killed(kills[0])
            super()._close_written(connection, *arguments)

    with leased(database, KEY) as lease:
        writer = Killed(lease)
        writer.write(list(writer.rows(answers_to(database))))
    assert kills
    assert writer.applied.written == 50
    assert not writer.applied.ends
    items, there = database.ledger.items, database.candidates
    states = rows_of(database, sa.select(items.c.state, sa.func.count()).group_by(items.c.state))
    assert [tuple(row) for row in states] == [("succeeded", 50)]
    unprocessed = sa.select(there.userid).where(there.processed.is_(None))
    assert not rows_of(database, unprocessed)
    assert not rows_of(database, sa.select(database.ledger.claims))
    assert caplog.text.count("failed, again") == 1


@pytest.mark.skipif(not os.environ.get(RESTART), reason=f"{RESTART} is not set")
def test_a_restart_under_a_running_write(
    backend: str, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """The server goes away in the middle of a transaction, and comes back later."""
    if backend == SQLITE:
        pytest.skip("SQLite is in this process")
    database.patience = 120
    seed(database, 60)
    collected_batch(database, settings(), 60)
    restarts: list[threading.Thread] = []

    class Restarted(Writer):
        def _close_written(self, connection: sa.Connection, *arguments: Any) -> None:
            if self.applied.written == 20 and not restarts:
                command = shlex.split(os.environ[RESTART])
                restarts.append(threading.Thread(target=subprocess.run, args=(command,)))
                restarts[0].start()
                # Statements until the server is gone: each is part of this transaction.
                while True:
                    connection.exec_driver_sql("SELECT 1")
            super()._close_written(connection, *arguments)

    try:
        with leased(database, KEY, patience=90) as lease:
            writer = Restarted(lease)
            rows = list(writer.rows(answers_to(database)))
            for start in range(0, 60, 10):
                writer.write(rows[start : start + 10])
    finally:
        for restart in restarts:
            restart.join()
    assert "failed, again" in caplog.text
    assert writer.applied.written == 60
    items = database.ledger.items
    states = rows_of(database, sa.select(items.c.state, sa.func.count()).group_by(items.c.state))
    assert [tuple(row) for row in states] == [("succeeded", 60)]


# The bound, and the end


def failing(times: int, tries: list[int]) -> Callable[[sa.Connection], int]:
    def work(connection: sa.Connection) -> int:
        tries.append(1)
        if len(tries) <= times:
            raise lost_connection(connection)
        return len(tries)

    return work


def test_what_passes_is_tried_again(empty_database: Database) -> None:
    tries: list[int] = []
    tallies.take()
    assert empty_database.write(failing(3, tries)) == 4
    assert tallies.take() == {Tally.transactions_repeated: 3}


def test_there_is_an_end(empty_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "ATTEMPTS", 4)
    tries: list[int] = []
    tallies.take()
    with pytest.raises(DatabaseFailed, match="tried 4 times"):
        empty_database.write(failing(99, tries))
    assert len(tries) == 4
    assert tallies.take() == {Tally.transactions_repeated: 3, Tally.database_failed: 1}


def test_there_is_an_end_in_time(empty_database: Database) -> None:
    empty_database.patience = 0.5
    tries: list[int] = []
    with pytest.raises(DatabaseFailed):
        empty_database.write(failing(99, tries))
    assert 2 <= len(tries) <= 5


def test_an_exception_of_the_work_is_not_tried_again(empty_database: Database) -> None:
    tries: list[int] = []

    def work(_connection: sa.Connection) -> None:
        tries.append(1)
        raise ValueError("database is locked, 40001, deadlock")

    with pytest.raises(ValueError, match="locked"):
        empty_database.write(work)
    assert len(tries) == 1


def test_a_mistake_in_sql_is_not_tried_again(empty_database: Database) -> None:
    tries: list[int] = []

    def work(connection: sa.Connection) -> None:
        tries.append(1)
        connection.exec_driver_sql("SELECT 'secret' FROM there_is_no_such_table")

    with pytest.raises(DatabaseFailed, match="tried 1 time") as problem:
        empty_database.write(work)
    assert len(tries) == 1
    assert "secret" not in str(problem.value)


def test_a_try_starts_from_nothing(empty_database: Database, table: sa.Table) -> None:
    tries: list[int] = []

    def work(connection: sa.Connection) -> None:
        add(connection, table, 1)
        failing(2, tries)(connection)

    empty_database.write(work)
    assert sums(empty_database, table)[1] == 1


def test_each_new_try_is_told_with_what_went_wrong(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[int] = []

    def work(connection: sa.Connection) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise lost_connection(connection)

    database.write(work)
    told = [record.getMessage() for record in caplog.records if "failed, again" in record.msg]
    assert [one.partition(":")[2].partition(" failed")[0] for one in told] == [" try 1", " try 2"]
    assert all(len(one.rpartition("again: ")[2]) > 5 for one in told)
