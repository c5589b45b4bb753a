"""Dates as resumes and models write them, standardized to YYYY-MM, and Present for a current end.

Rules for what can be read in more than one way; in doubt there is no value rather than a wrong one:

- 3/4/2019 is in March: month first. Day first where the month would pass 12 (15/3/2019), where the
  other date of the range or of the position proves it so, and always with dots (3.4.2019).
- Of a range, a start takes the first date and an end the last. Several different dates without a
  range between them have no value, nor has a date next to a number that belongs to none.
- A month that is not given is 01, and counted as assumed. Seasons, quarters and half-years
  give a month. An unknown word beside a lone year may be a month that can't be read, so there is no
  value; a word that is known to be no month (mid 2017) does no harm. No value either for a year of
  another calendar (2076 BS), or a number that counts no months (week 12/2019, semester 2 2019).
- Two digits are a year only after an apostrophe. Mar 19, 2015/16 and 2015-13 have no value.
- An end that is "since 2011" is Present. An end that names only a start ("from 2011", "2011 -")
  and a start that names only an end ("until 2011") have no value.
- A start that tells the end as well (Jan 2019 - Present) is read for both where the end is empty,
  and so the other way round.
- A month's name counts beside its year: "I may have started in 2017" gives no May.
"""

import datetime
import re
from functools import lru_cache
from typing import Final, NamedTuple

from resume_assets.extraction.dates.forms import Found, find_dates, in_order, is_range
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
    return _look(text, bool(end)).reading


def read_period(start: str | None, end: str | None) -> tuple[DateReading, DateReading]:
    """Return start and end, each in the light of the other.

    One that proves the order of day and month proves it for both. Where one is empty and the other
    tells both, it is read for both. An end that is only a year, the start's, takes the start's
    month.
    """
    if type(start) is str and type(end) is str:
        first, last = _STARTS.get(start), _ENDS.get(end)
        if first is not None and last is not None:
            return first, last  # nearly always
    one = _look(start, False)
    two = _look(end, True)
    if one.undecided and two.day_first is not None:
        one = _look(start, False, two.day_first)
    if two.undecided and one.day_first is not None:
        two = _look(end, True, one.day_first)
    first, last = one.reading, two.reading
    if last is _NOTHING and first.value:
        other = _look(start, True)
        if other.reading is _PRESENT or (other.is_range and other.reading.value):
            last = other.reading
    elif first is _NOTHING and (two.is_range or last is _PRESENT):
        other = _look(end, False)
        if other.reading.value:
            first = other.reading
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

# Patterns over shapes: see tokens, and words for the letters.
_SAYS_NOTHING = re.compile(r"[-–/.,:;&?]*")
_NOT_NOW = re.compile(r"![wfCEAJ]{0,2}[PpD]|[PpD][wfCEAJ]?!")
_NOW = re.compile(r"P|(?<![wfCEA!])p(?=[-–.,:;RU]|$)|(?:[RU][-JA]*|[JA]-?)D(?![wfCEAYyMnJ])")
_UNTIL_NOW = re.compile(r"[-–RU][.,:;JA]*[PpD]")
_ENDS_BEFORE = re.compile(r"U[wfCEAJ.,:;]{0,3}$|^R[JA]*$|\?[.,:;]*[-–RU][JA]*$")
_STARTS_BEFORE = re.compile(r"F[wfCEADJ.,:;]{0,3}$")
_SINCE_BEFORE = re.compile(r"S[wfCEADJ.,:;]{0,3}$")
_SINCE_AFTER = re.compile(r"[.,:;]*S")
_GOES_ON = re.compile(r"[.,:;]*[-–RU]")


_STARTS: Final = {
    month: DateReading(month, month_assumed=False, unreadable=False)
    for month in (f"{year}-{number:02}" for year in range(1900, 2100) for number in range(1, 13))
}
"""Readings of what the model is asked for; such dates tell nothing of a position's other one."""
_ENDS: Final = {**_STARTS, "Present": _PRESENT}


class _Look(NamedTuple):
    """What one field says, and what that tells about the other field of its position."""

    reading: DateReading
    day_first: bool | None = None  # as its dates prove: 15/3/2019, 3/15/2019
    undecided: bool = False  # its dates depend on that order, and do not prove it
    is_range: bool = False


def _look(given: object, end: bool, day_first: bool | None = None) -> _Look:
    text = given if type(given) is str else _as_text(given)
    return (_read if len(text) > _CACHED else _read_cached)(text, end, day_first)


def _read(text: str, end: bool, day_first: bool | None) -> _Look:
    """Read a text; `day_first` is the order that the other field proves."""
    iso = _ISO.fullmatch(text)
    if iso:
        return _Look(DateReading(iso[1], month_assumed=False, unreadable=False))
    text = _window(text)
    if _ZEROS.fullmatch(text) or is_placeholder(text):  # 0000-00-00 is some databases' NULL
        return _Look(_NOTHING)
    shape, values = tokens(text)
    if _SAYS_NOTHING.fullmatch(shape):
        return _Look(_NOTHING)
    dates = find_dates(shape, values)
    if dates is None:
        now = end and _says_now(shape)
        return _Look(_PRESENT if now else _UNREADABLE)
    order = day_first if dates.day_first is None else dates.day_first
    found = [in_order(date, order) for date in dates.found]
    ranged = is_range(shape, found)
    if end and _says_now(shape):
        reading = _UNREADABLE if ranged and not _UNTIL_NOW.search(shape) else _PRESENT
    elif not found:
        reading = _UNREADABLE
    else:
        reading = _end(shape, found) if end else _start(shape, found)
    undecided = dates.undecided and dates.day_first is None
    return _Look(reading, dates.day_first, undecided, ranged)


_read_cached = lru_cache(_CACHE_SIZE)(_read)


def _says_now(shape: str) -> bool:
    return _NOW.search(_NOT_NOW.sub("w", shape)) is not None


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
    """Return the date if all are the same one; of different ones, which is meant can't be known."""
    best = max(found, key=lambda date: date.month or 0)
    if all(date.year == best.year and date.month in (best.month, None) for date in found):
        return _reading(best)
    return _UNREADABLE


def _reading(date: Found) -> DateReading:
    if date.unread:
        return _UNREADABLE
    return DateReading(f"{date.year}-{date.month or 1:02}", date.month is None, unreadable=False)
