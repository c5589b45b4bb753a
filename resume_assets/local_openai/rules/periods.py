"""Dates and periods as they stand in a line: found, not standardized.

What is returned is the writer's own text (`Sept. 2020`, `till date`): to bring it into one form
is the task of whoever asked.
"""

import re
from typing import Final, NamedTuple

from resume_assets.local_openai.rules.vocabulary import (
    MONTHS,
    PRESENT,
    SEASONS,
    SINCE,
    fold,
)

_FULL_WIDTH: Final = {0xFF10 + digit: ord("0") + digit for digit in range(10)} | {0xFF0F: "/"}


class Period(NamedTuple):
    """A period in a line, with the place of its text in it."""

    start: str | None
    end: str | None
    first: int
    last: int
    single: bool = False
    """One date only, which may be an end, a year of graduation or something else."""


class _Date(NamedTuple):
    text: str
    first: int
    last: int


_YEAR: Final = r"(?:19|20)\d{2}"
_DATE: Final = re.compile(
    rf"""(?<![\w/.])(?:
      (?P<kanji>\d{{4}}\s?年(?:\s?\d{{1,2}}\s?月)?(?:\s?\d{{1,2}}\s?日)?)
    | (?P<iso>\d{{4}}[-/.]\d{{1,2}}(?:[-/.]\d{{1,2}})?)(?![\d/]|\.\d)
    | (?P<full>\d{{1,2}}[/.\-]\d{{1,2}}[/.\-]\d{{4}})(?!\d)
    | (?P<month>\d{{1,2}}\s?[/.\-]\s?\d{{4}})(?!\d|[./]\d)
    | (?P<quarter>[QqTt][1-4][\s/\-,]{{0,2}}['’]?\d{{2,4}}|{_YEAR}[\s/\-]{{0,2}}[Qq][1-4])(?!\d)
    | (?P<day>\d{{1,2}}(?:st|nd|rd|th|\.|º)?\s(?:de\s|of\s)?)?(?P<word>[^\W\d_]{{3,12}})
      (?P<after>\.?,?\s?(?:\d{{1,2}}(?:st|nd|rd|th)?,\s?)?(?:de\s|of\s|del\s)?[-/]?
      (?:{_YEAR}(?!\d)|['’‘`]\d{{2}}(?!\d)))
    | (?P<year>{_YEAR})(?!\d|[-/.]\d{{3}}(?!\d)|,\d|\s?[%$€£])
    | (?P<short>['’]\d{{2}})(?![\d\w])
    )""",
    re.VERBOSE,
)
_YEAR_TAIL: Final = re.compile(rf"{_YEAR}$|['’‘`]\d{{2}}$")
_HINT: Final = re.compile(r"\d{4}|['’‘`]\d{2}")
_MARKS: Final = r"[-‐‑–—−~〜～→>]{1,2}"
_SEPARATOR: Final = re.compile(
    rf"[\s()]{{0,3}}(?:{_MARKS}|to|until|till|til|through|thru|bis|zum|à|au|a|al|hasta|até|ate|do"
    rf"|tot|から|and|/)[\s(]{{0,3}}(?:(?:the|la|el|o|zum|end of|the end of)\s)?",
    re.IGNORECASE,
)
_PRESENT_WORDS: Final = "|".join(re.escape(word) for word in sorted(PRESENT, key=len, reverse=True))
_OPEN_END: Final = re.compile(
    rf"[\s()]{{0,3}}(?:{_MARKS}|,|/)?\s{{0,2}}(?:to|until|till|through|bis|à|au|a|al|hasta|até|ate|do|tot|から)?"
    rf"[\s(]{{0,3}}(?:(?:the|la|el|o)\s)?(?P<present>{_PRESENT_WORDS})(?![^\W\d_])",
    re.IGNORECASE,
)
_HALF_SAID: Final = frozenset({"date", "dato", "momento", "o momento", "fecha", "la fecha"})
_DANGLING: Final = re.compile(rf"\s{{0,3}}{_MARKS}\s{{0,3}}(?:$|[)|;,])")
_SHORT_END: Final = re.compile(r"\s?[-–/]\s?(\d{2})(?![\d/.\-])")
_MONTH_BEFORE: Final = re.compile(rf"([^\W\d_]{{3,12}})\.?\s?(?:{_MARKS}|to|bis|à|a)\s?$")
_WORD_BEFORE: Final = re.compile(r"([^\W\d_]{2,10})\s?(?:the\s)?$")


def has_year(text: str) -> bool:
    """Whether it is worth looking for a date."""
    return _HINT.search(text) is not None


def find_periods(text: str) -> list[Period]:
    """The periods in a line, from left to right; a lone date counts as one (`single`)."""
    if not has_year(text):
        return []
    if not text.isascii():
        text = text.translate(_FULL_WIDTH)
    dates = _find_dates(text)
    periods: list[Period] = []
    position = 0
    while position < len(dates):
        date = dates[position]
        following = dates[position + 1] if position + 1 < len(dates) else None
        position += 1
        if following is not None and _SEPARATOR.fullmatch(text, date.last, following.first):
            start = _with_month_before(text, date)
            periods.append(Period(start.text, following.text, start.first, following.last))
            position += 1
        else:
            periods.append(_lone(text, date))
    return periods


def _lone(text: str, date: _Date) -> Period:
    """A date that no second one follows."""
    present = _OPEN_END.match(text, date.last)
    if present is not None:
        end = present["present"]
        if fold(end) in _HALF_SAID:  # `to date`: what looks like a separator belongs to it
            end = present[0].strip(" ()-–—−~→>,/")
        return Period(date.text, end, date.first, present.end())
    before = _WORD_BEFORE.search(text, max(0, date.first - 15), date.first)
    if before is not None and fold(before[1]) in SINCE:
        return Period(date.text, "Present", before.start(), date.last)
    if _YEAR_TAIL.search(date.text):
        short = _SHORT_END.match(text, date.last)
        if short is not None:
            return Period(date.text, _year_of(date.text)[:2] + short[1], date.first, short.end())
    dangling = _DANGLING.match(text, date.last)
    if dangling is not None:
        return Period(date.text, "Present", date.first, dangling.end())
    start = _with_month_before(text, date)
    if start is not date:
        return Period(start.text, date.text, start.first, date.last)
    return Period(date.text, date.text, date.first, date.last, single=True)


def _with_month_before(text: str, date: _Date) -> _Date:
    """`Mar - Jun 2019`: its first month has the year of the second."""
    before = _MONTH_BEFORE.search(text, max(0, date.first - 20), date.first)
    if before is None or fold(before[1]) not in MONTHS:
        return date
    return _Date(f"{before[1]} {_year_of(date.text)}", before.start(), date.last)


def _year_of(text: str) -> str:
    found = _HINT.search(text)
    year = found[0] if found is not None else text[-4:]
    return year if len(year) == 4 else f"20{year[1:]}"


def _find_dates(text: str) -> list[_Date]:
    dates: list[_Date] = []
    for match in _DATE.finditer(text):
        date = _checked(text, match)
        if date is not None:
            dates.append(date)
    return dates


def _checked(text: str, match: re.Match[str]) -> _Date | None:
    """The date that was matched, less a word that is neither month nor season."""
    kind = match.lastgroup
    first, last = match.span()
    if kind == "after":
        word = fold(match["word"])
        if word in MONTHS or word in SEASONS:
            return _Date(match[0], first, last)
        year = _YEAR_TAIL.search(text, match.start("after"), last)
        if year is None or text[year.start() - 1].isalnum():
            return None
        return _Date(year[0], year.start(), last)
    if kind == "iso":
        if match[0][:2] not in {"19", "20"}:
            return None
        month = int(_NOT_DIGITS.split(match[0])[1])
        if month > 12:  # `2015-19` is two years
            return _Date(match[0][:4], first, first + 4)
        return _Date(match[0], first, last)
    if kind in {"full", "month"} and match[0][-4:-2] not in {"19", "20"}:
        return None
    return _Date(match[0], first, last)


_NOT_DIGITS: Final = re.compile(r"[-/.]")
_PARTS: Final = re.compile(r"\d+|[^\W\d_]+")


def order_key(text: str | None) -> tuple[int, int]:
    """(year, month) of a date as written, to compare two of them; present is past all of them."""
    if not text:
        return 0, 0
    year = month = 0
    numbers: list[int] = []
    for part in _PARTS.findall(text):
        if part.isdecimal():
            number = int(part)
            if number >= 1000:
                year = number
            else:
                numbers.append(number)
        else:
            month = month or MONTHS.get(fold(part), 0)
    if not year:
        if not numbers:
            return 9999, 12
        short = numbers.pop()
        year = 2000 + short if short < 70 else 1900 + short
    if not month and numbers:
        month = numbers[0] if numbers[0] <= 12 else numbers[-1]
    return year, month
