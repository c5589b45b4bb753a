"""States and locations: two-letter codes, `City, ST`, and whether a place is in the US.

Names and codes: USPS Publication 28, appendix B; Canada Post's addressing guidelines.
"""

import re
from functools import lru_cache
from typing import NamedTuple

_US = {
    "alabama": "AL",
    "alaska": "AK",
    "american samoa": "AS",
    "arizona": "AZ",
    "arkansas": "AR",
    "california": "CA",
    "colorado": "CO",
    "connecticut": "CT",
    "delaware": "DE",
    "district of columbia": "DC",
    "florida": "FL",
    "georgia": "GA",
    "guam": "GU",
    "hawaii": "HI",
    "idaho": "ID",
    "illinois": "IL",
    "indiana": "IN",
    "iowa": "IA",
    "kansas": "KS",
    "kentucky": "KY",
    "louisiana": "LA",
    "maine": "ME",
    "maryland": "MD",
    "massachusetts": "MA",
    "michigan": "MI",
    "minnesota": "MN",
    "mississippi": "MS",
    "missouri": "MO",
    "montana": "MT",
    "nebraska": "NE",
    "nevada": "NV",
    "new hampshire": "NH",
    "new jersey": "NJ",
    "new mexico": "NM",
    "new york": "NY",
    "north carolina": "NC",
    "north dakota": "ND",
    "northern mariana islands": "MP",
    "ohio": "OH",
    "oklahoma": "OK",
    "oregon": "OR",
    "pennsylvania": "PA",
    "puerto rico": "PR",
    "rhode island": "RI",
    "south carolina": "SC",
    "south dakota": "SD",
    "tennessee": "TN",
    "texas": "TX",
    "us virgin islands": "VI",
    "utah": "UT",
    "vermont": "VT",
    "virgin islands": "VI",
    "virginia": "VA",
    "washington": "WA",
    "washington dc": "DC",
    "west virginia": "WV",
    "wisconsin": "WI",
    "wyoming": "WY",
}
_CANADA = {
    "alberta": "AB",
    "british columbia": "BC",
    "manitoba": "MB",
    "new brunswick": "NB",
    "newfoundland": "NL",
    "newfoundland and labrador": "NL",
    "northwest territories": "NT",
    "nova scotia": "NS",
    "nunavut": "NU",
    "ontario": "ON",
    "prince edward island": "PE",
    "quebec": "QC",
    "québec": "QC",
    "saskatchewan": "SK",
    "yukon": "YT",
}
_CODES = {**_US, **_CANADA}
US_STATES = frozenset(_US.values())
_KNOWN = frozenset(_CODES.values())
_US_NAMES = frozenset(["us", "usa", "united states", "united states of america", "america"])
_NO_PLACE = frozenset(
    [
        "remote",
        "fully remote",
        "work from home",
        "home office",
        "hybrid",
        "virtual",
        "online",
        "various",
        "various locations",
        "multiple locations",
        "nationwide",
        "worldwide",
        "global",
    ]
)
_GEORGIA_THE_COUNTRY = frozenset(["tbilisi", "batumi", "kutaisi", "rustavi"])
_ZIP = re.compile(r"\s+(?:\d{5}(?:-\d{4})?|[A-Z]\d[A-Z] ?\d[A-Z]\d)$", re.IGNORECASE)


class Place(NamedTuple):
    """A location as its column takes it; `in_us` is None where it can't be told."""

    text: str | None
    in_us: bool | None


NOWHERE = Place(None, None)


def _code(text: str) -> str | None:
    """Return the code that a state's or province's name or code stands for."""
    folded = text.replace(".", "").strip().casefold()
    if len(folded) == 2:
        upper = folded.upper()
        return upper if upper in _KNOWN else None
    return _CODES.get(folded)


def state(text: str) -> str:
    """Return the two-letter code of a US state or Canadian province, other text unchanged."""
    code = _code(text)
    if code is not None:
        return code
    # "TX 75201", "Texas, USA": what stands around a state is left out where a state remains.
    bare = _ZIP.sub("", text)
    first, _, rest = bare.partition(",")
    if not rest or _is_us(rest) or rest.strip().casefold() == "canada":
        code = _code(first)
    return code or text


def _is_us(text: str) -> bool:
    return text.replace(".", "").strip().casefold() in _US_NAMES


@lru_cache(maxsize=16_384)
def _location(text: str) -> Place:
    parts = [part for part in (part.strip() for part in text.split(",")) if part]
    said_us = bool(parts) and _is_us(parts[-1])
    if said_us or (len(parts) > 2 and parts[-1].casefold() == "canada"):
        parts.pop()
    if not parts or ", ".join(parts).strip("()").casefold() in _NO_PLACE:
        return Place(text if not parts else None, True if said_us else None)
    parts[-1] = _ZIP.sub("", parts[-1])
    if len(parts) == 1:
        return _single(text, parts[0], said_us=said_us)
    code = _code(parts[-1])
    if code is None or parts[-2].casefold() in _GEORGIA_THE_COUNTRY:
        return Place(text, said_us)
    # What may stand before the city, a street or a campus, is not for this column.
    city = parts[-3] if len(parts) > 2 and parts[-2].endswith(" County") else parts[-2]
    in_us = code in US_STATES
    return Place(code if city.casefold() in _NO_PLACE else f"{city}, {code}", in_us)


def _single(text: str, part: str, *, said_us: bool) -> Place:
    """Read a location without a comma: `ST`, a state's name, `City ST`, or anything else."""
    code = _code(part)
    if code is not None and part.casefold() != "washington":  # the state or the capital
        return Place(code, code in US_STATES)
    city, _, last = part.rpartition(" ")
    if city and last.isupper() and last in _KNOWN:
        return Place(f"{city}, {last}", last in US_STATES)
    return Place(text, True if said_us or code is not None else None)


def location(text: str) -> Place:
    """Return a cleaned location as `City, ST` or `ST` where it names a state or province.

    Other places are kept as they are; "remote" and its like are no place.
    """
    if len(text) > 100:  # kept out of the cache, whose size is counted in entries
        return _location.__wrapped__(text)
    return _location(text)
