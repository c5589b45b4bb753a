"""How many processors there are to work with."""

import os


def processors() -> int:
    """How many this process may use; a container or `taskset` may have fewer than the machine."""
    affinity = getattr(os, "sched_getaffinity", None)  # not everywhere
    return len(affinity(0)) if affinity else os.cpu_count() or 1
