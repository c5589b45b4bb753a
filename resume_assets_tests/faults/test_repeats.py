"""Faults that repeat end: a request's own is sent RESUME_MAX_ATTEMPTS times at most."""

import random
from collections import Counter
from typing import Any

import pytest

from resume_assets.batches.planning.decision import NoPlan, Stop
from resume_assets.batches.planning.planner import plan_batch
from resume_assets_tests.extraction.test_faults import OPENAI, shapes
from resume_assets_tests.faults.test_lines import edit, refusal, run_with
from resume_assets_tests.flow import Flow, Flowing, resume

SHAPES = shapes(400, OPENAI) | {
    "of no known kind": {"error": {"type": "request_failed", "message": "It did not work"}},
    "nothing told": {"response": None, "error": None},
    "no body": {"response": {"status_code": 200, "body": None}},
}


def sent(flow: Flow, number: int) -> int:
    """How often the server was sent this candidate."""
    return Counter(flow.book.sent())[str(number)]


def until_it_ends(flow: Flow, change: Any, number: int = 2) -> None:
    """Batch after batch, of which this candidate's line always is that."""
    for index in range(12):
        if number not in flow.waiting():
            return
        run_with(flow, lambda lines: edit(lines, number, change), f"b{index}")
    raise AssertionError("it is sent for ever")


@pytest.mark.parametrize(
    ("shape", "most"),
    [
        *((shape, 2) for shape in (*SHAPES, "any")),
        *((shape, most) for most in (1, 3, 5) for shape in ("any", "nothing told")),
    ],
)
def test_whatever_shape_the_server_gives_it(flow: Flowing, shape: str, most: int) -> None:
    flow.set(max_attempts=most, usable_share=0.0)
    chance = random.Random(shape)

    def change(_: Any) -> Any:
        chosen = chance.choice(list(SHAPES)) if shape == "any" else shape
        return {"id": "b", "custom_id": "2", **SHAPES[chosen]}

    until_it_ends(flow, change)
    assert sent(flow, 2) == most
    assert [one.userid for one in flow.given_up()] == [2]
    assert flow.written() == [1, 3]


def test_a_line_that_is_missing_each_time(flow: Flowing) -> None:
    flow.set(usable_share=0.0)
    for index in range(3):
        assert 2 in flow.waiting()
        flow.seed({100 + index: resume(100 + index)})
        run_with(
            flow,
            lambda lines: [line for line in lines if b'"custom_id":"2"' not in line],
            f"b{index}",
        )
    assert sent(flow, 2) == 3
    assert [one.reason for one in flow.given_up()] == ["no_line"]


def test_a_fault_of_no_known_kind_that_passes_costs_nothing(flow: Flowing) -> None:
    line = {"custom_id": "2", **SHAPES["of no known kind"]}
    run_with(flow, lambda lines: edit(lines, 2, lambda _: line), "a")
    assert flow.waiting() == [2]
    assert not flow.items("a")[2].attempt_used
    flow.until_done("b")
    assert flow.written() == [1, 2, 3]


def test_the_guard_sees_batches_of_repeats(flow: Flowing) -> None:
    """Ten attempts are allowed; two batches of nothing usable are enough to ask a person."""
    flow.set(max_attempts=10)
    flow.seed({number: resume(number) for number in range(4, 10)})
    for index in range(3):
        run_with(flow, lambda lines: edit(lines, 2, refusal), f"b{index}")
    decision = plan_batch(flow.database, flow.settings, rows=10, origin="test")
    assert isinstance(decision, NoPlan)
    assert decision.stop is Stop.low_share
    assert sent(flow, 2) == 3
