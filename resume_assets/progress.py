"""How far a long step has come, for whoever watches; by default nobody does.

A step counts, once a chunk and never once a row; its watcher reads the count when it likes, from a
thread of its own. What draws is in `commands`: nothing here knows of a terminal.
"""

import io
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO, Protocol, cast


class Unit(StrEnum):
    """What is counted, in the singular."""

    byte = "byte"
    candidate = "candidate"
    file = "file"
    record = "record"
    request = "request"
    resume = "resume"


@dataclass(slots=True)
class Step:
    """Something that takes a while: `doing`, say, "uploading", and how many of how many are done.

    `total`: None while it is not known. `before`: what was done when it began, so that the rate is
    of what is done now.
    """

    doing: str
    unit: Unit | None = None
    total: int | None = None
    done: int = 0
    before: int = 0
    began: float = field(default_factory=time.monotonic)

    def advance(self, number: int) -> None:
        """Count so many more."""
        self.done += number

    def rate(self, now: float) -> float | None:
        """How many a second, on average; None while there is none. `now`: by `time.monotonic`."""
        seconds, done = now - self.began, self.done - self.before
        return done / seconds if done > 0 and seconds > 0 else None

    def remaining(self, now: float) -> float | None:
        """Seconds to its end, at the same rate; None where that can't be told."""
        rate = self.rate(now)
        if rate is None or self.total is None or self.done > self.total:
            return None
        return (self.total - self.done) / rate


class Watcher(Protocol):
    """Whoever is told of steps."""

    def watch(self, step: Step) -> AbstractContextManager[None]:
        """Watch a step as long as the block lasts; steps may be within one another."""


_watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Have this one told of every step of the block."""
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


@contextmanager
def step(doing: str, unit: Unit | None = None, total: int | None = None) -> Iterator[Step]:
    """A step that begins now, watched if anybody does."""
    with watched(one := Step(doing, unit, total)):
        yield one


def watched(one: Step) -> AbstractContextManager[None]:
    """Have the step watched, if anybody does, as long as the block lasts."""
    watcher = _watcher.get()
    return nullcontext() if watcher is None else watcher.watch(one)


def counted_by(counting: Step, stream: BinaryIO) -> BinaryIO:
    """The stream; what is read of it is counted, in bytes, by the step."""
    return cast("BinaryIO", _Counted(stream, counting))


class _Counted(io.BufferedIOBase):
    """Tells the step how far it was read, whatever its reader is."""

    def __init__(self, stream: BinaryIO, counting: Step) -> None:
        self._stream = stream
        self._step = counting
        self._at = 0  # an object store's stream can't tell

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """Whether the stream is."""
        return self._stream.seekable()

    def read(self, size: int | None = -1, /) -> bytes:
        """Read and count."""
        data = self._stream.read(-1 if size is None else size)
        self._at += len(data)
        self._step.done = self._at
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go there."""
        self._at = self._stream.seek(offset, whence)
        return self._at

    def tell(self) -> int:
        """Where it is."""
        return self._stream.tell()

    def fileno(self) -> int:
        """Raises OSError where the stream has none."""
        return self._stream.fileno()
