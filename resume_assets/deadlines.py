"""Work that must end in time: Dagster gives a sensor's tick sixty seconds."""

import queue
import threading
from collections.abc import Callable
from typing import TypeVar

from resume_assets.errors import PlatformError

T = TypeVar("T")


class TookTooLong(PlatformError):
    """A part of a tick did not end in time; what its thread still writes later is valid too."""


def within(seconds: float, what: str, work: Callable[[], T]) -> T:
    """What `work` returns or raises, should it end within so many seconds. Raises TookTooLong.

    A thread that can't be ended is left behind; it holds up neither the tick nor the process's end.
    """
    outcome: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcome.put((work(), None))
        except Exception as error:  # noqa: BLE001 (raised again below)
            outcome.put((None, error))

    threading.Thread(target=run, name=what, daemon=True).start()
    try:
        result, error = outcome.get(timeout=seconds)
    except queue.Empty:
        raise TookTooLong(f"{what} took over {seconds:.0f} s; the next tick goes on.") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value] # there is one where there is no error
