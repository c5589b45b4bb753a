"""A process beside this one: a module of ours that makes a parcel of bytes of each it is sent.

(No `multiprocessing`: it would run the caller's main module again.)
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import IO, Final, Self

from resume_assets.garbage import passed_over

_PIPE: Final = 1 << 20
"""Bytes that a pipe holds: as many as Linux allows."""

_READY: Final = b""
"""What a helper sends first, once it has loaded what it needs."""


class HelperDied(Exception):
    """The process ended before it had answered; `exit_code` is its own."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"exit code {exit_code}")
        self.exit_code = exit_code


class Helper:
    """Runs a module whose `main` calls `serve`; it ends where the `with` block does."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pipesize=_PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},  # the same code, wherever
            start_new_session=True,  # Ctrl-C goes to this process only, which ends it
        )
        self._sent: SimpleQueue[bytes | None] = SimpleQueue()
        self._back: SimpleQueue[bytes | None] = SimpleQueue()
        self._is_up = False
        self.out = 0
        """Parcels that were sent and have not been received."""
        # A thread each way: then neither process waits for the other's pipe to be emptied.
        self._threads = [Thread(target=each, daemon=True) for each in (self._feed, self._take)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._sent.put(None)
        self._process.kill()
        for thread in self._threads:
            thread.join()
        # What was not taken any more can't be flushed.
        with suppress(BrokenPipeError), self._process:  # closes the pipes, and waits
            pass

    @property
    def is_up(self) -> bool:
        """Whether it has loaded what it needs, or ended."""
        if not self._is_up and not self._back.empty():
            self._is_up = True
            self._received()
        return self._is_up

    @property
    def has_answered(self) -> bool:
        """Whether `receive` would not wait."""
        return self.is_up and not self._back.empty()

    def send(self, parcel: bytes) -> None:
        """Hand a parcel over, without waiting."""
        self.out += 1
        self._sent.put(parcel)

    def receive(self) -> bytes:
        """What was made of the oldest parcel that is out. Raises HelperDied."""
        if not self._is_up:
            self._is_up = True
            self._received()
        self.out -= 1
        return self._received()

    def _received(self) -> bytes:
        parcel = self._back.get()
        if parcel is None:
            self._back.put(None)  # it stays dead
            raise HelperDied(self._process.wait())
        return parcel

    def _feed(self) -> None:
        stream = self._process.stdin
        try:
            while stream and (parcel := self._sent.get()) is not None:
                _write(stream, parcel)
        except BrokenPipeError:
            pass  # it has ended: whoever waits for its answer is told

    def _take(self) -> None:
        try:
            if self._process.stdout:
                for parcel in _parcels(self._process.stdout):
                    self._back.put(parcel)
        except ValueError:
            self._process.kill()  # what it says is no parcel of ours
        finally:
            self._back.put(None)


def serve(work: Callable[[bytes], bytes], *, doing: str) -> None:
    """What a helper does: `work` at each parcel, until there are no more.

    Whatever it raises ends the process, which says what it was `doing` and quotes nobody.
    """
    parcels, answers = sys.stdin.buffer, sys.stdout.buffer
    try:
        with passed_over():  # what is loaded stays
            _write(answers, _READY)
            for parcel in _parcels(parcels):
                _write(answers, work(parcel))
    except (BrokenPipeError, KeyboardInterrupt):
        pass  # nobody waits for the rest
    except Exception as problem:  # noqa: BLE001 - neither message nor traceback may quote a parcel
        sys.exit(f"{doing}: {type(problem).__name__}")


def _write(stream: IO[bytes], parcel: bytes) -> None:
    """Behind its size in bytes."""
    stream.write(b"%d\n" % len(parcel))
    stream.write(parcel)
    stream.flush()


def _parcels(stream: IO[bytes]) -> Iterator[bytes]:
    """All whole parcels; one that breaks off is none."""
    for size in stream:
        parcel = stream.read(int(size))
        if len(parcel) == int(size):
            yield parcel
