"""States and locations: two-letter codes, `City, ST`, and whether a place is in the US.

Where that can't be told it is unknown, never abroad. A code that is a state's and a country's
(IN, CA, DE) needs a city that fits, a ZIP code, or the words USA to be in the US.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from resume_assets.extraction.place_names import (
    DOUBLE,
    PROVINCES,
    STATES,
    US_STATES,
    code_of,
    fits,
    fold,
    is_abroad,
    is_canada,
    is_us,
)
from resume_assets.extraction.values import Change, Reading

_NO_PLACE = frozenset(
    [
        "anywhere",
        "global",
        "multiple locations",
        "nationwide",
        "online",
        "various",
        "various locations",
        "worldwide",
    ]
)
# How somebody works (remote, on site) is no part of the place; it stands before or after it, in
# brackets or not.
_WAY = (
    r"(?:(?:fully|100%|mostly|partly|partially)\s+)?"
    r"(?:remote(?:ly|\s+work)?|hybrid|on-?\s?site|in-?\s?office|in-?\s?person|virtual(?:ly)?"
    r"|wfh|work(?:ing)?\s+from\s+home|home\s+office|home-?\s?based|telework|telecommut(?:e|ing)"
    r"|full-?\s?time|part-?\s?time|contract|temporary|seasonal|freelance)"
)
_ONLY_WAY = re.compile(rf"[\s(\[]*{_WAY}(?:[\s/,|&-]+{_WAY})*[\s)\]]*", re.IGNORECASE)
_WAY_FIRST = re.compile(rf"[(\[]?{_WAY}[)\]]?\s*[-–—,:;/|(\[]+\s*(.+)", re.IGNORECASE | re.DOTALL)
_WAY_LAST = re.compile(
    rf"(.+?)[\s\-–—,:;/|]+[(\[]?\s*{_WAY}\s*[)\]]?\s*", re.IGNORECASE | re.DOTALL
)
_IN_BRACKETS = re.compile(r"(.+?)\s*[(\[]([^()\[\]]*)[)\]]")
_SEPARATOR = re.compile(r"\s*(?:[|;•/&\n]|\s(?:and|or|then)\s)\s*", re.IGNORECASE)
_LOOSE = " \t\n,;:|/&•·-–—"  # signs that layout leaves at either end
_US_ZIP = re.compile(r"(\d{5})(?:-\d{4})?")
_ZIP = re.compile(r"(?:^|\s+)(?:\d{5}(?:-\d{4})?|[A-Z]\d[A-Z] ?\d[A-Z]\d)$", re.IGNORECASE)


class Place(NamedTuple):
    """A location as its column takes it; `in_us` is None where it can't be told."""

    text: str | None
    in_us: bool | None
    change: Change | None = None


NOWHERE = Place(None, None)


def _is_no_place(text: str) -> bool:
    return text.strip("()[] ").casefold() in _NO_PLACE or _ONLY_WAY.fullmatch(text) is not None


def _ends_a_place(text: str) -> bool:
    """Tell whether a text is a whole place by itself: its last part is a state or a country."""
    last = _ZIP.sub("", text.rpartition(",")[2].strip())
    code = code_of(last)
    if code is not None and len(last) == 2 and not last.isupper():
        return False  # "or", "in", "me": words
    return code is not None or is_us(last) or is_abroad(last)


def _first_of_several(text: str) -> str:
    """Return the first of two places in one text; a text that is one place as it is."""
    for mark in _SEPARATOR.finditer(text):
        left, right = text[: mark.start()].strip(), text[mark.end() :].strip()
        name = text[text.rfind(",", 0, mark.start()) + 1 :].partition(",")[0]
        if code_of(name) or is_abroad(name.strip()):
            continue  # Trinidad and Tobago
        if left and right and _ends_a_place(left):
            return left
    return text


# States


@lru_cache(maxsize=4_096)
def state(text: str) -> Reading:
    """Return the two-letter code of a US state or Canadian province, wherever it stands in a text.

    A text without one is kept, and noted, where it is written like a name (Bavaria); else it is no
    state, and None.
    """
    text = text.strip(_LOOSE)
    first = _first_of_several(text)
    code = _state_code(first)
    if code is not None:
        return Reading(code, None if first == text else Change.left_out)
    if not text or _is_no_place(text):
        return Reading(None, Change.placeholder)
    if is_us(text) or text[:1].islower() or text[:1].isdecimal():
        return Reading(None, Change.nulled)
    return Reading(text, Change.unknown)


def _state_code(text: str) -> str | None:
    code = code_of(text)
    if code is not None:
        return code
    bracketed = _IN_BRACKETS.fullmatch(text)
    if bracketed:  # "Texas (TX)"
        return _state_code(bracketed[1]) or _state_code(bracketed[2])
    parts = [_ZIP.sub("", part.strip()).strip() for part in text.split(",")]
    parts = [part for part in parts if part and not is_us(part)]
    if len(parts) > 1 and is_canada(parts[-1]) and parts[-1] != "CA":
        parts.pop()
    if not parts:
        return None
    code = code_of(parts[-1])  # "New York, NY"
    if code is None:
        pair = re.split(r"\s+[-–—]\s+", parts[-1])
        code = next(filter(None, map(code_of, pair)), None) if len(pair) > 1 else None
    if code is None and (last := parts[-1].rpartition(" ")[2]).isupper() and last in STATES:
        code = last  # "Austin TX"
    return code


# Locations


def location(text: str) -> Place:
    """Return a cleaned location as `City, ST` or `ST` where it names a state or province.

    Other places are kept as they are; "remote" and its like are no place; of two places, the first
    is taken.
    """
    if len(text) > 100:  # kept out of the cache, whose size is counted in entries
        return _location.__wrapped__(text)
    return _location(text)


@lru_cache(maxsize=16_384)
def _location(text: str) -> Place:
    stripped = text.strip(_LOOSE)
    if not stripped or _is_no_place(stripped):
        return Place(None, None, Change.placeholder)
    bare = _without_way(stripped)
    if bare != stripped and is_us(bare):  # "Remote, USA"
        return Place(None, in_us=True, change=Change.placeholder)
    first = _first_of_several(bare)
    place = _one_place(first)
    if first != bare:
        return place._replace(change=Change.left_out)
    return place if bare == stripped else place._replace(change=Change.mended)


def _without_way(text: str) -> str:
    """Return a location without the way of working, and without a remark in brackets after it."""
    first = _WAY_FIRST.fullmatch(text)
    if first:
        text = first[1].strip()
        if text.endswith((")", "]")) and "(" not in text and "[" not in text:
            text = text[:-1].rstrip()
    last = _WAY_LAST.fullmatch(text)
    if last:
        text = last[1].strip(" ([")
    remark = _IN_BRACKETS.fullmatch(text)
    if remark:
        before, inside = remark[1], remark[2].strip()
        if _ends_a_place(before):
            return before
        if "," not in before and (code_of(inside) or is_abroad(inside) or is_us(inside)):
            return f"{before}, {inside}"  # "Austin (TX)"
    return text


def _one_place(text: str) -> Place:
    parts = [part for part in (part.strip() for part in text.split(",")) if part]
    said_us = bool(parts) and is_us(parts[-1])
    if said_us:
        parts.pop()
    if not parts:
        return Place(text, True if said_us else None)
    if len(parts) > 1 and is_canada(parts[-1]) and code_of(parts[-2]) in PROVINCES:
        if len(parts) == 2:
            # "Ontario, CA" is a city of California as well.
            return Place(text, None if parts[-1] == "CA" else False)
        parts.pop()
    elif not said_us and is_abroad(parts[-1]):
        return Place(text, in_us=False)
    zip_code = _US_ZIP.fullmatch(parts[-1].rpartition(" ")[2])
    parts[-1] = _ZIP.sub("", parts[-1])
    parts = [part for part in parts if part] or [text]
    if len(parts) == 1:
        return _single(text, parts[0], said_us=said_us)
    for index in range(1, len(parts) - 1):
        if parts[index] in STATES:  # "Austin, TX, Dallas, TX": what follows is another place
            first = _one_place(", ".join(parts[: index + 1]))
            return first._replace(change=Change.left_out)
    code = code_of(parts[-1])
    if code is None:
        return Place(text, True if said_us else None)
    # What may stand before the city, a street or a campus, is not for this column.
    county = len(parts) > 2 and parts[-2].endswith(" County")
    city = parts[-3] if county else parts[-2]
    in_us: bool | None = code in US_STATES
    if code in DOUBLE and (len(parts[-1]) == 2 or code == "GA") and not (said_us or county):
        in_us = fits(city, code, zip_code[1] if zip_code else "")
        if in_us is False or (in_us is None and len(parts) > 2):  # "Munich, BY, DE"
            return Place(text, in_us)
    return Place(code if _is_no_place(city) else f"{city}, {code}", in_us)


def _single(text: str, part: str, *, said_us: bool) -> Place:
    """Read a location without a comma: `ST`, a state's name, `City ST`, or anything else."""
    folded = fold(part)
    code = code_of(part)
    if code is not None and folded != "washington":  # which is the state or the capital
        unsure = code in DOUBLE and (len(part) == 2 or folded == "georgia") and not said_us
        return Place(code, None if unsure else code in US_STATES)
    city, _, last = part.rpartition(" ")
    if city and last.isupper() and last in STATES:
        city = city.rstrip(_LOOSE)  # "Austin / TX"
        in_us = fits(city, last) if last in DOUBLE and not said_us else last in US_STATES
        return Place(f"{city}, {last}", in_us)
    return Place(text, True if said_us or code is not None else None)
