"""States and places: by code or name, and without what the model was asked to add.

The instructions ask for `City, ST` and `City, Country`, whether or not the resume gives state or
country with the city. So a place is borne out by its city, unless another state stands behind that.
"""

import re
from functools import lru_cache
from typing import Final

from resume_assets.evidence.folding import Folded, fold
from resume_assets.evidence.phrases import Found, phrase, short
from resume_assets.extraction.place_names import (
    STATES,
    code_of,
    is_abroad,
    is_us,
    names_of,
    spellings,
)

_BEHIND: Final = re.compile(r"[\s,(–-]{1,4}([A-Za-z][A-Za-z.]*(?: [A-Za-z]+)?)")
_LOOKED_AT: Final = 40  # characters behind a city
_LEAST: Final = 5  # letters of an abbreviation that is no word of another meaning: Ill, Miss


def state(value: str, resume: Folded) -> Found | None:
    """Find a state by its code, in capitals or behind a comma, or by its name."""
    if value not in STATES:
        return phrase(value, resume)
    found = short(value, resume)
    if found is not None:
        return found
    for name in _unmistakable(value):
        if found := phrase(name, resume):
            return found
    match = _state(value).search(resume.text)
    return Found(*match.span(1), raw=True) if match else None


@lru_cache(maxsize=128)
def _unmistakable(code: str) -> tuple[str, ...]:
    """The state's name, however short (Ohio, Utah), and its longer abbreviations."""
    full = names_of(code)
    return tuple(name for name in spellings(code) if name in full or len(name) >= _LEAST)


@lru_cache(maxsize=128)
def _state(code: str) -> re.Pattern[str]:
    """Where the comma before it tells what it is: `, tx`, `, N.Y.`, `, Ill`."""
    others = [name for name in spellings(code) if name not in _unmistakable(code)]
    names = [name.replace(" ", r"\s+") for name in others]
    ways = "|".join([code, r"\.\s?".join(code) + r"\.", *names])
    return re.compile(rf"[,(]\s*((?:{ways}))(?![A-Za-z])", re.IGNORECASE)


def place(value: str, resume: Folded) -> Found | None:
    """Find a place by its city, where no other state stands behind it."""
    city, _, behind = value.partition(",")
    last = behind.rpartition(",")[2].strip()
    if not last:
        return state(value, resume) if value in STATES else phrase(value, resume)
    code = code_of(last)
    if code is None and not (is_abroad(last) or is_us(last)) and phrase(last, resume) is None:
        return None
    found = phrase(city, resume)
    if found is None or code is None or found.raw:
        return found
    return _not_elsewhere(resume.words[found.start : found.end], code, resume)


def _not_elsewhere(city: str, code: str, resume: Folded) -> Found | None:
    """Return the first place where the city stands without the name of another state behind it."""
    words = resume.words
    at = words.find(f" {city} ")
    if at < 0:  # written with other gaps: what stands behind it is not looked at
        return phrase(city, resume)
    while at >= 0:
        found = Found(at + 1, at + 1 + len(city))
        end = resume.place(found.start, found.end)[1]
        behind = _BEHIND.match(resume.text, end, end + _LOOKED_AT)
        other = _code_behind(behind[1]) if behind else None
        if other is None or other == code:
            return found
        at = words.find(f" {city} ", at + 1)
    return None


def _code_behind(words: str) -> str | None:
    """The state that the one or two words behind a city name; a small word is none."""
    for name in (words, words.partition(" ")[0]):
        if len(name) > 2 or name.isupper():
            code = code_of(name)
            if code is not None and (len(fold(name)) != 2 or name.isupper()):
                return code
    return None
