"""Which batches get a run: asked again if nothing came of it; given up only before submission."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.planning.dispatching import dead_runs, due_runs, open_keys
from resume_assets.batches.planning.quota import stop_planning
from resume_assets.batches.planning.runs import MOST_REQUESTS, Due, Run, Stage, last_request
from resume_assets.database.retrying import DatabaseFailed
from resume_assets_tests.batches.planning.orchestrators import Told
from resume_assets_tests.flow import KEY, Flowing

LONG = timedelta(minutes=3)


def due(flow: Flowing, **more: Any) -> list[Due]:
    return list(due_runs(flow.database, **more))


def test_whoever_plans_has_asked_already(flow: Flowing):
    flow.plan()
    assert due(flow) == []


def test_a_run_that_came_to_nothing_is_asked_for_again_under_another_key(flow: Flowing):
    first = flow.plan().due
    _ago(flow, LONG)
    [again] = due(flow)
    assert (again.key, again.stage) == (KEY, Stage.submit)
    assert again.run_key != first.run_key
    assert due(flow) == []  # this one has its time now


def test_a_run_that_waits_or_works_is_not_doubled(flow: Flowing):
    flow.plan()
    _ago(flow, LONG)
    waits = Told(runs=[Run("r", KEY, None)])
    assert due(flow, orchestrator=waits) == []
    with leased(flow.database, KEY):
        assert due(flow) == []


def test_before_submission_it_ends_after_so_many(flow: Flowing):
    flow.plan()
    flow.claim()
    for _ in range(MOST_REQUESTS - 1):
        _ago(flow, LONG)
        assert len(due(flow)) == 1
    _ago(flow, LONG)
    assert due(flow) == []
    batch = flow.batch()
    assert batch.state == "abandoned"
    assert "3 resumes went back" in batch.message
    assert flow.waiting() == [1, 2, 3]
    assert flow.is_balanced()


def test_a_batch_in_doubt_is_never_given_up(flow: Flowing):
    flow.until_built()
    _set(flow, state="submitting", run_requests=50)
    _ago(flow, timedelta(days=2))
    assert len(due(flow)) == 1
    assert flow.batch().state == "submitting"


def test_what_is_paid_for_is_asked_for_for_ever_but_ever_more_slowly(flow: Flowing):
    flow.until_ended()
    [first] = due(flow)
    assert (first.stage, first.run_key) == (Stage.collect, f"{KEY}:collect_batch:1:1")
    _ago(flow, LONG)
    assert due(flow) == []  # the second time after four minutes
    _ago(flow, timedelta(minutes=5))
    assert len(due(flow)) == 1
    _set(flow, run_requests=1_000)
    _ago(flow, timedelta(hours=2))
    assert len(due(flow)) == 1


def test_an_hour_is_the_longest_pause(flow: Flowing):
    flow.until_ended()
    _set(flow, run_requests=1_000)
    _ago(flow, timedelta(minutes=59))
    assert due(flow) == []
    _ago(flow, timedelta(minutes=61))
    assert len(due(flow)) == 1


def test_one_that_waits_for_room_is_never_given_up(flow: Flowing):
    flow.until_built()
    _set(flow, state="quota", run_requests=50)
    _ago(flow, LONG)
    assert len(due(flow)) == 1
    assert flow.batch().state == "quota"


def test_given_up_it_says_why_the_last_run_failed(flow: Flowing):
    flow.plan()
    _set(flow, run_requests=MOST_REQUESTS, message="The disk is full.")
    _ago(flow, LONG)
    assert due(flow) == []
    assert flow.batch().message == (
        "Given up after 3 runs that did not submit it. Last: The disk is full. "
        "0 resumes went back to the queue."
    )


def test_given_up_with_a_long_message_it_says_what_the_ledger_has_room_for(flow: Flowing):
    flow.plan()
    _set(flow, run_requests=MOST_REQUESTS, message="x" * 990)
    _ago(flow, LONG)
    assert due(flow) == []
    assert flow.batch().state == "abandoned"
    assert len(flow.batch().message) == 1_000


def test_a_doubt_is_settled_even_while_planning_is_stopped(flow: Flowing):
    flow.until_built()
    _set(flow, state="submitting")
    _ago(flow, timedelta(hours=2))
    flow.database.write(lambda connection: stop_planning(connection, flow.database, "No money."))
    [run] = due(flow)
    assert (run.key, run.stage) == (KEY, Stage.submit)


def test_what_changed_since_it_was_listed_gets_no_run(flow: Flowing):
    """Somebody else has asked, or has brought it on, between the list and its own row."""
    flow.plan()
    _ago(flow, LONG)

    class Meanwhile(Told):
        def __init__(self, happens: Callable[[], None]) -> None:
            super().__init__()
            self.happens = happens

        def unfinished(self, keys: Sequence[str]) -> list[Run]:
            self.happens()
            return super().unfinished(keys)

    assert due(flow, orchestrator=Meanwhile(lambda: _ago(flow, timedelta(0)))) == []
    _ago(flow, LONG)
    assert due(flow, orchestrator=Meanwhile(lambda: _set(flow, state="submitted"))) == []
    assert flow.batch().run_requests == 1


def test_while_planning_is_stopped_nothing_is_sent_but_all_is_collected(flow: Flowing):
    flow.until_ended("ended", rows=1)
    flow.plan("waits", rows=1)
    _ago(flow, LONG, key="waits")
    installation = flow.database.ledger.installation
    flow.database.write(
        lambda connection: connection.execute(
            installation.update().values(stopped_reason="No money.")
        )
    )
    assert [run.key for run in due(flow)] == ["ended"]


def test_a_batch_that_waits_for_quota_is_asked_for_when_its_time_comes(flow: Flowing):
    flow.until_built()
    now = flow.database.read(flow.database.dialect.utc_now)
    _set(flow, state="quota", quota_until=now + timedelta(minutes=10), requested_at=None)
    assert due(flow) == []
    _set(flow, quota_until=now - timedelta(seconds=1))
    assert [run.stage for run in due(flow)] == [Stage.submit]


@pytest.mark.parametrize("state", ["done", "empty", "abandoned"])
def test_closed_batches_are_left_alone(flow: Flowing, state: str):
    flow.plan()
    _set(flow, state=state)
    _ago(flow, timedelta(days=1))
    assert due(flow) == []
    assert open_keys(flow.database) == []


def test_a_request_that_nobody_heard_of_is_made_again_and_not_counted(flow: Flowing):
    """A tick whose result was lost: however often, nothing is abandoned by it."""
    flow.plan()
    flow.claim()
    asked = last_request(flow.batch())
    assert asked is not None
    deaf = Told(never_heard_of=frozenset({asked}))
    for _ in range(MOST_REQUESTS + 2):
        _ago(flow, LONG)
        assert [run.run_key for run in due(flow, orchestrator=deaf)] == [asked]
        assert due(flow, orchestrator=deaf) == []
    _ago(flow, LONG)
    [counted] = due(flow, orchestrator=Told())
    assert counted.run_key != asked


def test_whoever_stops_in_between_has_asked_for_nothing_more(flow: Flowing):
    for key in ("a", "b", "c"):
        flow.plan(key, rows=1)
        _ago(flow, LONG, key=key)
    assert next(due_runs(flow.database, Told())).key == "a"  # the oldest
    assert [flow.batch(key).run_requests for key in ("a", "b", "c")] == [2, 1, 1]
    assert [run.key for run in due(flow)] == ["b", "c"]


def test_a_batch_whose_row_is_held_keeps_no_other_waiting(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
):
    for key in ("a", "b"):
        flow.plan(key, rows=1)
        _ago(flow, LONG, key=key)
    write, refused = flow.database.write, iter([True])

    def refuses_once(work: Any) -> Any:
        if next(refused, False):
            raise DatabaseFailed("The row is locked.")
        return write(work)

    monkeypatch.setattr(flow.database, "write", refuses_once)
    assert [run.key for run in due(flow)] == ["b"]


def test_a_dead_run_is_known_by_its_batch_and_keeps_nothing_waiting(flow: Flowing):
    flow.plan()
    now = flow.database.read(flow.database.dialect.utc_now)
    dead = Run("r1", KEY, now - timedelta(minutes=5))
    others = Run("r2", "another program's", now - timedelta(minutes=5))
    waits = Run("r3", KEY, None)
    assert dead_runs(flow.database, [dead, others, waits]) == [dead]
    assert dead_runs(flow.database, []) == []
    with leased(flow.database, KEY):
        assert dead_runs(flow.database, [dead]) == []
    _ago(flow, LONG)
    just_given_back = Told(runs=[dead])
    assert due(flow, orchestrator=just_given_back) == []
    _set(flow, lease_until=now - timedelta(minutes=1))
    assert [run.key for run in due(flow, orchestrator=just_given_back)] == [KEY]


def _ago(flow: Flowing, age: timedelta, *, key: str = KEY) -> None:
    """As if the run had been asked for that long ago."""
    now = flow.database.read(flow.database.dialect.utc_now)
    _set(flow, key=key, requested_at=now - age)


def _set(flow: Flowing, *, key: str = KEY, **values: Any) -> None:
    flow.database.write(lambda connection: batches.update(connection, flow.database, key, **values))
