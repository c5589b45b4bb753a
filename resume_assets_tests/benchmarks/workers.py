"""A model of a site's workers: each does one thing at a time, and now and then one is killed.

What a killed worker had in hand goes on with a tick after its lease's end (`sensors`): a file is
built anew, of records only those that are not yet written.
"""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from resume_assets.batches.ledger.lease import LEASE_SECONDS
from resume_assets_tests.benchmarks.quotas import Clock

RESTART = 60.0
"""Seconds until a killed worker is there again."""
FOUND = LEASE_SECONDS + 45.0 + 60.0
"""Seconds until its batch goes on: the lease's end, the time that its run is given, and a tick."""


@dataclass
class Workers:
    """So many at once; `killed`: the share of pieces in the midst of which the worker is killed."""

    clock: Clock
    count: int
    killed: float = 0.0
    kills: int = 0
    busy: float = 0.0  # seconds of all of them together
    lost: float = 0.0  # seconds of work that had to be done again
    chance: random.Random = field(default_factory=lambda: random.Random(3))
    _line: deque[tuple[float, Callable[[], None], bool]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._idle = self.count

    def do(self, seconds: float, done: Callable[[], None], *, goes_on: bool = False) -> None:
        """Have a piece of work done, then call `done`; `goes_on`: what is done of it is kept."""
        self._line.append((seconds, done, goes_on))
        self._start()

    def use(self) -> float:
        """The share of their time in which they worked."""
        return self.busy / (self.count * self.clock.now)

    def _start(self) -> None:
        while self._idle and self._line:
            self._idle -= 1
            seconds, done, goes_on = self._line.popleft()
            if self.chance.random() < self.killed:
                self._kill(seconds, done, goes_on=goes_on)
            else:
                self.busy += seconds
                self.clock.at(self.clock.now + seconds, partial(self._end, done))

    def _end(self, done: Callable[[], None]) -> None:
        self._back()
        done()

    def _back(self) -> None:
        self._idle += 1
        self._start()

    def _kill(self, seconds: float, done: Callable[[], None], *, goes_on: bool) -> None:
        worked = seconds * self.chance.random()
        self.kills += 1
        self.busy += worked
        self.lost += 0.0 if goes_on else worked
        left = seconds - worked if goes_on else seconds
        again = partial(self.do, left, done, goes_on=goes_on)
        self.clock.at(self.clock.now + worked + RESTART, self._back)
        self.clock.at(self.clock.now + worked + FOUND, again)
