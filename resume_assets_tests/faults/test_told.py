"""The process is killed at every boundary of telling somebody; two tell at once; the disk is full.

What came up is told, in order, and a second time only where the first one's answer was not noted.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import pytest

from resume_assets_tests.faults.harness import (
    Harness,
    Life,
    Point,
    Scenario,
    harness_in,
    new_points,
    points_of,
)
from resume_assets_tests.faults.strikes import Strike, can_strike
from resume_assets_tests.notifying.servers import Hook, hook

TOLD = Scenario("told")


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with harness_in(tmp_path_factory.mktemp("told"), "worker", Scenario()) as made:
        yield made


def listen(life: Life, receiver: Hook) -> None:
    (life.flow.home / "receiver").write_text(receiver.url, encoding="utf-8")


def violations(life: Life, receiver: Hook, *, sent_twice: int) -> list[str]:
    """What is not as promised, once all came to its end."""
    with closing(sqlite3.connect(life.flow.home / "resumes.db")) as database:
        noted = database.execute(
            "SELECT notice_id, matter FROM resume_notices ORDER BY came_up_at, notice_id"
        ).fetchall()
        told = database.execute(
            "SELECT notice_id FROM resume_notice_deliveries WHERE told_at IS NOT NULL"
        ).fetchall()
        unlooked = database.execute(
            "SELECT count(*) FROM resume_batches WHERE noticed_at IS NULL"
        ).fetchone()
    wanted = [notice_id for notice_id, _ in noted]
    got = Counter(notice["id"] for notice in receiver.took())
    found = life.violations(came_to_its_end=True)
    if not wanted:
        found.append("nothing came up")
    if len({matter for _, matter in noted}) != len(noted):
        found.append(f"one matter is noted twice: {noted}")
    if sorted(one for (one,) in told) != sorted(wanted) or unlooked != (0,):
        found.append(f"noted {wanted}, told {told}, not looked at {unlooked}")
    if [*got] != wanted:
        found.append(f"noted {wanted}, arrived {[*got]}")
    if sum(got.values()) - len(got) > sent_twice:
        found.append(f"arrived too often: {got}")
    return found


@pytest.fixture(scope="module")
def names(harness: Harness) -> list[str]:
    with hook() as receiver, harness.life(TOLD) as life:
        listen(life, receiver)
        assert life.run() == 0
        assert violations(life, receiver, sent_twice=0) == []
        return life.told("names")


def own(harness: Harness, names: list[str]) -> list[Point]:
    """Boundaries that telling adds."""
    points = [
        point
        for point in points_of(names)
        if "outbox." in point[0] or "telling." in point[0] or "/hook" in point[0]
    ]
    new = new_points(names, harness.names)
    return list(dict.fromkeys([*points, *new]))


def test_the_boundaries_of_telling_are_found(harness: Harness, names: list[str]) -> None:
    steps = " ".join(name for name, _ in own(harness, names))
    for step in ("outbox.", "POST /hook", "resume_notices", "resume_notice_deliveries"):
        assert step in steps, step
    assert len(own(harness, names)) > 20


def test_killed_while_somebody_is_told(harness: Harness, names: list[str]) -> None:
    def one(point: Point) -> list[str]:
        with hook() as receiver, harness.life(TOLD) as life:
            listen(life, receiver)
            found = harness.kill(life, point)
            if life.run() != 0:
                found.append("could not go on")
            found += violations(life, receiver, sent_twice=1)
            return [f"{point}: {one}" for one in found]

    assert harness.all(own(harness, names), one) == []


@pytest.mark.parametrize("strike", [Strike.cut_off, Strike.database_full, Strike.answer_lost])
def test_something_goes_wrong_while_somebody_is_told(
    harness: Harness, names: list[str], strike: Strike
) -> None:
    def one(point: Point) -> list[str]:
        with hook() as receiver, harness.life(TOLD) as life:
            listen(life, receiver)
            found = [] if life.run(at=point, strike=strike) == 0 else ["could not go on"]
            found += violations(life, receiver, sent_twice=1)
            return [f"{point}, {strike}: {one}" for one in found]

    points = [point for point in own(harness, names) if can_strike(strike, point[0])]
    assert points
    assert harness.all(points, one) == []


def test_two_processes_tell_at_once(harness: Harness, names: list[str]) -> None:
    found: list[str] = []
    for point in own(harness, names)[::8]:
        with hook() as receiver, harness.life(TOLD) as life:
            listen(life, receiver)
            found += harness.kill(life, point)
            other = harness.workers.get()
            try:
                with ThreadPoolExecutor(2) as pool:
                    codes = list(
                        pool.map(lambda one: one.run(), (life, replace(life, worker=other)))
                    )
            finally:
                harness.workers.put(other)
            found += [] if codes == [0, 0] else [f"they ended with {codes}"]
            found += [f"{point}: {one}" for one in violations(life, receiver, sent_twice=1)]
    assert found == []
