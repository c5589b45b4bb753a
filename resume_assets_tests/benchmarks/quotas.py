"""A model of OpenAI's side: quotas, how long batches take, and how they fail.

Enqueued tokens per tier: OpenAI's rate limits for gpt-4o-mini, November 2026. How long batches take
is not published beyond "within 24 hours, often sooner"; here it is anything from five minutes to a
day, each order of magnitude as likely.
"""

import heapq
import random
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate
from math import exp, log

TIERS = {
    "tier 1": 2_000_000,
    "tier 2": 20_000_000,
    "tier 3": 40_000_000,
    "tier 4": 1_000_000_000,
    "tier 5": 15_000_000_000,
}
CREATIONS_AN_HOUR = 2_000
SHORTEST, LONGEST = 300.0, 86_400.0  # seconds
FAILED, EXPIRED = 0.005, 0.01  # of batches
_CYCLE = 100_000


@dataclass
class Clock:
    """Seconds since the start, and what is to happen later."""

    now: float = 0.0
    events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    count: int = 0

    def at(self, moment: float, work: Callable[[], None]) -> None:
        """Do `work` then."""
        self.count += 1
        heapq.heappush(self.events, (moment, self.count, work))

    def step(self) -> None:
        """Go to the next event."""
        self.now, _, work = heapq.heappop(self.events)
        work()

    def run(self) -> None:
        """Go on until nothing is to happen any more."""
        while self.events:
            self.step()


class Resumes:
    """Millions of resumes of mixed length, newest first: only their sizes, over and over."""

    def __init__(self, rows: int, *, seed: int = 1) -> None:
        chance = random.Random(seed)
        sizes = [min(chance.lognormvariate(8.1, 0.6), 200_000) for _ in range(_CYCLE)]
        tokens = [size / chance.gauss(4.2, 0.25) for size in sizes]
        self._bytes = [0.0, *accumulate(sizes)]
        self._tokens = [0.0, *accumulate(tokens)]
        self.waiting = rows
        self.taken = 0

    def bytes_of(self, first: int, rows: int) -> float:
        """Bytes of their texts."""
        return self._sum(self._bytes, first + rows) - self._sum(self._bytes, first)

    def tokens_of(self, first: int, rows: int) -> float:
        """Tokens of their texts, as they will be counted."""
        return self._sum(self._tokens, first + rows) - self._sum(self._tokens, first)

    def fitting(self, first: int, size: float) -> int:
        """How many from there on have at most so many bytes together."""
        rounds, rest = divmod(self._sum(self._bytes, first) + size, self._bytes[-1])
        return int(rounds) * _CYCLE + bisect_right(self._bytes, rest) - 1 - first

    def take(self, rows: int) -> int:
        """Claim so many; where they begin."""
        first = self.taken
        self.taken += rows
        self.waiting -= rows
        return first

    @staticmethod
    def _sum(sums: list[float], index: int) -> float:
        rounds, rest = divmod(index, _CYCLE)
        return rounds * sums[-1] + sums[rest]


class OpenAI:
    """Takes batches while their tokens fit the quota; keeps the account of its use."""

    def __init__(self, clock: Clock, quota: int, *, seed: int = 2) -> None:
        self.clock = clock
        self.quota = quota
        self.chance = random.Random(seed)
        self.enqueued = 0.0
        self.created: list[float] = []
        self.refused = 0
        self.samples: list[tuple[float, float]] = [(0.0, 0.0)]

    def may_create(self) -> bool:
        """Whether the hour's creations are not used up."""
        hour = self.clock.now - 3_600
        self.created = [moment for moment in self.created if moment > hour]
        return len(self.created) < CREATIONS_AN_HOUR

    def create(self, tokens: float, ended: Callable[[float], None]) -> bool:
        """Take a batch, or refuse it for the quota; `ended` gets the share that was answered."""
        counted = tokens * self.chance.gauss(1.0, 0.003)  # their count is not quite ours
        self.created.append(self.clock.now)
        if self.enqueued + counted > self.quota:
            self.refused += 1
            return False
        self._change(counted)
        luck = self.chance.random()
        share = 0.0 if luck < FAILED else 0.7 if luck < FAILED + EXPIRED else 1.0
        lasts = exp(self.chance.uniform(log(SHORTEST), log(LONGEST)))
        lasts = SHORTEST if share == 0.0 else LONGEST if share < 1 else lasts

        def end() -> None:
            self._change(-counted)
            ended(share)

        self.clock.at(self.clock.now + lasts, end)
        return True

    def _change(self, tokens: float) -> None:
        self.enqueued += tokens
        self.samples.append((self.clock.now, self.enqueued))

    def use(self, since: float, until: float) -> float:
        """The mean share of the quota that was in use between two moments."""
        total = 0.0
        ends = [moment for moment, _ in self.samples[1:]] + [max(until, self.clock.now)]
        for (start, enqueued), end in zip(self.samples, ends, strict=True):
            total += max(0.0, min(end, until) - max(start, since)) * enqueued
        return total / (self.quota * (until - since))
