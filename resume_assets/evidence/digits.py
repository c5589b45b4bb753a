"""Digits of other scripts."""

from functools import cache
from typing import Final

_ZEROS: Final = (0xFF10, 0x0660, 0x06F0, 0x0966, 0x09E6)
"""Zero in full width, in Arabic, Persian, Devanagari and Bengali; the other nine follow it."""
_CHINESE: Final = ("〇零", *"一二三四五六七八九")


@cache
def written(digit: str) -> str:
    """Return a regular expression's class of all that is written for a digit from 0 to 9."""
    value = int(digit)
    others = "".join(chr(zero + value) for zero in _ZEROS)
    return f"[{digit}{others}{_CHINESE[value]}]"


def all_written(digits: str) -> str:
    """Return a regular expression for these digits, one after the other."""
    return "".join(map(written, digits))
