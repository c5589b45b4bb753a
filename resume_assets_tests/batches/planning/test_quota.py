"""What waits for OpenAI's queue, and for how long; what a split leaves of a file."""

from datetime import timedelta
from typing import Any

import pytest

from resume_assets.batches.ledger.batches import Batch
from resume_assets.batches.planning.quota import stop_planning, wait_for_quota
from resume_assets_tests.flow import Flowing


def full(flow: Flowing, limit: int | None = None, retry_after: float | None = None) -> Batch:
    """OpenAI's queue is full for the batch as it stands."""
    batch = flow.batch()

    def work(connection: Any) -> Batch:
        settings = flow.settings
        return wait_for_quota(
            connection, flow.database, batch, settings, "full", limit, retry_after
        )

    return flow.database.write(work)


@pytest.mark.parametrize(
    ("interval", "tries", "retry_after", "seconds"),
    [
        (60, 0, None, 60),
        (60, 0, 30, 60),
        (60, 0, 90, 90),
        (60, 0, 10_000, 3_600),
        (60, 1_000, None, 3_600),  # however often, it is an hour
        (0.5, 1_000, None, 2_048),
        (604_800, 0, None, 3_600),
    ],
)
def test_it_waits_as_long_as_is_asked_and_an_hour_at_most(
    flow: Flowing, interval: float, tries: int, retry_after: float | None, seconds: float
) -> None:
    flow.set(check_interval=interval)
    flow.until_built()
    flow.update(quota_tries=tries)
    before = flow.database.read(flow.database.dialect.utc_now)
    batch = full(flow, retry_after=retry_after)
    after = flow.database.read(flow.database.dialect.utc_now)
    assert before <= batch.quota_until - timedelta(seconds=seconds) <= after
    assert (batch.state, batch.quota_tries, batch.message) == ("quota", tries + 1, "full")
    assert (batch.run_requests, batch.requested_at) == (0, None)


def test_a_limit_above_the_file_is_kept_and_splits_nothing(flow: Flowing) -> None:
    batch = flow.until_built()
    assert full(flow, limit=batch.estimated_input_tokens * 2).state == "quota"
    assert flow.installation().learned_token_limit == batch.estimated_input_tokens * 2
    assert flow.installation().learned_at is not None


@pytest.mark.parametrize(("short_of", "kept"), [(0, 2), (1, 1)])
def test_of_a_split_file_stays_what_fits_exactly(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch, short_of: int, kept: int
) -> None:
    monkeypatch.setattr("resume_assets.batches.planning.quota._MARGIN", 1)
    flow.until_built()
    flow.update(overhead_tokens=500)
    tokens = {who: item.estimated_tokens for who, item in flow.items().items()}
    batch = full(flow, limit=tokens[1] + tokens[2] + 2 * 500 - short_of)
    assert batch.state == "claimed"
    ends = flow.ends()
    assert [who for who in (1, 2, 3) if ends[who] == "claimed"] == [1, 2, 3][:kept]
    assert {ends[who] for who in (1, 2, 3)[kept:]} == {"released: over_token_limit"}


def test_why_planning_has_stopped_is_kept_as_far_as_there_is_room(flow: Flowing) -> None:
    reason = "No money. " + "x" * 500
    flow.database.write(lambda connection: stop_planning(connection, flow.database, reason))
    assert flow.installation().stopped_reason == reason[:400]
    assert flow.installation().stopped_at is not None
