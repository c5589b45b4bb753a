"""What a process counted is added to the ledger once, and is kept where that fails."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from resume_assets import tallies
from resume_assets.batches.ledger import counters
from resume_assets.database.connect import Database
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.tallies import Tally
from resume_assets_tests.databases import backend, database, empty_database

__all__ = ["backend", "database", "empty_database"]


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    tallies.take()
    yield
    tallies.take()


def kept(database: Database) -> dict[str, int]:
    found = database.read(lambda connection: counters.read(connection, database))
    return {name: value for name, (value, _) in found.items()}


def failing(write: Callable[..., Any], times: float) -> Callable[..., Any]:
    """The database's `write`, which fails so many times first."""
    failed: list[None] = []

    def fail(work: Callable[..., Any]) -> Any:
        if len(failed) < times:
            failed.append(None)
            raise DatabaseFailed("out of reach")
        return write(work)

    return fail


def test_what_is_counted_is_added_once(database: Database) -> None:
    tallies.add({Tally.throttled: 2, Tally.repeated: 1})
    for _ in range(2):
        counters.keep(database)
        assert kept(database) == {"openai_throttled": 2, "openai_retries": 1}
    tallies.count(Tally.throttled)
    counters.keep(database)
    assert kept(database) == {"openai_throttled": 3, "openai_retries": 1}


def test_where_another_process_was_first_it_is_added_all_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tallies.count(Tally.throttled)
    monkeypatch.setattr(database, "write", failing(database.write, 1))
    counters.keep(database)
    assert kept(database) == {"openai_throttled": 1}


def test_what_can_not_be_added_is_added_the_next_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tallies.count(Tally.throttled)
    with monkeypatch.context() as patched:
        patched.setattr(database, "write", failing(database.write, float("inf")))
        counters.keep(database)
    assert kept(database) == {}
    counters.keep(database)
    assert kept(database) == {"openai_throttled": 1}


def test_a_tick_is_counted_with_the_rest(database: Database) -> None:
    tallies.count(Tally.throttled)
    counters.note_tick(database)
    assert kept(database) == {"openai_throttled": 1, counters.TICKS: 1}
