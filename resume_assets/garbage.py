"""Garbage collections that do not look again and again at what stays."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SELDOM: Final = 50_000
"""Objects after which there is a collection where few are garbage; Python's own number is 700."""


@contextmanager
def passed_over() -> Iterator[None]:
    """Have collections come seldom, and pass over all that is there, as long as the block lasts.

    For blocks that keep a batch's 50,000 requests to their end: to look at each of them every time
    takes a twentieth of the work and more. What the block itself makes is collected as ever.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
