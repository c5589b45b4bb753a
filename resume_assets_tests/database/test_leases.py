"""Leases on both databases: one worker at a time, and who lost it commits nothing more."""

import threading
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import BatchBusy, LeaseLost, leased
from resume_assets.batches.planning.planner import plan_batch
from resume_assets.database.connect import Database
from resume_assets_tests.collected import KEY
from resume_assets_tests.databases import seed, settings


@pytest.fixture
def planned(database: Database) -> Database:
    seed(database, 1)
    plan_batch(database, settings(), rows=1, origin="test", key=KEY)
    return database


def batch(database: Database) -> batches.Batch:
    return database.read(lambda connection: batches.get(connection, database, KEY))


def test_one_at_a_time(planned: Database) -> None:
    with leased(planned, KEY), pytest.raises(BatchBusy), leased(planned, KEY):
        pass
    assert batch(planned).lease_owner is None
    with leased(planned, KEY) as again:
        assert batch(planned).lease_owner == again.owner


def test_one_that_ran_out_is_taken_over_and_its_worker_writes_nothing(planned: Database) -> None:
    table = planned.ledger.batches
    with leased(planned, KEY) as slow:
        past = planned.read(planned.dialect.utc_now) - timedelta(seconds=1)
        planned.write(lambda c: c.execute(table.update().values(lease_until=past)))
        with leased(planned, KEY) as other:
            with pytest.raises(LeaseLost):
                slow.write(lambda c: c.execute(table.update().values(message="slow")))
            other.write(lambda c: c.execute(table.update().values(message="other")))
            assert batch(planned).message == "other"


def test_a_lease_is_renewed_with_each_write(planned: Database) -> None:
    with leased(planned, KEY) as lease:
        soon = planned.read(planned.dialect.utc_now) + timedelta(seconds=5)
        table = planned.ledger.batches
        planned.write(lambda c: c.execute(table.update().values(lease_until=soon)))
        lease.write(lambda connection: None)
        assert batch(planned).lease_until > soon


def test_many_takers_are_never_two(planned: Database) -> None:
    """Each adds one to a counter outside of the database, not atomically."""
    inside: list[int] = []
    most: list[int] = []
    problems: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(3):
                with leased(planned, KEY, patience=60) as lease:
                    inside.append(1)
                    most.append(len(inside))
                    lease.write(lambda connection: connection.execute(sa.select(1)))
                    inside.pop()
        except BaseException as problem:  # noqa: BLE001 (asserted below)
            problems.append(problem)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(most) == 12
    assert max(most) == 1


def test_the_databases_clock_is_what_counts(planned: Database) -> None:
    first = planned.read(planned.dialect.utc_now)
    second = planned.read(planned.dialect.utc_now)
    assert first.tzinfo is None
    assert timedelta(0) <= second - first < timedelta(minutes=1)
    dialect = planned.dialect
    local = planned.read(lambda connection: dialect.clock(connection, sa.DateTime()))
    assert isinstance(local, datetime)
    assert local.microsecond == 0
    assert abs(local - second) < timedelta(hours=26)
