"""Something happens to the process at every boundary of the flow; then a user runs it again.

Which boundaries there are is counted in a first run: see `boundaries`. What can happen there: see
`strikes`.
"""

import random
from collections.abc import Iterator

import pytest

from resume_assets_tests.faults.harness import (
    KILLED,
    Harness,
    Point,
    Scenario,
    failing_once,
    harness_in,
    new_points,
    points_of,
)
from resume_assets_tests.faults.strikes import Strike, can_strike
from resume_assets_tests.flow import limits_with
from resume_assets_tests.local_openai.faults import DropAfter, DropBefore, Faults, Respond
from resume_assets_tests.local_openai.hostile import be_hostile

STRAIGHT = Scenario()
PARTS = 4
TOGETHER = 20
SESSIONS = 20
"""Lives that are ended several times, at random."""


def lose_answers(faults: Faults) -> None:
    """Of an upload and of two creations; the second of them never arrives."""
    faults.add("POST", "/v1/files", DropAfter())
    faults.add("POST", "/v1/batches", DropAfter())
    faults.add("POST", "/v1/batches", DropBefore(), nth=2)


def be_full(faults: Faults) -> None:
    """OpenAI's queue is full when the second batch is created, and asks for fewer uploads."""
    faults.add("POST", "/v1/files", Respond(429, "rate_limit_exceeded"))
    faults.add("POST", "/v1/batches", Respond(429, "token_limit_exceeded"), nth=2)


OTHERS = {
    "doubt": Scenario(rows=3, prepare=lose_answers),
    # Of three resumes' tokens: a file of six is over the limit by itself, and is split.
    "quota": Scenario(in_flight=2, limits=limits_with(enqueued_tokens=6_000), prepare=be_full),
    # Files named late, not there at first, of no told size, with lines of other shapes.
    "hostile": Scenario(rows=3, prepare=be_hostile),
    "twice": Scenario("twice"),
    "called off": Scenario("called_off"),
    # Some candidates are asked for one by one, before a batch takes the rest.
    "now": Scenario("now"),
    # Two other models beside the real work.
    "trial": Scenario("trial", rows=3, in_flight=2),
}


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with harness_in(tmp_path_factory.mktemp("crashes"), "worker", STRAIGHT) as made:
        yield made


def test_the_boundaries_are_found(harness: Harness) -> None:
    """Guards the harness itself: every kind of step of the flow is among them."""
    assert len(harness.names) > 150
    kinds = {name.partition(":")[0] for name in harness.names}
    assert kinds >= {
        "before commit",
        "after commit",
        "before statement",
        "before open",
        "half written",
        "before os.rename",
        "before call",
        "half sent",
        "answer begins",
        "answer half read",
    }
    steps = " ".join(harness.names)
    for step in (
        "planner.",
        "claiming.",
        "building",
        "uploading.upload",
        "submission._create",
        "polling.",
        "dispatching.",
        "collecting.",
        "applying",
        "costing.",
        "remote_files.",
        "POST /v1/files",
        "POST /v1/batches",
        "GET /v1/files/*/content",
        "DELETE /v1/files/*",
    ):
        assert step in steps, step


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_every_boundary(harness: Harness, part: int) -> None:
    """Then sensors or `continuous` go on. Passed in the same way again: every third time."""

    def one(point: Point) -> list[str]:
        return harness.killed(STRAIGHT, "go_on", point)

    first = new_points(harness.names, ())
    again = [point for point in points_of(harness.names) if point not in set(first)]
    points = first + again[::3]
    assert harness.all(points[part::PARTS], one) == []


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_and_every_partition_materialized_again(harness: Harness, part: int) -> None:
    def one(point: Point) -> list[str]:
        return harness.killed(STRAIGHT, "again", point)

    points = points_of(harness.names)[::5]
    assert harness.all(points[part::PARTS], one) == []


@pytest.mark.parametrize("strike", [strike for strike in Strike if strike is not Strike.killed])
def test_struck_at_every_boundary(harness: Harness, strike: Strike) -> None:
    """Whatever else can happen there; the same process gets over it."""

    def one(point: Point) -> list[str]:
        return harness.struck(STRAIGHT, strike, point)

    # A lease is renewed in each transaction: what is passed in the same way is struck once.
    points = [point for point in new_points(harness.names, ()) if can_strike(strike, point[0])]
    assert len(points) > 5
    assert harness.all(points, one) == []


@pytest.mark.parametrize("name", list(OTHERS))
def test_killed_where_it_goes_another_way(harness: Harness, name: str) -> None:
    """In doubt, out of room, a second time, called back: at every boundary that is new there."""
    names = harness.undisturbed(OTHERS[name])

    def one(point: Point) -> list[str]:
        return harness.killed(OTHERS[name], "go_on", point)

    points = new_points(names, harness.names)
    assert len(points) > 5
    assert harness.all(points, one) == []


@pytest.mark.parametrize(("way", "step"), [("undone", "undoing"), ("put_back", "reprocessing")])
def test_killed_while_a_person_changes_their_mind(harness: Harness, way: str, step: str) -> None:
    """About records that are written: put back as they were before, or into the queue."""
    scenario = Scenario(way)
    names = harness.undisturbed(scenario)
    assert any(step in name for name in names)

    def one(point: Point) -> list[str]:
        return harness.killed(scenario, way, point)

    points = new_points(names, harness.names)
    assert len(points) >= 5
    assert harness.all(points, one) == []


@pytest.mark.parametrize(
    ("way", "step"), [("forgotten", "blanking"), ("forgotten_early", "taking_back")]
)
def test_killed_while_somebody_is_forgotten(harness: Harness, way: str, step: str) -> None:
    """While their batch is out or not sent yet, and once their record is written."""
    scenario = Scenario(way)
    names = harness.undisturbed(scenario)
    assert any("cleaning" in name for name in names)
    assert any(step in name for name in names)

    def one(point: Point) -> list[str]:
        return harness.killed(scenario, way, point)

    points = new_points(names, harness.names)
    assert len(points) >= 20
    assert harness.all(points, one) == []


def test_killed_while_what_a_batch_left_is_asked_again_at_once(harness: Harness) -> None:
    """Planned before the batch is closed, and so that no crash plans it twice or never."""
    scenario = Scenario("finish", rules=failing_once)
    names = harness.undisturbed(scenario)
    assert any("at_once._finish" in name for name in names)

    def one(point: Point) -> list[str]:
        return harness.killed(scenario, "finish", point)

    points = new_points(names, harness.undisturbed(OTHERS["now"]))
    assert len(points) >= 5
    assert harness.all(points, one) == []


@pytest.mark.parametrize("strike", [strike for strike in Strike if strike is not Strike.killed])
def test_struck_while_requests_are_sent_one_by_one(harness: Harness, strike: Strike) -> None:
    """The same process gets over it: what is not sent goes with a batch."""
    names = harness.undisturbed(OTHERS["now"])
    assert any("POST /v1/chat/completions" in name for name in names)
    assert any("asking._intend" in name for name in names)

    def one(point: Point) -> list[str]:
        return harness.struck(OTHERS["now"], strike, point)

    points = [point for point in new_points(names, harness.names) if can_strike(strike, point[0])]
    assert points
    assert harness.all(points, one) == []


def test_two_processes_go_on_with_requests_sent_one_by_one(harness: Harness) -> None:
    """Each request is sent by one of them."""
    found: list[str] = []
    points = new_points(harness.undisturbed(OTHERS["now"]), harness.names)
    for point in points[:: TOGETHER // 2]:
        found += harness.shared(OTHERS["now"], point)
    assert found == []


def test_two_processes_go_on_at_once(harness: Harness) -> None:
    """Both find what the dead one left, its doubt too. Point by point: each takes two workers."""
    scenario = OTHERS["doubt"]
    names = harness.undisturbed(scenario)
    found: list[str] = []
    for point in points_of(names)[::TOGETHER]:
        found += harness.shared(scenario, point)
    assert found == []


def test_two_processes_bring_on_one_trial(harness: Harness) -> None:
    """Neither sends or writes what the other does."""
    names = harness.undisturbed(OTHERS["trial"])
    found: list[str] = []
    for point in new_points(names, harness.names)[::TOGETHER]:
        found += harness.shared(OTHERS["trial"], point)
    assert found == []


def test_killed_again_and_again(harness: Harness) -> None:
    """Several crashes in one life, also while it recovers from the last one."""

    def one(seed: int) -> list[str]:
        chance, points = random.Random(seed), points_of(harness.names)
        with harness.life(STRAIGHT) as life:
            found, kills = [], 0
            for _ in range(chance.randint(2, 6)):
                point = points[int(len(points) * chance.random() ** 2)]
                kills += life.run(chance.choice(["go_on", "again"]), at=point) == KILLED
                found += life.violations(came_to_its_end=False)
            if life.run("go_on") != 0:
                found.append("could not go on")
            found += life.violations(came_to_its_end=True)
            return [f"seed {seed}, {kills} kills: {one}" for one in found]

    assert harness.all(range(SESSIONS), one) == []
