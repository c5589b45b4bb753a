"""Lives of a small home, ended or disturbed at a boundary, and what they must have come to."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import sqlalchemy as sa

from resume_assets.local_openai.completions import Rules
from resume_assets.local_openai.rules import answer
from resume_assets.local_openai.settings import Limits
from resume_assets_tests.faults.invariants import (
    FAILING_ONCE,
    NEVER,
    RESUMES,
    SAME_TEXT,
    records,
    violations,
)
from resume_assets_tests.faults.strikes import Strike
from resume_assets_tests.flow import Flowing, flow_at, limits_with, resume
from resume_assets_tests.local_openai.faults import Faults

KILLED = -9
WORKERS = 2
UNMET = 4
"""Boundaries, of several hundred, that a life may not come by: how often it looks is not fixed."""


def rules(schema: dict[str, Any], resume: str) -> Any:
    """One resume never gets a usable answer."""
    return "no" if f"Lovelace{NEVER}\n" in resume else answer(schema, resume)


def failing_once() -> Rules:
    """The same, but that the server fails at the first request of some resumes."""
    failed: set[str] = set()

    def failing(schema: dict[str, Any], resume: str) -> Any:
        for number in FAILING_ONCE:
            if f"Lovelace{number}\n" in resume and str(number) not in failed:
                failed.add(str(number))
                raise RuntimeError("on demand")
        return rules(schema, resume)

    return failing


@dataclass(frozen=True)
class Scenario:
    """How a life goes when nobody disturbs it, and what the server is like."""

    way: str = "go_on"
    rows: int = RESUMES - 1
    in_flight: int = 1
    limits: Limits = field(default_factory=limits_with)
    prepare: Callable[[Faults], object] = lambda _: None
    rules: Callable[[], Rules] = lambda: rules


class Preloaded:
    """A process that runs orders in children, always in the same home: see `worker`."""

    def __init__(self, module: str, folder: Path) -> None:
        self.home = folder / "home"
        command = [sys.executable, "-W", "ignore", "-m", f"resume_assets_tests.faults.{module}"]
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
class Life:
    """One home from its first run to its end."""

    flow: Flowing
    worker: Preloaded
    scenario: Scenario
    expected: dict[int, Any]

    def run(
        self,
        way: str | None = None,
        *,
        at: tuple[str, int] | None = None,
        strike: Strike = Strike.killed,
        warm: bool = False,
    ) -> int:
        """Start a process that goes this way, or the scenario's."""
        server = self.flow.client.server
        return self.worker.run(
            way=way or self.scenario.way,
            rows=self.scenario.rows,
            in_flight=self.scenario.in_flight,
            home=str(self.flow.home),
            base_url=server.base_url,
            api_key=server.api_key,
            report=str(self.report),
            at=at,
            strike=strike,
            warm=warm,
        )

    @property
    def report(self) -> Path:
        return self.flow.home / "report.json"

    def _unnoted(self) -> list[str]:
        """Requests that the server was sent one by one, and the ledger knows nothing of."""
        items, table = self.flow.database.ledger.items, self.flow.database.ledger.batches
        alone = sa.select(table.c.batch_key).where(table.c.service.is_not(None))
        rows = self.flow.rows(sa.select(items.c.state).where(items.c.batch_key.in_(alone)))
        noted = sum(row.state not in ("claimed", "released") for row in rows)
        sent = self.flow.faults.count("POST", "/v1/chat/completions")
        return [] if sent <= noted else [f"4: {sent} were sent one by one, {noted} are noted"]

    def told(self, what: str) -> list[str]:
        """`names` of boundaries or `problems` that the last child met."""
        found: list[str] = json.loads(self.report.read_bytes())[what]
        return found

    def violations(self, *, came_to_its_end: bool) -> list[str]:
        return self._unnoted() + violations(
            self.flow.home, came_to_its_end=came_to_its_end, expected=self.expected
        )


@dataclass
class Harness:
    """Workers, an untouched home, and what a life without a fault leaves."""

    folder: Path
    workers: "SimpleQueue[Preloaded]"
    expected: dict[int, Any] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    unmet: list["Point"] = field(default_factory=list)

    @contextmanager
    def life(self, scenario: Scenario) -> Iterator[Life]:
        """A fresh home; it stays where it is for as long as the block lasts."""
        worker = self.workers.get()
        try:
            shutil.rmtree(worker.home, ignore_errors=True)
            shutil.copytree(self.folder / "untouched", worker.home)
            with flow_at(worker.home, rules=scenario.rules(), limits=scenario.limits) as flow:
                scenario.prepare(flow.faults)
                yield Life(flow, worker, scenario, self.expected)
        finally:
            self.workers.put(worker)

    def undisturbed(self, scenario: Scenario) -> list[str]:
        """The boundaries of a life to which nothing happens."""
        with self.life(scenario) as life:
            assert life.run() == 0
            if not self.expected:
                self.expected |= records(life.flow.home)
                assert life.flow.written() == [*range(1, NEVER), *range(NEVER + 1, RESUMES + 1)]
            assert life.violations(came_to_its_end=True) == []
            return life.told("names")

    def all(self, orders: Iterable[Any], work: Callable[[Any], list[str]]) -> list[str]:
        """Run `work` for each, two at a time; returns every violation found."""
        with ThreadPoolExecutor(WORKERS) as pool:
            return [one for found in pool.map(work, orders) for one in found]

    def kill(self, life: Life, point: "Point") -> list[str]:
        """Kill at this boundary. A life may go without one look more or less; few of them do."""
        ended = life.run(at=point)
        if ended == KILLED:
            return []
        name, before = point
        if ended != 0 or life.told("names").count(name) > before:
            return [f"not killed but ended with {ended}"]
        self.unmet.append(point)
        return []

    def killed(self, scenario: Scenario, way: str, point: "Point") -> list[str]:
        """Kill at this boundary, then go on that way; what was violated."""
        with self.life(scenario) as life:
            found = self.kill(life, point)
            found += life.violations(came_to_its_end=False)
            if life.run(way) != 0:
                found.append("could not go on")
            found += life.violations(came_to_its_end=True)
            return [f"{point}, then {way}: {one}" for one in found]

    def shared(self, scenario: Scenario, point: "Point") -> list[str]:
        """Kill at this boundary, then let two processes go on at once; what was violated."""
        with self.life(scenario) as life:
            found = self.kill(life, point)
            other = self.workers.get()
            lives = life, replace(life, worker=other)
            try:
                with ThreadPoolExecutor(2) as pool:
                    codes = list(pool.map(lambda one: one.run("go_on"), lives))
            finally:
                self.workers.put(other)
            found += [] if codes == [0, 0] else [f"they ended with {codes}"]
            found += life.violations(came_to_its_end=True)
            return [f"{point}, then two at once: {one}" for one in found]

    def struck(self, scenario: Scenario, strike: Strike, point: "Point") -> list[str]:
        """Let something go wrong at this boundary; the same process must get over it."""
        with self.life(scenario) as life:
            found = [] if life.run(at=point, strike=strike) == 0 else ["could not go on"]
            found += life.violations(came_to_its_end=True)
            return [f"{point}, {strike}: {one}" for one in found]


Point = tuple[str, int]
"""A boundary: its name, and how many of that name come before it."""


def points_of(names: Sequence[str]) -> list[Point]:
    """Every boundary of a life."""
    met: Counter[str] = Counter()
    points = []
    for name in names:
        points.append((name, met[name]))
        met[name] += 1
    return points


def new_points(names: Sequence[str], known: Sequence[str]) -> list[Point]:
    """Where a life passes from one boundary to another as the known one does not; each once."""
    seen = set(pairwise(known))
    found = []
    for point, passage in zip(points_of(names)[1:], pairwise(names), strict=True):
        if passage not in seen:
            seen.add(passage)
            found.append(point)
    return found


@contextmanager
def harness_in(folder: Path, module: str, scenario: Scenario) -> Iterator[Harness]:
    """Workers of that kind; they have gone the scenario's way once, to be warm."""
    with flow_at(folder / "untouched", rules=rules) as flow:
        flow.seed({one: resume(SAME_TEXT.get(one, one)) for one in range(1, RESUMES + 1)})
    workers: SimpleQueue[Preloaded] = SimpleQueue()
    started = [Preloaded(module, folder / str(number)) for number in range(WORKERS)]
    for worker in started:
        workers.put(worker)
    made = Harness(folder, workers)

    def warm_up(_: int) -> list[str]:
        with made.life(scenario) as life:
            return [] if life.run(warm=True) == 0 else ["not warm"]

    try:
        assert made.all(range(WORKERS), warm_up) == []
        made.names = made.undisturbed(scenario)
        yield made
        assert len(made.unmet) <= UNMET, made.unmet
    finally:
        for worker in started:
            worker.stop()
