"""The process is killed at every boundary of the flow; afterwards a user runs it again.

Which boundaries there are is counted in a first run: see `boundaries`.
"""

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from resume_assets.local_openai.rules import answer
from resume_assets_tests.faults.invariants import records, violations
from resume_assets_tests.flow import Flowing, flow_at

RESUMES = 6
KILLED = -9
WORKERS = 2
DAGSTER_POINTS = 6
SESSIONS = 24
"""Lives that are ended several times, at random."""


def rules(schema: dict[str, Any], resume: str) -> Any:
    """The last resume never gets a usable answer."""
    return "no" if f"Lovelace{RESUMES}\n" in resume else answer(schema, resume)


class Preloaded:
    """A process that runs orders in children: see `worker`."""

    def __init__(self, module: str = "worker") -> None:
        module = f"resume_assets_tests.faults.{module}"
        command = [sys.executable, "-W", "ignore", "-m", module]
        root = Path(__file__).parents[2]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
        )

    def run(self, **order: Any) -> int:
        """The child's exit code; KILLED where it met its boundary."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


@dataclass
class Harness:
    """What all points share: an untouched home, workers, and what a run without a crash leaves."""

    folder: Path
    workers: "SimpleQueue[Preloaded]"
    expected: dict[int, Any]
    names: list[str]

    @contextmanager
    def home(self, name: str) -> Iterator["Life"]:
        home = self.folder / name
        shutil.copytree(self.folder / "untouched", home)
        worker = self.workers.get()
        try:
            with flow_at(home, rules=rules) as flow:
                yield Life(flow, worker, self)
        finally:
            self.workers.put(worker)
        shutil.rmtree(home)

    def all(self, points: Any, work: Any) -> list[str]:
        """Run `work` for each point, two at a time; returns every violation found."""
        with ThreadPoolExecutor(WORKERS) as pool:
            return [one for found in pool.map(work, points) for one in found]


@dataclass
class Life:
    """One home from its first run to its end."""

    flow: Flowing
    worker: Preloaded
    harness: Harness

    def run(self, way: str, kill_at: int | None = None) -> int:
        server = self.flow.client.server
        return self.worker.run(
            way=way,
            home=str(self.flow.home),
            base_url=server.base_url,
            api_key=server.api_key,
            report=str(self.flow.home / "report.json"),
            kill_at=kill_at,
        )

    def violations(self, *, came_to_its_end: bool) -> list[str]:
        return violations(
            self.flow.home, came_to_its_end=came_to_its_end, expected=self.harness.expected
        )

    def names(self) -> list[str]:
        found: list[str] = json.loads((self.flow.home / "report.json").read_bytes())
        return found


@contextmanager
def harness_in(folder: Path, module: str, way: str) -> Iterator[Harness]:
    """Workers of that kind, and what a run without a crash leaves."""
    with flow_at(folder / "untouched", rules=rules) as flow:
        flow.seed(RESUMES)
    workers: SimpleQueue[Preloaded] = SimpleQueue()
    started = [Preloaded(module) for _ in range(WORKERS)]
    for worker in started:
        workers.put(worker)
    made = Harness(folder, workers, {}, [])
    with made.home("uninterrupted") as life:
        assert life.run(way) == 0
        made.names = life.names()
        made.expected = {
            userid: row | {"LastProcessed": None} for userid, row in records(life.flow.home).items()
        }
        assert life.violations(came_to_its_end=True) == []
        assert life.flow.written() == list(range(1, RESUMES))
    yield made
    for worker in started:
        worker.stop()


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with harness_in(tmp_path_factory.mktemp("crashes"), "worker", "go_on") as made:
        yield made


@pytest.fixture(scope="module")
def with_dagster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with harness_in(tmp_path_factory.mktemp("dagster"), "dagster_worker", "continuous") as made:
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
        "submission.upload",
        "submission.create",
        "tracking.",
        "dispatching.",
        "collecting.",
        "applying",
        "writing",
        "costing.",
        "housekeeping",
        "POST /v1/files",
        "POST /v1/batches",
        "GET /v1/files/*/content",
        "DELETE /v1/files/*",
    ):
        assert step in steps, step


@pytest.mark.parametrize(("way", "every"), [("go_on", 1), ("again", 3)])
def test_killed_at_every_boundary(harness: Harness, way: str, every: int) -> None:
    """`go_on`: what sensors and `continuous` do; `again`: every partition materialized again."""

    def one(point: int) -> list[str]:
        with harness.home(f"{way}-{point}") as life:
            ended = life.run("go_on", kill_at=point)
            found = [] if ended == KILLED else [f"not killed but ended with {ended}"]
            found += life.violations(came_to_its_end=False)
            if life.run(way) != 0:
                found.append("could not go on")
            found += life.violations(came_to_its_end=True)
            return [f"{point} ({harness.names[point]}): {one}" for one in found]

    assert harness.all(range(0, len(harness.names), every), one) == []


def test_killed_again_and_again(harness: Harness) -> None:
    """Several crashes in one life, also while it recovers from the last one."""

    def one(seed: int) -> list[str]:
        chance = random.Random(seed)
        with harness.home(f"session-{seed}") as life:
            found, kills = [], 0
            for _ in range(chance.randint(2, 6)):
                point = int(len(harness.names) * chance.random() ** 2)
                kills += life.run(chance.choice(["go_on", "again"]), kill_at=point) == KILLED
                found += life.violations(came_to_its_end=False)
            if life.run("go_on") != 0:
                found.append("could not go on")
            found += life.violations(came_to_its_end=True)
            return [f"seed {seed}, {kills} kills: {one}" for one in found]

    assert harness.all(range(SESSIONS), one) == []


def test_killed_in_the_middle_of_dagster_runs(with_dagster: Harness) -> None:
    """`continuous` dies; the command, the sensor or a person with the UI goes on."""

    def one(order: tuple[int, str]) -> list[str]:
        point, way = order
        with with_dagster.home(f"{way}-{point}") as life:
            ended = life.run("continuous", kill_at=point)
            found = [] if ended == KILLED else [f"not killed but ended with {ended}"]
            found += life.violations(came_to_its_end=False)
            if life.run(way) != 0:
                found.append("could not go on")
            found += life.violations(came_to_its_end=True)
            name = with_dagster.names[point]
            return [f"{point} ({name}), then {way}: {one}" for one in found]

    ways = ("continuous", "sensor", "by hand")
    step = len(with_dagster.names) // DAGSTER_POINTS
    points = range(step // 2, len(with_dagster.names), step)
    orders = [(point, ways[index % len(ways)]) for index, point in enumerate(points)]
    assert with_dagster.all(orders, one) == []
