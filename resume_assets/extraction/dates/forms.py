"""The forms of a date, as patterns over the shape of a text (`tokens`)."""

import re
from itertools import pairwise
from typing import NamedTuple

from resume_assets.extraction.dates.tokens import NUMBER, SHORT_YEAR, STRAY, YEAR
from resume_assets.extraction.dates.words import OTHER, OTHER_COUNT, PART


class Found(NamedTuple):
    """A date in a text; `start` and `end` are the positions of its tokens."""

    year: int  # 0 while not known: in Jan - Mar 2018 the first month takes the second's
    month: int | None
    start: int
    end: int
    day_first: bool | None = None  # where the date proves the order: 15/3/2019, 3/15/2019
    other_month: int | None = None  # of 3/4/2019: its month if the day came first
    unread: bool = False  # an unknown word stands where its month should


class Dates(NamedTuple):
    """The dates of a text, in its order."""

    found: list[Found]
    day_first: bool | None  # what one of them proves for all
    undecided: bool  # one of them is another date if the day comes first


# What may stand between the parts of one date; a dash only before the year (March - 2019).
_JOIN = r"[-/.,:;JAC]{0,4}"
_DASH_JOIN = r"[-–/.,:;JAC]{0,4}"

_FORMS = "|".join(
    [
        # 2015-03-2018: March belongs to either year
        r"(?P<unclear>[Yy](?P<u>[-/.])n(?P=u)[Yy])",
        # 2019-03-15, 2019.03.15
        r"Y(?P<r>[-/.]?)n(?P=r)n(?!(?P=r)[nYy]|[/.](?:n|[Yy](?!-n))|[-/.]?M)",
        # 2019-03, 2019 03; but of 2015-03/2018 only the year
        r"(?P<year_number>Y(?P<s>[-/.]?)n(?!(?P=s)[nYy]|[/.](?:n|[Yy](?!-n))|[-/.]?M))",
        # 2019 – 03
        rf"(?P<dashed>Y–n)(?!{_DASH_JOIN}[nYyM])",
        # 3/15/2019, 15.03.2019
        r"(?P<ordered>n(?P<t>[-/.]?)n(?P=t)[Yy])",
        # 03/2019, 3 of '19
        r"(?P<number_year>n[-–/.JA]{0,2}[Yy])",
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
_RANGE_ONLY = re.compile(r"[.,:;JA]*[-–/RU&]+[.,:;JA]*")
_NO_WORDS = re.compile(_DASH_JOIN)

_WORD_BEFORE = re.compile(r"[wE][-/.,JA]*$")
_WORD_AFTER = re.compile(r"[-/.,JA]*[wE]")
_COUNTS = re.compile(r"[wCE!][-/.,:JA]*$")  # Batch 11 2019, KW: 12/2019, No. 3/2019
_OF_YEAR = re.compile(r"A[-/.,:]*$")  # Year 3, 2019
_COUNTED = re.compile(r"[-/.,]*C")  # 2/2019 semester
_OTHER_COUNT_BEFORE = re.compile(r"E[-/.:]*$")
_OTHER_COUNT_AFTER = re.compile(r"[-/.,:;]*E")


def find_dates(shape: str, values: list[int]) -> Dates | None:
    """Return the dates of a text, read with the month first where nothing proves the order.

    None where one is impossible (2015-13) or a number is left that belongs to no date.
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
    dates = _with_years(shape, found)
    if dates is None:
        return None
    proofs = {date.day_first for date in dates} - {None}
    proof = next(iter(proofs)) if len(proofs) == 1 else None
    if len(proofs) > 1:  # 3/4/2019 between 15/3/2019 and 3/15/2019
        dates = [date._replace(unread=bool(date.other_month) or date.unread) for date in dates]
    return Dates(dates, proof, any(date.other_month for date in dates))


def in_order(date: Found, day_first: bool | None) -> Found:
    """Return the date as read in that order; None: month first, as in the United States."""
    if day_first and date.other_month:
        return date._replace(month=date.other_month)
    return date


def is_range(shape: str, found: list[Found]) -> bool:
    """Tell whether a sign or word of a range stands between any two neighbours of the dates."""
    return any(_RANGE.search(_gap(shape, *pair)) for pair in pairwise(found))


def _gap(shape: str, left: Found, right: Found) -> str:
    return shape[left.end : right.start]


def _found(match: re.Match[str], values: list[int]) -> Found | None:
    """Return the date, or None where its numbers can't be a month and a day."""
    shape, (start, end) = match.string, match.span()
    before, after = shape[:start], shape[end:]
    if match["unclear"] or _is_of_another_kind(match, before, after):
        return None
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
    if match["ordered"]:
        return _ordered(year, *numbers, dotted=match["t"] == ".", span=(start, end))
    if month is None and numbers:
        month = numbers.pop(0)
        if month > 12 and numbers:
            month, numbers[0] = numbers[0], month
    if (month or 0) > 12 or max(numbers, default=0) > 31:
        return None
    unread = not month and bool(_WORD_BEFORE.search(before) or _WORD_AFTER.match(after))
    return Found(year, month or None, start, end, unread=unread)


def _is_of_another_kind(match: re.Match[str], before: str, after: str) -> bool:
    """Tell whether words around a date say that its numbers are no months or years of ours."""
    if OTHER_COUNT in match.string and (
        _OTHER_COUNT_BEFORE.search(before) or _OTHER_COUNT_AFTER.match(after)
    ):
        return True
    if match["number_year"] and _OF_YEAR.search(before):
        return True
    one_number = match["number_year"] or match["year_number"]
    return bool(one_number and (_COUNTS.search(before) or _COUNTED.match(after)))


def _ordered(
    year: int, first: int, second: int, *, dotted: bool, span: tuple[int, int]
) -> Found | None:
    """Read 3/4/2019: with dots the day comes first, else the month, where the numbers allow it."""
    if max(first, second) > 31 or min(first, second) > 12:
        return None
    if 0 in (first, second):
        other = first or second
        return Found(year, other if 1 <= other <= 12 else None, *span)
    if max(first, second) > 12:
        return Found(year, min(first, second), *span, None if dotted else first > 12)
    if dotted:
        return Found(year, second, *span)
    return Found(year, first, *span, other_month=second if second != first else None)


def _with_years(shape: str, found: list[Found]) -> list[Found] | None:
    """Give a month without a year the year of the neighbour that it makes a range with.

    Other months without a year are taken for plain words (I may have ...) and dropped, unless they
    stand beside a date: then the text is unclear, and the result is None.
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
