"""The same text is paid for once: within a batch, and after it was answered."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.planning.decision import NoPlan
from resume_assets.batches.planning.planner import plan_batch
from resume_assets.batches.planning.quota import wait_for_quota
from resume_assets.batches.records.auditing import account
from resume_assets.batches.sending import building, reusing
from resume_assets.batches.store import OUTPUT, REQUESTS, REUSED
from resume_assets.batches.upkeep import undoing
from resume_assets.batches.upkeep.forgetting import forget
from resume_assets.batches.upkeep.people import cancel
from resume_assets.choices import ResponseFormat
from resume_assets.local_openai.rules import answer
from resume_assets.reviewing.kept import told_records
from resume_assets_tests.flow import KEY, Flowing, flow_at, resume
from resume_assets_tests.local_openai.faults import rewrite

A, B, C = resume(1), resume(2), resume(3)


@pytest.fixture
def flow(tmp_path: Path) -> Iterator[Flowing]:
    with flow_at(tmp_path / "home") as opened:
        yield opened


def sent(flow: Flowing) -> list[str]:
    """The custom_ids of all requests that the server ever had."""
    return sorted(entry.custom_id for entry in flow.book.entries())


def record(flow: Flowing, userid: int) -> dict[str, Any]:
    """What stands in the table, without what is each candidate's own."""
    row = dict(flow.candidate(userid)._mapping)
    for own in ("userid", "datelastmodified", "LastProcessed"):
        del row[own]
    return row


def reused(flow: Flowing, key: str = KEY) -> dict[Any, Any]:
    return {who: item.same_text_as for who, item in flow.items(key).items()}


def test_a_text_that_comes_twice_in_a_batch_is_sent_once(flow: Flowing) -> None:
    flow.seed({1: A, 2: B, 3: A, 4: A})
    built = flow.until_built()
    assert (built.requests, built.reused, built.rows_claimed) == (2, 2, 4)
    assert reused(flow) == {1: None, 2: None, 3: KEY, 4: KEY}
    flow.submit()
    flow.wait(KEY)
    batch = flow.bring_in()
    assert sent(flow) == ["1", "2"]
    assert flow.written() == [1, 2, 3, 4]
    assert record(flow, 1) == record(flow, 3) == record(flow, 4) != record(flow, 2)
    assert (batch.succeeded, json.loads(batch.tally)) == (4, {"succeeded": 2, "reused": 2})
    items = flow.items()
    assert batch.input_tokens == items[1].input_tokens + items[2].input_tokens
    assert 0 < float(batch.reuse_saving) <= float(batch.batch_cost) * 1.01
    assert items[3].values_checked == items[1].values_checked > 0
    assert (items[3].estimated_tokens, items[3].truncated) == (0, False)
    assert flow.is_balanced()


def test_an_output_file_that_is_named_late_is_for_the_others_too(flow: Flowing) -> None:
    flow.seed({1: A, 2: A})
    flow.until_ended()
    flow.update(output_file_id=None)
    batch = flow.bring_in()
    assert flow.written() == [1, 2]
    assert json.loads(batch.tally) == {"succeeded": 1, "reused": 1}


def test_a_text_that_was_answered_before_is_not_sent_again(flow: Flowing) -> None:
    flow.seed({1: A})
    flow.until_done()
    flow.seed({2: A, 3: B})
    batch = flow.until_done("b2")
    assert sent(flow) == ["1", "3"]
    assert reused(flow, "b2") == {2: KEY, 3: None}
    assert record(flow, 2) == record(flow, 1)
    assert (batch.requests, batch.reused, batch.succeeded) == (1, 1, 2)
    assert float(batch.reuse_saving) == pytest.approx(float(flow.batch().batch_cost))
    first, again = flow.items()[1], flow.items("b2")[2]
    assert (again.truncated, again.estimated_tokens) == (first.truncated, 0), "it asks for no room"
    assert flow.settle("b2").totals.reused == 1


def test_a_batch_of_which_nothing_need_be_sent(flow: Flowing) -> None:
    flow.seed({1: A})
    flow.until_done()
    calls = len(flow.faults.calls)
    flow.seed({2: A, 3: A})
    built = flow.until_built("b2")
    assert (built.state, built.requests, built.reused) == ("collected", 0, 2)
    assert (built.estimated_cost, built.estimated_input_tokens) == (0, 0)
    assert (built.run_requests, built.requested_at, built.message) == (0, None, None)
    assert built.collected_at == built.built_at
    assert flow.submit("b2").state == "collected"
    batch = flow.bring_in("b2")
    assert (batch.state, batch.succeeded, float(batch.batch_cost)) == ("done", 2, 0)
    assert (batch.openai_batch_id, batch.input_file_id) == (None, None)
    assert sent(flow) == ["1"]
    assert flow.written() == [1, 2, 3]
    assert flow.is_balanced()
    assert len(flow.faults.calls) == calls
    # It can be written again from what is kept.
    assert flow.apply("b2").written == 2


def test_it_can_be_turned_off(flow: Flowing) -> None:
    flow.set(reuse_answers=False)
    flow.seed({1: A, 2: A})
    flow.until_done()
    flow.seed({3: A})
    batch = flow.until_done("b2")
    assert sent(flow) == ["1", "2", "3"]
    assert (batch.reused, batch.reuse_saving) == (0, None)


@pytest.mark.parametrize("why", ["model", "prompt", "response_format", "endpoint"])
def test_only_what_was_asked_in_the_same_way_counts(flow: Flowing, why: str) -> None:
    flow.seed({1: A})
    flow.until_done()
    match why:
        case "model":
            flow.set(model="gpt-4.1-mini-2025-04-14")
        case "prompt":
            flow.set(prompt="detailed")
        case "response_format":
            flow.set(response_format=ResponseFormat.json_object)
        case "endpoint":
            flow.update(endpoint="https://elsewhere.example/v1")
    flow.seed({2: A})
    assert flow.until_built("b2").requests == 1


def test_where_the_file_is_gone_it_is_asked(flow: Flowing) -> None:
    flow.seed({1: A})
    flow.until_done()
    (flow.store.batch(KEY).path(OUTPUT)).unlink()
    flow.seed({2: A, 3: A, 4: B})
    batch = flow.until_done("b2")
    assert sent(flow) == ["1", "2", "4"]
    assert reused(flow, "b2") == {2: None, 3: "b2", 4: None}
    assert (batch.succeeded, batch.reused) == (3, 1)
    flow.update("b2", local_deleted_at=batch.done_at)
    flow.seed({5: A})
    assert flow.until_built("b3").requests == 1


def test_an_answer_that_was_not_usable_is_none(tmp_path: Path) -> None:
    """Nor do the others with that text lose an attempt by it; in the end each is asked for."""

    def rules(schema: dict[str, Any], text: str) -> Any:
        return "no" if "Lovelace1\n" in text else answer(schema, text)

    with flow_at(tmp_path / "home", rules=rules) as flow:
        flow.set(max_attempts=1, usable_share=0.0)
        flow.seed({1: A, 2: A, 3: B})
        batch = flow.until_done()
        assert flow.ends()[2] == "released: same_text_unanswered"
        assert json.loads(batch.tally)["released: same_text_unanswered"] == 1
        assert flow.collect().tally == batch.tally  # counted again, it is the same
        assert not flow.items()[2].attempt_used
        assert flow.waiting() == [2]
        flow.until_done("b2")
        assert sent(flow) == ["1", "2", "3"]
        assert flow.waiting() == []
        assert [one.userid for one in flow.given_up()] == [1, 2]


def test_answers_that_are_reused_make_no_poor_batch_look_good(tmp_path: Path) -> None:
    def rules(schema: dict[str, Any], text: str) -> Any:
        return "no" if "Lovelace9\n" in text else answer(schema, text)

    with flow_at(tmp_path / "home", rules=rules) as flow:
        flow.seed({1: A})
        flow.until_done()
        flow.seed({2: A, 3: A, 9: resume(9)})
        batch = flow.until_done("b2")
        assert (batch.succeeded, batch.low_share) == (2, True)
        found = flow.database.read(lambda c: account(c, flow.database, "b2"))
        assert found.is_balanced
        assert found.usable_share == 0


def test_what_was_reused_is_told_on_the_review_page(flow: Flowing) -> None:
    flow.seed({1: A, 2: A})
    flow.until_done()
    files = flow.store.batch(KEY)
    told = told_records(files, flow.batch(), ["1", "2"], flow.batch().claimed_at.date())
    assert told["1"] == told["2"]


def test_a_resume_that_changed_meanwhile_does_not_get_it(flow: Flowing) -> None:
    flow.seed({1: A, 2: A})
    flow.until_submitted()
    flow.change(2, markdownResume=B)
    flow.wait(KEY)
    flow.bring_in()
    assert flow.ends() == {1: "succeeded", 2: "stale: changed_meanwhile"}
    assert flow.waiting() == [2]
    # And what was answered about a text stays so, whatever became of who had it.
    flow.change(2, markdownResume=A)
    batch = flow.until_done("b2")
    assert (batch.requests, sent(flow)) == (0, ["1"])


def test_who_waits_again_with_the_same_text_is_asked_about_again(flow: Flowing) -> None:
    """Whoever makes LastProcessed NULL wants another answer, and pays for it: once a text."""
    flow.seed({1: A, 2: A})
    flow.until_done()
    flow.change(1, LastProcessed=None)
    flow.change(2, LastProcessed=None)
    batch = flow.until_done("b2")
    assert (batch.requests, batch.reused) == (1, 1)
    assert sent(flow) == ["1", "1"]
    assert reused(flow, "b2") == {1: None, 2: "b2"}


def test_undone_records_are_used_no_more(flow: Flowing) -> None:
    flow.seed({1: A, 2: A})
    flow.until_done()
    with leased(flow.database, KEY) as lease:
        assert undoing.undo(lease, [2]).put_back == 1
    assert flow.written() == [1]
    with leased(flow.database, KEY) as lease:
        undoing.undo(lease)
    flow.seed({3: A})
    batch = flow.until_built("b2", rows=1)
    assert batch.requests == 1


def forget_one(flow: Flowing, userid: int) -> None:
    receipt = forget(flow.database, flow.settings, flow.store, flow.api, [userid])
    assert not receipt.left


def test_the_answer_of_who_is_forgotten_is_not_used_again(flow: Flowing) -> None:
    flow.seed({1: A})
    flow.until_done()
    forget_one(flow, 1)
    flow.seed({2: A})
    assert flow.until_done("b2").requests == 1


@pytest.mark.parametrize("when", ["built", "submitted", "ended"])
def test_the_first_is_forgotten_while_the_other_waits(flow: Flowing, when: str) -> None:
    flow.seed({1: A, 2: A})
    flow.until_built()
    if when != "built":
        flow.submit()
    if when == "ended":
        flow.wait(KEY)
    forget_one(flow, 1)
    if when == "built":
        assert flow.build().requests == 1  # anew, without them
        flow.submit()
    flow.wait(KEY)
    flow.bring_in()
    if when == "built":
        assert flow.ends()[2] == "succeeded"
        return
    assert flow.ends()[2] == "released: same_text_unanswered"
    flow.until_done("b2")
    assert flow.written() == [2]
    assert flow.is_balanced()


def test_the_other_is_forgotten_while_the_batch_is_out(flow: Flowing) -> None:
    flow.seed({1: A, 2: A, 3: A})
    flow.until_submitted()
    forget_one(flow, 2)
    flow.wait(KEY)
    flow.bring_in()
    assert {who: end for who, end in flow.ends().items() if who != 2} == {
        1: "succeeded",
        3: "succeeded",
    }
    kept = flow.store.batch(KEY).path(REUSED).read_bytes()
    assert kept.count(b'"custom_id":"3"') == 1
    assert b'"custom_id":"2"' not in kept
    forget_one(flow, 3)
    assert not flow.store.batch(KEY).path(REUSED).read_bytes().strip()


@pytest.mark.parametrize("is_copied", [False, True])
def test_who_is_forgotten_while_their_answer_is_copied(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch, is_copied: bool
) -> None:
    """Before the line is read, or after it was copied and before the ledger says so."""
    flow.seed({1: A})
    flow.until_done()
    flow.seed({2: A})
    flow.plan("b2")
    flow.claim("b2")

    def forgotten_meanwhile(*arguments: Any) -> Any:
        if not is_copied:
            forget_one(flow, 1)
        found = reusing.copy_answers(*arguments)
        if is_copied and found[0]:
            forget_one(flow, 1)
        return found

    monkeypatch.setattr(building, "copy_answers", forgotten_meanwhile)
    batch = flow.build("b2")
    assert (batch.state, batch.requests, batch.reused) == ("built", 1, 0)
    kept = flow.store.batch("b2")
    assert not kept.has(REUSED) or not kept.path(REUSED).read_bytes().strip()


def test_a_person_undoes_only_the_others_record(flow: Flowing) -> None:
    flow.seed({1: A})
    flow.until_done()
    flow.seed({2: A})
    flow.until_done("b2")
    with leased(flow.database, "b2") as lease:
        assert undoing.undo(lease).put_back == 1
    assert flow.written() == [1]
    assert record(flow, 2)["FirstName"] is None
    # It waits again, and is asked about for itself.
    assert flow.until_done("b3").requests == 1


def test_a_longer_answer_is_asked_for_by_itself(tmp_path: Path) -> None:
    """Whoever needs more room for the answer gets it; either answer serves those who wait."""
    with flow_at(tmp_path / "home") as flow:
        flow.seed({1: A, 2: A, 3: A})
        flow.plan()
        flow.claim()
        items = flow.database.ledger.items
        more = items.update().where(items.c.userid == 2).values(room=2)
        flow.database.write(lambda connection: connection.execute(more))
        assert flow.build().requests == 2
        flow.submit()
        flow.wait(KEY)
        batch = flow.bring_in()
        assert (batch.succeeded, sent(flow)) == (3, ["1", "2"])


def test_a_split_batch_gives_the_rest_back(flow: Flowing) -> None:
    """Over the enqueued limit by itself: what is left of it is built anew, twins included."""
    flow.seed({1: A, 2: B, 3: A, 4: C})
    batch = flow.until_built()
    each = batch.estimated_input_tokens // 3

    def full(connection: sa.Connection) -> Any:
        return wait_for_quota(
            connection, flow.database, batch, flow.settings, "full", each * 2 + 90
        )

    assert flow.database.write(full).state == "claimed"
    built = flow.build()
    assert built.requests < 3
    flow.set(enqueued_token_limit=None)
    flow.submit()
    flow.wait(KEY)
    flow.bring_in()
    assert flow.is_balanced()
    assert 1 in flow.written()


def test_one_that_alone_is_over_the_limit_keeps_nobody_claimed(flow: Flowing) -> None:
    flow.seed({9: B})
    flow.until_done("b0")
    flow.seed({1: B, 2: A, 3: A})
    batch = flow.until_built()
    assert (batch.requests, batch.reused) == (1, 2)

    def full(connection: sa.Connection) -> Any:
        return wait_for_quota(connection, flow.database, batch, flow.settings, "full", 5)

    assert flow.database.write(full).state == "abandoned"
    assert flow.ends() == {
        1: "released: over_token_limit",
        2: "failed: over_token_limit",
        3: "released: over_token_limit",
    }
    assert flow.is_balanced()


def test_nothing_of_it_is_left_open_when_it_is_called_back(flow: Flowing) -> None:
    flow.seed({1: A, 2: A})
    flow.until_built()
    with leased(flow.database, KEY) as lease:
        cancel(lease, flow.settings, flow.store, flow.api)
    assert set(flow.ends().values()) == {"released: cancelled_by_person"}
    assert flow.is_balanced()
    plan = plan_batch(flow.database, flow.settings, rows=9, origin="test", key=KEY)
    assert not isinstance(plan, NoPlan)


def test_many_pages_and_one_pass_over_the_earlier_file(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "_PAGE_ROWS", 2)
    flow.seed({number: resume(number) for number in range(1, 8)})
    flow.until_done()
    flow.seed({number: resume(number % 8) for number in range(10, 24)})
    batch = flow.until_done("b2")
    # Resume 0 is new: asked about once.
    assert (batch.requests, batch.reused, batch.succeeded) == (1, 13, 14)
    kept = flow.store.batch("b2").path(REUSED).read_bytes().splitlines()
    assert len(kept) == 13
    assert flow.store.batch("b2").path(REQUESTS).read_bytes().count(b"\n") == 1


def test_whose_own_record_is_of_another_text_gets_the_answer_that_is_there(flow: Flowing) -> None:
    flow.seed({1: A, 2: B})
    flow.until_done()
    flow.change(1, markdownResume=B, LastProcessed=None)
    batch = flow.until_done("b2")
    assert (batch.requests, batch.reused) == (0, 1)
    assert reused(flow, "b2") == {1: KEY}
    assert record(flow, 1) == record(flow, 2)


def test_of_several_lines_about_a_text_the_usable_one_is_copied(flow: Flowing) -> None:
    def refused_first(lines: list[bytes]) -> list[bytes]:
        [line] = lines
        body = json.loads(line)
        message = body["response"]["body"]["choices"][0]["message"]
        message.update(refusal="I can't.", content=None)
        return [json.dumps(body).encode() + b"\n", b"\n", line]

    flow.seed({1: A})
    flow.until_ended()
    assert rewrite(flow.server_folder, flow.batch().output_file_id, refused_first)
    assert flow.bring_in().succeeded == 1
    flow.seed({2: A})
    batch = flow.until_done("b2")
    assert (batch.requests, batch.reused, batch.succeeded) == (0, 1, 1)
