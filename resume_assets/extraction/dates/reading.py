"""Dates as resumes and models write them, standardized to YYYY-MM, and Present for a current end.

Rules for what can be read in more than one way; in doubt there is no value rather than a wrong one:

- 3/4/2019 is in March: month first. Day first where the month would pass 12 (15/3/2019).
- Of a range, a start takes the first date and an end the last. Several different dates without a
  range between them have no value, nor has a date next to a number that belongs to none.
- A month that is not given is 01, and counted as assumed. Seasons, quarters and halves give one.
- Two digits are a year only after an apostrophe. Mar 19, 2015/16 and 2015-13 have no value.
- An end that is "since 2011" is Present. An end that names only a start ("from 2011", "2011 -")
  and a start that names only an end ("until 2011") have no value.
- A month's name counts beside its year: "I may have started in 2017" gives no May.
"""

import datetime
import re
from functools import lru_cache
from typing import Final, NamedTuple

from resume_assets.extraction.dates.forms import Found, find_dates, is_range
from resume_assets.extraction.dates.tokens import tokens
from resume_assets.extraction.text import clean, is_placeholder

_LOOKED_AT: Final = 300  # characters; no date is that long, and time grows with the length
_CACHED: Final = 40  # characters; longer texts rarely come twice
_CACHE_SIZE: Final = 1 << 15


class DateReading(NamedTuple):
    """What a text says about a date."""

    value: str | None
    """YYYY-MM; Present, of an end only; or None."""
    month_assumed: bool
    """The year was given and its month was not."""
    unreadable: bool
    """There was a text, more than "N/A" or "-", and no value could be read from it."""


_NOTHING: Final = DateReading(None, month_assumed=False, unreadable=False)
_UNREADABLE: Final = DateReading(None, month_assumed=False, unreadable=True)
_PRESENT: Final = DateReading("Present", month_assumed=False, unreadable=False)


def standardize_date(text: str | None, *, end: bool = False) -> str | None:
    """Return a date as YYYY-MM, or Present where `end` is true, or None. Never raises.

    Years are 1900 to 2099. A month that is not given is 01.
    """
    return read_date(text, end=end).value


def read_date(text: str | None, *, end: bool = False) -> DateReading:
    """Return the date, whether its month had to be assumed, and whether it was lost. Never raises.

    Of objects that are no text, whole numbers (2017, 201703) and dates are read as if written.
    """
    if type(text) is not str:
        text = _as_text(text)
    if len(text) > _CACHED:
        return _read(text, bool(end))
    return _read_cached(text, bool(end))


def read_period(start: str | None, end: str | None) -> tuple[DateReading, DateReading]:
    """Return start and end. An end given only as its start's year takes the start's month."""
    first = read_date(start)
    last = read_date(end, end=True)
    if last.month_assumed and first.value and last.value and first.value[:4] == last.value[:4]:
        last = last._replace(value=first.value)
    return first, last


def _as_text(given: object) -> str:
    if given is None:
        return ""
    if isinstance(given, str):
        return str.__str__(given)
    if isinstance(given, datetime.date):
        return f"{given.year:04}-{given.month:02}"
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given < 10**8:
        return str(given)
    return "unreadable"


_ISO = re.compile(r"((?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2]))(?:-(?:[0-2][0-9]|3[01]))?")
_ZEROS = re.compile(r"[0\W]*")

# Patterns over shapes: see date_tokens, and date_words for the letters.
_SAYS_NOTHING = re.compile(r"[-–/.,&?]*")
_NOT_NOW = re.compile(r"![wJ]{0,2}[PpD]|[PpD][wJ]?!")
_NOW = re.compile(r"P|(?<![w!])p(?=[-–.,RU]|$)|(?:[RU][-J]*|J-?)D(?![wYyMnJ])")
_UNTIL_NOW = re.compile(r"[-–RU][.,J]*[PpD]")
_ENDS_BEFORE = re.compile(r"U[wJ.,]{0,3}$|^RJ*$|\?[.,]*[-–RU]J*$")
_STARTS_BEFORE = re.compile(r"F[wDJ.,]{0,3}$")
_SINCE_BEFORE = re.compile(r"S[wDJ.,]{0,3}$")
_SINCE_AFTER = re.compile(r"[.,]*S")
_GOES_ON = re.compile(r"[.,]*[-–RU]")


def _read(text: str, end: bool) -> DateReading:
    iso = _ISO.fullmatch(text)
    if iso:
        return DateReading(iso[1], month_assumed=False, unreadable=False)
    text = _window(text)
    if _ZEROS.fullmatch(text) or is_placeholder(text):  # 0000-00-00 is some databases' NULL
        return _NOTHING
    shape, values = tokens(text)
    if _SAYS_NOTHING.fullmatch(shape):
        return _NOTHING
    found = find_dates(shape, values)
    if end and _NOW.search(_NOT_NOW.sub("w", shape)):
        over = found is not None and is_range(shape, found) and not _UNTIL_NOW.search(shape)
        return _UNREADABLE if over else _PRESENT
    if not found:
        return _UNREADABLE
    return _end(shape, found) if end else _start(shape, found)


_read_cached = lru_cache(_CACHE_SIZE)(_read)


def _window(text: str) -> str:
    """Return the beginning of a text on one line, without a last word that was cut."""
    text = text.lstrip()
    if len(text) > _LOOKED_AT:
        text = text[:_LOOKED_AT]
        text = re.sub(r"\w+$", "", text) or text
    return clean(text)


def _start(shape: str, found: list[Found]) -> DateReading:
    if is_range(shape, found):
        return _reading(found[0])
    if _ENDS_BEFORE.search(shape[: found[0].start]):
        return _UNREADABLE
    return _only(found)


def _end(shape: str, found: list[Found]) -> DateReading:
    before, after = shape[: found[0].start], shape[found[-1].end :]
    if _GOES_ON.match(after):  # 2015 - and then a word that we do not know
        return _UNREADABLE
    if is_range(shape, found):
        return _reading(found[-1])
    if _SINCE_BEFORE.search(before) or _SINCE_AFTER.match(after):
        return _PRESENT
    if _STARTS_BEFORE.search(before):
        return _UNREADABLE
    return _only(found)


def _only(found: list[Found]) -> DateReading:
    """Return the one date that all of them are, or none: which one is meant can't be known."""
    best = max(found, key=lambda date: date.month or 0)
    if all(date.year == best.year and date.month in (best.month, None) for date in found):
        return _reading(best)
    return _UNREADABLE


def _reading(date: Found) -> DateReading:
    return DateReading(f"{date.year}-{date.month or 1:02}", date.month is None, unreadable=False)
