"""How many processors there are to work with."""

import os
from collections.abc import Iterator
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_OF_THIS_PROCESS = Path("/proc/self/cgroup")


def processors() -> int:
    """How many this process may use; a container or `taskset` may have fewer than the machine."""
    affinity = getattr(os, "sched_getaffinity", None)  # not everywhere
    there = len(affinity(0)) if affinity else os.cpu_count() or 1
    # Half a processor more is of no use to another process.
    return max(1, int(min([there, *_quotas()])))


def _quotas() -> Iterator[float]:
    """Processors' worth of time that the groups this process is in may use; Linux only.

    Kubernetes and Docker write a limit there, which the list of processors does not show.
    """
    try:
        groups = _OF_THIS_PROCESS.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in groups:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue  # the first version of cgroups, and a group for something else
        top = _CGROUPS / "cpu" if controllers else _CGROUPS
        group = top / path.lstrip("/")
        # Each group above may have a limit of its own. Within a container only its own is seen,
        # as the top one.
        for one in (group, *(above for above in group.parents if above.is_relative_to(top))):
            yield from _quota_of(one)


def _quota_of(group: Path) -> Iterator[float]:
    for names in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
        try:
            words = " ".join((group / name).read_text(encoding="ascii") for name in names).split()
            quota, period = map(int, words)
        except (OSError, ValueError):  # none, or "max"
            continue
        if quota > 0 and period > 0:
            yield quota / period
