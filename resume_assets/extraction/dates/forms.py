"""The forms of a date, as patterns over the shape of a text (`date_tokens`)."""

import re
from itertools import pairwise
from typing import NamedTuple

from resume_assets.extraction.dates.tokens import NUMBER, SHORT_YEAR, STRAY, YEAR
from resume_assets.extraction.dates.words import OTHER, PART


class Found(NamedTuple):
    """A date in a text; `start` and `end` are the positions of its tokens."""

    year: int  # 0 of the first month in Jan - Mar 2018, until it has that of the second
    month: int | None
    start: int
    end: int


# What may stand between the parts of one date; a dash only before the year (March - 2019).
_JOIN = r"[-/.,J]{0,4}"
_DASH_JOIN = r"[-–/.,J]{0,4}"

_FORMS = "|".join(
    [
        # 2015-03-2018: March belongs to either year
        r"(?P<unclear>[Yy](?P<u>[-/.])n(?P=u)[Yy])",
        # 2019-03, 2019.03.15, 2019 03; but of 2015-03/2018 only the year
        r"Y(?P<s>[-/.]?)n(?:(?P=s)n)?(?!(?P=s)[nYy]|[/.](?:n|[Yy](?!-n))|[-/.]?M)",
        # 2019 – 03
        rf"(?P<dashed>Y–n)(?!{_DASH_JOIN}[nYyM])",
        # 3/15/2019, 15.03.2019
        r"n(?P<t>[-/.]?)n(?P=t)[Yy]",
        # 03/2019, 3 of '19
        r"n[-–/.J]{0,2}[Yy]",
        # 15 March 2019, 1st of March '19
        rf"(?<!M)n{_JOIN}M{_DASH_JOIN}[Yy]",
        # March 15, 2019
        rf"M{_JOIN}n{_JOIN}[Yy]",
        # March 2019, Q3 2018, Jan '14
        rf"M{_DASH_JOIN}[Yy]",
        # 2019 March 15, 2018 Q3; but of "2015, March 2018" only the year
        rf"[Yy]{_JOIN}M(?:{_JOIN}n)?(?!{_JOIN}[nYy])",
        r"[Yy]",
        # March alone: the year may be that of a neighbour
        r"(?P<bare>M)",
    ]
)
_DATE = re.compile(_FORMS)
_RANGE = re.compile(r"[-–/RU&]|\.\.")
_RANGE_ONLY = re.compile(r"[.,J]*[-–/RU&]+[.,J]*")
_NO_WORDS = re.compile(_DASH_JOIN)


def find_dates(shape: str, values: list[int]) -> list[Found] | None:
    """Return the dates in the order of the text.

    None where one can't be what it seems (2015-13) or a number is left that belongs to no date.
    """
    found: list[Found] = []
    rest = list(shape)
    for match in _DATE.finditer(shape):
        date = _found(match, values)
        if date is None:
            return None
        found.append(date)
        rest[date.start : date.end] = OTHER * (date.end - date.start)
    if NUMBER in rest or STRAY in rest:
        return None
    return _with_years(shape, found)


def is_range(shape: str, found: list[Found]) -> bool:
    """Tell whether a sign or word of a range stands between any two neighbours of the dates."""
    return any(_RANGE.search(_gap(shape, *pair)) for pair in pairwise(found))


def _gap(shape: str, left: Found, right: Found) -> str:
    return shape[left.end : right.start]


def _found(match: re.Match[str], values: list[int]) -> Found | None:
    """Return the date, or None where its numbers can't be a month and a day."""
    if match["unclear"]:
        return None
    start, end = match.span()
    year = 0
    month: int | None = None
    numbers: list[int] = []
    for letter, value in zip(match[0], values[start:end], strict=True):
        if letter in (YEAR, SHORT_YEAR):
            year = value
        elif letter == PART:
            month = value
        elif letter == NUMBER:
            numbers.append(value)
    if match["dashed"] and not 0 <= numbers[0] <= year - 2000:
        return None  # 2011 – 12 may end in 2012; 2019 – 03 can't end in 2003
    if month is None and numbers:
        month = numbers.pop(0)
        if month > 12 and numbers:
            month, numbers[0] = numbers[0], month
    if (month or 0) > 12 or max(numbers, default=0) > 31:
        return None
    return Found(year, month or None, start, end)


def _with_years(shape: str, found: list[Found]) -> list[Found] | None:
    """Give months that have no year that of the neighbour they make a range with.

    Other such months are words (I may have ...), unless they stand beside a date: then the text
    is unclear and there is no answer.
    """
    found = found.copy()
    last = len(found) - 1
    # From right to left (Jan - Mar 2018), then from left to right (2018 Jan - Mar).
    for at, beside in [(i, i + 1) for i in range(last)][::-1] + [(i + 1, i) for i in range(last)]:
        if found[at].year or not found[beside].year:
            continue
        first, second = found[min(at, beside)], found[max(at, beside)]
        gap = _gap(shape, first, second)
        if _RANGE_ONLY.fullmatch(gap):
            if not first.month or not second.month or first.month > second.month:
                return None  # November to February 2018: of which year is November?
            found[at] = found[at]._replace(year=found[beside].year)
        elif _NO_WORDS.fullmatch(gap):
            return None
    return [date for date in found if date.year]
