"""What only Azure OpenAI does to a batch, and what becomes of it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from resume_assets.batches.planning.decision import NoPlan, Stop
from resume_assets.batches.planning.planner import plan_batch
from resume_assets.batches.sending import uploading
from resume_assets.local_openai.errors import ApiError
from resume_assets.local_openai.rules import answer
from resume_assets.local_openai.settings import Pace
from resume_assets.notifying.matters import Kind
from resume_assets.notifying.open_batches import of_open
from resume_assets.openai_api import limits
from resume_assets.openai_api.errors import ApiUnavailable
from resume_assets_tests.flow import KEY as BATCH
from resume_assets_tests.flow import Flowing
from resume_assets_tests.local_openai.azure_resource import (
    ONLINE,
    OTHER_KEY,
    azure_flow,
    reached,
    resource,
)
from resume_assets_tests.local_openai.faults import Change, DropAfter, Respond
from resume_assets_tests.local_openai.hostile import each
from resume_assets_tests.local_openai.support import ManualClock

BATCHES = "/v1/batches.*"


@pytest.fixture
def flow(tmp_path: Path) -> Iterator[Flowing]:
    with azure_flow(tmp_path) as flow:
        yield flow


def test_a_batch_of_a_deployment(flow: Flowing) -> None:
    flow.seed(3)
    done = flow.until_done()
    assert (done.state, done.model, done.requests) == ("done", "resumes-batch", 3)
    assert done.error_file_id is not None  # of no bytes
    assert flow.written() == [1, 2, 3]
    assert flow.is_balanced()


def test_what_takes_longer_than_a_day_is_late_and_comes_in(tmp_path: Path) -> None:
    clock = ManualClock()
    two_days = Pace(1, 172_800, 0, 2, 5, expires=False)
    with azure_flow(tmp_path, pace=two_days, clock=clock) as flow:
        flow.seed(2)
        batch = flow.until_submitted()
        clock.settle()
        clock.advance(100_000)
        assert flow.poll().out == 1
        now = batch.submitted_at + timedelta(seconds=100_000)
        late = of_open(flow.batch(), now, flow.settings, stopped=False)
        assert late is not None
        assert late.kind is Kind.batch_late
        assert "Azure lets it run on; it comes in by itself." in late.what
        for seconds in (72_801, 2):
            clock.advance(seconds)
        assert flow.poll().ended == [BATCH]
        assert flow.bring_in().state == "done"
        assert flow.written() == [1, 2]


def test_a_file_is_a_batch_s_once_it_is_processed(tmp_path: Path) -> None:
    with azure_flow(tmp_path, resource(looks=4)) as flow:
        flow.seed(1)
        assert flow.until_done().state == "done"


def test_one_that_is_never_processed_waits_with_its_upload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploading, "_LOOKS", 3)
    azure = resource(looks=1_000)
    with azure_flow(tmp_path, azure) as flow:
        flow.seed(1)
        with pytest.raises(ApiUnavailable, match="still looks the request file through"):
            flow.until_submitted()
        batch = flow.batch()
        assert batch.state == "built"
        azure.pending.update(dict.fromkeys(azure.pending, 0))
        assert flow.submit().input_file_id == batch.input_file_id


class Filtered(ApiError):
    """A prompt that is filtered, as reported by many."""

    def body(self) -> dict[str, Any]:
        inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {}}
        error = {"type": None, "param": "prompt", "code": "content_filter", "status": 400}
        message = f"The response was filtered due to the prompt {self.message}"
        return {"error": {**error, "message": message, "innererror": inner}}


def test_a_resume_that_the_filter_stops_is_not_asked_about_for_ever(tmp_path: Path) -> None:
    def filtering(schema: dict[str, Any], text: str) -> dict[str, Any]:
        if "ada2@" in text:
            raise Filtered("Pl4nted")
        return answer(schema, text)

    with azure_flow(tmp_path, rules=filtering, settings={"max_attempts": 2}) as flow:
        flow.seed(3)
        for key in ("b1", "b2"):
            flow.until_done(key)
            assert flow.ends(key)[2] == "refused: http_400:content_filter"
        assert flow.written() == [1, 3]
        assert flow.waiting() == []
        assert [one.userid for one in flow.given_up()] == [2]


def test_more_requests_fit_into_a_file(flow: Flowing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_REQUESTS", 1)
    monkeypatch.setattr(limits, "MAX_REQUESTS_AT_AZURE", 2)
    flow.seed(3)
    assert flow.plan().plan.rows == 2
    flow.claim()
    assert flow.build().requests == 2


def test_statuses_and_times_as_microsofts_examples_have_them(flow: Flowing) -> None:
    def spelled(batch: dict[str, Any]) -> dict[str, Any]:
        return {
            **batch,
            "status": str(batch["status"]).capitalize(),
            "created_at": "2026-11-28T03:46:57.2491382+00:00",
            "expires_at": "2026-11-29T03:46:57.1918498+00:00",
            "endpoint": None,
            "request_counts": {"total": None, "completed": None, "failed": None},
        }

    for method in ("GET", "POST"):
        change = Change(lambda found: found if "error" in found else each(found, spelled))
        flow.faults.add(method, BATCHES, change, times=None)
    flow.seed(2)
    done = flow.until_done()
    assert (done.state, done.openai_status) == ("done", "completed")
    assert f"{done.expires_at:%Y-%m-%d %H:%M:%S}" == "2026-11-29 03:46:57"
    assert flow.written() == [1, 2]


def test_a_batch_in_doubt_is_found_in_a_list_that_begins_with_the_oldest(flow: Flowing) -> None:
    def backwards(found: Any) -> Any:
        # Before ours, and long ago, somebody else's.
        old = [
            {**found["data"][0], "id": f"old-{n}", "created_at": n, "metadata": None, **NOT_OURS}
            for n in (1, 2)
        ]
        return {**found, "data": [*old, *reversed(found["data"])]}

    flow.seed(1)
    flow.until_built()
    flow.faults.add("POST", "/v1/batches", DropAfter())
    flow.faults.add("GET", "/v1/batches", Change(backwards), times=None)
    assert [flow.submit().openai_batch_id] == list(flow.book.batches())


NOT_OURS = {"input_file_id": "file-of-others"}


def test_where_the_queue_is_full_it_says_400_and_the_batch_waits(flow: Flowing) -> None:
    full = b'{"error": {"code": "400", "message": "token_limit_exceeded: too many tokens"}}'
    flow.faults.add("POST", "/v1/batches", Respond(400, body=full))
    flow.seed(1)
    assert flow.until_submitted().state == "quota"
    assert not flow.book.batches()


def test_a_key_may_be_exchanged_while_a_batch_is_in_doubt(flow: Flowing) -> None:
    flow.seed(1)
    flow.until_built()
    flow.faults.add("POST", "/v1/batches", Respond(503))
    flow.faults.add("GET", "/v1/batches", Respond(503), times=1)
    with pytest.raises(ApiUnavailable):
        flow.submit()
    assert flow.batch().state == "submitting"
    with reached(flow.client.server, OTHER_KEY) as flow.api:
        assert [flow.submit().openai_batch_id] == list(flow.book.batches())


def test_a_deployment_for_single_requests_is_named_as_the_reason(flow: Flowing) -> None:
    flow.set(model=ONLINE)
    flow.seed(1)
    ended = flow.until_ended()
    assert ended.openai_status == "failed"
    assert ended.message == "OpenAI: failed: invalid_request in line 1"
    flow.bring_in()
    assert flow.waiting() == [1]
    # A wrong name or type is not tried for ever.
    flow.until_done("b2")
    refused = plan_batch(flow.database, flow.settings, rows=1, origin="test")
    assert isinstance(refused, NoPlan)
    assert refused.stop is Stop.low_share
