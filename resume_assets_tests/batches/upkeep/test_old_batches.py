"""Batches that closed long ago, by the last step that they came to."""

from datetime import timedelta

import pytest

from resume_assets.batches.upkeep.old_batches import old_batches
from resume_assets_tests.flow import Flowing


@pytest.mark.parametrize("step", ["done_at", "ended_at", "built_at", "planned_at"])
def test_those_that_closed_so_many_days_ago_oldest_first(flow: Flowing, step: str) -> None:
    now = flow.database.read(flow.database.dialect.utc_now)
    for key, days in (("a", 31), ("b", 40), ("c", 29), ("open", 50), ("trial", 50)):
        flow.plan(key)
        flow.update(key, state="abandoned", **{step: now - timedelta(days=days)})
    flow.update("open", state="submitted")
    flow.update("trial", trial_key="t1")
    assert old_batches(flow.database, 30) == ["b", "a"]
    assert old_batches(flow.database, 45) == []
