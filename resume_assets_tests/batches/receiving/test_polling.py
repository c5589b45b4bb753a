"""One look at all batches that are out: what an odd one, a slow list or another's look changes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resume_assets.batches.receiving import tracking
from resume_assets.local_openai.settings import Pace
from resume_assets_tests.flow import KEY, Flowing, flow_at
from resume_assets_tests.local_openai.faults import Change

BATCHES = "/v1/batches"


@pytest.fixture
def out(tmp_path: Path) -> Iterator[Flowing]:
    """Three batches, on which the server works all day."""
    with flow_at(tmp_path / "home", pace=Pace(0, 80_000, 0, 0, 0)) as flow:
        flow.seed(3)
        for key in ("a", "b", "c"):
            flow.until_submitted(key, rows=1)
        yield flow


def test_progress_that_can_t_be_kept_keeps_no_other_s_waiting(out: Flowing) -> None:
    """It is of the right shape; only the database finds that it is no number of requests."""
    odd = out.batch("b").openai_batch_id

    def progress(found: dict[str, Any]) -> dict[str, Any]:
        for batch in found["data"]:
            batch["request_counts"] = {"total": 1, "completed": 1, "failed": 0}
            if batch["id"] == odd:
                batch["request_counts"]["completed"] = 10**30
        return found

    out.faults.add("GET", BATCHES, Change(progress))
    found = out.poll()
    assert list(found.problems) == ["b"]
    assert found.out == 2
    assert [batch.requests_completed for batch in out.batches()] == [1, 0, 1]


def test_a_look_that_is_late_looks_nothing_up_by_itself(out: Flowing) -> None:
    nothing = Change(lambda page: {**page, "data": [], "has_more": False})
    out.faults.add("GET", BATCHES, nothing)
    found = out.poll(until=lambda: True)
    assert out.faults.count("GET", f"{BATCHES}/.+") == 0
    assert (found.ended, found.problems) == ([], {})
    assert {batch.state for batch in out.batches()} == {"submitted"}


def test_what_a_slower_look_saw_changes_nothing_any_more(flow: Flowing) -> None:
    flow.until_collected()
    before = flow.batch()
    seen = flow.api.retrieve(before.openai_batch_id)
    seen.status = "failed"
    assert _record(flow, seen) == before
    assert flow.batch() == before


def test_what_was_seen_of_another_batch_of_that_key_changes_nothing(out: Flowing) -> None:
    """Created anew meanwhile, say, after the first had failed for want of room."""
    before = out.batch("a")
    seen = out.api.retrieve(before.openai_batch_id)
    seen.id, seen.status = "batch_of_an_earlier_try", "failed"
    assert _record(out, seen, "a") == before
    assert out.batch("a") == before


def _record(flow: Flowing, seen: Any, key: str = KEY) -> Any:
    return flow.database.write(
        lambda connection: tracking.record(connection, flow.database, key, seen, flow.settings)
    )
