"""Every way a batch can end: what is paid is used, what is not goes back, and nothing hangs."""

import sqlite3
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.planning import planner
from resume_assets.batches.planning.decision import NoPlan, Stop
from resume_assets.batches.planning.dispatching import due_runs
from resume_assets.batches.planning.planner import plan_batch
from resume_assets.batches.planning.quota import resume_planning, stop_planning
from resume_assets.batches.receiving import polling
from resume_assets.batches.receiving.collecting import NotEnded
from resume_assets.batches.store import ERRORS, OUTPUT
from resume_assets.batches.upkeep import people
from resume_assets.local_openai.settings import Pace
from resume_assets.openai_api.errors import (
    AccessRefused,
    ApiRefused,
    ApiUnavailable,
    NotThere,
    OtherEndpoint,
)
from resume_assets_tests.flow import KEY, Flow, Flowing, flow_at, limits_with
from resume_assets_tests.local_openai.faults import Change, Respond
from resume_assets_tests.local_openai.support import ManualClock

BATCHES, FILES = "/v1/batches", "/v1/files"
LOOKS = f"{BATCHES}(/[^/]+)?"


def change_batches(flow: Flow, **values: Any) -> None:
    """What the server says of each batch that has ended is changed on its way."""

    def one(batch: dict[str, Any]) -> dict[str, Any]:
        ended = batch.get("status") in ("completed", "failed", "expired", "cancelled")
        return {**batch, **values} if ended else batch

    def both(found: dict[str, Any]) -> dict[str, Any]:
        return {**found, "data": [one(b) for b in found["data"]]} if "data" in found else one(found)

    flow.faults.add("GET", LOOKS, Change(both), times=None)


def stop_reason(flow: Flow) -> str | None:
    reason: str | None = flow.installation().stopped_reason
    return reason


def test_completed(flow: Flowing) -> None:
    batch = flow.until_done()
    assert (batch.state, batch.openai_status, batch.succeeded) == ("done", "completed", 3)
    assert flow.ends() == {1: "succeeded", 2: "succeeded", 3: "succeeded"}
    assert flow.is_balanced()


def test_completed_with_every_line_failed_and_no_output_file(flow: Flowing) -> None:
    flow.until_submitted()
    files = error_file_of(flow, ["bad_request"] * 3)
    counts = {"total": 3, "completed": 0, "failed": 3}
    change_batches(flow, output_file_id=None, error_file_id=files, request_counts=counts)
    flow.wait()
    flow.collect()
    applied = flow.apply()
    assert applied.written == 0
    assert set(flow.ends().values()) == {"failed: http_400:bad_request"}
    assert flow.settle().batch.low_share is True
    assert flow.waiting() == [1, 2, 3]
    assert flow.is_balanced()


def error_file_of(flow: Flow, codes: list[str]) -> str:
    """A result file at the server with one HTTP 400 for each candidate."""
    lines = [
        b'{"id":"x","custom_id":"%d","response":{"status_code":400,"request_id":"r",'
        b'"body":{"error":{"message":"Ada","type":"t","code":"%s"}}},"error":null}\n'
        % (number, code.encode())
        for number, code in enumerate(codes, 1)
    ]
    return flow.api.client.files.create(file=("errors.jsonl", b"".join(lines)), purpose="batch").id


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_error_file_however_it_is_said(flow: Flowing, nothing: str | None) -> None:
    flow.until_submitted()
    change_batches(flow, error_file_id=nothing)
    flow.wait()
    assert flow.bring_in().succeeded == 3
    assert not flow.store.batch(KEY).has(ERRORS)


def test_an_empty_error_file(flow: Flowing) -> None:
    flow.until_submitted()
    empty = flow.api.client.files.create(file=("errors.jsonl", b""), purpose="batch")
    change_batches(flow, error_file_id=empty.id)
    flow.wait()
    assert flow.bring_in().succeeded == 3
    assert flow.store.batch(KEY).size(ERRORS) == 0


def failed_with(code: str, line: int | None = None, message: str = "Ada Lovelace1") -> Any:
    error = {"code": code, "line": line, "message": message, "param": None}
    return {
        "status": "failed",
        "output_file_id": None,
        "error_file_id": None,
        "errors": {"object": "list", "data": [error]},
    }


def test_failed_at_validation_gives_all_back_with_reason_and_line(flow: Flowing) -> None:
    flow.until_submitted()
    change_batches(flow, **failed_with("invalid_json_line", 2))
    batch = flow.wait()
    assert batch.message == "OpenAI: failed: invalid_json_line in line 2"
    flow.bring_in()
    assert set(flow.ends().values()) == {"released: batch_failed"}
    assert flow.waiting() == [1, 2, 3]
    assert flow.batch().low_share is True


def test_a_code_that_quotes_something_is_not_kept(flow: Flowing) -> None:
    flow.until_submitted()
    change_batches(flow, **failed_with("Ada Lovelace said so"))
    assert flow.wait().message == "OpenAI: failed: error"


class TestQuota:
    """`token_limit_exceeded`: nothing is claimed, tokenised or uploaded twice."""

    def test_at_creation(self, flow: Flowing) -> None:
        flow.until_built()
        claimed = flow.batch().claimed_at, flow.batch().built_at
        message = "Enqueued token limit reached for gpt-4o-mini. Limit: 900,000 enqueued tokens."
        flow.faults.add(
            "POST", BATCHES, Respond(429, "token_limit_exceeded", "tokens", message), times=2
        )
        for tries in (2, 3):
            batch = flow.submit()
            assert (batch.state, batch.try_number) == ("quota", tries)
        assert flow.installation().learned_token_limit == 900_000
        assert flow.submit().state == "submitted"
        assert flow.faults.count("POST", FILES) == 1
        flow.wait()
        batch = flow.bring_in()
        assert (batch.claimed_at, batch.built_at) == claimed
        assert flow.written() == [1, 2, 3]
        assert not flow.book.paid_twice()

    def test_later(self, flow: Flowing) -> None:
        flow.until_submitted()
        change_batches(flow, **failed_with("token_limit_exceeded", message="Limit: 900,000 x"))
        batch = flow.wait()
        assert (batch.state, batch.openai_batch_id, batch.try_number) == ("quota", None, 2)
        assert set(flow.ends().values()) == {"claimed"}
        assert len(flow.claims()) == 3

    def test_of_the_real_server_at_validation(self, tmp_path: Path) -> None:
        clock = ManualClock()
        limits = limits_with(enqueued_tokens=4_000)
        with flow_at(
            tmp_path / "home", limits=limits, pace=Pace(1, 100, 0, 0, 0), clock=clock
        ) as flow:
            flow.seed(8)
            flow.until_submitted("first", rows=4)
            clock.advance(2)
            flow.until_submitted("second", rows=4)
            clock.advance(2)
            assert flow.wait("second").state == "quota"
            assert flow.installation().learned_token_limit == 4_000
            clock.advance(200)
            flow.wait("first")
            assert flow.submit("second").state == "submitted"
            clock.advance(2)
            clock.advance(200)
            flow.wait("second")
            assert {flow.bring_in(key).succeeded for key in ("first", "second")} == {4}
            assert len(flow.written()) == 8
            assert flow.faults.count("POST", FILES) == 2

    def test_waits_longer_each_time_up_to_an_hour(self, flow: Flowing) -> None:
        flow.set(check_interval=600)
        flow.until_built()
        flow.faults.add("POST", BATCHES, Respond(429, "token_limit_exceeded"), times=None)
        pauses = []
        for _ in range(5):
            now = flow.database.read(flow.database.dialect.utc_now)
            pauses.append(round((flow.submit().quota_until - now) / timedelta(minutes=10)))
            assert not list(due_runs(flow.database))
        assert pauses == [1, 2, 4, 6, 6]
        flow.update(quota_until=now)
        (due,) = due_runs(flow.database)
        assert due.run_key == f"{KEY}:submit_batch:6:1"  # the sixth try, and its first run

    @pytest.mark.parametrize("as_date", [False, True])
    def test_asks_to_be_left_alone_for_a_while(self, flow: Flowing, as_date: bool) -> None:
        flow.until_built()
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=92), usegmt=True)
        asked = {"retry-after": date if as_date else "90"}
        flow.faults.add("POST", BATCHES, Respond(429, "rate_limit_exceeded", headers=asked))
        now = flow.database.read(flow.database.dialect.utc_now)
        pause = flow.submit().quota_until - now
        assert timedelta(seconds=89) < pause < timedelta(seconds=95)

    def test_too_many_calls_while_uploading(self, flow: Flowing) -> None:
        flow.until_built()
        flow.faults.add("POST", FILES, Respond(429, "rate_limit_exceeded"))
        assert flow.submit().state == "quota"
        assert flow.submit().state == "submitted"

    @pytest.mark.parametrize("share", [0.75, 1.02])
    def test_a_file_over_the_limit_by_itself_is_split(self, flow: Flowing, share: float) -> None:
        """Or so near to it that OpenAI's own count may be over it."""
        flow.until_built()
        most = round(flow.batch().estimated_input_tokens * share)
        limit = f"Limit: {most} enqueued tokens"
        flow.faults.add("POST", BATCHES, Respond(429, "token_limit_exceeded", "t", limit))
        batch = flow.submit()
        assert (batch.state, batch.try_number, batch.run_requests) == ("claimed", 2, 0)
        assert [file.id for file in flow.api.uploads("")] == []
        assert flow.ends()[3] == "released: over_token_limit"
        assert flow.waiting() == [3]
        assert flow.build().estimated_input_tokens <= 0.95 * most
        assert flow.submit().state == "submitted"
        flow.wait()
        assert flow.bring_in().succeeded == 2
        assert flow.written() == [1, 2]
        assert flow.is_balanced()

    def test_a_single_resume_over_the_limit_uses_an_attempt(self, flow: Flowing) -> None:
        for attempt in range(3):
            key = f"t{attempt}"
            flow.until_built(key, rows=1)
            flow.faults.add(
                "POST", BATCHES, Respond(429, "token_limit_exceeded", "t", "Limit: 100 tokens")
            )
            assert flow.submit(key).state == "abandoned"
            assert flow.ends(key) == {1: "failed: over_token_limit"}
            flow.database.write(lambda connection: resume_planning(connection, flow.database))
        assert [one.userid for one in flow.given_up()] == [1]
        assert flow.waiting() == [2, 3]


class TestNoMoney:
    """The account can pay for nothing: do not hammer, stop and say so."""

    def test_at_creation(self, flow: Flowing) -> None:
        flow.until_built()
        flow.api = flow.client.api(max_retries=3)
        flow.faults.add(
            "POST", BATCHES, Respond(429, "insufficient_quota", "insufficient_quota"), times=None
        )
        with pytest.raises(AccessRefused, match="no money left"):
            flow.submit()
        assert flow.faults.count("POST", BATCHES) == 1
        self.nothing_goes_on(flow)
        flow.faults.clear()
        flow.database.write(lambda connection: resume_planning(connection, flow.database))
        flow.update(requested_at=None)
        assert [due.key for due in due_runs(flow.database)] == [KEY]
        flow.submit()
        assert flow.faults.count("POST", FILES) == 1
        flow.wait()
        assert flow.bring_in().succeeded == 3

    def nothing_goes_on(self, flow: Flow) -> None:
        assert stop_reason(flow)
        assert len(flow.claims()) == 3
        flow.update(requested_at=None)
        assert list(due_runs(flow.database)) == []
        decision = plan_batch(flow.database, flow.settings, rows=1, origin="test")
        assert isinstance(decision, NoPlan)
        assert decision.stop is Stop.stopped
        assert "resume-assets unpause" in decision.why

    def test_while_uploading(self, flow: Flowing) -> None:
        flow.until_built()
        flow.faults.add("POST", FILES, Respond(429, "insufficient_quota"), times=None)
        with pytest.raises(AccessRefused):
            flow.submit()
        assert flow.faults.count("POST", FILES) == 1
        self.nothing_goes_on(flow)

    def test_at_validation(self, flow: Flowing) -> None:
        flow.until_submitted()
        change_batches(flow, **failed_with("billing_hard_limit_reached"))
        assert flow.wait().state == "quota"
        self.nothing_goes_on(flow)

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_key_that_is_refused(self, flow: Flowing, status: int) -> None:
        flow.until_built()
        flow.api = flow.client.api(key="sk-rotated-and-revoked", max_retries=3)
        if status == 403:
            flow.faults.add("POST", FILES, Respond(403, "insufficient_permissions"))
        with pytest.raises(AccessRefused, match="OPENAI_API_KEY") as refused:
            flow.submit()
        assert "sk-rotated" not in str(refused.value)
        assert flow.faults.count("POST", FILES) == 1
        self.nothing_goes_on(flow)

    def test_a_key_that_is_refused_while_looking(self, flow: Flowing) -> None:
        flow.until_submitted()
        flow.faults.add("GET", LOOKS, Respond(401, "invalid_api_key"), times=None)
        (problem,) = flow.poll().problems.values()
        assert "OPENAI_API_KEY" in problem
        assert "OPENAI_API_KEY" in (stop_reason(flow) or "")
        assert flow.batch().state == "submitted"
        flow.faults.clear()  # what is out still comes in
        flow.wait()
        assert flow.bring_in().succeeded == 3

    def test_a_doubt_is_settled_all_the_same_and_nothing_sent(self, flow: Flowing) -> None:
        flow.until_built()
        flow.update(state="submitting", intent_at=flow.batch().built_at, endpoint="local_openai")
        flow.update(key_hash=flow.api.key_hash, requested_at=None)
        flow.database.write(lambda connection: stop_planning(connection, flow.database, "No."))
        assert [due.key for due in due_runs(flow.database)] == [KEY]
        assert flow.submit().state == "built"
        assert flow.faults.count("POST", f"{BATCHES}|{FILES}") == 0


class TestPartial:
    """Expired and cancelled batches: the paid answers are used, the rest is requeued for free."""

    @pytest.mark.parametrize("way", ["expired", "cancelled"])
    def test_partial_results(self, tmp_path: Path, way: str) -> None:
        clock = ManualClock()
        pace = Pace(1, 100, 0, 1, 1, expire_after_seconds=60 if way == "expired" else 86_400)
        with flow_at(tmp_path / "home", pace=pace, clock=clock) as flow:
            flow.seed(10)
            flow.until_built()
            flow.submit()
            clock.advance(1)
            clock.advance(50)
            if way == "cancelled":
                with leased(flow.database, KEY) as lease:
                    batch = people.cancel(lease, flow.settings, flow.store, flow.api)
                assert (batch.state, batch.openai_status) == ("submitted", "cancelling")
            clock.advance(70)
            clock.advance(5)
            assert flow.wait().openai_status == way
            batch = flow.bring_in()
            paid = {int(name) for name in flow.book.completed()}
            assert 0 < len(paid) < 10
            assert set(flow.written()) == paid
            rest = set(range(1, 11)) - paid
            assert {flow.ends()[one] for one in rest} == {f"{way}: batch_{way}"}
            assert not any(flow.items()[one].attempt_used for one in rest)
            assert set(flow.waiting()) == rest
            assert batch.low_share is False
            assert flow.is_balanced()

    def test_cancelled_before_anything_ran(self, tmp_path: Path) -> None:
        clock = ManualClock()
        with flow_at(tmp_path / "home", pace=Pace(100, 1, 0, 0, 0), clock=clock) as flow:
            flow.seed(3)
            flow.until_submitted()
            with leased(flow.database, KEY) as lease:
                people.cancel(lease, flow.settings, flow.store, flow.api)
            clock.advance(1)
            flow.wait()
            batch = flow.bring_in()
            assert set(flow.ends().values()) == {"cancelled: no_line"}
            assert batch.low_share is None
            assert flow.waiting() == [1, 2, 3]


class TestCancel:
    @pytest.mark.parametrize("state", ["planned", "claimed", "built", "uploaded", "quota"])
    def test_before_it_is_sent(self, flow: Flowing, state: str) -> None:
        flow.plan()
        if state != "planned":
            flow.claim()
        if state in ("built", "uploaded", "quota"):
            flow.build()
        if state in ("uploaded", "quota"):
            code = "token_limit_exceeded" if state == "quota" else "bad"
            flow.faults.add("POST", BATCHES, Respond(429 if state == "quota" else 400, code))
            with suppress(ApiRefused):
                flow.submit()
        with leased(flow.database, KEY) as lease:
            batch = people.cancel(lease, flow.settings, flow.store, flow.api)
        assert batch.state == "abandoned"
        assert flow.waiting() == [1, 2, 3]
        assert flow.api.uploads("") == []
        assert flow.faults.count("POST", BATCHES) <= 1

    def test_in_doubt_it_is_found_first(self, flow: Flowing) -> None:
        flow.until_built()
        flow.submit()
        remote = flow.batch().openai_batch_id
        flow.update(state="submitting", openai_batch_id=None, openai_status=None)
        flow.wait_for_server(remote)
        with leased(flow.database, KEY) as lease:
            batch = people.cancel(lease, flow.settings, flow.store, flow.api)
        assert batch.openai_batch_id == remote
        assert batch.state == "ended"
        assert flow.bring_in().succeeded == 3

    def test_one_that_has_just_ended(self, flow: Flowing) -> None:
        flow.until_submitted()
        flow.wait_for_server(flow.batch().openai_batch_id)
        with leased(flow.database, KEY) as lease:
            batch = people.cancel(lease, flow.settings, flow.store, flow.api)
        assert batch.state == "ended"
        assert flow.bring_in().succeeded == 3

    def test_a_server_that_does_not_answer_says_so(self, tmp_path: Path) -> None:
        """Nothing is known then: neither that it was called back nor that it was not."""
        with flow_at(tmp_path / "home", pace=Pace(0, 80_000, 0, 0, 0)) as flow:
            flow.seed(3)
            remote = flow.until_submitted().openai_batch_id
            flow.faults.add("POST", f"{BATCHES}/{remote}/cancel", Respond(500))
            with leased(flow.database, KEY) as lease:
                with pytest.raises(ApiUnavailable):
                    people.cancel(lease, flow.settings, flow.store, flow.api)
                assert flow.batch().state == "submitted"
                batch = people.cancel(lease, flow.settings, flow.store, flow.api)
            assert (batch.state, batch.openai_status) == ("submitted", "cancelling")

    def test_one_that_is_done(self, flow: Flowing) -> None:
        flow.until_done()
        with leased(flow.database, KEY) as lease:
            assert people.cancel(lease, flow.settings, flow.store, flow.api).state == "done"
        assert flow.faults.count("POST", f"{BATCHES}/.*/cancel") == 0


class TestLost:
    """A batch or a file that the server no longer knows."""

    def test_a_batch_unknown_where_it_was_made(self, flow: Flowing) -> None:
        flow.until_submitted()
        forget(flow)
        assert flow.poll().out == 1
        assert flow.batch().state == "submitted"
        flow.later(hours=1)
        flow.poll()
        assert flow.poll().ended == [KEY]
        assert flow.batch().openai_status == "lost"
        assert flow.batch().contradiction is None
        (due,) = due_runs(flow.database)
        assert due.run_key == f"{KEY}:collect_batch:1:1"
        flow.bring_in()
        assert set(flow.ends().values()) == {"missing: batch_lost"}
        assert not any(item.attempt_used for item in flow.items().values())
        assert flow.waiting() == [1, 2, 3]
        assert flow.is_balanced()

    def test_a_batch_unknown_with_another_key(self, flow: Flowing) -> None:
        flow.until_submitted()
        forget(flow)
        flow.update(key_hash="another")
        (problem,) = flow.poll().problems.values()
        assert "another OPENAI_API_KEY" in problem
        assert flow.batch().state == "submitted"

    def test_a_batch_of_another_endpoint(self, flow: Flowing) -> None:
        flow.until_submitted()
        flow.api = flow.client.api(endpoint="https://api.openai.com/v1")
        (problem,) = flow.poll().problems.values()
        assert "is out at local_openai" in problem
        assert "OPENAI_BASE_URL" in problem
        assert flow.batch().state == "submitted"

    def test_an_output_file_unknown_where_it_was_made(self, flow: Flowing) -> None:
        flow.until_ended()
        flow.api.delete_file(flow.batch().output_file_id)
        with pytest.raises(NotEnded, match="nothing is lost or sent again"):
            flow.collect()
        flow.later(hours=1)
        with pytest.raises(NotEnded):
            flow.collect()
        assert flow.batch().state == "ended"
        assert len(flow.claims()) == 3
        flow.bring_in()
        assert set(flow.ends().values()) == {"missing: no_line"}
        assert "no longer has its output.jsonl" in flow.batch().message
        assert flow.waiting() == [1, 2, 3]
        assert flow.is_balanced()

    def test_an_output_file_unknown_with_another_key(self, flow: Flowing) -> None:
        flow.until_ended()
        flow.api.delete_file(flow.batch().output_file_id)
        flow.update(key_hash="another")
        with pytest.raises(OtherEndpoint, match="another OPENAI_API_KEY"):
            flow.collect()
        assert flow.batch().state == "ended"
        assert len(flow.claims()) == 3

    def test_an_output_file_of_another_endpoint(self, flow: Flowing) -> None:
        flow.until_ended()
        flow.api = flow.client.api(endpoint="https://api.openai.com/v1")
        with pytest.raises(OtherEndpoint, match="its results are at local_openai"):
            flow.collect()
        flow.api = flow.client.api()
        assert flow.bring_in().succeeded == 3

    def test_a_look_that_comes_late_does_not_bring_a_done_batch_back(self, flow: Flowing) -> None:
        flow.until_submitted()

        class Late:
            """Another worker brings the batch in while this one asks."""

            endpoint, key_hash = flow.api.endpoint, flow.api.key_hash

            def batches_since(self, since: Any) -> Any:
                return iter(())

            def retrieve(self, batch_id: str) -> Any:
                flow.wait()
                flow.bring_in()
                raise NotThere("gone")

        polling.poll(flow.database, Late(), flow.settings)  # type: ignore[arg-type]
        assert flow.batch().state == "done"


def forget(flow: Flow) -> None:
    """The server no longer knows the batch."""
    with sqlite3.connect(flow.server_folder / "state.db", timeout=30) as state:
        state.execute("DELETE FROM batches")


def test_stuck_for_26_hours_is_flagged(flow: Flowing) -> None:
    batch = flow.until_submitted()

    def stuck() -> list[str]:
        return flow.database.read(
            lambda connection: [
                late.batch_key
                for late in planner.stuck_batches(connection, flow.database, flow.settings)
            ]
        )

    flow.update(submitted_at=batch.submitted_at - timedelta(hours=25.9))
    assert stuck() == []
    flow.update(submitted_at=batch.submitted_at - timedelta(hours=26.1))
    assert stuck() == [KEY]


def test_one_odd_batch_keeps_no_other_waiting(flow: Flowing) -> None:
    for key in ("a", "b", "c"):
        flow.until_submitted(key, rows=1)
    odd = flow.batch("b").openai_batch_id
    for key in ("a", "c"):
        flow.wait_for_server(flow.batch(key).openai_batch_id)

    def strange(found: dict[str, Any]) -> dict[str, Any]:
        for batch in found["data"]:
            if batch["id"] == odd:
                batch |= {"request_counts": "three", "status": None, "in_progress_at": "soon"}
        return found

    flow.faults.add("GET", BATCHES, Change(strange), times=None)
    found = flow.poll()
    assert list(found.problems) == ["b"]
    assert set(found.ended) == {"a", "c"}
    flow.faults.clear()
    flow.wait("b")
    assert all(flow.bring_in(key).succeeded == 1 for key in ("a", "b", "c"))


def test_what_was_seen_before_the_list_broke_off_counts(flow: Flowing) -> None:
    for key in ("a", "b"):
        flow.until_submitted(key, rows=1)
        flow.wait_for_server(flow.batch(key).openai_batch_id)
    # Only the newest is on the first page; the second page can't be had.
    flow.faults.add(
        "GET",
        BATCHES,
        Change(lambda page: {**page, "data": page["data"][:1], "has_more": True}),
    )
    flow.faults.add("GET", BATCHES, Respond(500), times=None)
    found = flow.poll()
    assert found.ended == ["b"]
    assert len(found.problems) == 1
    assert flow.batch("a").state == "submitted"


def test_a_batch_that_the_list_does_not_show_is_looked_up(flow: Flowing) -> None:
    for key in ("a", "b", "c"):
        flow.until_submitted(key, rows=1)
        flow.wait_for_server(flow.batch(key).openai_batch_id)
    flow.faults.add(
        "GET", BATCHES, Change(lambda page: {**page, "data": [], "has_more": False}), times=None
    )
    flow.faults.add("GET", f"{BATCHES}/{flow.batch('a').openai_batch_id}", Respond(500))
    found = flow.poll()
    assert set(found.ended) == {"b", "c"}
    assert list(found.problems) == ["a"]


def test_output_is_where_the_store_says(flow: Flowing) -> None:
    flow.until_collected()
    assert flow.store.batch(KEY).size(OUTPUT) > 0
