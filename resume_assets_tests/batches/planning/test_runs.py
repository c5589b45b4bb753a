"""When a batch needs a run, and when a run is dead: decided by row, clock and run alone."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from resume_assets.batches.ledger.lease import LEASE_SECONDS
from resume_assets.batches.ledger.states import BatchState
from resume_assets.batches.planning.runs import (
    MOST_REQUESTS,
    REQUEST_PATIENCE,
    Run,
    Stage,
    is_dead,
    is_due,
    last_request,
    stage_of,
)

NOW = datetime(2026, 11, 27, 12, 0, 0)  # noqa: DTZ001 (as the ledger has it)
SECOND = timedelta(seconds=1)


def batch(**values: Any) -> Any:
    """A claimed batch that nobody is at, asked for an hour ago."""
    row = {
        "batch_key": "b1",
        "state": BatchState.claimed,
        "try_number": 1,
        "run_requests": 1,
        "requested_at": NOW - timedelta(hours=1),
        "quota_until": None,
        "lease_owner": None,
        "lease_until": None,
    }
    return SimpleNamespace(**(row | values))


def killed(ago: timedelta, **values: Any) -> Any:
    """A batch whose worker's lease ran out that long ago, a minute after the last renewal."""
    elsewhere = "another host|-|1|1|random"
    return batch(lease_owner=elsewhere, lease_until=NOW - ago, **values)


class TestDue:
    def test_each_half_has_its_states(self) -> None:
        stages = {state: stage_of(batch(state=state)) for state in BatchState}
        assert {state for state, stage in stages.items() if stage is Stage.submit} == {
            "planned",
            "claimed",
            "built",
            "submitting",
            "quota",
        }
        assert {state for state, stage in stages.items() if stage is Stage.collect} == {
            "ended",
            "collected",
            "applied",
        }

    def test_what_is_out_or_closed_never_is(self) -> None:
        for state in ("submitted", "done", "empty", "abandoned"):
            assert not is_due(batch(state=BatchState(state), requested_at=None), NOW, stopped=False)

    def test_a_request_has_its_patience_to_the_second(self) -> None:
        asked = batch(requested_at=NOW - REQUEST_PATIENCE)
        assert is_due(asked, NOW, stopped=False)
        assert not is_due(asked, NOW - SECOND, stopped=False)

    def test_nobody_is_interrupted(self) -> None:
        assert not is_due(killed(-SECOND), NOW, stopped=False)
        assert is_due(killed(timedelta()), NOW, stopped=False)

    @pytest.mark.parametrize("state", [BatchState.claimed, BatchState.collected])
    def test_a_killed_worker_is_followed_at_once(self, state: BatchState) -> None:
        """Not after the pause that a run has which failed, and which grows up to an hour."""
        just_asked = NOW - timedelta(seconds=65)
        assert is_due(killed(SECOND, state=state, requested_at=just_asked), NOW, stopped=False)

    def test_one_asked_for_since_has_its_patience(self) -> None:
        since = NOW - timedelta(seconds=10)
        assert not is_due(killed(SECOND, requested_at=since), NOW, stopped=False)

    def test_what_kills_its_worker_each_time_waits_like_others(self) -> None:
        often = killed(
            SECOND,
            state=BatchState.collected,
            run_requests=MOST_REQUESTS,
            requested_at=NOW - timedelta(minutes=15),
        )
        assert not is_due(often, NOW, stopped=False)
        assert is_due(often, NOW + timedelta(minutes=1), stopped=False)

    def test_a_lease_that_was_taken_in_the_moment_of_the_request_is_that_run_s(self) -> None:
        asked = NOW - SECOND - timedelta(seconds=LEASE_SECONDS)
        assert is_due(killed(SECOND, requested_at=asked), NOW, stopped=False)

    def test_a_short_patience_grows_too_and_not_for_ever(self) -> None:
        patience, longest = timedelta(seconds=2), timedelta(seconds=512)
        often = batch(state=BatchState.collected, run_requests=50, requested_at=NOW - longest)
        assert is_due(often, NOW, stopped=False, patience=patience)
        assert not is_due(often, NOW - SECOND, stopped=False, patience=patience)

    def test_quota_is_waited_for(self) -> None:
        waits = batch(state=BatchState.quota, quota_until=NOW + SECOND)
        assert not is_due(waits, NOW, stopped=False)
        assert is_due(waits, NOW + SECOND, stopped=False)

    def test_while_stopped_a_doubt_is_settled_and_answers_come_in(self) -> None:
        due = {state for state in BatchState if is_due(batch(state=state), NOW, stopped=True)}
        assert due == {"submitting", "ended", "collected", "applied"}


class TestDead:
    BEGAN = NOW - timedelta(minutes=30)

    def dead(self, row: Any, *, began: datetime | None = BEGAN) -> bool:
        return is_dead(Run("r", "b1", began), row, NOW)

    def test_one_that_waits_is_not(self) -> None:
        assert not self.dead(batch(), began=None)

    def test_one_whose_batch_has_a_lease_is_not(self) -> None:
        assert not self.dead(killed(-SECOND))

    def test_within_two_minutes_of_the_leases_end_it_is(self) -> None:
        """A tick a minute: what is dead after 45 seconds is seen within 105."""
        assert not self.dead(killed(timedelta(seconds=44)))
        assert self.dead(killed(timedelta(seconds=45)))

    def test_between_two_steps_it_is_not(self) -> None:
        given_back = {"lease_owner": None}
        assert not self.dead(batch(**given_back, lease_until=NOW - timedelta(seconds=44)))
        assert self.dead(batch(**given_back, lease_until=NOW - timedelta(seconds=45)))

    def test_one_that_has_just_begun_is_not(self) -> None:
        assert not self.dead(batch(), began=NOW - timedelta(seconds=119))
        assert self.dead(batch(), began=NOW - timedelta(seconds=120))

    def test_a_slow_look_at_openai_holds_no_lease(self) -> None:
        out = batch(state=BatchState.submitted, lease_until=NOW - timedelta(minutes=9))
        assert not self.dead(out)
        assert self.dead(batch(state=BatchState.submitted, lease_until=self.BEGAN))

    def test_a_run_of_a_batch_that_is_done_holds_no_slot_for_ever(self) -> None:
        assert self.dead(batch(state=BatchState.done, lease_until=self.BEGAN))


def test_the_last_request_is_that_of_the_half_that_is_next() -> None:
    assert last_request(batch(run_requests=0)) is None
    assert last_request(batch(state=BatchState.submitted)) is None
    assert last_request(batch(run_requests=2)) == "b1:submit_batch:1:2"
    assert last_request(batch(state=BatchState.ended)) == "b1:collect_batch:1:1"
