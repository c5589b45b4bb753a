"""Orders, a line of JSON each, obeyed by a child that is forked for it; its exit code is told."""

import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

Order = dict[str, Any]


def follow(obey: Callable[[Order], None], warm_up: Callable[[Order], None] | None = None) -> None:
    """Take orders until there are no more; `warm_up` obeys those for this process itself."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a command prints is no answer of ours
    for line in sys.stdin:
        order = json.loads(line)
        if warm_up is not None and order.pop("warm", False):
            warm_up(order)
            print(0, file=answers, flush=True)
            continue
        child = os.fork()
        if child == 0:
            try:
                obey(order)
            except BaseException:  # noqa: BLE001 (told, and the child ends)
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)
