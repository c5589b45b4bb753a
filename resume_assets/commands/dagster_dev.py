"""`dagster dev` as a process of its own; what it says goes to a log, not to the terminal."""

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

from resume_assets.dagster_home import LOCATION
from resume_assets.logs import PrivateFileHandler

_GRACE = 20.0  # seconds that Dagster gets to stop its processes


@contextmanager
def dagster_dev(
    environment: dict[str, str], host: str, port: int, log: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run it as long as the block lasts. SIGINT and SIGTERM become a KeyboardInterrupt here."""
    command = [
        str(Path(sys.executable).with_name("dagster")),
        *("dev", "-m", LOCATION, "-h", host, "-p", str(port)),
    ]
    # A background job of a shell ignores SIGINT, and what it starts inherits that: `dagster dev`
    # would ignore SIGTERM as well, and never end. A signal that is handled here is not inherited.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    # A session of its own, so that Ctrl-C reaches it once, from us.
    child = subprocess.Popen(  # noqa: S603
        command,
        env=environment,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    signal.signal(signal.SIGINT, before)
    signal.signal(signal.SIGTERM, _interrupt)
    kept = threading.Thread(target=_keep, args=(child.stdout, log), name="ui log", daemon=True)
    kept.start()
    try:
        yield child
    finally:
        _end(child)
        kept.join(_GRACE)


def _end(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is not None:
        return
    child.send_signal(signal.SIGINT)
    try:
        child.wait(_GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _keep(said: IO[bytes], log: Path) -> None:
    """Write what it says to the log, which is kept short like the platform's own."""
    handler = PrivateFileHandler(log)
    for line in said:
        text = line.decode("utf-8", "replace").rstrip()
        handler.emit(logging.makeLogRecord({"msg": "%s", "args": (text,)}))
    handler.close()


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
