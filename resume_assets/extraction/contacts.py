"""Phones, e-mail addresses and the LinkedIn profile, out of what stands around them.

Each is taken whole or not at all: half of one would be another person's. Texts are cleaned
(`text.clean`) before they come here.
"""

import re
from typing import Final, NamedTuple

_LONGEST: Final = 1_000  # characters that are looked at

# Phones

_LEAST_DIGITS, _MOST_DIGITS = 7, 15  # without an extension; E.164 allows no more
_NATIONAL: Final = 10
PHONE: Final = re.compile(
    r"(?:\+?1[ .-]?)?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-]?)\d{3}[ .-]?\d{4}"
    r"|(?=.{10,18}$)\+[2-9]\d{0,2}(?:[ -]\d+){2,6}",
    re.ASCII,
)
"""Texts that `phones_in` returns as they are, nearly all of them."""

_LIKE_A_PHONE: Final = re.compile(
    r"(?<![\w@.])[(+]{0,2}\d[\d\s().\-‐‑–/+]*\d"
    r"(?:[\s,]*(?:x|ext\.?|extension|#)\s*:?\s*\d{1,6}\b)?(?![\w@])",
    re.IGNORECASE,
)
_EXTENSION: Final = re.compile(r"[\s,]*(?:x|ext\.?|extension|#)\s*:?\s*(\d+)$", re.IGNORECASE)
_YEAR = r"(?:19|20)\d\d"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_DATE = (
    rf"(?:{_YEAR}(?:[-/.]{_MONTH}(?:[-/.]{_DAY})?)?|(?:{_DAY}[-/.])?{_DAY}[-/.]{_YEAR}"
    rf"|{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))"
)
_NO_PHONE: Final = re.compile(
    rf"{_DATE}(?:\s*[-–/]?\s*{_DATE})*"
    r"|\d{5}-\d{4}|\d{4}-\d{3}|\d{3}-\d{2}-\d{4}"  # ZIP, Portuguese postal code, SSN
)
_BETWEEN: Final = re.compile(r"\s*/\s*|\s+[-–]\s+")
_NORTH_AMERICAN: Final = re.compile(r"(?:\+?1[\s.-]*)?(?:\(\d{3}\)|\d{3})[\s.-]*\d{3}[\s.-]*\d{4}")
_TRUNK: Final = re.compile(r"\(0\)")
_WORD_WITH_AT: Final = re.compile(r"[^\s@|,;/<>()\[\]]*@[^\s@|,;/<>()\[\]]*")
_DATES: Final = re.compile(rf"(?<![\w(+.-]){_DATE}\s*[-–]\s*{_DATE}(?![\w-])")


class _Phone(NamedTuple):
    """What tells a phone number from others."""

    digits: str
    extension: str

    def is_same(self, other: "_Phone") -> bool:
        """Tell whether both reach the same phone: by the last ten digits, and the extension."""
        mine, theirs = self.digits[-_NATIONAL:], other.digits[-_NATIONAL:]
        return (mine.endswith(theirs) or theirs.endswith(mine)) and (
            self.extension == other.extension or not (self.extension and other.extension)
        )

    def says_more_than(self, other: "_Phone") -> bool:
        """Tell whether this spelling has an extension or area code that the other lacks."""
        return bool(self.extension and not other.extension) or (
            len(other.digits) < _NATIONAL <= len(self.digits)
        )


def phones_in(text: str) -> list[str]:
    """Return the phone numbers in a text, each as it is written there.

    Dates, years, addresses, ZIP codes and social security numbers are not phone numbers.
    """
    if PHONE.fullmatch(text):
        return [text]
    text = _WORD_WITH_AT.sub(" | ", text[:_LONGEST])
    text = _DATES.sub(" | ", text)
    return [
        piece
        for found in _LIKE_A_PHONE.findall(text)
        for piece in _pieces(found)
        if _is_phone(piece)
    ]


def each_phone_once(phones: list[str]) -> list[str]:
    """Return the phones without repeats: each in its first spelling, or in one that says more."""
    kept: list[tuple[_Phone, str]] = []
    for text in phones:
        phone = _phone(text)
        for index, (known, _) in enumerate(kept):
            if phone.is_same(known):
                if phone.says_more_than(known):
                    kept[index] = phone, text
                break
        else:
            kept.append((phone, text))
    return [text for _, text in kept]


def phone_key(text: str) -> str | None:
    """What a phone's spellings have in common: its last ten digits, and its extension.

    None for what has too few digits to be one phone's. A number without its country's code is
    told to be the same only where ten digits are left.
    """
    phone = _phone(text)
    if len(phone.digits) < _LEAST_DIGITS:
        return None
    return f"{phone.digits[-_NATIONAL:]} {phone.extension}".rstrip()


def _digits(text: str) -> str:
    return "".join(filter(str.isdecimal, _EXTENSION.sub("", text)))


def _is_phone(text: str) -> bool:
    return _LEAST_DIGITS <= len(_digits(text)) <= _MOST_DIGITS and not _NO_PHONE.fullmatch(text)


def _pieces(text: str) -> list[str]:
    """Split a text of digits and signs into phone numbers; `0711/123456` stays one."""
    parts = [part.strip(" -–./") for part in _BETWEEN.split(text)]
    if len(parts) > 1 and all(_is_phone(part) or _NO_PHONE.fullmatch(part) for part in parts):
        return [piece for part in parts for piece in _pieces(part)]
    if len(_digits(text)) > _MOST_DIGITS:
        found = _NORTH_AMERICAN.findall(text)
        if sum(len(_digits(one)) for one in found) == len(_digits(text)):
            return found
    text = text.strip(" -–./")
    # A bracket that was opened before the number, or after it.
    if text.count("(") != text.count(")"):
        text = text.strip("()")
    return [text]


def _phone(text: str) -> _Phone:
    extension = _EXTENSION.search(text)
    digits = _digits(_TRUNK.sub("", text))
    # 0049 and 030 are +49 and 30.
    return _Phone(digits.lstrip("0") or digits, extension[1] if extension else "")


# E-mail addresses

EMAIL: Final = re.compile(
    r"[A-Za-z\d][\w.+-]*@(?:[A-Za-z\d]+(?:-+[A-Za-z\d]+)*\.)+[A-Za-z]{2,}", re.ASCII
)
"""Texts that `emails_in` returns as they are, nearly all of them."""

_ADDRESS: Final = re.compile(
    r"[^\s@<>()\[\]{}:;,\"|/\\*`?&=]+@(?:[^\W_](?:[\w-]*[^\W_])?\.)+(?:xn--[a-z\d-]+|[^\W\d_]{2,})",
    re.IGNORECASE,
)
_AT: Final = re.compile(r"\s*[\[({]\s*at\s*[\])}]\s*", re.IGNORECASE)
_DOT: Final = re.compile(r"\s*[\[({]\s*dot\s*[\])}]\s*", re.IGNORECASE)


def emails_in(text: str) -> list[str]:
    """Return the e-mail addresses in a text, bare; `ada [at] example [dot] com` is one."""
    text = text[:_LONGEST]
    if "@" not in text:
        text = _DOT.sub(".", _AT.sub("@", text))
    if "\\" in text:  # markdown's ada\_nord
        text = text.replace("\\", "")
    found = []
    for match in _ADDRESS.finditer(text):
        address = match[0].lstrip(".'’‘“”-•–—~#!")
        if address.startswith("_") and text[match.end() : match.end() + 1] == "_":
            address = address.lstrip("_")  # in italics
        if not address.startswith("@"):
            found.append(address)
    return [*dict.fromkeys(found)]


# LinkedIn

PROFILE: Final = re.compile(
    r"(?:https?://)?(?:www\.)?linkedin\.com/in/[\w%-]*[A-Za-z\d]/?", re.ASCII
)
"""Texts that `profiles_in` returns as they are, nearly all of them."""

_PROFILE: Final = re.compile(
    r"(?<![\w.@/-])(?:https?://)?(?:[a-z]{1,3}\.)?linkedin\.com/"
    r"(?:(?:mwlite/)?in/[^\s/?#<>()\[\]{}|,;:\"'*`@]+"
    r"|pub/[^\s/?#<>()\[\]{}|,;:\"'*`@]+(?:/[\da-f]{1,3})*|profile/view\?id=[\w-]+)/?",
    re.IGNORECASE,
)
_SHORT_PROFILE: Final = re.compile(r"/?in/([\w%-]+)/?")


def profiles_in(text: str) -> list[str]:
    """Return the URL of the first LinkedIn profile in a text, as a list of one, or none.

    `in/ada-nord` alone is completed. Pages of companies, jobs and connections are not profiles.
    """
    text = text[:_LONGEST]
    if "\\" in text:
        text = text.replace("\\", "")
    found = _PROFILE.search(text)
    if found:
        return [found[0].rstrip("._~")]
    short = _SHORT_PROFILE.fullmatch(text)
    return [f"linkedin.com/in/{short[1]}"] if short else []
