"""The decision on the next batch: within every limit, and saying why where there is none."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.batches.planning.decision import (
    WAITS_FOR_A_PERSON,
    Limits,
    NoPlan,
    Outstanding,
    Plan,
    Queue,
    Stop,
    TimeLeft,
    decide,
)
from resume_assets.models.ends import ModelEnd
from resume_assets.openai_api.limits import MAX_FILE_BYTES, MAX_REQUESTS

QUEUE = Queue(waiting=10_000, bytes_per_row=8_000, tokens_per_row=2_000, cost_per_row=0.001)
NOTHING_OUT = Outstanding()
NO_LIMITS = Limits()


def planned(decision: Plan | NoPlan) -> Plan:
    assert isinstance(decision, Plan), decision
    return decision


def refused(decision: Plan | NoPlan) -> NoPlan:
    assert isinstance(decision, NoPlan), decision
    return decision


def test_plans_what_is_asked_for_and_reserves_its_tokens_and_money():
    plan = planned(decide(QUEUE, NOTHING_OUT, NO_LIMITS, 500))
    assert plan == Plan(rows=500, tokens=1_000_000, cost=0.5)


def test_what_is_not_known_counts_for_nothing():
    plan = planned(decide(Queue(waiting=3), NOTHING_OUT, Limits(enqueued_tokens=1), 500))
    assert plan == Plan(rows=3, tokens=0, cost=None)
    plan = planned(decide(Queue(waiting=3), Outstanding(1, 5), Limits(enqueued_tokens=1), 500))
    assert plan.rows == 3
    assert Outstanding() == Outstanding(0, 0, 0.0, 0.0, low_share=False, stopped=None)
    assert Queue(3) == Queue(3, 0.0, 0.0, None, are_some_held=False)


def test_where_only_repeats_wait_that_are_held_back_a_person_is_asked():
    held = Queue(waiting=0, are_some_held=True)
    decision = refused(decide(held, NOTHING_OUT, NO_LIMITS, 500))
    assert decision.stop is Stop.low_share
    assert "Only resumes wait that failed before" in decision.why
    nothing = refused(decide(Queue(waiting=0), NOTHING_OUT, NO_LIMITS, 500))
    assert nothing.stop is Stop.nothing_waiting
    others = replace(QUEUE, waiting=1, are_some_held=True)
    assert planned(decide(others, NOTHING_OUT, NO_LIMITS, 500)).rows == 1


@pytest.mark.parametrize(
    ("limits", "stop", "how"),
    [
        (Limits(cost_total=1), Stop.money, "`resume-assets unpause` grants the sum again."),
        (Limits(cost_today=1), Stop.money_today, "It starts afresh at midnight UTC, or with"),
    ],
)
def test_a_budget_that_is_spent_says_how_it_goes_on(limits: Limits, stop: Stop, how: str):
    spent = Outstanding(cost_total=1.0, cost_today=1.0)
    decision = refused(decide(QUEUE, spent, limits, 500))
    assert decision.stop is stop
    assert decision.why.startswith("$1.00 of RESUME_MAX_COST_USD")
    assert how in decision.why


def test_money_is_reserved_to_the_millionth_of_a_dollar():
    queue = replace(QUEUE, cost_per_row=0.0001234)
    assert planned(decide(queue, NOTHING_OUT, NO_LIMITS, 1)).cost == 0.000123


def test_plans_no_more_than_waits():
    assert planned(decide(replace(QUEUE, waiting=3), NOTHING_OUT, NO_LIMITS, 500)).rows == 3


def test_a_file_holds_at_most_its_requests():
    queue = replace(QUEUE, waiting=200_000, bytes_per_row=100)
    assert planned(decide(queue, NOTHING_OUT, NO_LIMITS, 200_000)).rows == MAX_REQUESTS


def test_a_file_holds_at_most_its_bytes():
    queue = replace(QUEUE, waiting=200_000)
    assert planned(decide(queue, NOTHING_OUT, NO_LIMITS, 200_000)).rows == MAX_FILE_BYTES // 8_000


def test_a_batch_shrinks_to_the_tokens_that_are_left():
    limits = Limits(enqueued_tokens=2_000_000)
    assert planned(decide(QUEUE, Outstanding(1, 1_900_000), limits, 500)).rows == 50


def test_a_resume_over_the_whole_token_limit_goes_alone():
    queue = replace(QUEUE, tokens_per_row=3_000_000)
    limits = Limits(enqueued_tokens=2_000_000)
    assert planned(decide(queue, NOTHING_OUT, limits, 500)).rows == 1
    assert refused(decide(queue, Outstanding(1, 5), limits, 500)).stop is Stop.tokens


@pytest.mark.parametrize(
    "limits",
    [
        Limits(cost_total=9.6),
        Limits(cost_today=1),
        Limits(cost_total=9.6, cost_today=100),
        Limits(cost_total=100, cost_today=1),
    ],
)
def test_a_batch_shrinks_to_the_money_that_is_left(limits):
    spent = Outstanding(cost_total=9.5, cost_today=0.9)
    assert planned(decide(QUEUE, spent, limits, 500)).rows == pytest.approx(100, abs=1)


LIMIT = Limits(enqueued_tokens=2_000_000)
"""A hundredth of it is room for ten rows."""


def test_a_crumb_of_the_token_limit_waits_until_more_is_free():
    assert refused(decide(QUEUE, Outstanding(1, 1_985_000), LIMIT, 500)).stop is Stop.tokens
    assert planned(decide(QUEUE, Outstanding(1, 1_980_000), LIMIT, 500)).rows == 10


def test_a_crumb_is_taken_where_it_is_all_that_waits_or_all_there_will_be():
    few = replace(QUEUE, waiting=5)
    assert planned(decide(few, Outstanding(1, 1_985_000), LIMIT, 500)).rows == 5
    assert planned(decide(QUEUE, Outstanding(1, 1_985_000), LIMIT, 5)).rows == 5
    assert planned(decide(QUEUE, Outstanding(0, 1_985_000), LIMIT, 500)).rows == 7


@pytest.mark.parametrize(
    ("queue", "outstanding", "limits", "stop", "named"),
    [
        (Queue(0), NOTHING_OUT, NO_LIMITS, Stop.nothing_waiting, "No resume"),
        (QUEUE, Outstanding(4, 0), Limits(in_flight=4), Stop.in_flight, "RESUME_MAX_IN_FLIGHT"),
        (
            QUEUE,
            Outstanding(1, 1_999_999),
            Limits(enqueued_tokens=2_000_000),
            Stop.tokens,
            "1,999,999 of 2,000,000",
        ),
        (
            QUEUE,
            Outstanding(cost_total=10),
            Limits(cost_total=10),
            Stop.money,
            "RESUME_MAX_COST_USD = $10.00",
        ),
        (
            QUEUE,
            Outstanding(cost_today=1),
            Limits(cost_today=1),
            Stop.money_today,
            "RESUME_MAX_COST_USD_A_DAY",
        ),
        (QUEUE, Outstanding(low_share=True), NO_LIMITS, Stop.low_share, "resume-assets unpause"),
        (QUEUE, Outstanding(stopped="No money."), NO_LIMITS, Stop.stopped, "No money."),
    ],
)
def test_says_why_nothing_is_planned(queue, outstanding, limits, stop, named):
    refusal = refused(decide(queue, outstanding, limits, 500))
    assert refusal.stop is stop
    assert named in refusal.why


def test_without_a_price_a_money_limit_lets_nothing_through():
    unpriced = replace(QUEUE, cost_per_row=None)
    assert planned(decide(unpriced, NOTHING_OUT, NO_LIMITS, 5)).cost is None
    refusal = refused(decide(unpriced, NOTHING_OUT, Limits(cost_total=1), 5))
    assert "no price is known" in refusal.why


def test_only_what_a_person_must_mend_waits_for_one():
    persons = {
        Stop.money,
        Stop.low_share,
        Stop.low_borne_out,
        Stop.stopped,
        Stop.model_ends,
    }
    assert persons == WAITS_FOR_A_PERSON


def test_what_is_made_up_stops_the_planning_and_the_command_is_told():
    refusal = refused(decide(QUEUE, Outstanding(low_borne_out=True), NO_LIMITS, 500))
    assert refusal.stop is Stop.low_borne_out
    for told in ("RESUME_BORNE_OUT_SHARE", "values_borne_out", "`resume-assets unpause`"):
        assert told in refusal.why


at = datetime.fromisoformat

GONE = ModelEnd("old", date(2027, 1, 14), "new", is_binding=True)


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (at("2026-11-27"), None),
        (at("2027-01-12T23:59"), None),
        (at("2027-01-13"), None),  # a batch of 24 hours ends as the day of the end begins
        (at("2027-01-13T00:01"), "A batch may take 24 hours"),
        (at("2027-01-13T23:59"), "A batch may take 24 hours"),
        (at("2027-01-14"), "Nothing is planned with it any more"),
        (at("2029-01-01"), "Nothing is planned with it any more"),
    ],
)
def test_no_batch_outlasts_its_model(now, says):
    decision = decide(QUEUE, NOTHING_OUT, NO_LIMITS, 500, TimeLeft(GONE, now))
    if says is None:
        assert planned(decision).rows == 500
        return
    refusal = refused(decision)
    assert refusal.stop is Stop.model_ends
    assert says in refusal.why
    assert "RESUME_MODEL=new" in refusal.why
    assert "resume-assets trial" in refusal.why


def test_an_end_elsewhere_or_none_holds_nothing_up():
    late = at("2029-01-01")
    elsewhere = replace(GONE, is_binding=False)
    for left in (TimeLeft(elsewhere, late), TimeLeft(None, late), None):
        assert planned(decide(QUEUE, NOTHING_OUT, NO_LIMITS, 500, left)).rows == 500


def test_where_nothing_waits_the_end_is_no_reason():
    refusal = refused(decide(Queue(0), NOTHING_OUT, NO_LIMITS, 5, TimeLeft(GONE, at("2029-01-01"))))
    assert refusal.stop is Stop.nothing_waiting


amounts = st.floats(0, 1e6, allow_nan=False)
queues = st.builds(
    Queue,
    waiting=st.integers(0, 10**7),
    bytes_per_row=st.floats(1, 1e9),
    tokens_per_row=st.floats(1, 1e6),
    cost_per_row=st.none() | st.floats(1e-9, 1e3),
)
outstandings = st.builds(
    Outstanding,
    batches=st.integers(0, 100),
    tokens=st.integers(0, 10**10),
    cost_total=amounts,
    cost_today=amounts,
)
limits = st.builds(
    Limits,
    in_flight=st.none() | st.integers(1, 100),
    enqueued_tokens=st.none() | st.integers(1, 10**10),
    cost_total=st.none() | amounts,
    cost_today=st.none() | amounts,
)


@given(queues, outstandings, limits, st.integers(1, 10**6))
def test_no_plan_exceeds_any_limit(queue, outstanding, limit, rows):
    decision = decide(queue, outstanding, limit, rows)
    if isinstance(decision, NoPlan):
        assert decision.why
        return
    assert 1 <= decision.rows <= min(rows, queue.waiting, MAX_REQUESTS)
    alone = decision.rows == 1
    assert decision.rows * queue.bytes_per_row <= MAX_FILE_BYTES * 1.000_001 or alone
    if limit.in_flight is not None:
        assert outstanding.batches < limit.in_flight
    if limit.enqueued_tokens is not None:
        total = outstanding.tokens + decision.rows * queue.tokens_per_row
        assert total <= limit.enqueued_tokens * 1.000_001 or (alone and not outstanding.batches)
    for budget, spent in (
        (limit.cost_total, outstanding.cost_total),
        (limit.cost_today, outstanding.cost_today),
    ):
        if budget is not None:
            assert decision.cost is not None
            assert spent + decision.rows * (queue.cost_per_row or 0) <= budget * 1.000_001


@given(queues.filter(lambda queue: queue.waiting > 0), st.integers(1, 10**6))
def test_without_limits_something_is_always_planned(queue, rows):
    assert planned(decide(queue, NOTHING_OUT, NO_LIMITS, rows)).rows >= 1
