"""One look at all batches: what is odd or fails keeps no other waiting, and nothing is undone."""

from collections.abc import Callable
from typing import Any

import pytest

from resume_assets.batches.receiving import polling, tracking
from resume_assets.database.retrying import DatabaseFailed, Refused
from resume_assets.openai_api.errors import ApiUnavailable
from resume_assets_tests.flow import Flow, Flowing
from resume_assets_tests.local_openai.faults import Change, Respond

LIST = "/v1/batches"
KEYS = ("a", "b", "c")


def out(flow: Flow) -> dict[str, str]:
    """Three batches that the server has, each with its id there."""
    for key in KEYS:
        flow.until_submitted(key, rows=1)
        flow.wait_for_server(flow.batch(key).openai_batch_id)
    return {key: flow.batch(key).openai_batch_id for key in KEYS}


def in_progress(change: Callable[[dict[str, Any]], None] = lambda _: None) -> Change:
    """Every batch is under way, with something new to tell."""

    def all_of(page: dict[str, Any]) -> dict[str, Any]:
        for batch in page["data"]:
            batch |= {"status": "in_progress", "output_file_id": None}
            batch["request_counts"] = {"total": 1, "completed": 0, "failed": 0}
            change(batch)
        return page

    return Change(all_of)


def test_progress_that_one_transaction_can_t_take_is_noted_one_by_one(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    out(flow)
    flow.faults.add("GET", LIST, in_progress(), times=None)
    write, failed = flow.database.write, [True]

    def fail_once(work: Callable[[Any], Any]) -> Any:
        if failed:
            failed.clear()
            raise DatabaseFailed("a deadlock, again and again")
        return write(work)

    monkeypatch.setattr(flow.database, "write", fail_once)
    found = flow.poll()
    assert (found.out, found.problems) == (3, {})
    assert {flow.batch(key).openai_status for key in KEYS} == {"in_progress"}


@pytest.mark.parametrize(
    "oddity",
    [{"expires_at": "soon"}, {"request_counts": {"total": 1, "completed": 10**30, "failed": 0}}],
    ids=["no time", "more than the database takes"],
)
def test_of_a_page_one_odd_batch_is_told_and_the_others_are_noted(
    flow: Flowing, oddity: dict[str, Any]
) -> None:
    ids = out(flow)

    def odd(batch: dict[str, Any]) -> None:
        if batch["id"] == ids["b"]:
            batch |= oddity

    flow.faults.add("GET", LIST, in_progress(odd), times=None)
    found = flow.poll()
    assert list(found.problems) == ["b"]
    assert {key: flow.batch(key).openai_status == "in_progress" for key in KEYS} == {
        "a": True,
        "b": False,
        "c": True,
    }


@pytest.mark.parametrize("status", ["completed", "in_progress"])
def test_a_look_that_comes_late_changes_nothing(flow: Flowing, status: str) -> None:
    """Another worker has brought the batch in, or sent it anew, while this one asked."""
    flow.until_submitted("a", rows=1)
    remote = flow.api.retrieve(flow.batch("a").openai_batch_id)
    flow.wait("a")
    flow.bring_in("a")
    before = flow.batch("a")
    remote.status = status  # type: ignore[assignment]

    class Late:
        endpoint, key_hash = flow.api.endpoint, flow.api.key_hash

        def batches_since(self, since: Any) -> Any:
            yield remote

    flow.update("a", state="submitted")
    database, api = flow.database, Late()
    read = database.read

    def then_another_is_faster(work: Callable[[Any], Any]) -> Any:
        found = read(work)
        flow.update("a", state="done")
        return found

    database.read = then_another_is_faster  # type: ignore[method-assign]
    polling.poll(database, api, flow.settings)  # type: ignore[arg-type]
    assert flow.batch("a") == before


def test_a_list_is_read_no_further_than_the_last_batch_that_was_looked_for(flow: Flowing) -> None:
    """An account may have thousands of batches, a hundred to a page."""
    remotes = [flow.api.retrieve(remote) for remote in out(flow).values()]
    seen: list[Any] = []

    class Listing:
        endpoint, key_hash = flow.api.endpoint, flow.api.key_hash

        def batches_since(self, since: Any) -> Any:
            assert since == min(flow.batch(key).submitted_at for key in KEYS)
            for remote in [*remotes, "of another program"]:
                seen.append(remote)
                yield remote

    found = polling.poll(flow.database, Listing(), flow.settings)  # type: ignore[arg-type]
    assert sorted(found.ended) == list(KEYS)
    assert seen == remotes


def test_a_list_that_breaks_off_is_told_and_no_batch_looked_up_by_itself(flow: Flowing) -> None:
    """The endpoint does not answer: each single question would have to wait for it as well."""
    out(flow)
    flow.faults.add("GET", LIST, Respond(503), times=None)
    single = f"{LIST}/[^/]+"
    before = flow.faults.count("GET", single)
    found = flow.poll()
    assert list(found.problems) == [polling.ENDPOINT]
    assert flow.faults.count("GET", single) == before
    assert not found.ended


def test_a_list_that_takes_too_long_is_left_and_no_batch_looked_up_by_itself(
    flow: Flowing,
) -> None:
    out(flow)
    flow.faults.add("GET", LIST, in_progress(), times=None)
    single = f"{LIST}/[^/]+"
    before = flow.faults.count("GET", single)
    found = flow.poll(until=lambda: True)
    assert found.problems == {polling.ENDPOINT: "local_openai is slow; the next look goes on."}
    assert flow.faults.count("GET", single) == before
    assert found.out == 1


def test_single_look_ups_end_when_it_is_late(flow: Flowing) -> None:
    out(flow)
    nothing = Change(lambda page: {**page, "data": [], "has_more": False})
    flow.faults.add("GET", LIST, nothing, times=None)
    single, late = f"{LIST}/[^/]+", iter([False, True])
    before = flow.faults.count("GET", single)
    found = flow.poll(until=lambda: next(late))
    assert len(found.ended) == 1
    assert flow.faults.count("GET", single) - before == 1
    assert {flow.batch(key).state for key in KEYS} == {"submitted", "ended"}


def test_what_was_seen_of_another_batch_of_that_key_changes_nothing(flow: Flowing) -> None:
    """Created anew meanwhile, say, after the first had failed for want of room."""
    out(flow)
    before = flow.batch("a")
    seen = flow.api.retrieve(before.openai_batch_id)
    seen.id, seen.status = "batch_of_an_earlier_try", "failed"
    noted = flow.database.write(
        lambda connection: tracking.record(connection, flow.database, "a", seen, flow.settings)
    )
    assert noted == before
    assert flow.batch("a") == before


def test_what_the_database_finds_odd_is_told_and_ends_no_look(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A count beyond its column: SQL Server refuses the row, where SQLite's driver does."""
    out(flow)
    flow.faults.add("GET", LIST, in_progress(), times=None)
    write, refused = flow.database.write, iter([True, True, False, False])

    def refuses(work: Callable[[Any], Any]) -> Any:  # the page, then the first by itself
        if next(refused, False):
            raise Refused("error 8115: a number is too large for its type")
        return write(work)

    monkeypatch.setattr(flow.database, "write", refuses)
    found = flow.poll()
    assert len(found.problems) == 1
    assert found.out == 2


def test_of_many_that_the_list_does_not_show_ten_are_looked_up_each_time(flow: Flowing) -> None:
    row = {**flow.until_submitted("a", rows=1)._mapping}
    table = flow.database.ledger.batches
    rows = [row | {"batch_key": f"b{n}", "openai_batch_id": f"remote{n}"} for n in range(11)]
    flow.database.write(lambda connection: connection.execute(table.insert(), rows))
    asked: list[str] = []

    class Unlisting:
        endpoint, key_hash, server = flow.api.endpoint, flow.api.key_hash, "It"

        def batches_since(self, since: Any) -> Any:
            return iter(())

        def retrieve(self, batch_id: str) -> Any:
            asked.append(batch_id)
            raise ApiUnavailable("It does not answer.")

    found = polling.poll(flow.database, Unlisting(), flow.settings)  # type: ignore[arg-type]
    assert len(asked) == len(set(asked)) == 10
    assert len(found.problems) == 10
