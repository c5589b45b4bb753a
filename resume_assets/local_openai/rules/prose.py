"""Jobs told in sentences: `From 2015 to 2019 I worked as a welder at Ironclad`."""

import re
from typing import Final

from resume_assets.local_openai.rules.headers import Header
from resume_assets.local_openai.rules.periods import find_periods
from resume_assets.local_openai.rules.places import is_place
from resume_assets.local_openai.rules.scores import title_score

_CAPITAL: Final = r"[^\W_a-z][\w&.'’\-]{0,25}"
_NAME: Final = rf"{_CAPITAL}(?:\s(?:{_CAPITAL}|of|de|and|&|the|und|für|von|der|do|des)){{0,6}}"
_COMPANY: Final = re.compile(
    r"\b(?:at|for|with|joined|bei|bei der|chez|en|na|w|em|presso)\s(?:the\s|der\s|dem\s|la\s)?"
    rf"(?P<name>{_NAME})"
)
_ROLE: Final = re.compile(
    r"\b(?:as|als|comme|como|jako|come|am|was|is)\s(?:(?:an?|the|their|un|une|uma?|una)\s)?"
    r"(?P<title>[^\W\d_][\w\- /]{2,60}?)"
    r"(?=\s(?:at|for|with|in|from|until|since|on|bei|chez|en|na|w|em)\b|[,.;(]|$)"
)
_PLACE: Final = re.compile(
    rf"\b(?:in|based in|à|in der Stadt|em|en|w)\s"
    rf"(?P<place>{_CAPITAL}(?:\s{_CAPITAL}){{0,2}}(?:,\s{_CAPITAL}(?:\s{_CAPITAL})?)?)"
)
_TRAILING: Final = re.compile(r"\s(?:of|de|and|&|the|und|für|von|der|do|des)$")


def read_sentence(text: str) -> Header | None:
    """The job that a sentence tells, or None: it must have a period and an employer."""
    if len(text) > 500:
        return None
    periods = [period for period in find_periods(text) if not period.single]
    if not periods:
        return None
    company = next(
        (match["name"] for match in _COMPANY.finditer(text) if not _is_other(match["name"])), None
    )
    if company is None:
        return None
    header = Header(
        _TRAILING.sub("", company).rstrip(".,'"), None, periods[0].start, periods[0].end
    )
    for match in _ROLE.finditer(text):
        if title_score(match["title"]) > 0:
            header.title = match["title"].strip()
            break
    for match in _PLACE.finditer(text):
        if is_place(match["place"].rstrip(".")):
            header.location = match["place"].rstrip(".")
            break
    return header


def _is_other(name: str) -> bool:
    return is_place(name) or bool(find_periods(name)) or name.split()[0].isdigit()
