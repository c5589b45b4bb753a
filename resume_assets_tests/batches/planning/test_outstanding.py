"""What is out, and what was spent: the day begins at midnight, UTC."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from resume_assets.batches.planning.decision import Outstanding
from resume_assets.batches.planning.outstanding import end_of_model, outstanding_of
from resume_assets.batches.planning.planner import preview
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


def test_where_no_batch_is_nothing_is_out_or_spent(flow: Flowing) -> None:
    found = flow.database.read(
        lambda connection: outstanding_of(connection, flow.database, flow.installation(), MIDNIGHT)
    )
    assert found == Outstanding()


def test_what_a_resume_costs_is_the_average_of_those_that_wait(flow: Flowing) -> None:
    """Three that are equally long: each as much as one alone."""
    one, three = (preview(flow.database, flow.settings, rows) for rows in (1, 3))
    assert three.waiting == 3
    assert three.bytes_per_row == pytest.approx(one.bytes_per_row)
    assert three.tokens_per_row == pytest.approx(one.tokens_per_row)
    assert three.cost_per_row == pytest.approx(one.cost_per_row, rel=0.001)


def test_the_latest_batch_that_asked_says_when_its_model_ends(flow: Flowing) -> None:
    """Not one of another model, nor one that was never sent, nor single requests: nobody asked."""
    now = flow.database.read(flow.database.dialect.utc_now)
    flow.seed({number: f"# Resume {number}" for number in range(4, 9)})
    batches: dict[str, dict[str, Any]] = {
        "other": {"model": "another"},
        "unsent": {"submitted_at": None},
        "single": {"service": "standard"},
        "latest": {},
        "before": {},
    }
    for number, (key, values) in enumerate(batches.items(), 1):
        flow.plan(key, rows=1)
        sent = {"submitted_at": now - timedelta(hours=number), "model_shutdown": date(2031, 1, 1)}
        flow.update(key, **(sent | values))
    flow.update("latest", model_shutdown=date(2030, 5, 4))
    found = flow.database.read(
        lambda connection: end_of_model(connection, flow.database, flow.settings)
    )
    assert found is not None
    assert found.on == date(2030, 5, 4)


def test_what_is_of_the_very_moment_of_unpausing_counts(flow: Flowing) -> None:
    """Of one transaction each: nothing is left uncounted between two of them."""
    for key in ("a", "b"):
        flow.plan(key, rows=1)
        flow.update(key, state="done", low_share=True, batch_cost=1.5)
        flow.update(key, planned_at=MIDNIGHT, done_at=MIDNIGHT)

    def outstanding(resumed: datetime) -> Outstanding:
        flow.database.write(
            lambda connection: connection.execute(
                flow.database.ledger.installation.update().values(resumed_at=resumed)
            )
        )
        found = flow.installation()
        return flow.database.read(
            lambda connection: outstanding_of(
                connection, flow.database, found, MIDNIGHT + timedelta(hours=1)
            )
        )

    assert outstanding(MIDNIGHT) == Outstanding(0, 0, 3.0, 3.0, low_share=True)
    assert outstanding(MIDNIGHT + timedelta(microseconds=1)) == Outstanding()
