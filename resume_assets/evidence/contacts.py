"""E-mail addresses, phone numbers and links, as resumes write them.

A value is turned into a pattern for the original text; half of what stands there is no match.
"""

import re
from functools import lru_cache
from typing import Final

from resume_assets.evidence.digits import written
from resume_assets.evidence.folding import Folded, fold
from resume_assets.evidence.phrases import Found

_KEPT: Final = 1 << 10  # patterns

# What layout puts into an address: a line's end after a hyphen or a dot, invisible characters.
_BREAK: Final = r"[\u00ad\u200b-\u200d\u2060\ufeff\\]*+"
_AT: Final = r"(?:\s*+[\[({<]?\s*+(?:@|＠|&#0*64;|&commat;|\b(?:at|arroba|chez)\b)\s*+[\])}>]?\s*+)"
_DOT: Final = r"(?:\s*+[\[({<]?\s*+(?:\.|．|\b(?:dot|punkt|point|punto|ponto)\b)\s*+[\])}>]?\s*+)"


def email(value: str, resume: Folded) -> Found | None:
    """Find an address: as it is, `ada [at] example [dot] com`, or broken by layout."""
    text = resume.text
    at = text.find(value)
    if at >= 0 and _is_whole(text, at, at + len(value)):
        return Found(at, at + len(value), raw=True)
    if not _may_be_there(value, resume):
        return None
    found = _email(value).search(text)
    return Found(*found.span(), raw=True) if found else None


def _may_be_there(value: str, resume: Folded) -> bool:
    """Tell whether all words of a value are anywhere: a pattern takes a hundred times as long."""
    return all(word in resume.joined for word in fold(value).split())


def _is_whole(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 2]
    return not (
        before.isalnum()
        or (before and before in "._%+-@")
        or after[:1].isalnum()
        or (after[:1] and after[:1] in "_@")
        or (after[:1] in ("-", ".") and after[1:].isalnum())
    )


@lru_cache(maxsize=_KEPT)
def _email(value: str) -> re.Pattern[str]:
    signs = {"@": _AT, ".": _DOT, "-": r"(?:-\s*+)"}
    letters = _BREAK.join(signs.get(each, re.escape(each)) for each in value)
    return re.compile(rf"(?<![\w.%+@-]){letters}(?![\w@]|[-.]\w)", re.IGNORECASE)


# Phones

_DIGITS: Final = 7  # that a number has at least without its country's code
_GAP: Final = r"(?:\(0\)|[\s().\u00a0\u2007\u2009\u202f·•/‐‑‒–—（）．－-])*+"
_EXTENSION: Final = re.compile(r"[\s,;]*(?:x|ext\.?|extension|#)\s*:?\s*(\d{1,6})\s*$", re.I)


def phone(value: str, resume: Folded) -> Found | None:
    """Find a number by its digits, with or without the country's code and the zero before it."""
    text = resume.text
    at = text.find(value)
    if at >= 0 and not (
        text[at - 1 : at].isdecimal() or text[at + len(value) : at + len(value) + 1].isdecimal()
    ):
        return Found(at, at + len(value), raw=True)
    number = _EXTENSION.sub("", value)
    last = "".join(str(int(each)) for each in number if each.isdecimal())[-_DIGITS:]
    if len(last) < _DIGITS or last not in resume.digits:
        return None
    found = _phone(value).search(text)
    return Found(*found.span(), raw=True) if found else None


@lru_cache(maxsize=_KEPT)
def _phone(value: str) -> re.Pattern[str]:
    extension = _EXTENSION.search(value)
    number = _EXTENSION.sub("", value).replace("(0)", "").lstrip("( ")
    digits = "".join(str(int(each)) for each in number if each.isdecimal()).lstrip("0")
    american = len(digits) == 11 and digits[0] == "1"
    abroad = number.startswith(("+", "00"))
    coded = 1 if american else min(3, len(digits) - _DIGITS - 1) if abroad else 0
    digits_written = [*map(written, digits)]
    code = ""  # of the country, somewhere in these digits: the first of them may be missing
    for digit in digits_written[: max(0, coded)]:
        code = f"(?:{code}{digit}{_GAP})?"
    if not (american or abroad):
        code = rf"(?:(?:\+|00)\d{{1,3}}{_GAP}|1{_GAP})?"
    zeros = f"(?:{written('0')}{_GAP}){{0,2}}"
    rest = _GAP.join(digits_written[max(0, coded) :])
    tail = rf"\D{{0,12}}{extension[1]}" if extension else ""
    return re.compile(rf"(?<!\d)\+?{zeros}{code}{zeros}{rest}{tail}(?!\d)")


# Links

_SCHEME: Final = re.compile(
    r"(?:https?://)?(?:[a-z]{1,3}\.)?(?=linkedin\.com)|https?://(?:www\.)?", re.I
)
_SLUG: Final = re.compile(r"linkedin\.com/(?:mwlite/)?(?:in|pub)/([^/?#]+)", re.I)
_NEAR: Final = 40  # characters between the word LinkedIn and a name there


def link(value: str, resume: Folded) -> Found | None:
    """Find a profile's address without scheme and www, or its last part beside LinkedIn's name."""
    text = resume.text
    bare = _SCHEME.sub("", value, count=1).rstrip("/")
    at = text.find(bare)
    if at >= 0 and _is_whole_slug(text[at + len(bare) : at + len(bare) + 2]):
        return Found(at, at + len(bare), raw=True)
    if not _may_be_there(bare.rpartition("/")[2], resume):
        return None
    for pattern in _link(bare):
        found = pattern.search(text)
        if found:
            return Found(*found.span(), raw=True)
    return None


def _is_whole_slug(after: str) -> bool:
    return not (after[:1].isalnum() or after[:1] in ("-", "%", "_"))


@lru_cache(maxsize=_KEPT)
def _link(bare: str) -> tuple[re.Pattern[str], ...]:
    flexible = r"(?:[\\\u00ad\u200b]|-?\s*\n\s*)?"
    whole = flexible.join(map(re.escape, bare))
    patterns = [re.compile(rf"(?<![\w-]){whole}(?![\w%-])", re.IGNORECASE)]
    slug = _SLUG.search(bare)
    if slug:
        name = re.escape(slug[1])
        patterns.append(
            re.compile(
                rf"(?:(?<![\w])in/|linked\s?in\W[^\n]{{0,{_NEAR}}}?(?<![\w-])){name}(?![\w%-])",
                re.IGNORECASE,
            )
        )
    return tuple(patterns)
