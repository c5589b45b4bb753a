"""The years of dates, as a resume gives them, and numbers of years."""

import re
from functools import lru_cache
from typing import Final

from resume_assets.evidence.digits import all_written
from resume_assets.evidence.folding import Folded
from resume_assets.evidence.phrases import Found, phrase
from resume_assets.extraction.dates.words import MONTH_OF, plain

PRESENT: Final = "Present"

_MONTH: Final = "(?:0[1-9]|1[0-2])"
_DAY: Final = "(?:0[1-9]|[12][0-9]|3[01])"
_ERAS: Final = {"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911}
"""Years before the first one. Source: the tables of Unicode's CLDR for Japan and Taiwan."""
_ERA_LETTERS: Final = {"令和": "R", "平成": "H", "昭和": "S"}
_BUDDHIST: Final = 543  # years between the two counts


def year(value: str, resume: Folded) -> Found | None:
    """Find the year of a date, `YYYY-MM`: in full, in two digits, or by the count of an era."""
    digits, text = value[:4], resume.text
    found = _in_full(digits, text)
    if found is None and not text.isascii() and (other := _other(digits).search(text)):
        found = Found(*other.span(), raw=True)
    return found or _in_two_digits(digits[2:], text)


def _in_full(digits: str, text: str) -> Found | None:
    """Find a year that stands alone, or without a gap to month or day: 201905, 31052019."""
    at = text.find(digits)
    while at >= 0:
        end = at + len(digits)
        if not (text[at - 1 : at].isdecimal() or text[end : end + 1].isdecimal()):
            return Found(at, end, raw=True)
        while text[at - 1 : at].isdecimal():
            at -= 1
        while text[end : end + 1].isdecimal():
            end += 1
        together = f"{digits}{_MONTH}{_DAY}?|{_DAY}?{_MONTH}{digits}"
        if re.fullmatch(together, text[at:end]):
            return Found(at, end, raw=True)
        at = text.find(digits, end)
    return None


@lru_cache(maxsize=256)
def _other(digits: str) -> re.Pattern[str]:
    """A year in digits of another script, or counted by another era."""
    number = int(digits)
    ways = [rf"(?<!\d){all_written(digits)}(?!\d)"]
    for era, before in _ERAS.items():
        if number > before:
            count = "(?:1|元|一)" if number == before + 1 else all_written(str(number - before))
            ways.append(rf"{era}\s*{count}(?!\d)")
            if letter := _ERA_LETTERS.get(era):
                ways.append(rf"\b{letter}\.?{count}(?=[年./])")
    ways.append(rf"พ\.?\s*ศ\.?\s*{all_written(str(number + _BUDDHIST))}")
    return re.compile("|".join(ways))


# What stands before two digits that are a year: '19, 3/19, 31.3.19, Mar 19, 2017-19, 2009–10. What
# follows a year and a hyphen is a month where it can be one.
_BEFORE: Final = re.compile(
    r"(?:(?<![\w'])|(?<=[^\W\d_]))['’‘`´]\Z"
    r"|(?<![\d./-])(?:[0-3]?\d[./-])?[01]?\d[./-]\Z"
    r"|(?<!\d)(?:19|20)\d\d(?:[–—]|(?P<hyphen>[-/]))\Z"
    r"|(?<![^\W\d_])(?P<month>[^\W\d_]{3,})\.?,?[\s-]+\Z"
)
_LOOKED_AT: Final = 24  # characters before the two digits
_MONTHS: Final = 12


def _in_two_digits(two: str, text: str) -> Found | None:
    at = text.find(two)
    while at >= 0:
        end = at + len(two)
        behind = text[end : end + 2]
        is_number = (
            text[at - 1 : at].isdecimal()
            or behind[:1].isdecimal()
            or behind[:1] == "%"
            or (behind[:1] in (".", ",", "/", "-") and behind[1:].isdecimal())
        )
        if not is_number and (before := _BEFORE.search(text[max(0, at - _LOOKED_AT) : at])):
            month = before["month"]
            if (month is None or plain(month.casefold()) in MONTH_OF) and (
                before["hyphen"] is None or int(two) > _MONTHS
            ):
                return Found(at - len(before[0]), end, raw=True)
        at = text.find(two, end)
    return None


_NUMBERS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
_WORDS: Final = _NUMBERS.split()


def number(value: str, resume: Folded) -> Found | None:
    """Find a number of years, in digits (10, 10+, 2.5, 2,5) or as an English word."""
    whole, _, tenth = value.partition(".")
    text = resume.text
    for spelling in dict.fromkeys((value, value.replace(".", ","))):
        at = text.find(spelling)
        while at >= 0:
            end = at + len(spelling)
            if not (_is_number(text[max(0, at - 2) : at][::-1]) or _is_number(text[end : end + 2])):
                return Found(at, end, raw=True)
            at = text.find(spelling, end)
    return phrase(_WORDS[int(whole)], resume) if not tenth and int(whole) < len(_WORDS) else None


def _is_number(beside: str) -> bool:
    """Tell whether a number goes on with these characters, its nearest first: 2010, 10/19, 7,10."""
    nearest, next_one = beside[:1], beside[1:]
    return (
        nearest.isdecimal()
        or (nearest != "" and nearest in "/-")
        or (nearest in (".", ",") and next_one.isdecimal() and next_one != "0")
    )
