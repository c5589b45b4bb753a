"""The words that the rules know, folded once: lower case, no accents."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

_TABLE: Final[Mapping[str, Any]] = tomllib.loads(
    files(__package__).joinpath("vocabulary.toml").read_text("utf-8")
)

# Letters that no decomposition takes apart.
_WHOLE_LETTERS: Final = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "’": "'"})


_NO_MARKS: Final = dict.fromkeys(range(0x300, 0x370))


def fold(text: str) -> str:
    """Return the text in lower case without accents; what has none (日本語) stays as it is."""
    lowered = text.lower()
    if lowered.isascii():
        return lowered
    decomposed = unicodedata.normalize("NFD", lowered.translate(_WHOLE_LETTERS))
    return unicodedata.normalize("NFC", decomposed.translate(_NO_MARKS))


def _set(words: Iterable[str]) -> frozenset[str]:
    return frozenset(fold(word) for word in words)


def _inverted(table: Mapping[str, Iterable[str]]) -> dict[str, str]:
    return {fold(word): name for name, words in table.items() for word in words}


HEADINGS: Final = _inverted(_TABLE["headings"])
"""Folded heading -> section."""
LABELS: Final[dict[str, frozenset[str]]] = {
    fold(name): _set(words) for name, words in _TABLE["labels"].items()
}
"""Kind of label -> the folded words before the colon."""
MONTHS: Final[dict[str, int]] = {
    fold(word): month
    for month, words in enumerate(_TABLE["dates"]["months"], start=1)
    for word in words
}
SEASONS: Final = _set(_TABLE["dates"]["seasons"])
PRESENT: Final[tuple[str, ...]] = tuple(_TABLE["dates"]["present"])
SINCE: Final = _set(_TABLE["dates"]["since"])
TITLES: Final = _set(_TABLE["employment"]["titles"])
COMPANY: Final = _set(_TABLE["employment"]["company"])
TITLE_ENDINGS: Final = tuple(_set(_TABLE["employment"]["title_endings"]))
COMPANY_PARTS: Final = tuple(_set(_TABLE["employment"]["company_parts"]))
REMARK: Final = re.compile(
    rf"(?:{'|'.join(_TABLE['employment']['remarks'])}|\W+)\.?", re.IGNORECASE
)
PARTICLES: Final = _set(_TABLE["names"]["particles"])
CREDENTIALS: Final = _set(_TABLE["names"]["credentials"])
DEGREES: Final[Mapping[str, re.Pattern[str]]] = {
    level: re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})")
    for level, patterns in _TABLE["degrees"].items()
}
"""Level -> how the name of such a degree begins."""
COUNTRIES: Final = _set(_TABLE["places"]["countries"])
CITIES: Final = _set(_TABLE["places"]["cities"])
REMOTE: Final = _set(_TABLE["places"]["remote"])
STATES: Final[dict[str, str]] = {
    name: code for code, name in _TABLE["places"]["states"].items()
} | {code.lower(): code for code in _TABLE["places"]["states"]}
"""Folded name or code of a state or province -> its two letters."""
STATE_CODES: Final = frozenset(_TABLE["places"]["states"])
MORE_STATE_CODES: Final = frozenset(_TABLE["places"]["more_states"]["codes"])
AMBIGUOUS: Final = _set(_TABLE["topics"]["ambiguous"])
TOPICS: Final[Mapping[str, tuple[str, ...]]] = {
    name: tuple(words) for name, words in _TABLE["topics"].items()
}


def _names_by_word(table: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, words in table.items():
        for word in _set(words):
            found[word] = (*found.get(word, ()), name)
    return found


INDUSTRIES: Final = _names_by_word(_TABLE["industries"])
"""Folded word -> the industries that it speaks for."""
CATEGORIES: Final = _names_by_word(_TABLE["categories"])
"""Folded word -> the categories that it speaks for."""


@cache
def topic_index(name: str) -> Mapping[str, str]:
    """Folded word -> how it is written, for one list of topics."""
    return {fold(word): word for word in TOPICS[name]}
