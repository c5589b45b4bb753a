"""The wait before another try of a call that may be repeated."""

import random
import threading

SECONDS = 0.5
"""The wait before the second try; it doubles each time."""


def backoff(tries: int) -> None:
    """Wait before another try: 0.5 s, doubling up to 8 s, with some jitter."""
    seconds = min(SECONDS * 2 ** (tries - 1), 8.0)
    threading.Event().wait(seconds * random.uniform(0.75, 1.0))  # noqa: S311 (no secret)
