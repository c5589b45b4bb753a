"""Requests sent one by one: what each is asked, and what faults, forgetting and a refusal come to.

Crashes are in `faults/test_crashes.py`.
"""

import json
import threading
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from resume_assets.batches.ledger.batches import service_of
from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.planning.dispatching import due_runs
from resume_assets.batches.planning.quota import stop_planning
from resume_assets.batches.sending import asking
from resume_assets.batches.sending.attempt import Attempt
from resume_assets.batches.store import OUTPUT, REQUESTS
from resume_assets.batches.upkeep import forgetting, people
from resume_assets.batches.upkeep.at_once import begin
from resume_assets.batches.upkeep.reprocessing import put_back
from resume_assets.models.prices import Service
from resume_assets.openai_api import backoff
from resume_assets.openai_api.asking import Reply, post
from resume_assets.openai_api.errors import AccessRefused, ApiRefused, ApiUnavailable, QueueFull
from resume_assets_tests.flow import Flow, Flowing, resume
from resume_assets_tests.local_openai.faults import (
    Change,
    Cut,
    DropAfter,
    DropBefore,
    Respond,
)

CHAT = "/v1/chat/completions"
FLEX = "gpt-6-luna"  # has flex, which the default model has not


def begun(flow: Flow, *userids: Any, **more: Any) -> str:
    key = begin(flow.database, flow.settings, userids, **more).key
    assert key is not None
    flow.build(key)
    return key


def output_of(flow: Flow, key: str) -> list[dict[str, Any]]:
    with flow.store.batch(key).read(OUTPUT) as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.05)


def test_the_record_is_the_one_that_a_batch_gives(flow: Flowing) -> None:
    batch = flow.ask_now(2)
    assert (batch.state, batch.succeeded, batch.requests, batch.openai_batch_id) == (
        "done",
        1,
        1,
        None,
    )
    flow.seed({9: resume(2)})
    flow.set(reuse_answers=False)
    flow.change(1, LastProcessed=flow.candidate(2).LastProcessed)
    flow.until_done(rows=1)
    one, other = flow.candidate(2)._asdict(), flow.candidate(9)._asdict()
    for name in ("userid", "datelastmodified", "LastProcessed"):
        del one[name], other[name]
    assert one == other
    assert flow.is_balanced()
    assert flow.faults.count("POST", CHAT) == 1


@pytest.mark.parametrize(
    ("model", "more", "tier", "service"),
    [
        (FLEX, {}, "flex", Service.flex),
        (FLEX, {"standard": True}, "default", Service.standard),
        ("gpt-4.1-mini", {}, "default", Service.standard),
    ],
)
def test_it_asks_what_a_batch_asks_at_the_price_that_is_told(
    flow: Flowing,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
    more: dict[str, Any],
    tier: str,
    service: Service,
) -> None:
    sent: list[Any] = []

    def noted(api: Any, body: Any) -> Reply:
        sent.append(body)
        return post(api, body)

    monkeypatch.setattr(asking, "post", noted)
    flow.set(model=model)
    found = begin(flow.database, flow.settings, [1, 2], **more)
    assert found.key is not None
    batch = flow.carry_out(found.key)
    with flow.store.batch(batch.batch_key).read(REQUESTS) as lines:
        bodies = [json.loads(line)["body"] for line in lines]
    assert sent == [body | {"service_tier": tier} for body in bodies]
    assert service_of(batch) is service is found.service
    assert {line["response"]["body"]["service_tier"] for line in output_of(flow, found.key)} == {
        tier
    }
    standard, paid = float(batch.standard_cost), float(batch.batch_cost)
    assert paid == pytest.approx(standard / 2 if service is Service.flex else standard)
    assert found.plan is not None
    assert 0 < paid <= float(batch.estimated_cost) * 1.2


def test_a_tier_that_was_not_asked_for_is_billed_as_it_was_served(flow: Flowing) -> None:
    flow.set(model=FLEX)
    flow.faults.add("POST", CHAT, Change(lambda body: {**body, "service_tier": "default"}))
    batch = flow.ask_now(1)
    assert batch.batch_cost == batch.standard_cost


@pytest.mark.parametrize("fault", [DropBefore(), DropAfter(), Cut(20), Respond(408)])
def test_an_answer_that_is_lost_is_not_asked_for_again_by_itself(
    flow: Flowing, fault: DropAfter
) -> None:
    flow.faults.add("POST", CHAT, fault)
    batch = flow.ask_now(1, 2)
    assert batch.state == "done"
    ends = flow.ends(batch.batch_key)
    assert sorted(ends.values()) == ["missing: no_line", "succeeded"]
    assert (batch.requests, batch.requests_completed, batch.requests_failed) == (2, 1, 0)
    assert flow.faults.count("POST", CHAT) == 2
    assert flow.is_balanced()
    [lost] = [userid for userid, end in ends.items() if end != "succeeded"]
    assert lost in flow.waiting()
    assert flow.ask_now(lost).succeeded == 1


@pytest.mark.parametrize(
    ("fault", "end", "attempt"),
    [
        (Respond(500), "failed: http_500:server_error", False),
        (Respond(400, "invalid_prompt", "invalid_request_error"), "failed: http_400", True),
        (Respond(200, body=b"<html>"), "missing: no_line", False),
    ],
)
def test_an_error_ends_a_request_as_in_a_batch(
    flow: Flowing, fault: Respond, end: str, attempt: bool
) -> None:
    flow.faults.add("POST", CHAT, fault)
    batch = flow.ask_now(1)
    [item] = flow.items(batch.batch_key).values()
    assert f"{item.state}: {item.reason}".startswith(end)
    assert item.attempt_used is attempt
    assert flow.is_balanced()
    # What becomes of one candidate says nothing about the real work.
    assert (batch.low_share, batch.low_share_repeats, batch.low_borne_out) == (None, None, None)


def test_an_answer_counts_though_another_request_failed(flow: Flowing) -> None:
    flow.faults.add("POST", CHAT, Respond(500))
    batch = flow.ask_now(1, 2)
    assert (batch.requests, batch.requests_completed, batch.requests_failed) == (2, 1, 1)
    assert sorted(flow.ends(batch.batch_key).values()) == [
        "failed: http_500:server_error",
        "succeeded",
    ]


def test_what_was_begun_at_another_endpoint_is_sent_to_no_other(flow: Flowing) -> None:
    key = begun(flow, 1, 2)
    with leased(flow.database, key) as lease:
        attempt = Attempt(lease, flow.settings, flow.store, flow.api)
        asking._ask(attempt, attempt.get(), next(asking._lines(attempt)))
    flow.api = flow.client.api(endpoint="https://api.openai.com/v1")
    batch = flow.submit(key)
    assert (batch.state, batch.requests) == ("ended", 1)
    assert batch.message == (
        "It was begun at local_openai, and another endpoint is configured now. "
        "1 resume not sent waits again."
    )
    assert flow.faults.count("POST", CHAT) == 1
    [due] = due_runs(flow.database)
    assert due.run_key == f"{key}:collect_batch:1:1"
    assert flow.bring_in(key).succeeded == 1
    assert flow.is_balanced()


def test_while_there_is_no_room_it_waits(flow: Flowing) -> None:
    flow.set(model=FLEX)
    full = Respond(429, "resource_unavailable", headers={"retry-after": "0.01"})
    flow.faults.add("POST", CHAT, full, times=2)
    flow.faults.add("POST", CHAT, Respond(503), nth=3)
    assert flow.ask_now(1).succeeded == 1
    assert flow.faults.count("POST", CHAT) == 4


class Clock:
    """Time passes only by waiting for room."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        self.waits: list[float] = []
        clock = self

        class Pause:
            def wait(self, seconds: float) -> None:
                clock.waits.append(seconds)
                clock.now += seconds

        monkeypatch.setattr(asking, "time", SimpleNamespace(monotonic=lambda: clock.now))
        monkeypatch.setattr(asking, "threading", SimpleNamespace(Event=Pause))


def test_it_waits_twice_as_long_each_time_and_two_minutes_altogether(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow.faults.add("POST", CHAT, Respond(429), times=None)
    key = begun(flow, 1)
    clock = Clock(monkeypatch)
    monkeypatch.setattr(backoff, "SECONDS", 1.0)
    with pytest.raises(QueueFull, match="no room for 120 seconds"):
        flow.submit(key)
    assert clock.waits == [1, 2, 4, 8, *[15] * 7]


def test_it_waits_as_long_as_the_server_asks(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Respond(429, headers={"retry-after": "40"})
    flow.faults.add("POST", CHAT, asked, times=None)
    key = begun(flow, 1)
    clock = Clock(monkeypatch)
    with pytest.raises(QueueFull) as full:
        flow.submit(key)
    assert clock.waits == [40, 40, 40]
    assert full.value.retry_after == 40


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("model", "advises"), [(FLEX, True), ("gpt-4.1-mini", False)])
def test_without_room_for_long_what_is_not_sent_goes_back(
    flow: Flowing, model: str, advises: bool
) -> None:
    flow.set(model=model)
    flow.faults.add("POST", CHAT, Respond(429, "resource_unavailable"), nth=2, times=None)
    key = begun(flow, 1, 2, 3)
    with pytest.raises(QueueFull, match="no room for") as full:
        flow.submit(key)
    assert ("now --standard" in str(full.value)) is advises
    batch = flow.bring_in(key)
    assert (batch.succeeded, batch.requests) == (1, 1)
    assert sorted(flow.ends(key).values()) == [
        "released: not_sent",
        "released: not_sent",
        "succeeded",
    ]
    assert len(flow.waiting()) == 2
    assert flow.is_balanced()
    flow.faults.clear()
    assert flow.ask_now(*flow.waiting(), standard=True).succeeded == 2


def test_an_hour_that_the_server_asks_for_is_not_waited_for(flow: Flowing) -> None:
    flow.faults.add("POST", CHAT, Respond(429, headers={"retry-after": "3600"}), times=None)
    key = begun(flow, 1)
    with pytest.raises(QueueFull):
        flow.submit(key)
    assert flow.batch(key).state == "abandoned"
    assert flow.faults.count("POST", CHAT) == 1


def test_an_answer_that_is_used_again_is_written_though_nothing_could_be_sent(
    flow: Flowing,
) -> None:
    flow.until_done(rows=1)
    flow.seed({9: resume(1)})
    flow.faults.add("POST", CHAT, Respond(429, headers={"retry-after": "3600"}), times=None)
    key = begun(flow, 2, 9)
    with pytest.raises(QueueFull):
        flow.submit(key)
    batch = flow.batch(key)
    assert (batch.state, batch.requests, batch.reused) == ("ended", 0, 1)
    assert flow.bring_in(key).succeeded == 1
    assert flow.ends(key) == {2: "released: not_sent", 9: "succeeded"}
    assert flow.candidate(9).Skill1 == "Welding"
    assert flow.is_balanced()


@pytest.mark.parametrize("first_is_sent", [False, True])
def test_a_record_that_is_not_read_again_after_all_stays_as_it_was(
    flow: Flowing, impatient: None, first_is_sent: bool
) -> None:
    del impatient
    flow.until_done()
    before = {userid: flow.candidate(userid) for userid in (1, 2)}
    full = Respond(429, headers={"retry-after": "3600"})
    flow.faults.add("POST", CHAT, full, nth=1 + first_is_sent, times=None)
    key = begun(flow, 1, 2, again=True)
    assert flow.written() == [3]
    with pytest.raises(QueueFull):
        flow.submit(key)
    if first_is_sent:
        flow.bring_in(key)
    told = flow.batch(key).message
    assert ("Whose record was to be read again keeps it." in told) is not first_is_sent
    assert "waits again" not in told
    assert flow.written() == [1, 2, 3]
    assert flow.candidate(2) == before[2]
    assert (flow.candidate(1) == before[1]) or first_is_sent
    assert flow.items()[2].put_back_at is None
    assert flow.waiting() == []
    assert flow.is_balanced()


def test_who_has_another_text_by_then_or_waited_before_goes_on_waiting(flow: Flowing) -> None:
    flow.until_done()
    put_back(flow.database, flow.settings.model, [1])
    flow.faults.add("POST", CHAT, Respond(429, headers={"retry-after": "3600"}), times=None)
    key = begun(flow, 1, 2, again=True)
    flow.change(2, markdownResume=resume(2) + "Edited")
    with pytest.raises(QueueFull):
        flow.submit(key)
    assert flow.written() == [3]
    assert sorted(flow.waiting()) == [1, 2]


@pytest.mark.parametrize(
    ("fault", "error", "stops"),
    [
        (Respond(401, "invalid_api_key"), AccessRefused, True),
        (Respond(429, "insufficient_quota"), AccessRefused, True),
        (Respond(400, "billing_hard_limit_reached"), AccessRefused, True),
        (Respond(404, "model_not_found"), ApiRefused, False),
    ],
)
def test_what_would_refuse_any_request_costs_nobody_an_attempt(
    flow: Flowing, fault: Respond, error: type[Exception], stops: bool
) -> None:
    flow.faults.add("POST", CHAT, fault, times=None)
    key = begun(flow, 1, 2)
    with pytest.raises(error):
        flow.submit(key)
    assert flow.batch(key).state == "abandoned"
    assert set(flow.ends(key).values()) == {"released: not_sent"}
    assert sorted(flow.waiting()) == [1, 2, 3]
    assert (flow.installation().stopped_reason is not None) is stops
    assert flow.faults.count("POST", CHAT) == 1


def test_a_server_that_knows_no_flex_is_no_fault_of_the_resume(flow: Flowing) -> None:
    flow.set(model=FLEX)
    error = {"message": "no", "type": "invalid_request_error", "param": "service_tier"}
    flow.faults.add("POST", CHAT, Respond(400, body=json.dumps({"error": error}).encode()))
    key = begun(flow, 1)
    with pytest.raises(ApiRefused):
        flow.submit(key)
    assert flow.ends(key) == {1: "released: not_sent"}


def test_an_unreachable_server_leaves_nothing_claimed(flow: Flowing) -> None:
    key = begun(flow, 1, 2)
    flow.api = flow.client.api()
    flow.api.client.base_url = "http://127.0.0.1:1/v1"
    with pytest.raises(ApiUnavailable):
        flow.submit(key)
    assert flow.batch(key).state == "abandoned"
    assert flow.is_balanced()


def test_an_interrupt_keeps_what_is_answered_and_gives_the_rest_back(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = begun(flow, 1, 2, 3)
    posted: list[Any] = []

    def interrupted(*arguments: Any) -> Any:
        posted.append(arguments)
        if len(posted) == 2:
            raise KeyboardInterrupt
        return post(*arguments)

    monkeypatch.setattr(asking, "post", interrupted)
    with pytest.raises(KeyboardInterrupt):
        flow.submit(key)
    batch = flow.batch(key)
    assert batch.state == "ended"
    assert batch.message == "Interrupted. 1 resume not sent waits again."
    flow.bring_in(key)
    assert sorted(flow.ends(key).values()) == [
        "missing: no_line",  # on its way, and perhaps paid for
        "released: not_sent",
        "succeeded",
    ]
    assert flow.is_balanced()


def test_an_interrupt_while_there_is_no_room_leaves_nothing_open(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow.faults.add("POST", CHAT, Respond(429), times=None)

    class Interrupted(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            raise KeyboardInterrupt

    key = begun(flow, 1)
    with monkeypatch.context() as patched:
        patched.setattr(asking, "threading", SimpleNamespace(Event=Interrupted))
        with pytest.raises(KeyboardInterrupt):
            flow.submit(key)
    assert flow.batch(key).state == "abandoned"
    assert flow.ends(key) == {1: "released: not_sent"}


def test_what_a_killed_process_left_goes_on_and_nothing_is_sent_twice(flow: Flowing) -> None:
    """As the ledger is left: one answered, one on its way, one not sent."""
    key = begun(flow, 1, 2, 3)
    with leased(flow.database, key) as lease:
        attempt = Attempt(lease, flow.settings, flow.store, flow.api)
        first, second, _ = asking._lines(attempt)
        asking._ask(attempt, attempt.get(), first)
        lease.write(lambda connection: asking._intend(connection, attempt, second["custom_id"]))
    assert flow.batch(key).state == "submitting"
    assert [due.key for due in due_runs(flow.database)] == []  # somebody asked just now
    begun_at = flow.batch(key).submitted_at - timedelta(hours=1)
    flow.update(key, submitted_at=begun_at)
    batch = flow.carry_out(key)
    assert (batch.state, batch.succeeded, batch.requests) == ("done", 2, 3)
    assert batch.submitted_at == begun_at
    assert sorted(flow.ends(key).values()) == ["missing: no_line", "succeeded", "succeeded"]
    assert flow.faults.count("POST", CHAT) == 2


def test_while_planning_has_stopped_no_more_is_sent(flow: Flowing) -> None:
    key = begun(flow, 1)
    flow.database.write(lambda connection: stop_planning(connection, flow.database, "no money"))
    assert flow.submit(key).state == "abandoned"
    assert flow.faults.count("POST", CHAT) == 0


def test_a_poll_does_not_look_for_it(flow: Flowing) -> None:
    key = begun(flow, 1)
    with leased(flow.database, key) as lease:
        attempt = Attempt(lease, flow.settings, flow.store, flow.api)
        [line] = asking._lines(attempt)
        asking._ask(attempt, attempt.get(), line)
    found = flow.poll()
    assert (found.out, found.problems) == (0, {})
    assert flow.batch(key).state == "submitting"


def test_cancelling_sends_no_more_and_keeps_what_came(flow: Flowing) -> None:
    key = begun(flow, 1, 2)
    with leased(flow.database, key) as lease:
        attempt = Attempt(lease, flow.settings, flow.store, flow.api)
        asking._ask(attempt, attempt.get(), next(asking._lines(attempt)))
        assert not people.may_be_given_up(attempt.get())
        batch = people.cancel(lease, flow.settings, flow.store, flow.api)
    assert batch.state == "ended"
    assert flow.bring_in(key).succeeded == 1
    assert flow.is_balanced()
    key = begun(flow, *flow.waiting()[:1])
    with leased(flow.database, key) as lease:
        assert people.cancel(lease, flow.settings, flow.store, flow.api).state == "abandoned"
    assert flow.is_balanced()


@pytest.mark.parametrize("is_sent", [False, True])
def test_whoever_is_forgotten_meanwhile_is_not_sent_and_not_written(
    flow: Flowing, is_sent: bool
) -> None:
    key = begun(flow, 1, 2)
    if is_sent:
        with leased(flow.database, key) as lease:
            attempt = Attempt(lease, flow.settings, flow.store, flow.api)
            for line in asking._lines(attempt):
                asking._ask(attempt, attempt.get(), line)
    forgetting.forget(flow.database, flow.settings, flow.store, flow.api, [1])
    batch = flow.carry_out(key)
    assert batch.state == "done"
    assert flow.written() == [2]
    assert flow.faults.count("POST", CHAT) == 1 + is_sent
    for name in (REQUESTS, OUTPUT):
        with flow.store.batch(key).read(name) as stream:
            assert b"Lovelace1\n" not in stream.read()
    assert flow.is_balanced()
    assert batch.input_tokens == sum(item.input_tokens or 0 for item in flow.items(key).values())


def test_forgotten_while_another_is_asked(flow: Flowing, monkeypatch: pytest.MonkeyPatch) -> None:
    key = begun(flow, 1, 2)
    forgotten: list[Any] = []

    def asked(api: Any, body: Any) -> Any:
        who = 1 if "Lovelace2" in json.dumps(body) else 2
        forgotten.append(who)
        forgetting.forget(flow.database, flow.settings, flow.store, None, [who], patience=0)
        return post(api, body)

    monkeypatch.setattr(asking, "post", asked)
    flow.carry_out(key)
    assert flow.faults.count("POST", CHAT) == 1
    assert flow.ends(key)[forgotten[0]] == "released: by_request"
    assert flow.is_balanced()


def test_what_was_answered_about_who_is_forgotten_since_is_paid_all_the_same(flow: Flowing) -> None:
    key = begun(flow, 1)
    with leased(flow.database, key) as lease:
        attempt = Attempt(lease, flow.settings, flow.store, flow.api)
        asking._ask(attempt, attempt.get(), next(asking._lines(attempt)))
        forgetting.forget(flow.database, flow.settings, flow.store, None, [1], patience=0)
    batch = flow.carry_out(key)
    assert (batch.state, batch.succeeded) == ("done", 0)
    assert batch.input_tokens > 0
    assert flow.is_balanced()


def test_a_long_reason_is_told_as_far_as_there_is_room(flow: Flowing) -> None:
    key = begun(flow, 1, 2)
    with leased(flow.database, key) as lease:
        attempt = Attempt(lease, flow.settings, flow.store, flow.api)
        asking._ask(attempt, attempt.get(), next(asking._lines(attempt)))
        batch = asking.end(attempt, "x" * 1_200)
    assert (batch.state, batch.message) == ("ended", "x" * 1_000)


def test_an_error_says_nothing_of_how_an_answer_would_be_billed(flow: Flowing) -> None:
    flow.set(model=FLEX)
    body = {"service_tier": "default", "error": {"message": "no", "code": "server_error"}}
    flow.faults.add("POST", CHAT, Respond(500, body=json.dumps(body).encode()))
    assert service_of(flow.ask_now(1)) is Service.flex


def test_two_with_one_text_are_asked_about_once(flow: Flowing) -> None:
    flow.seed({8: resume(8), 9: resume(8)})
    batch = flow.ask_now(8, 9)
    assert (batch.state, batch.requests, batch.reused, batch.succeeded) == ("done", 1, 1, 2)
    assert len(flow.book.entries()) == 0  # no batch of the server's
    assert flow.candidate(9).Skill1 == flow.candidate(8).Skill1 == "Welding"
    assert flow.is_balanced()


def test_a_text_that_was_answered_before_is_not_asked_about(flow: Flowing) -> None:
    flow.until_done(rows=1)
    flow.seed({9: resume(1)})
    batch = flow.ask_now(9)
    assert (batch.state, batch.requests, batch.succeeded) == ("done", 0, 1)
    assert (float(batch.batch_cost), float(batch.reuse_saving) > 0) == (0, True)
    assert flow.candidate(9).Skill1 == "Welding"


def test_of_two_that_are_named_only_one_may_have_to_be_asked_about(flow: Flowing) -> None:
    flow.until_done(rows=1)
    flow.seed({9: resume(1)})
    batch = flow.ask_now(2, 9)
    assert (batch.state, batch.requests, batch.reused, batch.succeeded) == ("done", 1, 1, 2)
    assert [line["custom_id"] for line in output_of(flow, batch.batch_key)] == ["2"]
    assert flow.is_balanced()


def test_where_one_is_not_answered_the_other_waits_again(flow: Flowing) -> None:
    flow.seed({8: resume(8), 9: resume(8)})
    flow.faults.add("POST", CHAT, Respond(500))
    batch = flow.ask_now(8, 9)
    assert (batch.state, batch.succeeded) == ("done", 0)
    assert flow.ends(batch.batch_key)[9] == "released: same_text_unanswered"
    assert {8, 9} <= set(flow.waiting())
    assert flow.is_balanced()


def test_its_answer_is_used_for_whoever_comes_later_with_that_text(flow: Flowing) -> None:
    flow.ask_now(2)
    flow.seed({9: resume(2)})
    flow.change(1, LastProcessed=flow.candidate(2).LastProcessed)
    batch = flow.until_done(rows=1)
    assert (batch.requests, batch.reused, batch.succeeded) == (0, 1, 1)
