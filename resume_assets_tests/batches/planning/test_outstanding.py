"""What is out, and what was spent: the day begins at midnight, UTC."""

from datetime import datetime, timedelta

import pytest

from resume_assets.batches.planning.outstanding import outstanding_of
from resume_assets_tests.flow import Flowing

MIDNIGHT = datetime(2026, 11, 28)  # noqa: DTZ001 (the ledger's times have no zone)


@pytest.mark.parametrize(
    ("planned", "today"),
    [
        (timedelta(0), 1.5),
        (timedelta(minutes=1), 1.5),
        (timedelta(minutes=59), 1.5),
        (-timedelta(microseconds=1), 0.0),
        (-timedelta(hours=23), 0.0),
    ],
)
@pytest.mark.parametrize("hours", [1.5, 23.9])
def test_of_a_day_is_what_was_planned_since_midnight(
    flow: Flowing, planned: timedelta, today: float, hours: float
) -> None:
    flow.plan()
    flow.update(planned_at=MIDNIGHT + planned, cost_planned=1.5)
    now = MIDNIGHT + timedelta(hours=hours, seconds=7, microseconds=9)
    found = flow.database.read(
        lambda connection: outstanding_of(connection, flow.database, flow.installation(), now)
    )
    assert (found.cost_today, found.cost_total) == (today, 1.5)
