"""What else the machine did meanwhile: a figure that was taken beside other work is worth less.

Ratios of one run bear a good deal of that, and not all: the parts of one figure may need the cores,
the disk and the caches in other measure.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STAT = Path("/proc/stat")

BUSY = 0.1
"""Cores' time that others may use, just before and just after, in a quiet place."""

STOLEN = 0.02
"""Cores' time that the host may give to other machines meanwhile."""

LOOK = 1.0
"""Seconds of a look at the others, before and after."""

_IDLE, _STEAL = (3, 4), 7  # places in the line: idle and waiting for a disk; taken by the host


@dataclass(slots=True)
class Surroundings:
    """Shares of all cores' time; None where the machine does not tell."""

    before: float | None = None
    after: float | None = None
    stolen: float | None = None

    @property
    def are_quiet(self) -> bool:
        """Whether nothing is known to have disturbed."""
        return max(self.before or 0, self.after or 0) <= BUSY and (self.stolen or 0) <= STOLEN

    @property
    def disturbance(self) -> float:
        """How much was disturbed, to choose the better of two runs."""
        return max(self.before or 0, self.after or 0) + (self.stolen or 0)

    def __str__(self) -> str:
        if self.before is None or self.after is None or self.stolen is None:
            return "not told by this machine"
        return (
            f"others used {self.before:.0%} before and {self.after:.0%} after, "
            f"the host took {self.stolen:.0%}"
        )


@contextmanager
def watched(seconds: float = LOOK) -> Iterator[Surroundings]:
    """What surrounds the block; complete once it is left."""
    found = Surroundings(before=_busy(seconds))
    start = times()
    yield found
    found.stolen = share(start, times(), stolen=True)
    found.after = _busy(seconds)


def _busy(seconds: float) -> float | None:
    """The share of the cores' time that is used while this process does nothing."""
    start = times()
    if start is not None:
        time.sleep(seconds)  # what is measured is this very time
    return share(start, times())


def times() -> tuple[int, ...] | None:
    """All cores' time so far, in ticks, by what it went to: the first line of /proc/stat."""
    if not _STAT.exists():
        return None
    first = _STAT.read_text(encoding="ascii").partition("\n")[0]
    return tuple(map(int, first.split()[1:9]))


def share(
    start: tuple[int, ...] | None, end: tuple[int, ...] | None, *, stolen: bool = False
) -> float | None:
    """The share of the time between that was used, or was stolen; None where it is not known."""
    if start is None or end is None:
        return None
    spent = [after - before for before, after in zip(start, end, strict=True)]
    total = sum(spent)
    if not total:
        return 0.0
    if stolen:
        return spent[_STEAL] / total
    return 1 - sum(spent[place] for place in _IDLE) / total


def load() -> str:
    """The load of the last minute; a word where the machine does not tell."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
