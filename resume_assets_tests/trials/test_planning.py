"""A trial's batches, from the plan to the choice of their resumes, and where it stands then."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets.batches.ledger.batches import Batch
from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.planning.asked import asked_now
from resume_assets.batches.planning.decision import NoPlan, Stop
from resume_assets.batches.planning.outstanding import queue_with
from resume_assets.batches.planning.planner import Planned
from resume_assets.database import rights
from resume_assets.database.connect import Database
from resume_assets.database.rights import RightsMissing
from resume_assets.models.catalogue import model_for
from resume_assets.trials import ledger, planning
from resume_assets.trials.claiming import choose
from resume_assets.trials.creating import NoTime, create, estimates
from resume_assets.trials.planning import may_plan, plan_variant, why_none
from resume_assets.trials.progress import TrialState, state_of
from resume_assets.trials.sampling import draw, sizes_of
from resume_assets.trials.upkeep import call_off, forget_records
from resume_assets.trials.variants import BadVariants, Variant, from_json, variants_of
from resume_assets_tests.databases import settings
from resume_assets_tests.trials.trying import MINI, NANO, Trying


def planned(trying: Trying, key: str, number: int = 0) -> Planned | NoPlan | None:
    flow = trying.flow
    variant = from_json(trying.trial(key).variants)[number]
    with ledger.leased_trial(flow.database, key) as lease:
        return plan_variant(lease, flow.settings, variant)


def chosen(trying: Trying, batch: str) -> Batch:
    with leased(trying.flow.database, batch) as lease:
        return choose(lease, trying.flow.settings)


def asked(trying: Trying, key: str, ask: Any) -> Any:
    flow = trying.flow
    return flow.database.read(lambda c: ask(c, flow.database, flow.settings, trying.trial(key)))


def counts(trying: Trying, key: str) -> list[tuple[int, ...]]:
    """Of each variant: resumes, unsent, out, usable, unusable."""
    state: TrialState = trying.flow.database.read(lambda c: state_of(c, trying.flow.database, key))
    return [(v.resumes, v.unsent, v.out, v.usable, v.unusable) for v in state.variants]


def change(trying: Trying, key: str, userid: int, **values: Any) -> None:
    items = trying.flow.database.ledger.trial_items
    of_first = trying.batches(key)[0].batch_key
    moved = items.update().where(items.c.userid == userid, items.c.batch_key == of_first)
    trying.flow.database.write(lambda connection: connection.execute(moved.values(values)))


def test_nothing_is_planned_without_the_rights_to_write_it_down(
    trying: Trying, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = trying.create(size=3)

    def require(_: Database) -> None:
        raise RightsMissing("GRANT everything")

    monkeypatch.setattr(rights, "require", require)
    with pytest.raises(RightsMissing, match="GRANT everything"):
        planned(trying, key)
    assert trying.batches(key) == []


def test_a_trial_as_it_is_written_down(trying: Trying) -> None:
    key = trying.create(size=9, seed=3)
    row = trying.trial(key)
    assert (row.seed, row.sample_asked, row.sample_size) == (3, 9, 5)
    assert (row.try_number, row.run_requests, row.done_at, row.message) == (1, 0, None, None)
    drawn = trying.flow.database.ledger.trial_candidates
    places = trying.flow.rows(sa.select(drawn.c.position).order_by(drawn.c.position))
    assert [one.position for one in places] == [0, 1, 2, 3, 4]


def test_batches_are_named_by_variant_and_number(
    trying: Trying, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "most_requests", lambda _: 2)  # of one file
    key = trying.create(size=5)
    for number in (0, 0, 1, 0):
        assert isinstance(planned(trying, key, number), Planned)
    batches = {batch.batch_key: batch for batch in trying.batches(key)}
    assert set(batches) == {f"{key}-1-1", f"{key}-1-2", f"{key}-2-1", f"{key}-1-3"}
    assert batches[f"{key}-1-1"].rows_planned == 2
    assert batches[f"{key}-1-3"].rows_planned == 1, "what is promised is not planned again"
    assert planned(trying, key) is None
    assert {batch.origin for batch in batches.values()} == {"trial"}


def test_why_nothing_is_planned(trying: Trying) -> None:
    key = trying.create()
    assert asked(trying, key, why_none) is None
    assert asked(trying, key, may_plan) is True
    trying.flow.set(max_cost_usd=0.0)
    assert asked(trying, key, why_none).stop is Stop.money
    assert asked(trying, key, may_plan) is False
    trying.flow.set(max_cost_usd=None)
    assert isinstance(planned(trying, key), Planned)
    assert asked(trying, key, may_plan) is True, "the other variant"
    assert isinstance(planned(trying, key, 1), Planned)
    assert asked(trying, key, may_plan) is False
    assert asked(trying, key, why_none) is None


def test_one_that_is_called_off_plans_nothing(trying: Trying) -> None:
    key = trying.create()
    with ledger.leased_trial(trying.flow.database, key) as lease:
        called_off = call_off(lease)
        assert called_off.called_off_at is not None
        trying.update(key, called_off_at=datetime(2026, 1, 1))  # noqa: DTZ001
        assert call_off(lease).called_off_at == datetime(2026, 1, 1)  # noqa: DTZ001 (as before)
    assert asked(trying, key, may_plan) is False


def test_one_that_is_done_is_not_called_off(trying: Trying) -> None:
    key = trying.create()
    trying.to_the_end(key)
    with ledger.leased_trial(trying.flow.database, key) as lease:
        assert call_off(lease).called_off_at is None


def test_no_more_is_chosen_than_was_planned(trying: Trying) -> None:
    key = trying.create()
    planned(trying, key)
    [batch] = trying.batches(key)
    trying.flow.update(batch.batch_key, rows_planned=3)
    claimed = chosen(trying, batch.batch_key)
    assert (claimed.state, claimed.rows_claimed, claimed.message) == ("claimed", 3, None)
    assert claimed.claimed_at is not None
    assert [item.userid for item in trying.items(key)] == trying.sample(key)[:3]
    assert counts(trying, key) == [(4, 4, 0, 0, 0), (4, 4, 0, 0, 0)], "claimed is not sent"
    again = chosen(trying, batch.batch_key)
    assert (again.state, again.claimed_at) == ("claimed", claimed.claimed_at)


def test_a_batch_for_which_nothing_is_left(trying: Trying) -> None:
    key = trying.create()
    planned(trying, key)
    [batch] = trying.batches(key)
    drawn = trying.flow.database.ledger.trial_candidates
    trying.flow.database.write(lambda connection: connection.execute(drawn.delete()))
    empty = chosen(trying, batch.batch_key)
    assert (empty.state, empty.rows_claimed) == ("empty", 0)
    assert empty.message == "All that was planned is sent already."


def test_where_it_stands(trying: Trying) -> None:
    key = trying.create()
    assert counts(trying, key) == [(4, 4, 0, 0, 0)] * 2
    trying.advance(key)
    assert counts(trying, key) == [(4, 0, 4, 0, 0)] * 2
    trying.wait_for_server(key)
    trying.to_the_end(key)
    assert counts(trying, key) == [(4, 0, 0, 4, 0)] * 2
    one, two, three, _ = trying.sample(key)
    change(trying, key, one, state="refused", reason="policy")
    change(trying, key, two, state="released", reason="resume_gone")
    assert counts(trying, key)[0] == (4, 0, 0, 2, 2)
    change(trying, key, three, state="released", reason="file_full")
    assert counts(trying, key) == [(4, 1, 0, 1, 2), (4, 0, 0, 4, 0)], "it goes with another batch"


def test_values_are_forgotten_once_they_are_old(trying: Trying) -> None:
    key = trying.create()
    trying.to_the_end(key)
    flow = trying.flow
    flow.set(keep_files_days=2.0)
    old, young, *_ = trying.sample(key)
    now = datetime.now(UTC).replace(tzinfo=None)
    change(trying, key, old, closed_at=now - timedelta(days=2, minutes=1), unread="{}")
    change(trying, key, young, closed_at=now - timedelta(days=2, minutes=-1), unread="{}")
    assert forget_records(flow.database, flow.settings) == 1
    assert forget_records(flow.database, flow.settings) == 0
    kept = {(item.variant, item.userid): item for item in trying.items(key)}
    assert (kept[0, old].record, kept[0, old].unread) == (None, None)
    assert (kept[0, young].record is None, kept[0, young].unread) == (False, "{}")


def test_an_estimate_is_the_planners_own(trying: Trying) -> None:
    flow = trying.flow
    variants = variants_of(flow.settings, [MINI, NANO], [])
    found = estimates(flow.database, flow.settings, variants, size=3, seed=7)

    def queued(connection: sa.Connection, variant: Variant) -> Any:
        own = flow.settings.model_copy(update={"model": variant.model})
        model = model_for(own)
        rows = sizes_of(connection, flow.database, draw(connection, flow.database, 3, 7))
        return queue_with(connection, flow.database, model, asked_now(own, model), rows)

    for one in found:
        queue = flow.database.read(lambda c: queued(c, one.variant))  # noqa: B023
        assert one.requests == 3
        assert one.input_tokens == round(3 * queue.tokens_per_row)
        assert one.cost == pytest.approx(3 * queue.cost_per_row)
    assert found[0].cost != found[1].cost


def test_a_model_without_time_makes_no_trial(trying: Trying) -> None:
    flow = trying.flow
    flow.set(openai_base_url="https://us.openai.azure.com/openai/v1")
    variants = variants_of(flow.settings, [NANO, "gpt-4o-mini-2024-07-18"], [])
    with pytest.raises(NoTime, match=r"was shut down on 2026-10-01.* Leave it out of the trial\.$"):
        create(flow.database, flow.settings, variants, size=2, seed=1)
    assert not flow.rows(flow.database.ledger.trials.select())


class TestVariants:
    """How many there may be, and what they are called."""

    def test_six_of_them(self) -> None:
        own = settings()
        assert len(variants_of(own, list("abcdef"), [])) == 6
        assert [one.name for one in variants_of(own, ["a", "b"], ["lean"])] == ["a", "b"]
        names = [one.name for one in variants_of(own, ["a"], ["lean", "detailed"])]
        assert names == ["a lean", "a detailed"]
        with pytest.raises(BadVariants, match="at most 6 variants, and these are 7"):
            variants_of(own, list("abcdefg"), [])

    def test_a_long_name(self) -> None:
        own = settings()
        assert variants_of(own, ["a" * 100], [])[0].model == "a" * 100
        for name in ("a" * 101, ""):
            with pytest.raises(BadVariants, match="1 to 100"):
                variants_of(own, [name], [])

    def test_nothing_to_compare_is_said_with_the_command(self) -> None:
        with pytest.raises(BadVariants, match="--model gpt-4o-mini"):
            variants_of(settings(model="gpt-4o-mini"), [], [])
