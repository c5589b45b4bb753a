"""The planner on a real ledger: what counts against which limit, and what starts afresh."""

from datetime import datetime, timedelta

import pytest

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.queue import waiting
from resume_assets.batches.planning.decision import NoPlan, Stop
from resume_assets.batches.planning.dispatching import abandon
from resume_assets.batches.planning.planner import (
    KeyTaken,
    Planned,
    plan_batch,
    plan_named,
    preview,
    why_stopped,
)
from resume_assets.batches.planning.quota import resume_planning, stop_planning
from resume_assets.batches.upkeep.people import forgive
from resume_assets.database.setup import require_initialised
from resume_assets_tests.flow import KEY, Flowing, resume


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


@pytest.mark.parametrize("keys", [("poor1", "poor2"), ("good", "poor1", "poor2", "poor3")])
def test_two_poor_batches_in_a_row_stop_planning_until_resume(flow: Flowing, keys: tuple[str, ...]):
    flow.seed({10: resume(10), 11: resume(11)})
    for key in keys:
        assert isinstance(plan(flow, 1, key=key), Planned)
    for key in keys:
        _finish(flow, key, low_share=key != "good")
    assert stop(plan(flow)) is Stop.low_share
    flow.database.write(lambda connection: resume_planning(connection, flow.database))
    assert isinstance(plan(flow), Planned)


def test_a_good_batch_between_two_poor_ones_stops_nothing(flow: Flowing):
    for key, poor in (("p1", True), ("g", False), ("p2", True)):
        plan(flow, 1, key=key)
        _finish(flow, key, low_share=poor)
    assert isinstance(plan(flow), Planned)


class TestRepeats:
    """Batches made only of repeats have a share of their own; while it is low, repeats wait."""

    def fail(self, flow: Flowing, key: str, *userids: int) -> None:
        """A batch of all that wait, of which these get a refusal."""
        flow.until_ended(key)
        flow.collect(key)
        items = flow.database.ledger.items
        flow.apply(key)
        failed = items.c.userid.in_(userids), items.c.batch_key == key
        flow.database.write(
            lambda connection: connection.execute(
                items.update()
                .where(*failed)
                .values(state="refused", reason="refusal", attempt_used=True)
            )
        )
        for userid in userids:
            flow.change(userid, LastProcessed=None)
        flow.settle(key)

    def sendable(self, flow: Flowing) -> list[int]:
        most = flow.settings.max_attempts
        rows = flow.database.read(
            lambda connection: waiting(
                connection, flow.database, 99, max_attempts=most, without_held=True
            )
        )
        return [row.userid for row in rows]

    def hold(self, flow: Flowing) -> None:
        """Ten candidates, of which the first two never get a usable answer."""
        flow.set(max_attempts=10)
        flow.seed({number: resume(number) for number in range(4, 11)})
        for key in ("first", "again", "and again"):
            self.fail(flow, key.replace(" ", "-"), 1, 2)

    def test_a_batch_of_both_speaks_by_the_first_ones(self, flow: Flowing):
        self.fail(flow, "a", 1)
        assert flow.batch("a").low_share is True
        flow.seed({9: resume(11)})
        self.fail(flow, "b", 1)
        assert (flow.batch("b").low_share, flow.batch("b").low_share_repeats) == (False, None)

    def test_two_poor_ones_hold_the_repeats_back(self, flow: Flowing):
        self.hold(flow)
        assert flow.batch("first").low_share is False
        assert flow.batch("and-again").low_share_repeats is True
        refused = plan(flow)
        assert stop(refused) is Stop.low_share
        assert isinstance(refused, NoPlan)
        assert "resume-assets unpause" in refused.why
        installation = flow.installation()
        why = flow.database.read(
            lambda connection: why_stopped(connection, flow.database, flow.settings, installation)
        )
        assert why == refused.why
        assert flow.given_up() == []

    def test_others_go_on_and_a_good_batch_frees_the_repeats(self, flow: Flowing):
        self.hold(flow)
        flow.seed({20: resume(20)})
        assert self.sendable(flow) == [20]
        flow.until_done("good")
        assert self.sendable(flow) == [1, 2]

    def test_resume_frees_them_too_and_so_does_retry_or_another_text(self, flow: Flowing):
        self.hold(flow)
        flow.change(2, markdownResume=resume(2) + "\nEdited")
        assert self.sendable(flow) == [2]
        assert forgive(flow.database, flow.settings, [1]) == 1
        assert self.sendable(flow) == [1, 2]
        self.hold_again(flow)
        assert self.sendable(flow) == []
        flow.database.write(lambda connection: resume_planning(connection, flow.database))
        assert self.sendable(flow) == [1, 2]

    def hold_again(self, flow: Flowing) -> None:
        self.fail(flow, "once-more", 1, 2)

    def test_one_good_one_among_them_holds_nothing(self, flow: Flowing):
        flow.set(max_attempts=10)
        self.fail(flow, "a", 1, 2, 3)
        self.fail(flow, "b", 1, 2, 3)
        self.fail(flow, "c", 3)  # two of three
        assert flow.batch("c").low_share_repeats is True
        flow.database.write(lambda connection: resume_planning(connection, flow.database))
        flow.set(usable_share=0.0)
        self.fail(flow, "d", 3)
        assert flow.batch("d").low_share_repeats is False
        assert self.sendable(flow) == [3]


def test_the_first_run_of_a_batch_is_asked_for_with_its_plan(flow: Flowing):
    decision = plan(flow, 1, key=KEY)
    assert isinstance(decision, Planned)
    assert decision.due.run_key == f"{KEY}:submit_batch:1:1"
    batch = flow.batch()
    assert (batch.run_requests, batch.quota_tries, batch.requested_at) == (1, 0, batch.planned_at)
    assert (batch.rows_planned, batch.message) == (1, None)


def test_a_key_names_one_batch(flow: Flowing):
    plan(flow, 1, key=KEY)
    with pytest.raises(KeyTaken):
        plan(flow, 1, key=KEY)


@pytest.mark.parametrize("deleted", [False, True])
def test_planned_anew_nothing_from_before_it_ended_counts(flow: Flowing, deleted: bool):
    before = flow.until_built()
    flow.database.write(
        lambda connection: abandon(
            connection, flow.database, before, "cancelled_by_person", "No.", now=before.built_at
        )
    )
    if deleted:
        flow.update(local_deleted_at=before.built_at)
    assert isinstance(plan(flow, 2, key=KEY), Planned)
    batch = flow.batch()
    assert (batch.state, batch.try_number, batch.rows_planned) == ("planned", 2, 2)
    assert batch.store_url == (None if deleted else before.store_url)
    assert (batch.estimated_input_tokens, batch.file_bytes, batch.built_at) == (None, None, None)
    assert batch.local_deleted_at is None
    flow.claim()
    assert flow.build().requests == 2


def test_a_key_of_which_a_resume_was_refused_is_not_planned_again(flow: Flowing):
    plan(flow, 1, key=KEY)
    flow.claim()
    items = flow.database.ledger.items
    failed = items.update().values(state="failed", reason="over_token_limit")
    flow.database.write(lambda connection: connection.execute(failed))
    flow.update(state="abandoned")
    with pytest.raises(KeyTaken, match="in state abandoned: choose another key"):
        plan(flow, 1, key=KEY)


@pytest.mark.parametrize("key", ["", "a/b", "a b", "a\n", "ä", "x" * 65, "../up"])
def test_a_key_that_could_be_no_folder_is_refused(flow: Flowing, key: str):
    with pytest.raises(batches.BadKey):
        plan(flow, 1, key=key)


def test_a_named_batch_with_nothing_waiting_is_empty_and_can_be_planned_again(flow: Flowing):
    for userid in (1, 2, 3):
        flow.delete(userid)
    assert plan_named(flow.database, flow.settings, KEY, 100) is None
    batch = flow.batch()
    assert (batch.state, batch.origin, batch.try_number) == ("empty", "manual", 1)
    assert (batch.rows_planned, batch.tokens_planned, float(batch.cost_planned)) == (0, 0, 0.0)
    assert flow.claim().rows == 0
    flow.seed({7: resume(7)})
    assert plan_named(flow.database, flow.settings, KEY, 100) is None
    batch = flow.batch()
    assert (batch.state, batch.rows_planned, batch.try_number) == ("planned", 1, 2)


def test_made_up_keys_differ(flow: Flowing):
    first, second = plan(flow, 1), plan(flow, 1)
    assert isinstance(first, Planned)
    assert isinstance(second, Planned)
    assert first.key != second.key


def test_a_person_is_told_what_only_a_person_can_end(flow: Flowing):
    """A full queue passes by itself; money that is spent does not."""
    flow.set(max_cost_usd=0.000_015)  # a thousandth of a cent and a half
    assert _why_stopped(flow) is None
    flow.set(max_cost_usd=None)
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
