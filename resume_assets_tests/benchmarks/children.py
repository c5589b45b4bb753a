"""Work in a process of its own: a clean peak of memory, and one core where one is asked for.

`python -m resume_assets_tests.benchmarks.children MODULE FUNCTION ARGUMENTS` prints, as JSON, what
the function returned and the peak of this process.
"""

import importlib
import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MARK = "benchmark-result:"


@dataclass(frozen=True, slots=True)
class Done:
    """What a child said."""

    value: Any
    peak_mb: float


def run(module: str, function: str, *, one_core: bool = False, **arguments: Any) -> Done:
    """Call a function of this package in a fresh process; its arguments and result are JSON."""
    command = [sys.executable, "-m", __name__, module, function, json.dumps(arguments)]
    done = subprocess.run(
        command,
        env={**os.environ, "RESUME_BENCH_ONE_CORE": "1" if one_core else ""},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    for line in done.stdout.splitlines():
        if line.startswith(_MARK):
            said = json.loads(line.removeprefix(_MARK))
            return Done(said["value"], said["peak_mb"])
    raise RuntimeError(f"{module}.{function} said nothing")


def peak_mb() -> float:
    """The highest resident memory of this process, or of one that it had for itself.

    Of its own `ru_maxrss` would begin with its parent's; of its children that does no harm.
    """
    helpers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return max(helpers, int(line.split()[1]) / 1024)
    raise RuntimeError("Linux says in /proc how much memory was used at most; this is another")


def main() -> None:
    """Be the child."""
    module, function, arguments = sys.argv[1:]
    if os.environ.get("RESUME_BENCH_ONE_CORE"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    work = getattr(importlib.import_module(f"{__package__}.{module}"), function)
    value = work(**json.loads(arguments))
    print(_MARK + json.dumps({"value": value, "peak_mb": peak_mb()}))  # noqa: T201 (the parent reads it)


if __name__ == "__main__":
    main()
