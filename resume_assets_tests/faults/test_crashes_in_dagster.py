"""`continuous` is killed in the middle of its Dagster runs; then whoever there is goes on.

As `test_crashes`, with Dagster around every step: the command again, the sensor, a person who
materializes the partition again, and one who re-executes the run in the UI. A few boundaries in
each run of the tests; all of them, four ways each, with RESUME_CRASH_EVERY=1.
"""

import os
from collections.abc import Iterator

import pytest

from resume_assets_tests.faults.harness import Harness, Point, Scenario, harness_in, points_of

CONTINUOUS = Scenario("continuous")
WAYS = ("continuous", "sensor", "by hand", "re-executed")
EVERY = int(os.environ.get("RESUME_CRASH_EVERY", "50"))


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    folder = tmp_path_factory.mktemp("dagster")
    with harness_in(folder, "dagster_worker", CONTINUOUS) as made:
        yield made


def test_killed_in_the_middle_of_dagster_runs(harness: Harness) -> None:
    def one(order: tuple[str, Point]) -> list[str]:
        way, point = order
        return harness.killed(CONTINUOUS, way, point)

    points = points_of(harness.names)
    assert len(points) > 150
    # Each way begins elsewhere, so that together they come by four times as many.
    orders = [
        (way, point)
        for number, way in enumerate(WAYS)
        for point in points[number * EVERY // len(WAYS) :: EVERY]
    ]
    assert harness.all(orders, one) == []
