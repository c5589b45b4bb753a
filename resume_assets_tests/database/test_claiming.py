"""Claims under concurrency: processes that plan and claim from one table, and never meet."""

import multiprocessing
import threading
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.synchronize import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.ledger.states import BatchState
from resume_assets.batches.planning.decision import Stop
from resume_assets.batches.planning.planner import Planned, plan_batch
from resume_assets.batches.sending.claiming import claim
from resume_assets.database.connect import Database, open_database
from resume_assets.database.retrying import DuplicateKey
from resume_assets_tests.databases import (
    SQLITE,
    rows_of,
    seed,
    settings,
    settings_for,
)

ROWS = {SQLITE: (2_000, 100, 4), "mssql": (20_000, 500, 8)}
"""Candidates, how many each batch takes, processes."""


_together: Barrier


def meet(barrier: Barrier) -> None:
    """What a process is given at its start."""
    global _together
    _together = barrier


def claim_until_nothing_waits(values: dict[str, Any], rows: int) -> dict[str, int]:
    """What one process does; returns how many rows each of its batches got."""
    database = open_database(settings(**values))
    claimed: dict[str, int] = {}
    try:
        _ = database.ledger
        _together.wait(300)
        while True:
            planned = plan_batch(database, settings(), rows=rows, origin="test")
            if not isinstance(planned, Planned):
                assert planned.stop is Stop.nothing_waiting, planned
                return claimed
            with leased(database, planned.key) as lease:
                claimed[planned.key] = claim(lease, settings()).rows
            if len(claimed) == 1:
                _together.wait(300)  # else one may do it all alone
    finally:
        database.dispose()


class Reader(threading.Thread):
    """Another program, which reads the table all the time and does not wait for locks."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.finished = threading.Event()
        self.reads = 0
        self.problem: BaseException | None = None

    def run(self) -> None:
        there = self.database.candidates
        query = sa.select(sa.func.count(), sa.func.max(there.modified)).where(
            there.processed.is_(None)
        )
        try:
            with self.database.engine.connect() as connection:
                connection.detach()  # its time-out is nobody else's
                connection.exec_driver_sql("SET LOCK_TIMEOUT 2000")
                while not self.finished.wait(0.05):
                    connection.execute(query).one()
                    connection.commit()
                    self.reads += 1
        except BaseException as problem:  # noqa: BLE001 (asserted by the test)
            self.problem = problem

    def stop(self) -> None:
        self.finished.set()
        self.join()


def test_processes_never_overlap_and_leave_none_behind(database: Database) -> None:
    rows, each, processes = ROWS[database.dialect.name]
    seed(database, rows)
    configured = settings_for(database)
    values = {"database_url": configured.database_url, "table": configured.table}
    reader = Reader(database)
    if database.dialect.name != SQLITE:  # whose readers would take the write lock in this test
        reader.start()
    spawn = multiprocessing.get_context("spawn")
    meeting = spawn.Barrier(processes)
    with ProcessPoolExecutor(
        processes, mp_context=spawn, initializer=meet, initargs=(meeting,)
    ) as pool:
        futures = [pool.submit(claim_until_nothing_waits, values, each) for _ in range(processes)]
        by_process = [future.result() for future in futures]
    if database.dialect.name != SQLITE:
        reader.stop()
        assert reader.problem is None
        assert reader.reads > 10

    tables = database.ledger
    claimed = {key: count for found in by_process for key, count in found.items()}
    assert sum(len(found) for found in by_process) == len(claimed)
    claims = rows_of(database, sa.select(tables.claims.c.userid, tables.claims.c.batch_key))
    assert sorted(row.userid for row in claims) == list(range(1, rows + 1))
    assert Counter(row.batch_key for row in claims) == {k: n for k, n in claimed.items() if n}
    items = rows_of(database, sa.select(tables.items.c.userid, tables.items.c.batch_key))
    assert sorted(tuple(row) for row in items) == sorted(tuple(row) for row in claims)
    assert max(claimed.values()) == each
    assert all(any(found.values()) for found in by_process)
    states = Counter(row.state for row in rows_of(database, sa.select(tables.batches.c.state)))
    assert set(states) <= {BatchState.claimed, BatchState.empty}


def test_newest_first(database: Database) -> None:
    seed(database, 30)
    configured = settings()
    for key in ("b1", "b2"):
        planned = plan_batch(database, configured, rows=10, origin="test", key=key)
        assert isinstance(planned, Planned)
        with leased(database, key) as lease:
            assert claim(lease, configured).rows == 10
    items = database.ledger.items
    query = sa.select(items.c.userid).order_by(items.c.batch_key, items.c.position)
    assert [row.userid for row in rows_of(database, query)] == list(range(1, 21))


def test_the_database_itself_refuses_a_second_claim(database: Database) -> None:
    """Even without the lock: the primary key is the promise."""
    seed(database, 1)
    claims, insert = database.ledger.claims, database.dialect.insert_rows
    columns = ("userid", "batch_key")
    database.write(lambda c: insert(c, claims, columns, [(1, "a")]))
    with pytest.raises(DuplicateKey):
        database.write(lambda c: insert(c, claims, columns, [(2, "b"), (1, "b")]))
    found = rows_of(database, sa.select(claims))
    assert [tuple(row) for row in found] == [(1, "a")]


def test_a_planner_waits_for_the_lock_of_another(database: Database) -> None:
    """`lock` excludes, until the other's transaction ends."""
    held, release = threading.Event(), threading.Event()
    order: list[str] = []

    def first(connection: sa.Connection) -> None:
        database.dialect.lock(connection, database.ledger.installation)
        held.set()
        release.wait(30)
        order.append("first")

    def second(connection: sa.Connection) -> None:
        database.dialect.lock(connection, database.ledger.installation)
        order.append("second")

    _ = database.ledger
    threads = [threading.Thread(target=database.write, args=(work,)) for work in (first, second)]
    threads[0].start()
    assert held.wait(30)
    threads[1].start()
    threads[1].join(0.5)
    assert order == []
    release.set()
    for thread in threads:
        thread.join()
    assert order == ["first", "second"]
    [row] = rows_of(database, sa.select(database.ledger.installation.c.lock_count))
    assert row.lock_count == 2
