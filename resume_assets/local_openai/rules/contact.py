"""Who the resume is about and how to reach them."""

import re
from dataclasses import dataclass, field
from typing import Final

from resume_assets.local_openai.rules.lines import Line
from resume_assets.local_openai.rules.names import Name, find_name
from resume_assets.local_openai.rules.periods import find_periods
from resume_assets.local_openai.rules.places import Place, find_address, find_place
from resume_assets.local_openai.rules.vocabulary import LABELS, fold

_EMAIL: Final = re.compile(
    r"(?<![\w.+%\-])[\w.+%\-]{1,64}@(?:[^\W_](?:[\w\-]{0,60}[^\W_])?\.){1,5}[^\W\d_]{2,24}"
)
_SPELT_AT: Final = re.compile(r"\s{0,2}[\[({<]\s?(?:at|arroba|ät)\s?[\])}>]\s{0,2}", re.IGNORECASE)
_SPELT_DOT: Final = re.compile(r"\s{0,2}[\[({<]\s?(?:dot|punkt|ponto|punto)\s?[\])}>]\s{0,2}", re.I)
_LINKEDIN: Final = re.compile(
    r"(?:https?://)?(?:[a-z]{2,3}\.)?linkedin\.com/(?:in|pub|profile)/[\w\-%.]{2,100}/?",
    re.IGNORECASE,
)
_LINKEDIN_LABEL: Final = re.compile(
    r"linkedin\s?[:：]\s?(?P<url>/?in/[\w\-%.]{2,100})", re.IGNORECASE
)
_PHONE: Final = re.compile(r"(?<![\w@./\-])(?:\+\s?)?\(?\+?\d(?:[\s().\-–/·]{0,3}\d){6,14}(?!\w)")
_EXTENSION: Final = re.compile(r"\s?(?:ext\.?|x|extension)\s?\d{1,6}", re.IGNORECASE)
_LABEL: Final = re.compile(
    r"(?:^|[|•·,;/\s(])(?P<label>[^\W\d_][\w.\- ]{0,20}?)[.)]?\s?[:：.)\-]?\s{0,2}$"
)
_POSTCODE: Final = re.compile(r"\d{5}(?:-\d{3,4})?|\d{2}-\d{3}")


@dataclass(slots=True)
class Contact:
    """What the head of a resume says; None and empty where it does not."""

    name: Name | None = None
    headline: str | None = None
    emails: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    linkedin: str | None = None
    address: str | None = None
    place: Place | None = None


def read_contact(lines: list[Line]) -> Contact:
    """Return what the lines above the first heading and those of a contact section say.

    From the rest only what can't be mistaken.
    """
    head = [line for line in lines[:400] if line.section in {"top", "contact"} and line.text]
    head = head[:40]
    far = [line for line in lines if line.section not in {"top", "contact", "other"}]
    contact = Contact()
    contact.emails = _emails(head) or _emails(far)
    contact.phones = _phones(head, labelled=False) or _phones(far[:60] + far[-20:], labelled=True)
    contact.linkedin = _linkedin(lines)
    contact.name, contact.headline = find_name(head or far[:6])
    contact.address = find_address(head)
    contact.place = find_place(head)
    return contact


def _emails(lines: list[Line]) -> list[str]:
    found: dict[str, str] = {}
    for line in lines:
        text = line.text
        if _SPELT_AT.search(text) is not None:
            text = _SPELT_DOT.sub(".", _SPELT_AT.sub("@", text))
        for match in _EMAIL.finditer(text):
            found.setdefault(match[0].lower(), match[0].strip(".-"))
    return list(found.values())


def _linkedin(lines: list[Line]) -> str | None:
    for line in lines:
        lowered = line.text.lower() if len(line.text) < 500 else ""
        if "linkedin" not in lowered:
            continue
        match = _LINKEDIN.search(line.text)
        if match is not None:
            return match[0]
        match = _LINKEDIN_LABEL.search(line.text)
        if match is not None:
            return "linkedin.com/" + match["url"].lstrip("/")
    return None


def _phones(lines: list[Line], *, labelled: bool) -> list[str]:
    """The phone numbers as written, without fax numbers."""
    found: dict[str, str] = {}
    for line in lines:
        for match in _PHONE.finditer(line.text):
            text = match[0].strip(" .-–/·")
            digits = "".join(letter for letter in text if letter.isdigit())
            if not _is_phone(text, digits):
                continue
            kind = _kind(line.text[: match.start()])
            if line.text[: match.start()].rstrip().endswith("〒"):
                continue
            if kind == "fax" or (labelled and kind != "phone"):
                continue
            extension = _EXTENSION.match(line.text, match.end())
            found.setdefault(digits[-10:], text + (extension[0] if extension is not None else ""))
    return list(found.values())


def _is_phone(text: str, digits: str) -> bool:
    if not 7 <= len(digits) <= 15 or _POSTCODE.fullmatch(text):
        return False
    if digits == text and len(digits) < 9:
        return False
    return not any(period.last - period.first > 6 for period in find_periods(text))


def _kind(before: str) -> str | None:
    """What the word before a number says that it is."""
    match = _LABEL.search(before[-30:])
    if match is None:
        return None
    label = fold(match["label"]).strip(" .")
    for kind in ("fax", "phone"):
        if label in LABELS[kind] or (label.split()[-1:] and label.split()[-1] in LABELS[kind]):
            return kind
    return None
