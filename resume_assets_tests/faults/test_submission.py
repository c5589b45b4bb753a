"""Submission in doubt: whatever becomes of a call, nothing is sent twice and nothing is lost."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.batches import installation_of
from resume_assets.batches.ledger.lease import BatchBusy, LeaseLost, leased
from resume_assets.batches.sending import submission
from resume_assets.batches.sending.submission import submit
from resume_assets.openai_api.client import BatchApi
from resume_assets.openai_api.errors import ApiRefused, ApiUnavailable, OtherEndpoint
from resume_assets_tests.flow import KEY, Flow, Flowing, flow_at, settings_at
from resume_assets_tests.local_openai.faults import (
    Change,
    DropAfter,
    DropBefore,
    Hold,
    Respond,
)

BATCHES, FILES = "/v1/batches", "/v1/files"


def sent_once(flow: Flow) -> bool:
    """One batch at the server, and it is the one that the ledger knows."""
    known = {batch.openai_batch_id for batch in flow.batches()}
    live = {name for name, status in flow.book.batches().items() if status != "failed"}
    return len(live) == 1 and live <= known and not flow.book.paid_twice()


def finish(flow: Flow) -> None:
    flow.wait()
    assert flow.bring_in().state == "done"
    assert flow.written() == [1, 2, 3]
    assert sent_once(flow)
    assert flow.is_balanced()


@pytest.mark.parametrize(
    "fault",
    [
        DropAfter(),
        Respond(500),
        Respond(503, body=b"<html>a proxy</html>", headers={"content-type": "text/html"}),
        Respond(408),
        Respond(200, body=b"not JSON"),
        Respond(200, body=b"<html>", headers={"content-type": "text/html"}),
        Respond(200, body=b"{}"),
    ],
    ids=["answer lost", "500", "503 of a proxy", "408", "broken JSON", "HTML", "no id"],
)
def test_an_answer_that_says_nothing_leaves_no_doubt_behind(flow: Flowing, fault: Any) -> None:
    flow.until_built()
    flow.faults.add("POST", BATCHES, fault)
    assert flow.submit().state in ("submitted", "ended")
    finish(flow)


def test_the_creation_is_never_retried_by_the_client(flow: Flowing) -> None:
    flow.until_built()
    flow.api = flow.client.api(max_retries=5)
    flow.faults.add("POST", BATCHES, DropAfter())
    flow.submit()
    assert flow.faults.count("POST", BATCHES) == 1
    finish(flow)


def test_a_created_batch_that_has_ended_when_it_is_found_is_not_created_again(
    flow: Flowing,
) -> None:
    flow.until_built()
    crash_before_the_answer(flow)
    (remote,) = flow.book.batches()
    flow.wait_for_server(remote)
    assert flow.submit().state == "ended"
    assert flow.faults.count("POST", BATCHES) == 1
    finish(flow)


def crash_before_the_answer(flow: Flow) -> None:
    """The process ends between OpenAI's yes and our writing it down."""
    flow.faults.add("POST", BATCHES, DropAfter())
    flow.faults.add("GET", BATCHES, DropBefore())
    with pytest.raises(ApiUnavailable):
        flow.submit()
    assert flow.batch().state == "submitting"
    flow.faults.clear()


def test_never_created_is_created_with_the_next_try_and_a_new_file(flow: Flowing) -> None:
    flow.until_built()
    flow.faults.add("POST", BATCHES, DropBefore())
    batch = flow.submit()
    assert batch.try_number == 2
    assert flow.faults.count("POST", FILES) == 2
    assert flow.faults.count("DELETE", f"{FILES}/.*") == 1
    assert [file.id for file in flow.api.uploads("")] == [batch.input_file_id]
    finish(flow)


def test_a_late_creation_finds_no_file_to_run_on(flow: Flowing) -> None:
    """The first call hangs somewhere for longer than the doubt lasts, and then goes through."""
    flow.until_built()
    hold = flow.faults.add("POST", BATCHES, Hold())
    flow.api = flow.client.api(timeout=0.2)
    batch = flow.submit()
    assert hold.reached.is_set()
    hold.until.set()
    assert batch.try_number == 2
    finish(flow)


def test_a_doubt_is_settled_only_by_two_looks_that_far_apart(flow: Flowing) -> None:
    flow.until_built()
    crash_before_the_call(flow)
    flow.set(doubt_seconds=0.5)
    before = flow.faults.count("GET", BATCHES)
    now = flow.database.read(flow.database.dialect.utc_now)
    assert flow.submit().try_number == 2
    assert flow.batch().submitted_at - now >= timedelta(seconds=0.5)
    assert flow.faults.count("GET", BATCHES) - before == 3


def crash_before_the_call(flow: Flow) -> None:
    flow.faults.add("POST", BATCHES, DropBefore())
    flow.faults.add("GET", BATCHES, DropBefore())
    with pytest.raises(ApiUnavailable):
        flow.submit()
    assert flow.batch().state == "submitting"
    flow.faults.clear()


def test_what_appears_between_the_two_looks_is_adopted(flow: Flowing) -> None:
    flow.until_built()
    flow.faults.add("POST", BATCHES, DropAfter())
    # The first look does not show it yet.
    flow.faults.add("GET", BATCHES, Change(lambda page: {**page, "data": [], "has_more": False}))
    assert flow.submit().try_number == 1
    assert flow.faults.count("POST", FILES) == 1
    finish(flow)


def test_what_appears_after_the_file_was_deleted_is_adopted(flow: Flowing) -> None:
    flow.until_built()
    flow.faults.add("POST", BATCHES, DropAfter())
    nothing = Change(lambda page: {**page, "data": [], "has_more": False})
    flow.faults.add("GET", BATCHES, nothing, times=2)
    batch = flow.submit()
    assert batch.try_number == 1
    assert sent_once(flow)


def test_a_list_that_breaks_off_settles_nothing(flow: Flowing) -> None:
    flow.until_built()
    crash_before_the_call(flow)
    flow.faults.add("GET", BATCHES, Respond(500), times=None)
    for _ in range(3):
        with pytest.raises(ApiUnavailable):
            flow.submit()
    assert flow.batch().state == "submitting"
    assert flow.faults.count("DELETE", f"{FILES}/.*") == 0
    flow.faults.clear()
    flow.submit()
    finish(flow)


@pytest.mark.parametrize(
    "page",
    [
        b"{}",
        b"[]",
        b'{"object": "list", "data": null}',
        b'{"object": "list", "data": [], "has_more": true}',
        b'{"object": "list", "data": [{"object": "batch"}], "has_more": true}',
        b"<html>",
    ],
)
def test_what_is_no_list_settles_nothing(flow: Flowing, page: bytes) -> None:
    """The client takes each of these for an empty list."""
    flow.until_built()
    crash_before_the_answer(flow)
    flow.faults.add("GET", BATCHES, Respond(200, body=page), times=None)
    with pytest.raises(ApiUnavailable):
        flow.submit()
    assert flow.batch().state == "submitting"
    assert flow.faults.count("DELETE", f"{FILES}/.*") == 0
    flow.faults.clear()
    flow.submit()
    finish(flow)


def test_found_beyond_the_first_page_and_with_another_clock(flow: Flowing) -> None:
    """A hundred and twenty batches of others are newer; OpenAI's clock is nine minutes behind."""
    flow.until_built()
    crash_before_the_answer(flow)
    file = flow.api.client.files.create(file=("others.jsonl", b"{}\n"), purpose="batch")
    for _ in range(120):
        flow.api.client.batches.create(
            input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
        )

    def behind(page: dict[str, Any]) -> dict[str, Any]:
        for batch in page["data"]:
            batch["created_at"] -= 9 * 60
        return page

    flow.faults.add("GET", BATCHES, Change(behind), times=None)
    before = flow.faults.count("POST", BATCHES)
    flow.submit()
    assert flow.faults.count("POST", BATCHES) == before
    assert flow.batch().openai_batch_id is not None


def test_found_though_the_clocks_are_hours_apart(flow: Flowing) -> None:
    """The list is searched back to the upload, by OpenAI's own time of it."""

    def hours_behind(found: dict[str, Any]) -> dict[str, Any]:
        for one in found.get("data", [found]):
            one["created_at"] -= 3 * 3_600
        return found

    flow.faults.add("POST", FILES, Change(hours_behind), times=None)
    flow.faults.add("GET", BATCHES, Change(hours_behind), times=None)
    flow.until_built()
    flow.faults.add("POST", BATCHES, DropAfter())
    assert flow.submit().try_number == 1
    assert flow.faults.count("POST", BATCHES) == 1
    finish(flow)


@pytest.mark.parametrize("time", [None, "soon", -1e30])
def test_an_upload_that_was_made_at_no_time(flow: Flowing, time: Any) -> None:
    flow.until_built()
    flow.faults.add("POST", FILES, Change(lambda file: {**file, "created_at": time}))
    flow.submit()
    assert flow.faults.count("POST", FILES) == 1
    finish(flow)


def test_a_failed_batch_of_this_try_is_followed_by_the_next(flow: Flowing) -> None:
    flow.until_built()
    crash_before_the_answer(flow)
    (remote,) = flow.book.batches()
    fail_at_the_server(flow, remote)
    batch = flow.submit()
    assert batch.try_number == 2
    assert batch.openai_batch_id != remote
    finish(flow)


def fail_at_the_server(flow: Flow, remote: str, code: str = "invalid_json_line") -> None:
    """OpenAI says of this batch that it failed at its validation."""

    def failed(batch: dict[str, Any]) -> dict[str, Any]:
        if batch.get("id") == remote:
            error = {"code": code, "line": 2, "message": "Ada Lovelace", "param": None}
            batch |= {"status": "failed", "errors": {"object": "list", "data": [error]}}
            batch |= {"output_file_id": None, "error_file_id": None}
        return batch

    def page(found: dict[str, Any]) -> dict[str, Any]:
        return {**found, "data": [failed(batch) for batch in found["data"]]}

    with sqlite3.connect(flow.server_folder / "state.db") as state:
        state.execute("DELETE FROM requests")
        state.execute("UPDATE batches SET status = 'failed' WHERE id = ?", (remote,))
    flow.faults.add("GET", BATCHES, Change(page), times=None)
    flow.faults.add("GET", f"{BATCHES}/{remote}", Change(failed), times=None)


def test_an_earlier_try_that_failed_says_nothing_about_this_one(flow: Flowing) -> None:
    """It ran on the same input file, and is in the list; this one's creation is under way."""
    flow.until_built()
    first = flow.submit()
    fail_at_the_server(flow, first.openai_batch_id, "token_limit_exceeded")
    flow.poll()
    batch = flow.batch()
    assert (batch.state, batch.try_number) == ("quota", 2)
    assert (batch.run_requests, batch.requested_at) == (0, None), "the next try's runs are its own"
    assert batch.input_file_id == first.input_file_id
    # The second creation's answer is lost, and the list does not show it at once.
    posts = flow.faults.count("POST", BATCHES)
    late = {"looks": 0}

    def hide(page: dict[str, Any]) -> dict[str, Any]:
        late["looks"] += 1
        only_first = [one for one in page["data"] if one["id"] == first.openai_batch_id]
        for one in only_first:
            one["status"] = "failed"
        return page if late["looks"] > 1 else {**page, "data": only_first}

    flow.faults.clear()
    flow.faults.add("POST", BATCHES, DropAfter())
    flow.faults.add("GET", BATCHES, Change(hide), times=2)
    flow.submit()
    assert flow.faults.count("POST", BATCHES) == posts + 1
    assert len(flow.book.batches()) == 2
    finish(flow)


def test_a_failed_batch_of_somebody_else_that_carries_the_key_is_not_ours(flow: Flowing) -> None:
    flow.until_built()
    crash_before_the_call(flow)
    file = flow.api.client.files.create(file=("others.jsonl", b"{}\n"), purpose="batch")
    flow.api.create(file.id, {"installation": "other", "batch_key": KEY, "try": "1"})
    batch = flow.submit()
    assert batch.try_number == 2
    finish(flow)


def test_two_installations_with_the_same_key_keep_apart(tmp_path: Path) -> None:
    with flow_at(tmp_path / "one") as one, second_home(tmp_path / "two", one) as two:
        one.seed(3)
        two.seed(3)
        one.until_built()
        two.until_built()
        crash_before_the_answer(one)
        one.faults.add("POST", BATCHES, DropBefore())
        assert two.submit().try_number == 2  # the other's batch is not adopted
        one.faults.clear()
        assert one.submit().try_number == 1
        ids = {one.batch().openai_batch_id, two.batch().openai_batch_id}
        assert len(ids) == 2
        for flow in (one, two):
            flow.wait()
            flow.bring_in()
            assert flow.written() == [1, 2, 3]


@contextmanager
def second_home(home: Path, other: Flowing) -> Iterator[Flow]:
    """Another installation in the same project at OpenAI."""
    flow = Flow(home, settings_at(home), other.client.api())
    flow.faults, flow.server_folder = other.faults, other.server_folder
    yield flow
    flow.database.dispose()


def test_two_processes_in_the_same_doubt(flow: Flowing) -> None:
    flow.until_built()
    crash_before_the_call(flow)
    hold = flow.faults.add("GET", BATCHES, Hold())
    outcomes: list[Any] = []

    def settle() -> None:
        outcomes.append(flow.submit())

    first = threading.Thread(target=settle)
    first.start()
    assert hold.reached.wait(10)
    with pytest.raises(BatchBusy):
        flow.submit()
    hold.until.set()
    first.join(30)
    assert [batch.state for batch in outcomes] == ["submitted"]
    finish(flow)


def test_a_worker_that_was_taken_over_sends_nothing(flow: Flowing) -> None:
    """It stalls between its intent and the call; another settles the doubt; then it goes on."""
    flow.until_built()
    stalled, go_on = threading.Event(), threading.Event()

    class Slow(BatchApi):
        def create(self, *args: Any) -> Any:
            stalled.set()
            assert go_on.wait(30)
            return super().create(*args)

    outcome: list[BaseException] = []

    def first() -> None:
        with leased(flow.database, KEY) as lease:
            try:
                slow = Slow(flow.client.api().client, endpoint="local_openai")
                submit(lease, flow.settings, flow.store, slow)
            except LeaseLost as lost:
                outcome.append(lost)

    worker = threading.Thread(target=first)
    worker.start()
    assert stalled.wait(10)
    flow.update(lease_until=flow.batch().lease_until - timedelta(minutes=5))
    assert flow.submit().try_number == 2
    go_on.set()
    worker.join(30)
    assert len(outcome) == 1
    finish(flow)


def test_another_key_of_the_same_project_finds_and_adopts_it(flow: Flowing) -> None:
    flow.until_built()
    crash_before_the_answer(flow)
    flow.update(key_hash="of the key before")
    batch = flow.submit()
    assert batch.try_number == 1
    assert batch.key_hash == flow.api.key_hash
    finish(flow)


def test_with_another_key_absence_proves_nothing(flow: Flowing) -> None:
    flow.until_built()
    crash_before_the_call(flow)
    flow.update(key_hash="of the key before")
    with pytest.raises(OtherEndpoint, match="another than the one it was made with"):
        flow.submit()
    assert flow.batch().state == "submitting"
    assert flow.faults.count("DELETE", f"{FILES}/.*") == 0


def test_at_another_endpoint_it_waits_and_names_the_first(flow: Flowing) -> None:
    flow.until_built()
    crash_before_the_call(flow)
    flow.api = flow.client.api(endpoint="https://other.example/v1")
    with pytest.raises(OtherEndpoint, match="local_openai"):
        flow.submit()
    assert flow.batch().state == "submitting"


def test_an_upload_whose_answer_was_lost_is_adopted(flow: Flowing) -> None:
    flow.until_built()
    flow.faults.add("POST", FILES, DropAfter())
    flow.submit()
    assert flow.faults.count("POST", FILES) == 1
    finish(flow)


def test_an_upload_that_never_arrived_is_sent_again(flow: Flowing) -> None:
    flow.until_built()
    flow.faults.add("POST", FILES, DropBefore(), times=2)
    flow.submit()
    assert flow.faults.count("POST", FILES) == 3
    finish(flow)


def test_a_broken_upload_is_deleted_and_a_second_one_too(flow: Flowing) -> None:
    flow.until_built()
    flow.faults.add("POST", FILES, DropAfter(), times=None)
    flow.faults.add("GET", FILES, DropBefore(), times=None)
    with pytest.raises(ApiUnavailable):
        flow.submit()
    flow.faults.clear()
    name = f"{installation(flow)}-{KEY}-1.jsonl"
    for content in (b"half", flow.store.batch(KEY).path("requests.jsonl").read_bytes()):
        flow.api.client.files.create(file=(name, content), purpose="batch")
    batch = flow.submit()
    assert [file.id for file in flow.api.uploads("")] == [batch.input_file_id]
    finish(flow)


def installation(flow: Flow) -> str:
    return flow.database.read(lambda connection: installation_of(connection, flow.database))


def test_an_input_file_that_expired_is_uploaded_anew(flow: Flowing) -> None:
    flow.until_built()
    flow.faults.add("POST", BATCHES, Respond(400, "bad_request", "invalid_request_error"))
    with pytest.raises(ApiRefused):
        flow.submit()
    batch = flow.batch()
    assert batch.state == "built"
    flow.api.delete_file(batch.input_file_id)
    assert flow.submit().input_file_id != batch.input_file_id
    finish(flow)


def test_a_refusal_keeps_claim_and_file(flow: Flowing) -> None:
    flow.until_built()
    message = "Ada Lovelace1 sk-secret"
    flow.faults.add(
        "POST", BATCHES, Respond(400, "invalid_value", "invalid_request_error", message)
    )
    with pytest.raises(ApiRefused, match="materialize submitted_batch again") as refused:
        flow.submit()
    assert "Ada" not in str(refused.value)
    assert "sk-" not in str(refused.value)
    assert flow.batch().state == "built"
    assert len(flow.claims()) == 3
    flow.submit()
    assert flow.faults.count("POST", FILES) == 1
    finish(flow)


def test_metadata_names_installation_key_and_try(flow: Flowing) -> None:
    batch = flow.until_submitted()
    remote = flow.api.retrieve(batch.openai_batch_id)
    assert remote.metadata == {
        "installation": installation(flow),
        "batch_key": KEY,
        "try": "1",
    }


def test_the_intent_is_written_down_before_the_call(flow: Flowing) -> None:
    flow.until_built()
    seen: list[batches.Batch] = []

    class Watching(BatchApi):
        def create(self, *args: Any) -> Any:
            seen.append(flow.batch())
            return super().create(*args)

    flow.api = Watching(flow.client.api().client, endpoint="local_openai")
    flow.submit()
    (intent,) = seen
    assert intent.state == "submitting"
    assert intent.intent_at is not None
    assert intent.key_hash == flow.api.key_hash
    assert intent.endpoint == "local_openai"
    assert intent.input_file_id is not None


def test_submitting_again_only_reports(flow: Flowing) -> None:
    first = flow.until_submitted()
    assert flow.submit().openai_batch_id == first.openai_batch_id
    assert flow.faults.count("POST", BATCHES) == 1
    flow.wait()
    flow.bring_in()
    assert flow.submit().state == "done"
    assert flow.faults.count("POST", BATCHES) == 1


@pytest.mark.parametrize(("minutes", "uploads"), [(1, 1), (9.6, 1), (10.4, 2)])
def test_a_file_that_is_not_there_is_waited_for_only_while_it_is_new(
    flow: Flowing, minutes: float, uploads: int
) -> None:
    """An older one has expired or was deleted: it is sent anew at once."""
    flow.until_built()
    flow.faults.add("POST", BATCHES, Respond(400, "token_limit_exceeded"))
    flow.submit()
    assert flow.batch().state == "quota"
    uploaded = flow.batch().uploaded_at - timedelta(minutes=minutes)
    flow.update(uploaded_at=uploaded, quota_until=None)
    flow.faults.add("POST", BATCHES, Respond(404))
    flow.submit()
    assert flow.faults.count("POST", FILES) == uploads
    finish(flow)


@pytest.mark.parametrize(("times", "uploads"), [(2, 1), (3, 2)])
def test_a_new_file_that_stays_unknown_is_sent_anew_after_three_tries(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch, times: int, uploads: int
) -> None:
    pauses: list[int] = []
    monkeypatch.setattr(submission, "backoff", pauses.append)
    flow.until_built()
    flow.faults.add("POST", BATCHES, Respond(404), times=times)
    flow.submit()
    assert pauses == [1, 2, 3][:times]
    assert flow.faults.count("POST", BATCHES) == times + 1
    assert flow.faults.count("POST", FILES) == uploads
    finish(flow)
