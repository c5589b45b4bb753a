"""A batch whose model ends before it could: not planned, not created, and nobody is lost."""

from datetime import date, datetime, timedelta

import pytest
from pydantic import SecretStr

from resume_assets.batches.planning.decision import NoPlan, Stop
from resume_assets.batches.planning.outstanding import end_of_model
from resume_assets.batches.planning.planner import Planned, plan_batch
from resume_assets.batches.planning.planner import why_stopped as why
from resume_assets.models.ends import ModelEnd
from resume_assets_tests.flow import KEY, Flowing
from resume_assets_tests.local_openai.faults import Respond

MODEL = "/v1/models/gpt-4o-mini-2024-07-18"


def told(flow: Flowing, on: date | str, times: int = 1) -> None:
    """The endpoint says when the model ends, to whoever asks next."""
    body = f'{{"id": "m", "object": "model", "created": 1, "shutdown_date": "{on}"}}'.encode()
    for _ in range(times):
        flow.faults.add("GET", MODEL, Respond(200, body=body))


def now(flow: Flowing) -> datetime:
    return flow.database.read(flow.database.dialect.utc_now)


def end(flow: Flowing) -> ModelEnd | None:
    return flow.database.read(
        lambda connection: end_of_model(connection, flow.database, flow.settings)
    )


def plan(flow: Flowing) -> Planned | NoPlan:
    return plan_batch(flow.database, flow.settings, rows=1, origin="test")


def test_what_the_endpoint_says_is_kept_and_decides_the_next_plan(flow: Flowing) -> None:
    far = now(flow).date() + timedelta(days=300)
    told(flow, far)
    flow.until_submitted(rows=1)
    assert flow.batch().model_shutdown == far
    found = end(flow)
    assert found is not None
    assert (found.on, found.is_binding) == (far, True)
    assert isinstance(plan(flow), Planned)
    flow.update(KEY, model_shutdown=now(flow).date())
    refusal = plan(flow)
    assert isinstance(refusal, NoPlan)
    assert refusal.stop is Stop.model_ends
    stopped = flow.database.read(
        lambda connection: why(connection, flow.database, flow.settings, flow.installation())
    )
    assert stopped == refusal.why
    # What is out goes on.
    flow.wait()
    assert flow.bring_in().succeeded == 1


@pytest.mark.parametrize(
    "answer", [Respond(404), Respond(500), Respond(403), Respond(200, body=b"<html>")]
)
def test_a_server_that_can_t_tell_is_no_obstacle(flow: Flowing, answer: Respond) -> None:
    flow.faults.add("GET", MODEL, answer)
    assert flow.until_submitted().model_shutdown is None


def test_a_batch_that_would_outlast_its_model_gives_its_resumes_back(flow: Flowing) -> None:
    flow.until_built()
    told(flow, now(flow).date() + timedelta(days=1))
    batch = flow.submit()
    assert (batch.state, batch.openai_batch_id) == ("abandoned", None)
    assert "A batch may take 24 hours" in batch.message
    assert "3 resumes went back to the queue." in batch.message
    assert flow.claims() == {}
    assert set(flow.ends().values()) == {"released: model_ends"}
    assert len(flow.waiting()) == 3
    assert flow.book.batches() == {}


def test_openai_s_own_list_counts_where_nothing_was_told(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow.set(openai_api_key=SecretStr("sk-x"), openai_base_url="https://api.openai.com/v1")
    at(flow, "2027-01-12", monkeypatch)
    assert isinstance(plan(flow), Planned)
    at(flow, "2027-02-01", monkeypatch)
    refusal = plan(flow)
    assert isinstance(refusal, NoPlan)
    assert "was shut down on 2027-01-14" in refusal.why
    assert "RESUME_MODEL=gpt-6-luna" in refusal.why
    # Another model, and all is well; at another server the list says nothing.
    flow.set(model="gpt-6-luna")
    assert isinstance(plan(flow), Planned)
    flow.set(model="gpt-4o-mini", openai_base_url="http://127.0.0.1:1/v1")
    assert isinstance(plan(flow), Planned)


def at(flow: Flowing, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database's clock says so."""
    now = datetime.fromisoformat(moment)
    monkeypatch.setattr(type(flow.database.dialect), "utc_now", lambda *_: now)
