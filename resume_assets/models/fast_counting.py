"""Token counts by `toktok-rs`, where it is installed: tiktoken's numbers, several times as fast.

The two may know different versions of Unicode, and so differ in what is a letter. So the fast one
is only given texts of characters that are the same to both; for others tiktoken is asked, which
stays the reference.
"""

import logging
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, Final, Protocol

_log = logging.getLogger(__name__)

TRIED: Final = (
    "Hello, world!",
    "I've 12345 lines; they're   spaced\n\n  and indented\t\tby tabs.",
    "Łódź, Kraków — “Senior Engineer” (2019–2023)",
    "東京大学で機械学習を研究しました。",
    "السيرة الذاتية لمهندس برمجيات",
    "Опыт работы: 5 лет в Москве",
    "❤️ 🚀 👩‍💻 𝐁𝐨𝐥𝐝",
    "https://www.linkedin.com/in/ada-lovelace?x=1&y=%20",
    "def f(x):\n    return {'a': x**2}  # <|endoftext|>",
    "a" * 50 + " " * 40 + "\r\n" * 5,
)
"""Texts of many kinds, which the fast counter has to count as tiktoken does before it is used."""

EXPECTED: Final[Mapping[str, Sequence[int]]] = {
    "o200k_base": (4, 19, 18, 11, 10, 9, 17, 19, 22, 9),
    "cl100k_base": (4, 21, 19, 25, 20, 16, 24, 19, 21, 10),
}
"""tiktoken's own counts of them, by encoding: to ask it would cost half a second of each start."""

_SELDOM: Final = re.compile(r"[^\x00-\x7f\u00a0-\u017f\u2010-\u2027\u2030-\u203a\u20ac\u2122]")
"""All but ASCII, the letters of Western and Central Europe, and usual punctuation."""
_OLD: Final = unicodedata.ucd_3_2_0
"""Characters of so old a Unicode are the same in each version since."""
_SIGNS: Final = (
    range(0x20A0, 0x20C0),  # currencies
    range(0x2190, 0x2C00),  # arrows, mathematics, boxes, dingbats
    range(0x1F300, 0x1FB00),  # emoji
)
"""Blocks of signs: which of them are given may change, but none is a letter or number."""
_LETTERS: Final = (
    range(0x1D400, 0x1D7CC),  # bold and italic letters, as profiles have them
    range(0x20000, 0x2A6D7),  # Chinese, extension B
)


class _Module(Protocol):
    def batch_count(self, texts: Sequence[str], encoding: str, threads: int) -> list[int]: ...


class FastCounter:
    """Counts by one encoding; safe to share between threads."""

    def __init__(self, module: _Module, encoding: str) -> None:
        self._count = module.batch_count
        self._encoding = encoding

    def count(self, text: str) -> int | None:
        """The number of tokens of an ordinary text; None where tiktoken has to be asked."""
        return self.count_many([text])[0]

    def count_many(self, texts: Sequence[str], threads: int = 1) -> list[int | None]:
        """As `count`, of each text; hundreds at once take a third of the time."""
        counts: list[int | None] = [None] * len(texts)
        known = [place for place, text in enumerate(texts) if is_known(text)]
        counted = self._count([texts[place] for place in known], self._encoding, threads)
        for place, count in zip(known, counted, strict=True):
            counts[place] = count
        return counts


def is_known(text: str) -> bool:
    """Tell whether all characters of a text are the same to each version of Unicode."""
    return text.isascii() or all(map(_is_old, set(_SELDOM.findall(text))))


@cache
def _is_old(character: str) -> bool:
    category, point = unicodedata.category(character), ord(character)
    if category == "Cs":  # half a surrogate pair, which no UTF-8 says
        return False
    if category == _OLD.category(character) != "Cn":
        return True
    return any(point in block for block in (*_SIGNS, *_LETTERS))


@cache
def fast_counter(encoding: str) -> FastCounter | None:
    """The fast counter of an encoding; None where there is none, or it counts otherwise.

    `encoding`: one of EXPECTED.
    """
    try:
        module: Any = import_module("toktok")
    except ImportError:
        return None
    counter = FastCounter(module, encoding)
    try:
        same = counter.count_many(TRIED) == [*EXPECTED[encoding]]
    except (KeyError, TypeError, ValueError):  # of another version: no such encoding or argument
        same = False
    if same:
        return counter
    _log.warning(
        "The fast token counter (toktok-rs) does not count as tiktoken does, and is not used: "
        "building request files takes longer, nothing else changes."
    )
    return None
