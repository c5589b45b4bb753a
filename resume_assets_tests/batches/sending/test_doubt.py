"""A batch in doubt that was created twice, and one whose doubt does not end."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resume_assets.local_openai.settings import Pace
from resume_assets.openai_api.errors import ApiUnavailable, QueueFull
from resume_assets_tests.flow import Flowing, flow_at
from resume_assets_tests.local_openai.faults import DropAfter, DropBefore, Respond
from resume_assets_tests.local_openai.support import ManualClock

BATCHES = "/v1/batches"


@pytest.fixture
def twice(tmp_path: Path) -> Iterator[tuple[Flowing, str, str]]:
    """A batch in doubt that the server, which works on it all day, has twice; the older first."""
    clock = ManualClock()
    with flow_at(tmp_path / "home", pace=Pace(0, 80_000, 0, 0, 0), clock=clock) as flow:
        flow.seed(3)
        flow.until_built()
        in_doubt(flow, DropAfter())
        [first] = flow.book.batches()
        clock.advance(5)
        made = flow.api.retrieve(first)
        second = flow.api.create(made.input_file_id, made.metadata or {}).id
        yield flow, first, second


def in_doubt(flow: Flowing, fault: Any) -> None:
    """The creation's answer says nothing, and the process ends before it has looked."""
    flow.faults.add("POST", BATCHES, fault)
    flow.faults.add("GET", BATCHES, DropBefore())
    with pytest.raises(ApiUnavailable):
        flow.submit()
    assert flow.batch().state == "submitting"
    flow.faults.clear()


def cancelled(flow: Flowing) -> list[str]:
    """The batches for which a cancellation was asked, each time that it was."""
    return [path.split("/")[3] for method, path in flow.faults.calls if path.endswith("/cancel")]


def test_of_two_the_older_runs_on_and_the_younger_is_cancelled(
    twice: tuple[Flowing, str, str],
) -> None:
    flow, first, second = twice
    batch = flow.submit()
    assert (batch.state, batch.openai_batch_id) == ("submitted", first)
    assert cancelled(flow) == [second]
    assert flow.api.retrieve(first).status in ("validating", "in_progress")
    assert flow.api.retrieve(second).status in ("cancelling", "cancelled")
    assert set(flow.ends().values()) == {"submitted"}


def test_a_second_one_that_can_t_be_cancelled_keeps_nobody_from_going_on(
    twice: tuple[Flowing, str, str], caplog: pytest.LogCaptureFixture
) -> None:
    flow, first, second = twice
    flow.faults.add("POST", f"{BATCHES}/.*/cancel", Respond(500))
    with caplog.at_level(logging.ERROR):
        batch = flow.submit()
    assert (batch.state, batch.openai_batch_id) == ("submitted", first)
    assert cancelled(flow) == [second]
    assert "second one not cancelled" in caplog.text


@pytest.mark.parametrize("fault", [DropBefore(), Respond(500)], ids=["reset", "500"])
def test_a_doubt_that_does_not_end_is_left_to_the_next_run(flow: Flowing, fault: Any) -> None:
    flow.until_built()
    flow.faults.add("POST", BATCHES, fault, times=None)
    with pytest.raises(ApiUnavailable, match=r"Batch b1: .*It is in doubt"):
        flow.submit()
    assert flow.faults.count("POST", BATCHES) == 3
    assert flow.batch().state == "submitting"
    flow.faults.clear()
    before = len(flow.faults.calls)
    assert flow.submit().state in ("submitted", "ended")
    assert flow.faults.calls[before] == ("GET", BATCHES)  # first of all it looks
    flow.wait()
    assert flow.bring_in().succeeded == 3
    assert not flow.book.paid_twice()


def test_too_many_calls_while_it_looks_leave_the_doubt_as_it_is(flow: Flowing) -> None:
    """Nothing says that it was not created: it may not wait as `quota`, to be created again."""
    flow.until_built()
    in_doubt(flow, DropAfter())
    flow.faults.add("GET", BATCHES, Respond(429, "rate_limit_exceeded"))
    with pytest.raises(QueueFull):
        flow.submit()
    assert flow.batch().state == "submitting"
    assert flow.submit().try_number == 1
    assert flow.faults.count("POST", BATCHES) == 1
