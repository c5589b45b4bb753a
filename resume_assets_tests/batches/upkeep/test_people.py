"""Giving a batch up: its candidates are free, and what still comes is never used."""

import json
from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets.batches.ledger.lease import BatchBusy, leased
from resume_assets.batches.records.applying import NotCollected
from resume_assets.batches.upkeep import forgetting, people
from resume_assets.batches.upkeep.naming import Named, named, unknown_userids
from resume_assets.database.retrying import DatabaseFailed
from resume_assets_tests.flow import KEY, Flowing


def give_up(flow: Flowing) -> Any:
    with leased(flow.database, KEY) as lease:
        return people.give_up(lease)


def test_its_candidates_wait_again_and_no_attempt_is_used(flow: Flowing) -> None:
    flow.until_submitted()
    batch = give_up(flow)
    assert (batch.state, batch.succeeded) == ("done", 0)
    assert "3 resumes went back to the queue" in batch.message
    assert json.loads(batch.tally) == {"cancelled: given_up": 3}
    assert flow.ends() == dict.fromkeys((1, 2, 3), "cancelled: given_up")
    assert not any(item.attempt_used for item in flow.items().values())
    assert flow.waiting() == [1, 2, 3]
    assert flow.is_balanced()


def test_of_one_in_which_nobody_is_left(flow: Flowing) -> None:
    flow.until_submitted()
    forgetting.forget(flow.database, flow.settings, flow.store, flow.api, [1, 2, 3])
    batch = give_up(flow)
    assert (batch.state, batch.succeeded) == ("done", 0)
    assert "0 resumes went back to the queue" in batch.message
    assert json.loads(batch.tally) == {"cancelled: given_up": 0}


def test_one_that_is_sent_one_by_one_is_not_given_up(flow: Flowing) -> None:
    key = flow.ask_now(1).batch_key
    flow.update(key, state="ended")
    with leased(flow.database, key) as lease:
        assert people.give_up(lease).state == "ended"
    assert flow.ends(key) == {1: "succeeded"}


def test_answers_that_come_later_are_never_applied(flow: Flowing) -> None:
    remote = flow.until_submitted().openai_batch_id
    give_up(flow)
    flow.wait_for_server(remote)
    flow.poll()
    assert flow.batch().state == "done"
    flow.update(output_file_id=flow.api.retrieve(remote).output_file_id)
    with flow.store.batch(KEY).write("output.jsonl") as stream:  # as if it had been fetched before
        flow.api.download(flow.batch().output_file_id, stream)
    assert flow.apply().written == 0
    assert flow.written() == []


def test_they_are_sent_again_and_only_that_answer_counts(flow: Flowing) -> None:
    flow.until_submitted()
    give_up(flow)
    assert flow.until_done("b2").succeeded == 3
    assert flow.written() == [1, 2, 3]


def test_again_it_changes_nothing(flow: Flowing) -> None:
    flow.until_submitted()
    give_up(flow)
    flow.until_submitted("b2")
    before = flow.batch(), flow.items(), flow.claims()
    assert give_up(flow).state == "done"
    after = flow.batch(), flow.items(), flow.claims()
    assert before[1:] == after[1:]
    assert before[0].done_at == after[0].done_at


@pytest.mark.parametrize("table", ["resume_claims", "resume_batches", "resume_batch_items"])
def test_ended_in_the_middle_nothing_is_half_done(
    flow: Flowing, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow.until_submitted()
    before = flow.items(), flow.claims()

    def strike(*arguments: Any) -> None:
        statement = str(arguments[2])
        is_write = statement.startswith(("UPDATE", "DELETE")) and table in statement
        if is_write and "lease" not in statement and "run_requests" not in statement:
            raise DatabaseFailed("cut off")

    sa.event.listen(flow.database.engine, "before_cursor_execute", strike)
    with pytest.raises(DatabaseFailed, match="cut off"):
        give_up(flow)
    sa.event.remove(flow.database.engine, "before_cursor_execute", strike)
    assert flow.batch().state == "submitted"
    assert (flow.items(), flow.claims()) == before
    assert give_up(flow).state == "done"
    assert flow.is_balanced()


def test_one_in_doubt_or_ended_may_be_given_up(flow: Flowing) -> None:
    flow.until_built()
    flow.update(state="submitting", endpoint="https://gone.example/v1")
    assert give_up(flow).state == "done"
    assert flow.waiting() == [1, 2, 3]
    flow.until_ended("b2")
    with leased(flow.database, "b2") as lease:
        assert people.give_up(lease).state == "done"
    assert flow.is_balanced()


@pytest.mark.parametrize("state", ["planned", "built", "collected", "done"])
def test_no_other_is(flow: Flowing, state: str) -> None:
    flow.until_collected()
    flow.update(state=state)
    items = flow.items()
    assert give_up(flow).state == state
    assert flow.items() == items


def test_not_while_a_worker_is_at_it(flow: Flowing) -> None:
    flow.until_submitted()
    with leased(flow.database, KEY), pytest.raises(BatchBusy):
        give_up(flow)


def test_its_cost_stays_reserved(flow: Flowing) -> None:
    """It may be paid for: a limit on money does not forget it."""
    flow.until_submitted()
    estimated = flow.batch().estimated_cost
    give_up(flow)
    batch = flow.batch()
    assert (batch.batch_cost, batch.estimated_cost) == (None, estimated)
    assert batch.state not in ("abandoned", "empty")


def test_ids_that_nobody_has(flow: Flowing) -> None:
    assert unknown_userids(flow.database, [1, 4711, 3, -1]) == [4711, -1]
    assert unknown_userids(flow.database, []) == []
    many = list(range(1, 1_200))
    assert unknown_userids(flow.database, many) == many[3:]


def test_the_largest_id_that_a_database_takes(flow: Flowing) -> None:
    """Larger ones are nobody's, and not asked for."""
    largest = 2**63 - 1
    flow.seed({largest: "Resume"})
    for number in (largest + 1, 10**30, -(10**30)):
        found = named(flow.database, [str(largest), str(number)])
        assert found.userids == [largest]
        assert str(found.told).endswith(f"has no candidate {number}.")
    assert named(flow.database, ["1", str(largest)]) == Named([1, largest])


def test_collected_is_never_lost_by_it(flow: Flowing) -> None:
    flow.until_submitted()
    give_up(flow)
    flow.update(state="ended")
    with pytest.raises(NotCollected):
        flow.apply()
