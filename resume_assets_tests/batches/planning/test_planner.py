"""The planner on a real ledger: what counts against which limit, and what starts afresh."""

from datetime import datetime, timedelta

import pytest

from resume_assets.batches.ledger import batches
from resume_assets.batches.planning.decision import NoPlan, Stop
from resume_assets.batches.planning.planner import (
    KeyTaken,
    Planned,
    plan_batch,
    plan_named,
    preview,
    why_stopped,
)
from resume_assets.batches.planning.quota import resume_planning, stop_planning
from resume_assets.database.setup import require_initialised
from resume_assets_tests.flow import KEY, Flowing


def plan(flow: Flowing, rows: int = 100, **more) -> Planned | NoPlan:
    return plan_batch(flow.database, flow.settings, rows=rows, origin="test", **more)


def stop(decision: Planned | NoPlan) -> Stop:
    assert isinstance(decision, NoPlan), decision
    return decision.stop


def test_a_plan_reserves_rows_before_any_is_claimed(flow: Flowing):
    assert isinstance(plan(flow, 2), Planned)
    second = plan(flow, 100)
    assert isinstance(second, Planned)
    assert second.plan.rows == 1
    assert stop(plan(flow)) is Stop.nothing_waiting


def test_planned_batches_count_as_in_flight(flow: Flowing):
    plan(flow, 1, in_flight=1)
    assert stop(plan(flow, 1, in_flight=1)) is Stop.in_flight


def test_planned_batches_count_against_the_enqueued_tokens(flow: Flowing):
    first = plan(flow, 1)
    assert isinstance(first, Planned)
    flow.set(enqueued_token_limit=first.plan.tokens + 1)
    assert stop(plan(flow, 1)) is Stop.tokens


def test_a_limit_that_openai_named_counts_too(flow: Flowing):
    installation = flow.database.ledger.installation
    flow.database.write(
        lambda connection: connection.execute(installation.update().values(learned_token_limit=1))
    )
    flow.set(enqueued_token_limit=10**9)
    plan(flow, 1)
    assert stop(plan(flow, 1)) is Stop.tokens


def test_money_is_reserved_with_the_plan_and_resume_grants_it_again(flow: Flowing):
    one = preview(flow.database, flow.settings, 1)
    assert one.cost_per_row is not None
    flow.set(max_cost_usd=one.cost_per_row * 1.5)
    first = plan(flow)
    assert isinstance(first, Planned)
    assert first.plan.rows == 1
    assert stop(plan(flow)) is Stop.money
    flow.database.write(lambda connection: resume_planning(connection, flow.database))
    assert isinstance(plan(flow), Planned)


def test_a_day_s_money_is_there_again_the_next_day(flow: Flowing):
    one = preview(flow.database, flow.settings, 1)
    assert one.cost_per_row is not None
    flow.set(max_cost_usd_a_day=one.cost_per_row * 1.5)
    plan(flow)
    assert stop(plan(flow)) is Stop.money_today
    table = flow.database.ledger.batches
    yesterday = flow.database.read(flow.database.dialect.utc_now) - timedelta(days=1)
    flow.database.write(
        lambda connection: connection.execute(table.update().values(planned_at=yesterday))
    )
    assert isinstance(plan(flow), Planned)


def test_resume_grants_the_day_s_money_again(flow: Flowing):
    one = preview(flow.database, flow.settings, 1)
    assert one.cost_per_row is not None
    flow.set(max_cost_usd_a_day=one.cost_per_row * 1.5)
    plan(flow)
    assert stop(plan(flow)) is Stop.money_today
    flow.database.write(lambda connection: resume_planning(connection, flow.database))
    assert isinstance(plan(flow), Planned)


def test_a_resume_of_yesterday_grants_nothing_of_today_s(flow: Flowing):
    one = preview(flow.database, flow.settings, 1)
    assert one.cost_per_row is not None
    flow.set(max_cost_usd_a_day=one.cost_per_row * 1.5)
    now = flow.database.read(flow.database.dialect.utc_now)
    installation = flow.database.ledger.installation
    flow.database.write(
        lambda connection: connection.execute(
            installation.update().values(resumed_at=now - timedelta(days=2))
        )
    )
    _spent(flow, "yesterday", now.replace(hour=0, minute=0, second=0) - timedelta(seconds=1))
    assert isinstance(plan(flow), Planned)
    assert stop(plan(flow)) is Stop.money_today


@pytest.mark.parametrize(
    ("known", "is_over"),
    [
        ({"cost_planned": 2.0}, True),
        ({"cost_planned": 2.0, "estimated_cost": 0.5}, False),
        ({"cost_planned": 0.0, "estimated_cost": 2.0}, True),
        ({"cost_planned": 2.0, "estimated_cost": 2.0, "batch_cost": 0.5}, False),
        ({"cost_planned": 0.0, "estimated_cost": 0.0, "batch_cost": 2.0}, True),
        ({"cost_planned": 2.0, "state": "empty"}, False),
        ({"cost_planned": 2.0, "state": "abandoned"}, False),
    ],
)
def test_what_was_paid_counts_for_what_was_expected(
    flow: Flowing, known: dict[str, object], is_over: bool
):
    flow.set(max_cost_usd=1.0)
    now = flow.database.read(flow.database.dialect.utc_now)
    _spent(flow, "before", now, **known)
    decision = plan(flow)
    assert (isinstance(decision, NoPlan) and decision.stop is Stop.money) == is_over


def test_what_is_built_counts_by_its_own_tokens_and_what_ended_by_none(flow: Flowing):
    flow.until_built("first", rows=1)
    flow.update("first", tokens_planned=10**9)
    flow.set(enqueued_token_limit=10**6)
    second = plan(flow, 1)
    assert isinstance(second, Planned)
    flow.update("first", estimated_input_tokens=10**9)
    assert stop(plan(flow, 1)) is Stop.tokens
    flow.update("first", state="ended")
    assert isinstance(plan(flow, 1), Planned)


def test_what_others_have_planned_is_left_to_them(flow: Flowing):
    """The newest is theirs, with its size; what waits behind is what is planned."""
    small = preview(flow.database, flow.settings, 1).tokens_per_row
    flow.change(1, markdownResume="word " * 50_000)
    large = preview(flow.database, flow.settings, 1).tokens_per_row
    first, second = plan(flow, 1), plan(flow, 1)
    assert isinstance(first, Planned)
    assert isinstance(second, Planned)
    assert first.plan.tokens == round(large) > 20 * small
    assert second.plan.tokens == round(small)


def test_so_many_in_all_are_planned_by_one_origin(flow: Flowing):
    assert isinstance(plan(flow, 1, key="a", in_all=1), Planned)
    assert stop(plan(flow, 1, in_all=1)) is Stop.enough
    flow.update("a", origin="another")
    assert isinstance(plan(flow, 1, key="b", in_all=1), Planned)
    flow.update("b", state="abandoned")
    assert isinstance(plan(flow, 1, key="c", in_all=1), Planned)
    flow.update("c", state="done")
    assert stop(plan(flow, 1, in_all=1)) is Stop.enough


def test_an_unknown_model_has_no_price_and_spends_no_limited_money(flow: Flowing):
    flow.set(model="somebody-s-model-7b")
    queue = preview(flow.database, flow.settings, 1)
    assert queue.cost_per_row is None
    flow.set(max_cost_usd=1_000.0)
    assert stop(plan(flow)) is Stop.money


def test_two_poor_batches_in_a_row_stop_planning_until_resume(flow: Flowing):
    flow.seed({10: "# Someone else\n\nA resume", 11: "# Another one\n\nA resume"})
    for key in ("poor1", "poor2"):
        plan(flow, 1, key=key)
        _finish(flow, key, low_share=True)
    assert stop(plan(flow)) is Stop.low_share
    flow.database.write(lambda connection: resume_planning(connection, flow.database))
    assert isinstance(plan(flow), Planned)


def test_a_good_batch_between_two_poor_ones_stops_nothing(flow: Flowing):
    for key, poor in (("p1", True), ("g", False), ("p2", True)):
        plan(flow, 1, key=key)
        _finish(flow, key, low_share=poor)
    assert isinstance(plan(flow), Planned)


def test_a_key_names_one_batch(flow: Flowing):
    plan(flow, 1, key=KEY)
    with pytest.raises(KeyTaken):
        plan(flow, 1, key=KEY)


@pytest.mark.parametrize("key", ["", "a/b", "a b", "a\n", "ä", "x" * 65, "../up"])
def test_a_key_that_could_be_no_folder_is_refused(flow: Flowing, key: str):
    with pytest.raises(batches.BadKey):
        plan(flow, 1, key=key)


def test_a_named_batch_with_nothing_waiting_is_empty_and_can_be_planned_again(flow: Flowing):
    for userid in (1, 2, 3):
        flow.delete(userid)
    assert plan_named(flow.database, flow.settings, KEY, 100) is None
    assert flow.batch().state == "empty"
    flow.seed({7: "# Somebody\n\nA resume"})
    assert plan_named(flow.database, flow.settings, KEY, 100) is None
    assert flow.batch().state == "planned"


def test_made_up_keys_differ(flow: Flowing):
    first, second = plan(flow, 1), plan(flow, 1)
    assert isinstance(first, Planned)
    assert isinstance(second, Planned)
    assert first.key != second.key


def test_a_person_is_told_what_only_a_person_can_end(flow: Flowing):
    """A full queue passes by itself; money that is spent does not."""
    assert _why_stopped(flow) is None
    plan(flow)
    flow.set(enqueued_token_limit=1)
    assert stop(plan(flow)) is Stop.nothing_waiting
    assert _why_stopped(flow) is None
    flow.set(max_cost_usd_a_day=0.000_001)
    assert _why_stopped(flow) is None
    flow.set(max_cost_usd=0.000_001)
    assert "RESUME_MAX_COST_USD = $0.00" in (_why_stopped(flow) or "")
    flow.set(max_cost_usd=None)
    flow.database.write(lambda connection: stop_planning(connection, flow.database, "No money."))
    assert (_why_stopped(flow) or "").startswith("No money.")
    flow.database.write(lambda connection: resume_planning(connection, flow.database))
    assert _why_stopped(flow) is None


def _why_stopped(flow: Flowing) -> str | None:
    return flow.database.read(
        lambda connection: why_stopped(
            connection,
            flow.database,
            flow.settings,
            require_initialised(connection, flow.database),
        )
    )


def _spent(flow: Flowing, key: str, planned_at: datetime, **values: object) -> None:
    """A batch that was planned then, of another candidate."""
    flow.seed({100: "# Somebody\n\nA resume"})
    assert isinstance(plan(flow, 1, key=key), Planned)
    flow.update(key, **{"state": "done", "planned_at": planned_at, **values})


def _finish(flow: Flowing, key: str, *, low_share: bool) -> None:
    now = flow.database.read(flow.database.dialect.utc_now)
    flow.database.write(
        lambda connection: batches.update(
            connection, flow.database, key, state="done", low_share=low_share, done_at=now
        )
    )
