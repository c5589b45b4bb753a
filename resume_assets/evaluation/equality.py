"""When two values of a column are the same: what a recruiter would call so.

Case, accents, punctuation and spacing never count. What else does not, each form has as words in
`equality.toml` or as a rule here:

- companies: a legal form at the end, "and", "the"; a place in brackets counts;
- titles, streets, terms, certificates: abbreviations; a certificate's own in brackets after it;
- degrees: whether abbreviated, filler words, the order of the words;
- phones: all but the digits; whether the country's code or a leading zero is there;
- links: scheme, `www` or a country's subdomain, what follows `?` or `#`, a slash at the end;
- places and states: the name of a state, province or country for its code, "USA" after it;
- dates: as `standardize_date` reads them; years: a difference of up to 0.1.

No value is ever the same as NULL.
"""

import datetime
import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final

from resume_assets.evaluation.groups import Form
from resume_assets.evaluation.marks import Not, Since
from resume_assets.extraction.dates import standardize_date
from resume_assets.extraction.place_names import country_of
from resume_assets.extraction.places import location, state

_YEARS_APART: Final = 0.1
_ROUNDING: Final = 1e-9
_LEAST_PHONE: Final = 7  # digits that make two numbers the same
_PLAIN_LETTERS: Final = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "’": "'"}
)
_ACCENTS: Final = re.compile("[\u0300-\u036f]")  # not those of Japanese, Hindi, Thai: letters
_WORD: Final = re.compile(r"[^\W_]+(?:[+#]+)?|[&#]")
_BETWEEN_LETTERS: Final = re.compile(r"(?<=\w)['.](?=\w)|(?<=\w)\.")
_OWN_ABBREVIATION: Final = re.compile(r"\s*\(([A-Z][A-Z0-9]{1,7})\)")
_LINK_START: Final = re.compile(r"^(?:[a-z]+://)?(?:www\.|[a-z]{2}\.(?=linkedin\.))?")
_CJK_FORMS: Final = re.compile("株式会社|有限会社|有限公司")


def plain(value: Any) -> str | None:
    """Return a value as text, None for NULL and for a text of nothing but space.

    A date, from a column of that type, becomes its month. Raises TypeError for a mark, which no
    record holds and `gold.Known.about` resolves.
    """
    if value is None:
        return None
    if isinstance(value, Not | Since):
        raise TypeError(f"{type(value).__name__} is no value")
    if isinstance(value, datetime.date):
        return f"{value:%Y-%m}"
    return str(value).strip() or None


def items_of(text: str | None) -> list[str]:
    """Return the items of a comma-separated list."""
    return [item.strip() for item in (text or "").split(",") if item.strip()]


def same(form: Form, one: str | None, other: str | None) -> bool:
    """Tell whether two values, as `plain` gives them, are the same; NULL is the same as NULL."""
    if one is None or other is None:
        return one is other
    if one == other:
        return True
    if form is Form.years:
        return _same_years(one, other)
    if form is Form.phone:
        return _same_phone(one, other)
    return key(form, one) == key(form, other)


def likeness(form: Form, one: str | None, other: str | None) -> float:
    """Return how much two values have in common, 1 if and only if they are the same, else < 1.

    Of dates a common year is half; of other texts, the share of their words that both have.
    """
    if one is None or other is None:
        return float(one is other)
    if same(form, one, other):
        return 1.0
    if form in (Form.start, Form.end):
        return 0.5 if key(form, one)[:4] == key(form, other)[:4] else 0.0
    mine, theirs = set(_words(form.value, one)), set(_words(form.value, other))
    return 0.9 * len(mine & theirs) / max(1, len(mine | theirs))


@lru_cache(maxsize=1 << 14)
def key(form: Form, text: str) -> str:
    """Return what two texts of a form have in common if and only if they are the same."""
    return _KEYS.get(form, _joined_words)(form, text) or text.casefold()


@cache
def _tables() -> Mapping[str, Any]:
    return tomllib.loads(files(__package__).joinpath("equality.toml").read_text("utf-8"))


@cache
def _stands_for(form: str) -> Mapping[str, list[str]]:
    tables = _tables()
    found: dict[str, str] = tables["everywhere"] | tables.get(form, {})
    # Words of a meaning may have one themselves: CNA is Certified Nursing Assistant, of which the
    # first word does not count.
    return {
        word: [last for meant in meaning.split() for last in found.get(meant, meant).split()]
        for word, meaning in found.items()
    }


@cache
def _left_out(form: str) -> frozenset[str]:
    return frozenset(_tables()["without"].get(form, ()))


def folded(text: str) -> str:
    """Return a text without case and accents; apostrophes and full stops in words are gone."""
    text = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN_LETTERS))
    text = _ACCENTS.sub("", text)
    return _BETWEEN_LETTERS.sub("", unicodedata.normalize("NFC", text))


def _words(form: str, text: str) -> list[str]:
    meanings = _stands_for(form)
    return [meant for word in _WORD.findall(folded(text)) for meant in meanings.get(word, [word])]


def _joined(words: list[str]) -> str:
    """Join words: Health Care is Healthcare. Digits stay apart: 12 3rd Street is not 123rd."""
    joined = ""
    for word in words:
        apart = joined[-1:].isdecimal() and word[0].isdecimal()
        joined += f" {word}" if apart else word
    return joined


def _joined_words(form: Form, text: str) -> str:
    return _joined(_words(form.value, text))


def _company(form: Form, text: str) -> str:
    words = _words(form.value, _CJK_FORMS.sub(" ", text))
    while len(words) > 1 and words[-1] in _left_out(form.value):
        words.pop()
    return _joined(words)


def _term(form: Form, text: str) -> str:
    words = _words(form.value, text)
    return _joined(words[1:] if len(words) > 1 and words[0] in _left_out(form.value) else words)


def _certificate(form: Form, text: str) -> str:
    def own(found: re.Match[str]) -> str:
        initials = "".join(word[0] for word in text[: found.start()].split())
        return "" if initials.upper().endswith(found[1]) else found[0]

    return _joined_words(form, _OWN_ABBREVIATION.sub(own, text))


def _degree(form: Form, text: str) -> str:
    text = re.sub(r"[’']s\b", "s", text)
    return " ".join(sorted(_words(form.value, text)))


def _email(_: Form, text: str) -> str:
    return text.casefold().removeprefix("mailto:")


def _link(_: Form, text: str) -> str:
    bare = re.split(r"[?#]", _LINK_START.sub("", text.casefold()))[0]
    return bare.rstrip("/")


def _state(form: Form, text: str) -> str:
    return _joined_words(form, state(text).value or text)


def _place(form: Form, text: str) -> str:
    place = location(text).text or text
    city, _, last = place.rpartition(",")
    country = country_of(last.strip())
    return _joined_words(form, place if country is None else f"{city} {country}")


def _date(form: Form, text: str) -> str:
    return standardize_date(text, end=form is Form.end) or ""


_KEYS: Final[Mapping[Form, Callable[[Form, str], str]]] = {
    Form.company: _company,
    Form.term: _term,
    Form.certificate: _certificate,
    Form.degree: _degree,
    Form.email: _email,
    Form.link: _link,
    Form.state: _state,
    Form.place: _place,
    Form.start: _date,
    Form.end: _date,
}


def _same_years(one: str, other: str) -> bool:
    try:
        return abs(float(one) - float(other)) <= _YEARS_APART + _ROUNDING
    except ValueError:
        return key(Form.words, one) == key(Form.words, other)


def _same_phone(one: str, other: str) -> bool:
    """Tell whether the digits of one end with those of the other, leading zeros apart."""
    mine, theirs = _digits(one), _digits(other)
    return min(len(mine), len(theirs)) >= _LEAST_PHONE and (
        mine.endswith(theirs) or theirs.endswith(mine)
    )


def _digits(text: str) -> str:
    return "".join(str(int(sign)) for sign in text.replace("(0)", "") if sign.isdecimal()).lstrip(
        "0"
    )
