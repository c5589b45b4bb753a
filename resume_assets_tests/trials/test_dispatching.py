"""When a trial has a run, and when a run of it is dead."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from resume_assets.batches.ledger.batches import update
from resume_assets.batches.planning.dispatching import dead_runs, due_runs, open_keys
from resume_assets.batches.planning.quota import stop_planning
from resume_assets.batches.planning.runs import MOST_REQUESTS, Due, Run, Stage
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.trials import dispatching
from resume_assets.trials.dispatching import dead_trial_runs, due_trials, open_trial_keys
from resume_assets.trials.ledger import leased_trial
from resume_assets.trials.upkeep import call_off
from resume_assets_tests.batches.planning.orchestrators import Told
from resume_assets_tests.local_openai.faults import Respond
from resume_assets_tests.trials.trying import MINI, Trying

LONG = timedelta(hours=3)


def due(trying: Trying, orchestrator: Told) -> list[Due]:
    return list(due_trials(trying.flow.database, trying.flow.settings, orchestrator))


def ago(trying: Trying, key: str, time: timedelta = LONG) -> None:
    """As if the last run had been asked for so long ago."""
    trying.update(key, requested_at=trying.trial(key).requested_at - time)


def test_a_trial_is_due_as_soon_as_anything_can_go_on(trying: Trying) -> None:
    key = trying.create()
    [first] = trying.due()
    assert (first.key, first.stage) == (key, Stage.trial)
    assert trying.due() == []  # it was asked for
    trying.advance(key)
    assert trying.due() == []  # all is out
    trying.wait_for_server(key)
    trying.flow.poll()
    [second] = trying.due()
    assert second.run_key != first.run_key
    trying.advance(key)
    assert trying.due() == []
    assert trying.trial(key).done_at is not None


def test_the_real_work_has_no_run_for_a_trials_batch(trying: Trying) -> None:
    database = trying.flow.database
    key = trying.create()
    trying.flow.faults.add("POST", "/v1/batches", Respond(400, "invalid_request"), times=None)
    trying.advance(key)
    assert [batch.state for batch in trying.batches(key)] == ["built", "built"]
    assert list(due_runs(database, patience=timedelta(0))) == []
    assert open_keys(database) == []
    assert open_trial_keys(database) == [key]


def test_a_run_that_came_to_nothing_is_asked_for_ever_more_seldom(trying: Trying) -> None:
    key = trying.create()
    keys = [trying.due()[0].run_key]
    for pause in (4, 8, 16, 32, 60, 60):
        ago(trying, key, timedelta(minutes=pause - 1))
        assert trying.due() == []
        ago(trying, key, timedelta(minutes=1))
        keys += [run.run_key for run in trying.due()]
    assert len(set(keys)) == 7
    assert trying.batches(key) == []


def test_after_a_problem_the_next_run_waits(trying: Trying) -> None:
    key = trying.create()
    trying.due()
    trying.flow.faults.add("POST", "/v1/batches", Respond(400, "invalid_request"), times=None)
    assert trying.advance(key).problems
    assert trying.due() == []
    ago(trying, key)
    assert len(trying.due()) == 1


def test_a_run_that_waits_or_works_is_not_doubled(trying: Trying) -> None:
    key = trying.create()
    assert due(trying, Told(runs=[Run("r", key, None)])) == []
    with leased_trial(trying.flow.database, key):
        assert due(trying, Told()) == []
    assert len(due(trying, Told())) == 1


def test_a_request_that_was_lost_is_made_again_under_its_key(trying: Trying) -> None:
    key = trying.create()
    [first] = trying.due()
    ago(trying, key)
    lost = Told(never_heard_of=frozenset([first.run_key]))
    assert due(trying, lost) == [first]
    ago(trying, key)
    [second] = due(trying, Told())
    assert second.run_key != first.run_key


def test_a_killed_worker_is_replaced_at_once(trying: Trying) -> None:
    key = trying.create()
    trying.due()
    now = datetime.now(UTC).replace(tzinfo=None)
    gone = {"lease_owner": "host|ns|1|1|x", "lease_until": now - timedelta(seconds=1)}
    trying.update(key, **gone, requested_at=now - timedelta(seconds=90))
    run = Run("r", key, now - timedelta(minutes=5))
    assert dead_trial_runs(trying.flow.database, [run]) == []  # it may be between two leases
    trying.update(key, lease_until=now - timedelta(minutes=2))
    assert dead_trial_runs(trying.flow.database, [run, Run("s", "b1", now)]) == [run]
    assert dead_runs(trying.flow.database, [run]) == []
    trying.update(key, requested_at=now - timedelta(minutes=4))
    assert len(due(trying, Told(runs=[run]))) == 1
    trying.update(key, run_requests=MOST_REQUESTS)
    assert trying.due() == []


def test_one_that_the_database_refuses_keeps_no_other_waiting(
    trying: Trying, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = trying.create(), trying.create(seed=8)
    decide = dispatching._decide

    def refused(*arguments: object, key: str, **more: object) -> Due | None:
        if key == first:
            raise DatabaseFailed("no")
        return decide(*arguments, key=key, **more)  # type: ignore[arg-type, misc]

    monkeypatch.setattr(dispatching, "_decide", refused)
    assert [run.key for run in trying.due()] == [second]


def test_while_planning_is_stopped_only_what_is_at_the_server_goes_on(trying: Trying) -> None:
    database = trying.flow.database
    key = trying.create()
    trying.advance(key)
    database.write(lambda connection: stop_planning(connection, database, "The key is refused."))
    for state, expected in (("built", 0), ("submitting", 1), ("ended", 1)):
        for batch in trying.batches(key):
            _set(trying, batch.batch_key, state)
        trying.update(key, requested_at=None)
        assert len(trying.due()) == expected, state


def _set(trying: Trying, key: str, state: str) -> None:
    database = trying.flow.database
    database.write(lambda connection: update(connection, database, key, state=state))


def test_one_that_is_called_off_ends_with_what_is_in(trying: Trying) -> None:
    flow = trying.flow
    flow.set(max_in_flight=1)
    key = trying.create()
    trying.advance(key)
    trying.wait_for_server(key)
    trying.advance(key)
    with leased_trial(flow.database, key) as lease:
        call_off(lease)
    assert len(trying.due()) == 1
    for _ in range(3):
        state = trying.advance(key)
        trying.wait_for_server(key)
    assert state.is_done
    assert len(trying.batches(key)) == 2
    first, second = trying.result(key).variants
    assert len(first.records) == 4
    assert len(second.records) + sum(second.reasons.values()) == 4
    assert trying.untouched()


@pytest.mark.parametrize("state", ["planned", "claimed", "built"])
def test_what_was_not_sent_is_not_sent_any_more(trying: Trying, state: str) -> None:
    flow = trying.flow
    key = trying.create()
    steps: Sequence[str] = ["planned", "claimed", "built"]
    flow.faults.add("POST", "/v1/files", Respond(400, "invalid_request"), times=None)
    trying.advance(key)
    if state != "built":
        items = flow.database.ledger.trial_items
        for batch in trying.batches(key):
            _set(trying, batch.batch_key, state)
        if state == steps[0]:
            flow.database.write(lambda connection: connection.execute(items.delete()))
    flow.faults.clear()
    with leased_trial(flow.database, key) as lease:
        call_off(lease)
    assert trying.advance(key).is_done
    assert not flow.book.batches()
    assert [sum(one.reasons.values()) for one in trying.result(key).variants] == [4, 4]


def test_one_that_was_killed_before_its_report_is_due(trying: Trying) -> None:
    key = trying.create()
    trying.to_the_end(key)
    before = trying.trial(key)
    trying.update(key, done_at=None, report=None)
    assert [run.key for run in trying.due()] == [key]
    assert trying.advance(key).is_done
    assert trying.trial(key).report == before.report


def test_one_that_is_done_meanwhile_has_no_run(trying: Trying) -> None:
    flow = trying.flow
    key = trying.create()
    trying.to_the_end(key)
    later = flow.database.write(
        lambda c: dispatching._decide(c, flow.database, flow.settings, key, False, LONG)
    )
    assert later is None
    assert trying.trial(key).run_requests == 0


@pytest.mark.parametrize(
    ("status", "expected"), [("in_progress", 1), ("cancelling", 0), ("finalizing", 0)]
)
def test_one_that_is_called_off_is_due_until_its_batches_are_cancelled(
    trying: Trying, status: str, expected: int
) -> None:
    key = trying.create()
    trying.advance(key)
    assert trying.due() == []
    for batch in trying.batches(key):
        trying.flow.update(batch.batch_key, openai_status=status)
    with leased_trial(trying.flow.database, key) as lease:
        call_off(lease)
    assert len(trying.due()) == expected


def test_a_batch_that_waits_for_room_is_due_once_its_time_has_come(trying: Trying) -> None:
    key = trying.create(MINI)
    trying.advance(key)
    [batch] = trying.batches(key)
    now = datetime.now(UTC).replace(tzinfo=None)
    for until, expected in ((now + timedelta(minutes=5), 0), (now, 1), (None, 1)):
        trying.flow.update(batch.batch_key, state="quota", quota_until=until)
        trying.update(key, requested_at=None, run_requests=0)
        assert len(trying.due()) == expected, until


def test_a_first_request_is_no_lost_one(trying: Trying) -> None:
    key = trying.create()
    never = Told(never_heard_of=frozenset([f"{key}:{Stage.trial}:1:0"]))
    [first] = due(trying, never)
    assert first.run_key == f"{key}:{Stage.trial}:1:1"


def test_the_oldest_trial_has_its_run_first(trying: Trying) -> None:
    keys = [trying.create(seed=number) for number in range(3)]
    now = datetime.now(UTC).replace(tzinfo=None)
    for age, key in enumerate(keys):
        trying.update(key, created_at=now - timedelta(days=age))
    assert [run.key for run in trying.due()] == keys[::-1]
    assert open_trial_keys(trying.flow.database) == keys[::-1]
