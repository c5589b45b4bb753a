"""Processes beside this one: modules of ours as plain filters, which end when either end closes.

(No `multiprocessing`: it would run the caller's main module again.)
"""

import os
import subprocess
import sys
from typing import BinaryIO

AHEAD = 1 << 20
"""Bytes that are read ahead, while the others are worked at; as much as Linux allows a pipe."""


def start(module: str, *arguments: str, lines: BinaryIO | None = None) -> subprocess.Popen[bytes]:
    """Run a module; it reads the open file `lines`, or else what is written to its `stdin`.

    Whoever starts it sees to its end.
    """
    return subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE if lines is None else lines,
        stdout=subprocess.PIPE,
        bufsize=AHEAD,
        pipesize=AHEAD,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},  # the same code, wherever
        start_new_session=True,  # Ctrl-C goes to this process only, which ends it
    )
