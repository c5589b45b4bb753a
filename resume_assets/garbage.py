"""Garbage collections that do not look again and again at what stays."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def passed_over() -> Iterator[None]:
    """Have collections pass over all that is there now, as long as the block lasts.

    For blocks that keep a batch's 50,000 requests to their end: to look at each of them every time
    takes a twentieth of the work. What the block itself makes is collected as ever.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
