"""Who can be asked for now, and why others not; money, limits and stops; what a batch left."""

from datetime import timedelta
from typing import Any

import pytest

from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.ledger.queue import Waiting
from resume_assets.batches.planning.decision import NoPlan, Plan
from resume_assets.batches.planning.dispatching import due_runs
from resume_assets.batches.planning.planner import plan_batch
from resume_assets.batches.planning.quota import resume_planning, stop_planning
from resume_assets.batches.upkeep import at_once, forgetting
from resume_assets.batches.upkeep.at_once import Beginning, TooMany, begin, finish
from resume_assets.batches.upkeep.choosing import Chosen, choose
from resume_assets.batches.upkeep.people import forgive
from resume_assets.batches.upkeep.reprocessing import put_back
from resume_assets.database import rights
from resume_assets.database.retrying import DuplicateKey
from resume_assets.database.rights import RightsMissing
from resume_assets.extraction.prompt import PromptError
from resume_assets.local_openai.rules import answer
from resume_assets.local_openai.settings import Pace
from resume_assets.models.prices import Service
from resume_assets_tests.flow import KEY, Flow, Flowing, flow_at, resume
from resume_assets_tests.local_openai.faults import Respond

CHAT = "/v1/chat/completions"
FLEX = "gpt-6-luna"  # has flex, which the default model has not


def asked(flow: Flow, *userids: Any, **more: Any) -> Beginning:
    return begin(flow.database, flow.settings, userids, **more)


def why_not(flow: Flow, userid: Any, **more: Any) -> str:
    """The sentence by which this candidate is refused; nothing is changed."""
    before = flow.batches()
    found = asked(flow, userid, **more)
    assert (found.key, found.plan) == (None, None)
    assert not found.chosen.rows
    assert flow.batches() == before
    return found.chosen.refused[userid]


def test_it_is_planned_and_claimed_at_once(flow: Flowing) -> None:
    locked = flow.installation().lock_count
    found = asked(flow, 1, 3, 1)
    assert flow.installation().lock_count == locked + 1  # under the planning lock
    batch = flow.batch(str(found.key))
    assert (batch.state, batch.origin, batch.rows_claimed) == ("claimed", "now", 2)
    assert flow.claims() == {1: found.key, 3: found.key}
    assert [row.userid for row in found.chosen.rows] == [1, 3]


def test_a_dry_run_changes_nothing(flow: Flowing) -> None:
    flow.until_done(rows=1)
    before = flow.candidate(1)
    found = asked(flow, 1, 2, again=True, dry_run=True)
    assert isinstance(found.plan, Plan)
    assert (found.plan.rows, found.key) == (2, None)
    assert (flow.candidate(1), flow.claims(), len(flow.batches())) == (before, {}, 1)


@pytest.mark.parametrize(
    ("text", "why"), [(None, "has no resume"), ("", "has no resume"), (" \u200b\n", "is blank")]
)
def test_without_a_resume(flow: Flowing, text: str | None, why: str) -> None:
    flow.seed({7: text})
    assert why in why_not(flow, 7)


def test_nobody_of_that_id(flow: Flowing) -> None:
    assert why_not(flow, 99) == "There is no candidate 99."


def test_whoever_is_forgotten_is_not_sent(flow: Flowing) -> None:
    forgetting.forget(flow.database, flow.settings, flow.store, flow.api, [2])
    assert "resume-assets forget 2 --allow-again" in why_not(flow, 2)
    assert flow.items(str(asked(flow, 1, 2, 3).key)).keys() == {1, 3}


def test_whose_batch_is_out_or_not_sent(tmp_path: Any) -> None:
    with flow_at(tmp_path / "home", pace=Pace(processing_seconds=86_000)) as flow:
        flow.seed(2)
        flow.until_submitted(rows=1)
        assert why_not(flow, 1, again=True) == (
            "1 is in batch b1, which is submitted: the answer is paid for already. "
            "`resume-assets check b1` brings it in."
        )
        flow.until_built("b2", rows=1)
        assert "`resume-assets cancel b2` gives all of its resumes back" in why_not(flow, 2)


def test_who_is_asked_by_another_process(flow: Flowing) -> None:
    first = asked(flow, 1)
    second = asked(flow, 1, 2)
    assert second.chosen.at_work == {first.key: [1]}
    assert flow.claims() == {1: first.key, 2: second.key}


def test_who_is_done(flow: Flowing) -> None:
    flow.until_done(rows=1)
    assert asked(flow, 1).chosen.done == [1]
    batch = flow.ask_now(1, again=True)
    assert batch.succeeded == 1
    assert flow.ends(batch.batch_key) == {1: "succeeded"}
    [before], [item] = (flow.items(key).values() for key in (KEY, batch.batch_key))
    assert before.put_back_at is not None
    assert flow.candidate(1).LastProcessed == item.last_processed is not None


def test_whose_text_has_changed_needs_no_again(flow: Flowing) -> None:
    flow.until_done(rows=1)
    flow.change(1, markdownResume=resume(1).replace("Springfield", "Shelbyville"))
    assert flow.ask_now(1).succeeded == 1
    assert flow.candidate(1).City == "Shelbyville"


def test_whose_record_is_anothers_is_left_alone(flow: Flowing) -> None:
    flow.change(1, LastProcessed=flow.candidate(1).datelastmodified)
    assert "another program has set LastProcessed" in why_not(flow, 1, again=True)


def test_whose_attempts_are_used_up(flow: Flowing) -> None:
    flow.set(max_attempts=1)
    flow.faults.add("POST", CHAT, Respond(400, "invalid_prompt", "invalid_request_error"))
    flow.ask_now(1)
    assert "`resume-assets retry 1` allows more" in why_not(flow, 1)
    forgive(flow.database, flow.settings, [1])
    assert flow.ask_now(1).succeeded == 1


def test_an_answer_that_was_cut_gets_more_room(flow: Flowing) -> None:
    flow.set(max_output_tokens=50)
    assert flow.ends(flow.ask_now(1).batch_key) == {1: "cut: length"}
    key = asked(flow, 1).key
    assert flow.items(str(key))[1].room == 2


def test_so_many_are_no_matter_of_now(flow: Flowing) -> None:
    with pytest.raises(TooMany, match=r"50 at most.* `resume-assets submit` sends any number"):
        asked(flow, *range(51))
    assert len(asked(flow, *range(50), dry_run=True).chosen.rows) == 3


def test_nothing_is_asked_for_without_the_rights_to_write_it_down(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def require(_: object) -> None:
        raise RightsMissing("GRANT everything")

    monkeypatch.setattr(rights, "require", require)
    with pytest.raises(RightsMissing, match="GRANT everything"):
        asked(flow, 1)
    assert (flow.batches(), flow.claims()) == ([], {})


class Raced:
    """What a process sees that claims without our lock: 1 seems to wait for a while."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, looks: float) -> None:
        self.looks = 0

        def mistaken(*arguments: Any, **more: Any) -> Chosen:
            self.looks += 1
            found = choose(*arguments, **more)
            if self.looks <= looks:
                found.rows.insert(0, Waiting(1, 100))
            return found

        monkeypatch.setattr(at_once, "choose", mistaken)


@pytest.mark.parametrize("lost", [1, 5])
def test_whoever_loses_a_race_asks_for_who_is_left(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    first = asked(flow, 1).key
    raced = Raced(monkeypatch, looks=lost)
    key = asked(flow, 1, 2).key
    assert raced.looks == lost + 1
    assert flow.claims() == {1: first, 2: key}
    assert len(flow.batches()) == 2


def test_races_that_are_lost_for_ever_end(flow: Flowing, monkeypatch: pytest.MonkeyPatch) -> None:
    first = asked(flow, 1).key
    Raced(monkeypatch, looks=float("inf"))
    with pytest.raises(DuplicateKey):
        asked(flow, 1, 2)
    assert flow.claims() == {1: first}


def test_whose_record_was_set_back_to_an_earlier_one_is_left_out(flow: Flowing) -> None:
    """LastProcessed is as a batch before the last one set it: a copy was restored, say."""
    flow.until_done(rows=1)
    before = flow.candidate(1).LastProcessed.replace(year=2025)
    items = flow.database.ledger.items
    older = items.update().values(last_processed=before)
    put_back(flow.database, flow.settings.model, [1])
    flow.database.write(lambda connection: connection.execute(older))
    flow.until_done("b2", rows=1)
    flow.change(1, LastProcessed=before)
    assert "another program has set LastProcessed" in why_not(flow, 1, again=True)
    key = str(asked(flow, 1, 2, again=True).key)
    assert flow.items(key).keys() == {2}
    assert flow.candidate(1).LastProcessed == before


def test_the_models_last_hours_are_enough(flow: Flowing) -> None:
    """A batch may take a day; these are answered at once."""
    flow.until_done(rows=1)
    today = flow.database.read(flow.database.dialect.utc_now).date()
    flow.update(model_shutdown=today + timedelta(days=1))
    assert isinstance(plan_batch(flow.database, flow.settings, rows=1, origin="test"), NoPlan)
    assert asked(flow, 2).key is not None
    flow.update(model_shutdown=today)
    assert isinstance(asked(flow, 3).plan, NoPlan)


def test_at_the_cheaper_price_where_there_is_one_unless_a_person_wants_the_standard_one(
    flow: Flowing,
) -> None:
    assert asked(flow, 1).service is Service.standard
    flow.set(model=FLEX)
    assert asked(flow, 2).service is Service.flex
    assert asked(flow, 3, standard=True).service is Service.standard


def test_a_prompt_that_is_not_there(flow: Flowing) -> None:
    flow.set(prompt="nowhere.md")
    with pytest.raises(PromptError):
        asked(flow, 1)


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"max_cost_usd_a_day": 0.000_01}, "RESUME_MAX_COST_USD_A_DAY"),
        ({"max_cost_usd": 0.000_01}, "RESUME_MAX_COST_USD"),
        ({"max_cost_usd": 0.000_8}, "room for 1 of these 2 candidates"),
    ],
)
def test_the_limits_on_money_hold(flow: Flowing, limits: dict[str, Any], says: str) -> None:
    flow.set(**limits)
    found = asked(flow, 1, 2)
    assert isinstance(found.plan, NoPlan)
    assert says in found.plan.why
    assert not flow.claims()


def test_what_it_costs_is_spent(flow: Flowing) -> None:
    batch = flow.ask_now(1)
    flow.set(max_cost_usd_a_day=float(batch.batch_cost))
    found = plan_batch(flow.database, flow.settings, rows=1, origin="test")
    assert isinstance(found, NoPlan)
    assert "RESUME_MAX_COST_USD_A_DAY" in found.why


def test_a_refused_key_stops_it_and_poor_answers_do_not(flow: Flowing) -> None:
    flow.until_done("b1", rows=1)
    flow.until_done("b2", rows=1)
    for key in ("b1", "b2"):
        flow.update(key, low_share=True, low_borne_out=True)
    assert isinstance(plan_batch(flow.database, flow.settings, rows=1, origin="test"), NoPlan)
    assert flow.ask_now(3).succeeded == 1
    flow.seed({4: resume(4)})
    flow.database.write(lambda connection: stop_planning(connection, flow.database, "No key."))
    found = asked(flow, 4)
    assert isinstance(found.plan, NoPlan)
    assert "unpause" in found.plan.why
    flow.database.write(lambda connection: resume_planning(connection, flow.database))
    assert flow.ask_now(4).succeeded == 1


def test_openais_queue_of_batches_is_none_of_its_business(tmp_path: Any) -> None:
    with flow_at(tmp_path / "home", pace=Pace(processing_seconds=86_000)) as flow:
        flow.seed(3)
        flow.set(enqueued_token_limit=1_000)
        flow.until_submitted(rows=1)
        assert flow.ask_now(2).succeeded == 1
        # Nor is it one of the batches that may be out.
        asked(flow, 3)
        flow.seed({4: resume(4)})
        flow.set(enqueued_token_limit=None)
        flow.plan("b2", in_flight=2)


def left_by(flow: Flow, wanted: int | None) -> str | None:
    """What is planned for the resumes that a batch left, when it has come back."""
    flow.until_ended(finish_now=wanted)
    flow.collect()
    flow.apply()
    with leased(flow.database, KEY) as lease:
        locked = flow.installation().lock_count
        key = finish(lease, flow.settings)
        assert flow.installation().lock_count == locked + (wanted is not None)
        assert finish(lease, flow.settings) is None
    flow.settle()
    return key


def failing(*numbers: int) -> Any:
    def rules(schema: dict[str, Any], text: str) -> Any:
        if any(f"Lovelace{number}\n" in text for number in numbers):
            raise RuntimeError("on demand")
        return answer(schema, text)

    return rules


@pytest.mark.parametrize(("wanted", "asked_again"), [(5, {1, 3}), (1, {1}), (None, None)])
def test_what_a_batch_left_is_asked_again_at_once(
    tmp_path: Any, wanted: int | None, asked_again: set[int] | None
) -> None:
    with flow_at(tmp_path / "home", rules=failing(1, 3)) as flow:
        flow.seed(3)
        key = left_by(flow, wanted)
        if asked_again is None:
            assert key is None
            return
        assert key is not None
        assert set(flow.items(key)) == asked_again
        assert flow.batch(key).origin == "finishing"
        assert [due.key for due in due_runs(flow.database)] == [key]
        assert flow.carry_out(key).state == "done"
        assert flow.is_balanced()


def test_at_the_cheaper_price_too(tmp_path: Any) -> None:
    with flow_at(tmp_path / "home", rules=failing(1), settings={"model": FLEX}) as flow:
        flow.seed(1)
        assert flow.batch(str(left_by(flow, 1))).service == "flex"


@pytest.mark.parametrize("values", [{"state": "done"}, {"trial_key": "t1"}])
def test_only_of_a_batch_that_was_just_written_and_is_no_trials(
    tmp_path: Any, values: dict[str, Any]
) -> None:
    with flow_at(tmp_path / "home", rules=failing(1)) as flow:
        flow.seed(2)
        flow.until_ended(finish_now=1)
        flow.collect()
        flow.apply()
        flow.update(**values)
        with leased(flow.database, KEY) as lease:
            assert finish(lease, flow.settings) is None
        assert flow.claims() == {}
        assert flow.waiting() == [1]


def test_not_while_repeats_come_to_nothing(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_once, "are_repeats_held", lambda *_: True)
    with flow_at(tmp_path / "home", rules=failing(1)) as flow:
        flow.seed(1)
        assert left_by(flow, 1) is None
        assert (flow.claims(), flow.waiting()) == ({}, [1])


def test_poor_answers_of_the_last_batches_stop_what_nobody_asks_for(tmp_path: Any) -> None:
    with flow_at(tmp_path / "home", rules=failing(1)) as flow:
        flow.seed(3)
        for key in ("b2", "b3"):
            flow.until_done(key, rows=1)
        flow.until_ended(finish_now=1)
        flow.collect()
        flow.apply()
        for key in ("b2", "b3"):
            flow.update(key, low_borne_out=True)
        with leased(flow.database, KEY) as lease:
            assert finish(lease, flow.settings) is None
        assert "RESUME_BORNE_OUT_SHARE" in flow.batch().message


def test_without_money_nothing_is_asked_again_and_that_is_said(tmp_path: Any) -> None:
    with flow_at(tmp_path / "home", rules=failing(1)) as flow:
        flow.seed(1)
        flow.until_ended(finish_now=1)
        flow.collect()
        flow.apply()
        flow.set(max_cost_usd=0.000_001)
        with leased(flow.database, KEY) as lease:
            assert finish(lease, flow.settings) is None
        assert "not asked again at once" in flow.batch().message
        assert flow.waiting() == [1]
