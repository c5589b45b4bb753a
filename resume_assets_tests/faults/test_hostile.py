"""A server with every fault at once: each candidate is processed, and none is paid twice."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resume_assets.batches.planning.dispatching import due_runs
from resume_assets.batches.planning.planner import Planned, plan_batch
from resume_assets.batches.receiving import contradictions
from resume_assets.errors import PlatformError
from resume_assets.local_openai.rules import answer
from resume_assets_tests.faults.invariants import records
from resume_assets_tests.faults.worker import run
from resume_assets_tests.flow import Flowing, flow_at, resume
from resume_assets_tests.local_openai.faults import DropAfter, Respond
from resume_assets_tests.local_openai.hostile import be_hostile

RESUMES = 120
BATCHES = 6
TOO_LONG = {50}
UNUSABLE = {7, 77}
ACCENTED = 12
"""Without an accent there is nothing that a NUL escape could spoil."""


def rules(schema: dict[str, Any], text: str) -> Any:
    """Two resumes never get a usable answer."""
    return "no" if any(f"Lovelace{one}\n" in text for one in UNUSABLE) else answer(schema, text)


def seed(flow: Flowing) -> None:
    texts = {number: resume(number) for number in range(1, RESUMES + 1)}
    texts[ACCENTED] = texts[ACCENTED].replace("Steel", "Müller")
    flow.seed(texts)


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flowing]:
    monkeypatch.setattr(contradictions, "_FIRST_PAUSE", contradictions._FIRST_PAUSE * 0)
    with flow_at(tmp_path / "hostile", rules=rules) as flow:
        seed(flow)
        be_hostile(flow.faults, too_long_ones={str(one) for one in TOO_LONG})
        flow.faults.add("POST", "/v1/batches", DropAfter(), nth=2)
        flow.faults.add("POST", "/v1/batches", Respond(500), nth=4)
        flow.faults.add("POST", "/v1/files", DropAfter(), nth=3)
        yield flow


def round_of(flow: Flowing) -> bool:
    """What the sensors do once; whether anything was left to do."""
    planned = plan_batch(
        flow.database, flow.settings, rows=RESUMES // BATCHES, origin="test", in_flight=3
    )
    due = [planned.due] if isinstance(planned, Planned) else []
    flow.poll()
    due += due_runs(flow.database)
    for one in due:
        try:
            run(flow, one.stage, one.key)
        except PlatformError:
            flow.update(one.key, requested_at=None, run_requests=0)
    return bool(due) or bool(flow.claims())


def test_every_candidate_is_processed_and_none_is_paid_twice(
    hostile: Flowing, tmp_path: Path
) -> None:
    rounds = 0
    while round_of(hostile):
        rounds += 1
        assert rounds < 400
    everybody = set(range(1, RESUMES + 1))
    hopeless = UNUSABLE | TOO_LONG
    assert set(hostile.written()) == everybody - hopeless
    assert {one.userid for one in hostile.given_up()} == hopeless
    most = hostile.settings.max_attempts
    paid = hostile.book.completed()
    assert {number: paid.count(str(number)) for number in everybody} == {
        number: most if number in hopeless else 1 for number in everybody
    }
    assert hostile.is_balanced()
    with flow_at(tmp_path / "calm", rules=rules) as calm:
        seed(calm)
        calm.until_done()
        there, expected = records(hostile.home), records(calm.home)
        assert expected[ACCENTED]["MostRecentCompany"] == "Müller & Sons"
        assert {one: there[one] for one in everybody - TOO_LONG} == {
            one: expected[one] for one in everybody - TOO_LONG
        }
