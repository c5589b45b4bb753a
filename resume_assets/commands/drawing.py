"""Steps that take longer than two seconds, on standard error while they last.

On a terminal a line that moves and goes away, drawn by `rich`; elsewhere a line now and then. The
step counts, and this looks: a thread that begins with the first step, and nothing else, draws.
"""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

from resume_assets.progress import Step, Unit
from resume_assets.words import counted, duration, size

if TYPE_CHECKING:
    from rich.progress import Progress

AFTER = 2.0
"""Seconds after which a step is long enough to be shown."""

FIRST, LAST, GROWTH = 30.0, 600.0, 1.5
"""Where there is no terminal: seconds until the first line of a step, and between two of a long
one at most; from one to the next they grow by this factor."""

_LOOKS = 0.2  # seconds between two looks at the step


def _is_terminal(stream: TextIO) -> bool:
    """Whether a line can be drawn again there."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def in_words(step: Step, now: float) -> str:
    """How far it is: `12,000 of 50,000 resumes, 410 a second, 2 min left`."""
    parts = []
    if step.unit is not None:
        parts.append(_amount(step.done, step.total, step.unit))
        if (rate := step.rate(now)) is not None:
            parts.append(_rate(rate, step.unit))
    if (left := step.remaining(now)) is not None:
        parts.append(f"{duration(left)} left")
    else:
        parts.append(duration(now - step.began))
    return ", ".join(parts)


def _amount(done: int, total: int | None, unit: Unit) -> str:
    if unit is Unit.byte:
        return size(done) if total is None else f"{size(done)} of {size(total)}"
    return counted(done, unit) if total is None else f"{done:,} of {counted(total, unit)}"


def _rate(rate: float, unit: Unit) -> str:
    if unit is Unit.byte:
        return f"{size(rate)}/s"
    return f"{rate:,.0f} a second" if rate >= 1 else f"{rate * 60:,.1f} a minute"


class _Surface(Protocol):
    """What a step is shown on."""

    def show(self, step: Step, now: float) -> None:
        """Show it as it is now."""

    def clear(self) -> None:
        """Take away what is shown."""


class _Lines:
    """A line now and then, of a long step ever more rarely."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._doing = ""
        self._next = time.monotonic() + FIRST
        self._gap = FIRST

    def show(self, step: Step, now: float) -> None:
        if step.doing != self._doing:
            self._doing, self._gap = step.doing, FIRST
        if now >= self._next and step.unit is not None:
            self._gap = min(self._gap * GROWTH, LAST)
            self._next = now + self._gap
            print(f"{step.doing}: {in_words(step, now)}", file=self._stream, flush=True)

    def clear(self) -> None:
        """What is said stays."""


class _Bar:
    """One line with a bar, drawn again and again."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._drawn: Progress | None = None

    def show(self, step: Step, now: float) -> None:
        if self._drawn is None:
            self._drawn = _begun(self._stream)
        [task] = self._drawn.task_ids
        self._drawn.update(
            task,
            description=step.doing,
            total=step.total if step.unit is not None else None,
            completed=step.done,
            told=in_words(step, now),
            refresh=True,
        )

    def clear(self) -> None:
        if self._drawn is not None:
            self._drawn.stop()
            self._drawn = None


def _begun(stream: TextIO) -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    drawn = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=10),
        TextColumn("{task.fields[told]}", markup=False),
        console=Console(file=stream),
        transient=True,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    drawn.add_task("", told="")
    drawn.start()
    return drawn


class Drawing:
    """The watcher of a command's steps."""

    def __init__(self) -> None:
        self._steps: list[Step] = []  # each within the one before
        self._surface: _Surface = (_Bar if _is_terminal(sys.stderr) else _Lines)(sys.stderr)
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()

    @contextmanager
    def watch(self, step: Step) -> Iterator[None]:
        """Show the step, if it takes long enough, until the block ends."""
        with self._lock:
            self._steps.append(step)
            if self._thread is None:
                self._thread = threading.Thread(target=self._draw, name="progress", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._steps.remove(step)
                if not self._steps:
                    self._surface.clear()

    @contextmanager
    def cleared(self) -> Iterator[None]:
        """Nothing is drawn while the block prints a line of its own."""
        with self._lock:
            self._surface.clear()
            yield

    def end(self) -> None:
        """Draw nothing more."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _draw(self) -> None:
        while not self._ended.wait(_LOOKS):
            with self._lock:
                now = time.monotonic()
                if self._steps and now - self._steps[0].began >= AFTER:
                    self._surface.show(self._steps[-1], now)
