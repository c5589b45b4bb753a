"""Names and codes of states, provinces and countries, and which cities tell a state from a country.

Names and codes: USPS Publication 28, appendix B; Canada Post's addressing guidelines; ISO 3166-1;
the abbreviations that newspapers use. `us_cities.txt` has a line for each state whose code is a
country's too: how its ZIP codes begin, and its larger cities. It need not be complete: a place that
it lacks is unknown, never wrong.
"""

from importlib.resources import files

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
_US_ABBREVIATIONS = {
    "ala": "AL",
    "ariz": "AZ",
    "ark": "AR",
    "cal": "CA",
    "calif": "CA",
    "colo": "CO",
    "conn": "CT",
    "dela": "DE",
    "fla": "FL",
    "ill": "IL",
    "ind": "IN",
    "kan": "KS",
    "kans": "KS",
    "mass": "MA",
    "mich": "MI",
    "minn": "MN",
    "miss": "MS",
    "mont": "MT",
    "neb": "NE",
    "nebr": "NE",
    "nev": "NV",
    "n dak": "ND",
    "n mex": "NM",
    "okla": "OK",
    "ore": "OR",
    "oreg": "OR",
    "penn": "PA",
    "penna": "PA",
    "s dak": "SD",
    "tenn": "TN",
    "tex": "TX",
    "usvi": "VI",
    "wash": "WA",
    "wis": "WI",
    "wisc": "WI",
    "wva": "WV",
    "wyo": "WY",
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
_CANADA_ABBREVIATIONS = {
    "alta": "AB",
    "man": "MB",
    "nfld": "NL",
    "nwt": "NT",
    "ont": "ON",
    "pei": "PE",
    "que": "QC",
    "qué": "QC",
    "sask": "SK",
}
_CODES = {
    name.replace(" ", ""): code
    for names in (_US, _US_ABBREVIATIONS, _CANADA, _CANADA_ABBREVIATIONS)
    for name, code in names.items()
}
US_STATES = frozenset(_US.values())
PROVINCES = frozenset(_CANADA.values())
STATES = US_STATES | PROVINCES
"""Codes that a State column takes."""

_US_NAMES = frozenset(["us", "usa", "unitedstates", "unitedstatesofamerica", "america"])
_GEORGIA_THE_COUNTRY = frozenset(["tbilisi", "batumi", "kutaisi", "rustavi"])
_WORDS_AROUND = ("state of ", "commonwealth of ", "province of ")
_WORDS_AFTER = (" state", " province")
_CITY_BEFORE = ("greater ", "downtown ", "metro ", "metropolitan ")
_CITY_AFTER = (" metropolitan area", " metro area", " bay area", " area", " metro")


def fold(text: str) -> str:
    """Return a name as it is compared: no case, no full stops, gaps of one space."""
    return " ".join(text.replace(".", " ").replace("’", "'").casefold().split())


def _table(name: str) -> dict[str, frozenset[str]]:
    """Read a file of `HEAD: name, name`; the names folded."""
    table = {}
    for line in files(__package__).joinpath(name).read_text("utf-8").splitlines():
        code, _, names = line.partition(": ")
        table[code] = frozenset(map(fold, names.split(", ")))
    return table


_COUNTRIES = _table("countries.txt")  # without the US and its territories
_CITIES = {head[:2]: names for head, names in _table("us_cities.txt").items()}
_ZIP_STARTS = dict(head.split() for head in _table("us_cities.txt"))
_COUNTRY_NAMES = {name: code for code, names in _COUNTRIES.items() for name in names}
DOUBLE = US_STATES & _COUNTRIES.keys()
"""Codes of a state that are another country's as well: CA, DE, IN and some twenty more."""


def code_of(text: str) -> str | None:
    """Return the code that a state's or province's name, abbreviation or code stands for."""
    folded = fold(text)
    joined = folded.replace(" ", "")  # "N. Y." is NY
    if len(joined) == 2:
        return joined.upper() if joined.upper() in STATES else None
    found = _CODES.get(joined)
    if found is None:
        for words in _WORDS_AROUND:
            folded = folded.removeprefix(words)
        for words in _WORDS_AFTER:
            folded = folded.removesuffix(words)
        found = _CODES.get(folded.replace(" ", ""))
    return found


def spellings(code: str) -> list[str]:
    """Return the names and abbreviations of a state or province, in small letters."""
    return [
        name
        for names in (_US, _US_ABBREVIATIONS, _CANADA, _CANADA_ABBREVIATIONS)
        for name, its in names.items()
        if its == code
    ]


def names_of(code: str) -> list[str]:
    """Return the full names of a state or province, in small letters."""
    return [name for names in (_US, _CANADA) for name, its in names.items() if its == code]


def is_us(text: str) -> bool:
    """Tell whether this is a name of the United States."""
    return fold(text).replace(" ", "") in _US_NAMES


def is_abroad(text: str) -> bool:
    """Tell whether this is another country: its name, or its code where that is no state's."""
    if len(text) == 2 and text not in ("UK", "Uk", "uk"):
        return text in _COUNTRIES and text not in STATES
    folded = fold(text)
    if len(folded) == 3 and not text.isupper():  # "Ind." is Indiana, and IND is India
        return False
    return folded in _COUNTRY_NAMES or folded.replace(" ", "") in _COUNTRY_NAMES  # "U. K."


def country_of(text: str) -> str | None:
    """Return the two-letter code of the country, other than the US, that a name stands for."""
    return _COUNTRY_NAMES.get(fold(text))


def is_canada(text: str) -> bool:
    """Tell whether this is Canada's name or code."""
    return fold(text) == "canada" or text == "CA"


def fits(city: str, code: str, zip_code: str = "") -> bool | None:
    """Tell whether a city is in that state: True, False for one abroad, None where it is unknown.

    Only for the codes of DOUBLE. `zip_code`: what the text has as a ZIP code.
    """
    if zip_code.startswith(_ZIP_STARTS[code]):
        return True
    known = _CITIES[code]
    folded = fold(city)
    if code == "GA" and folded in _GEORGIA_THE_COUNTRY:
        return False
    for words in _CITY_BEFORE:
        folded = folded.removeprefix(words)
    for words in _CITY_AFTER:
        folded = folded.removesuffix(words)
    if folded.endswith(" county"):
        return True
    for short, long in (("ft ", "fort "), ("mt ", "mount ")):
        if folded.startswith(short):
            folded = long + folded.removeprefix(short)
    if folded in known:
        return True
    several = folded.replace("/", "-").replace("&", "-").split("-")
    return True if any(one.strip() in known for one in several) else None
