"""A batch's way through OGX: what comes in, what a person sees where it loses one, what he does."""

from datetime import timedelta

import httpx2
import pytest

from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.planning.planner import stuck_batches
from resume_assets.batches.upkeep import people
from resume_assets.openai_api.errors import ApiUnavailable
from resume_assets.openai_api.probing import probe
from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.flow import KEY, Flow
from resume_assets_tests.foreign.ogx import Ogx
from resume_assets_tests.local_openai.faults import Faults, Hold, Respond
from resume_assets_tests.local_openai.support import MODEL, until

pytestmark = pytest.mark.foreign

CHAT = "/v1/chat/completions"


def cancel(flow: Flow, *, give_up: bool = False) -> str:
    with leased(flow.database, KEY) as lease:
        if give_up:
            return str(people.give_up(lease).state)
        return str(people.cancel(lease, flow.settings, flow.store, flow.api).state)


def held(flow: Flow, upstream: Faults, *, after: int) -> Hold:
    """A batch whose requests hang behind OGX, once so many were answered."""
    holding = upstream.add("POST", CHAT, Hold(), nth=after + 1, times=None)
    flow.until_submitted()
    assert holding.reached.wait(60)
    remote = flow.batch().openai_batch_id
    until(lambda: flow.api.retrieve(remote).status == "in_progress")
    return holding


def test_what_is_there(flow: Flow) -> None:
    found = list(probe(flow.api, flow.settings.model))
    assert [one.ok for one in found] == [True] * 3, found
    [missing, *_] = probe(flow.api, MODEL)
    assert f"it has vllm/{MODEL}" in missing.text


def test_a_batch_comes_in_and_leaves_nothing_behind(flow: Flow) -> None:
    flow.seed(5)
    done = flow.until_ended()
    assert (done.openai_status, done.requests_completed, done.expires_at) == ("completed", 5, None)
    assert flow.bring_in().state == "done"
    assert flow.written() == [1, 2, 3, 4, 5]
    assert flow.candidate(1).Email == "ada1@example.com"
    assert flow.is_balanced()


def test_a_creation_whose_answer_is_lost_is_found_in_its_list(flow: Flow) -> None:
    hooks = flow.api.client._client.event_hooks["response"]

    def lose(response: httpx2.Response) -> None:
        if (response.request.method, response.url.path) == ("POST", "/v1/batches"):
            hooks.remove(lose)
            raise httpx2.ReadError("lost", request=response.request)

    hooks.append(lose)
    flow.seed(1)
    batch = flow.until_submitted()
    assert lose not in hooks
    ours = [
        one.id for one in flow.api.client.batches.list() if one.input_file_id == batch.input_file_id
    ]
    assert ours == [batch.openai_batch_id]


def test_each_line_that_failed_has_its_reason(flow: Flow, upstream: Faults) -> None:
    too_long = Respond(400, "context_length_exceeded", "invalid_request_error")
    upstream.add("POST", CHAT, too_long, times=1)
    flow.seed(3)
    flow.until_done()
    ends = sorted(flow.ends().values())
    assert ends == ["failed: http_400:request_failed", "succeeded", "succeeded"]
    upstream.add("POST", CHAT, Respond(503), times=None)  # OGX tries twice more
    flow.until_done("b2")
    [(userid, end)] = flow.ends("b2").items()
    assert end == "failed: http_503:request_failed"
    assert flow.waiting() == [userid]  # it used up no attempt
    upstream.clear()
    flow.until_done("b3")
    assert flow.written() == [1, 2, 3]


def test_an_unknown_model_fails_the_batch_and_gives_all_back(flow: Flow) -> None:
    flow.set(model="vllm/nobody's")
    flow.seed(2)
    ended = flow.until_ended()
    assert ended.message == "OpenAI: failed: model_not_found in line 1, model_not_found in line 2"
    flow.bring_in()
    assert flow.waiting() == [1, 2]


def test_one_that_is_cancelled_before_it_answered_gives_all_back(
    flow: Flow, upstream: Faults
) -> None:
    flow.seed(4)
    holding = held(flow, upstream, after=0)
    cancel(flow)
    holding.until.set()
    assert flow.wait().openai_status == "cancelled"
    flow.bring_in()
    assert flow.waiting() == [1, 2, 3, 4]


def test_one_that_is_cancelled_later_loses_what_it_counted_and_waits_for_a_person(
    flow: Flow, upstream: Faults
) -> None:
    """OGX keeps answers in memory until the end, and its cancelling throws them away."""
    flow.seed(4)
    holding = held(flow, upstream, after=2)
    cancel(flow)
    holding.until.set()
    remote = flow.batch().openai_batch_id
    until(lambda: flow.api.retrieve(remote).status == "cancelled")
    flow.poll()
    batch = flow.batch()
    assert (batch.state, batch.contradiction) == ("submitted", "answers_unnamed")
    assert "names no file for the 2 answers that it counts" in batch.message
    assert cancel(flow, give_up=True) == "done"
    assert flow.waiting() == [1, 2, 3, 4]


def test_a_restart_forgets_a_batch_which_is_named_and_freed(
    flow: Flow, ogx: Ogx, upstream: Faults
) -> None:
    flow.seed(4)
    holding = held(flow, upstream, after=2)
    ogx.kill()
    assert flow.poll().problems  # it is away: nothing changes
    holding.until.set()
    upstream.clear()
    ogx.start()
    for _ in range(3):
        assert flow.poll().out == 1
    assert flow.batch().openai_status == "in_progress"  # for ever

    flow.update(submitted_at=flow.batch().submitted_at - timedelta(hours=27))
    stuck = flow.database.read(lambda c: stuck_batches(c, flow.database, flow.settings))
    assert [batch.batch_key for batch in stuck] == [KEY]

    cancel(flow)
    flow.poll()
    assert flow.batch().openai_status == "cancelling"  # for ever, too
    assert cancel(flow, give_up=True) == "done"
    flow.until_done("b2")
    assert flow.written() == [1, 2, 3, 4]


def test_what_had_ended_before_a_restart_comes_in_after_it(flow: Flow, ogx: Ogx) -> None:
    flow.seed(3)
    flow.until_submitted()
    flow.wait_for_server(flow.batch().openai_batch_id)
    ogx.kill()
    ogx.start()
    flow.wait()
    assert flow.bring_in().state == "done"
    assert flow.written() == [1, 2, 3]


def test_files_expire_batches_never_do_and_one_without_its_file_fails(flow: Flow) -> None:
    flow.seed(1)
    flow.until_built()
    batch = flow.submit()
    [file] = [one for one in flow.api.client.files.list() if one.id == batch.input_file_id]
    assert file.expires_at is not None
    assert file.expires_at - file.created_at == 14 * 86_400
    assert flow.wait().expires_at is None
    # A creation with a file that is gone is taken, and fails later.
    remote = flow.api.create("file-of-nobody", {})
    until(lambda: flow.api.retrieve(remote.id).status == "failed")
    with pytest.raises(ApiUnavailable, match="HTTP 409"):  # it has ended
        flow.api.cancel(remote.id)


@pytest.mark.usefixtures("home", "wide")
class TestCommands:
    def test_continuous(self, ogx: Ogx, flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in {
            "RESUME_ASSETS_HOME": str(flow.home),
            "DAGSTER_HOME": str(flow.home / "dagster"),
            "OPENAI_BASE_URL": ogx.base_url,
            "RESUME_MODEL": f"vllm/{MODEL}",
            "RESUME_BASE_MODEL": MODEL,
        }.items():
            monkeypatch.setenv(name, value)
        flow.seed(5)
        said = ok("doctor", "--ask")
        assert "WRONG" not in said
        assert "answers in the shape that is asked for" in said
        said = ok(
            *("continuous", "--num-batches", "2", "--batch-size", "2", "--check-interval", "0.2")
        )
        assert "2 batches are in." in said
        assert flow.written() == [1, 2, 3, 4]
        assert "Waiting         1 resume" in ok("status")
        assert call("check", flow.batches()[0].batch_key).exit_code == 0
