"""Processes beside this one: modules of ours as plain filters, which end when either end closes.

(No `multiprocessing`: it would run the caller's main module again.)
"""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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


@contextmanager
def fed(helper: subprocess.Popen[bytes], stream: BinaryIO) -> Iterator[None]:
    """Write what is left of the stream to the helper, ahead of what it reads; it ends with this.

    Raises what reading the stream does: then the helper was killed, so that half a stream is never
    taken for a whole one.
    """
    failed: list[BaseException] = []

    def feed() -> None:
        if helper.stdin is None:
            raise ValueError("the helper has no pipe")
        try:
            shutil.copyfileobj(stream, helper.stdin, AHEAD)
        except BrokenPipeError:
            pass  # it is not wanted any more, or says itself why it ended
        except BaseException as error:  # noqa: BLE001 (raised below)
            failed.append(error)
            helper.kill()
        with suppress(BrokenPipeError):
            helper.stdin.close()

    feeding = threading.Thread(target=feed, name="feeding a helper", daemon=True)
    feeding.start()
    try:
        yield
    except Exception:
        # That the helper ended was only what came of it.
        if failed:
            raise failed[0] from None
        raise
    finally:
        helper.kill()
        feeding.join()
