"""Values as the schema of JSON Resume takes them; None where it does not take one.

The table may hold what a person typed, so each form is looked at again here.
"""

import re
from datetime import date
from typing import Any
from urllib.parse import quote

from resume_assets.extraction.text import without_surrogates

# The schema's own pattern for dates.
_DATE = re.compile(r"[1-2][0-9]{3}(?:-[0-1][0-9](?:-[0-3][0-9])?)?", re.ASCII)

# RFC 5321 as far as validators of `format: email` agree on it.
_EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?",
    re.IGNORECASE | re.ASCII,
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_ADDRESS = re.compile(
    r"https?://[a-z0-9.-]+(?::[0-9]+)?"
    r"(?:[/?#](?:[a-z0-9._~!$&'()*+,;=:@/?-]|%[0-9a-f]{2})*)?",
    re.IGNORECASE | re.ASCII,
)
_PROFILE = re.compile(r"linkedin\.com/in/([^/?#]+)", re.IGNORECASE)


def text(value: Any) -> str | None:
    """Any value as text; None for an empty one."""
    if value is None:
        return None
    return without_surrogates(str(value)) or None


def day(value: Any) -> str | None:
    """A date as the schema has it.

    A DATE that is the first of a month is the month alone: that is how we write one.
    """
    if isinstance(value, date):
        told = value.isoformat()[:10]
        value = told.removesuffix("-01") if value.day == 1 else told
    return value if isinstance(value, str) and _DATE.fullmatch(value) else None


def email(value: Any) -> str | None:
    """An address that every validator takes."""
    return value if isinstance(value, str) and _EMAIL.fullmatch(value) else None


def address(value: Any) -> str | None:
    """A URL, with its scheme, and in ASCII alone."""
    if not isinstance(value, str) or not value:
        return None
    whole = value if _SCHEME.match(value) else f"https://{value}"
    try:
        encoded = quote(whole, safe="/:?#@!$&'()*+,;=%~")
    except UnicodeEncodeError:  # half of a surrogate pair
        return None
    return encoded if _ADDRESS.fullmatch(encoded) else None


def profile_name(url: str) -> str | None:
    """The name of a LinkedIn profile, by its URL."""
    found = _PROFILE.search(url)
    return found[1] if found else None


def plain(value: Any) -> Any:
    """A value as JSON has it: numbers and texts stay, all others become text."""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, date):
        return value.isoformat()
    return text(value)
