"""A text as a shape: one letter for each of its tokens, so that patterns over dates stay short.

`15 March 2019 - now` has the shape `nMY–p`: number, part of a year, year, dash, now. The letters
of words are those of `words`; the others are named here.
"""

import re
import unicodedata
from typing import Final, NamedTuple

from resume_assets.extraction.dates.words import (
    COUNTED,
    FILLER,
    JOINT,
    KINDS,
    MONTH_OF,
    OF_YEAR,
    OTHER,
    OTHER_COUNT,
    PART,
    PRESENT,
    UNKNOWN,
    misspelt,
    plain,
)

YEAR: Final = "Y"  # 1900 to 2099
SHORT_YEAR: Final = "y"  # after an apostrophe
NUMBER: Final = "n"  # one or two digits
STRAY: Final = "X"  # a number that is no part of a date
BREAK: Final = ";"  # a bracket or bar: what stands behind it is no part of the name of a month
DASH: Final = "–"  # separates two dates, while a tight hyphen (-) may join the parts of one

_TURN_OF_CENTURY = 50  # '49 is 2049, '50 is 1950


class Tokens(NamedTuple):
    """The letters of all tokens, and for each its year, month or number, else 0."""

    shape: str
    values: list[int]


_APOSTROPHES = str.maketrans(dict.fromkeys("’‘‛ʼʻʹ`´′＇", "'"))  # before NFKC: it makes ´ a space
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("‐‑−־", "-"),
        **dict.fromkeys("‒–—―~〜ー→⇒➔", DASH),
        **dict.fromkeys("()[]{}<>|•", BREAK),
        **dict.fromkeys("、،", ","),
        **dict.fromkeys("。·・", "."),
        **dict.fromkeys("⁄∕؍\\", "/"),
    }
)
_MONTH_AND_DAY = re.compile(r"(\d{1,2})\s?[月월]\s?(\d{1,2})[日일]?(?=\D{0,3}(?:19|20)\d\d)")
_HIDDEN = frozenset(["Cf", "Cs"])  # zero-width and bidi marks, soft hyphens, lone surrogates
_CHINESE_YEAR = re.compile("[〇零一二三四五六七八九]{4}(?=年)")
_CHINESE_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
_COMPACT = re.compile(
    r"(?<!\d)(?:((?:19|20)\d\d)(\d\d)(\d\d)?|(\d\d)(\d\d)?((?:19|20)\d\d))(?!\d)"
)  # 201903, 20190315, 032019, 15032019; of two that fit (20122019), the one with the year first

_LEFT_OPEN = re.compile(r"(?<=\d[-/.])(?:xx|mm|dd|\?\?)(?!\w)|(?<!\w)(?:xx|mm|\?\?)(?=[-/.]\d)")


def fold(text: str) -> str:
    """Return the text in small letters, with ASCII digits and one sign for all that look alike."""
    text = text.translate(_APOSTROPHES)
    if text.isascii():
        text = text.lower()
    else:
        text = "".join(map(_folded, unicodedata.normalize("NFKC", text).casefold()))
        text = _CHINESE_YEAR.sub(lambda year: year[0].translate(_CHINESE_DIGITS), text)
        text = _MONTH_AND_DAY.sub(r"\2.\1.", text)
    if len(text) > 2 and text[0] == text[-1] == "'":
        text = text[1:-1]
    text = _LEFT_OPEN.sub("00", text.translate(_SIGNS))  # 2019-XX
    return _COMPACT.sub(lambda date: "/".join(filter(None, date.groups())), text)


def _folded(character: str) -> str:
    if character.isascii():
        return character
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return "" if unicodedata.category(character) in _HIDDEN else character


# Thai and Lao, Burmese, Khmer, Chinese, Japanese, Korean
_SPACELESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7ff"
# In words, yet no \w: accents, and the vowels of Hebrew, Arabic and the scripts of India
_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0963\u0971-\u0df3"
_LETTER = r"[^\W\d_]"
_UNITS = (
    r"years?|yrs?|months?|mos?|mths?|weeks?|wks?|days?|hours?|hrs?|jahre?n?|monate?n?|wochen?|tage"
    r"|ans?|mois|años?|anos?|mes|meses|ann[io]|mes[ei]|jaar|maand(?:en)?|lata?|miesi[ęą]c[ey]?"
    r"|år|måneder|månader|mdr|év|hónap|лет|года?|мес|месяц(?:а|ев)?"
)
_QUARTER = r"quarter|qtr|quartal|trimestre|kwartał|kwartaal|kvartal|čtvrtletí|negyedév|квартал"
_HALF = r"half|halbjahr|półrocze|pololetí"
_ONE_WORD = re.compile(f"[^\\W\\d_{_SPACELESS}](?:[^\\W\\d_{_SPACELESS}]|[{_MARKS}])*")
_OTHER_FORMS = sorted((w for w in KINDS if not _ONE_WORD.fullmatch(w)), key=len, reverse=True)
_LISTED = "|".join(re.escape(w) for w in _OTHER_FORMS if re.match(f"[{_SPACELESS}]", w))
_PHRASES = "|".join(re.escape(w) for w in _OTHER_FORMS if not re.match(f"[{_SPACELESS}]", w))
_PHRASE_STARTS = "".join(sorted({w[0] for w in _OTHER_FORMS}))
_TOKEN = re.compile(
    rf"""
      (?P<time>\d{{1,2}}:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\s?(?:z|utc|gmt)(?!{_LETTER}))?
        (?:[-+]\d\d:?\d\d(?!\d))?)
    | (?P<share>\d{{1,3}}(?:[.,]\d+)?\s?%)
    | (?P<duration>\d{{1,2}}(?:[ym]|(?:[.,]\d)?\+?[-\s]?(?:{_UNITS}))(?!{_LETTER})(?:\s+ago)?)
    | (?P<decade>\d{{2,4}}(?:'?s|er)(?!{_LETTER}))
    | '\s?(?P<short_year>\d\d)(?!\d|'?s(?!{_LETTER}))
    | (?P<quarter>q[-\s]?[1-4](?!\d) | t[1-4](?![\d:]) | [1-4]\s?q(?!{_LETTER})
        | (?:{_QUARTER})[-\s.]?\s?(?:[1-4](?!\d)|(?:i{{1,3}}|iv)(?!{_LETTER}))
        | (?:[1-4](?:st|nd|rd|th|er|e|[.o])?\s?|(?:first|second|third|fourth|i{{1,3}}|iv)\s+)
          (?:{_QUARTER})(?!{_LETTER}))
    | (?P<half>h[12](?!\d) | [12]h(?!{_LETTER})
        | (?:{_HALF})[-\s.]?\s?(?:[12](?!\d)|i{{1,2}}(?!{_LETTER}))
        | (?:[12](?:st|nd|[.o])?\s?|(?:first|second|i{{1,2}})\s+)(?:{_HALF})(?!{_LETTER}))
    | (?P<roman>(?:[ivx](?=\s?[./]\s?\d) | i{{2,3}} | iv | vi{{1,3}} | ix | xi{{1,2}})(?!{_LETTER}))
    | (?P<number>\d+)(?:(?:st|nd|rd|th|er|eme|ème|e|[oaº])(?!{_LETTER}))?
    | (?P<unknown>n/a(?!{_LETTER}))
    | (?P<until_now>н\s?[./]?\s?в(?:р)?(?!{_LETTER})|d\.\s?d(?!{_LETTER}))
    | (?P<era>(?:b\.\s?s|v\.\s?s|e\.\s?c)(?!{_LETTER})\.?)
    | (?P<listed>(?=[{_SPACELESS}])(?:{_LISTED}))
    | (?P<phrase>(?=[{_PHRASE_STARTS}])(?:{_PHRASES})(?!{_LETTER}|[{_MARKS}]))
    | (?P<word>{_ONE_WORD.pattern})
    | (?P<dash>–|\s+-+|-+(?:\s+|$)|--+)
    | (?P<sign>[-/.,;:&年月日년월일])
    | (?P<spaceless>[{_SPACELESS}])
    """,
    re.VERBOSE,
)

_FIXED = {
    "dash": DASH,
    "until_now": PRESENT,
    "unknown": UNKNOWN,
    "era": OTHER_COUNT,
    "decade": STRAY,
    "duration": FILLER,
    "share": FILLER,
}
_NUMBERED = frozenset([OTHER, OTHER_COUNT, OF_YEAR])
_WORDS = frozenset([OTHER, JOINT, OF_YEAR, COUNTED, FILLER, OTHER_COUNT])
_SIGN_OF = dict.fromkeys("年月日년월일", ".")
_COUNTS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "i": 1, "ii": 2, "iii": 3, "iv": 4}
_ROMAN_NUMERALS = "i ii iii iv v vi vii viii ix x xi xii"
_ROMAN = {numeral: month for month, numeral in enumerate(_ROMAN_NUMERALS.split(), 1)}


def tokens(text: str) -> Tokens:
    """Return the shape of a text, which should be short: time grows with its length only."""
    folded = fold(text)
    shape: list[str] = []
    values: list[int] = []
    for match in _TOKEN.finditer(folded):
        if match.lastgroup == "time":
            continue  # it may stand before the year: Tue Mar 5 10:30:00 2019
        letter, value = _letter(match)
        before = shape[-1] if shape else ""
        if letter == NUMBER and before in _WORDS and folded[match.start() - 1].isalpha():
            letter = STRAY  # W12 2019, S1 2019
        elif match[0] in _ROMAN and (
            before == COUNTED or (match.lastgroup == "roman" and before in _NUMBERED)
        ):
            letter = STRAY  # Term I 2019, Level II 2019
        shape.append(letter)
        values.append(value)
    return Tokens("".join(shape), values)


def _letter(match: re.Match[str]) -> tuple[str, int]:
    found = match[0]
    match match.lastgroup:
        case "number":
            return _number(match["number"])
        case "word" | "listed" | "phrase" | "spaceless":
            return _word(found)
        case "short_year":
            year = int(match["short_year"])
            return SHORT_YEAR, year + (1900 if year >= _TURN_OF_CENTURY else 2000)
        case "quarter":
            return PART, _first_month(found, 3)
        case "half":
            return PART, _first_month(found, 6)
        case "roman":  # as in Hungary and Poland
            return PART, _ROMAN[found]
        case "sign":
            return _SIGN_OF.get(found, found), 0
        case group:
            return _FIXED[group or ""], 0


def _number(digits: str) -> tuple[str, int]:
    if len(digits) <= 2:
        return NUMBER, int(digits)
    if len(digits) == 4 and digits.startswith(("19", "20")):
        return YEAR, int(digits)
    return STRAY, 0


def _word(word: str) -> tuple[str, int]:
    if word not in KINDS:
        word = plain(word)
    if word not in KINDS and (month := misspelt(word)):
        return PART, month
    return KINDS.get(word, OTHER), MONTH_OF.get(word, 0)


def _first_month(part: str, months: int) -> int:
    """Return the first month of a quarter or half-year, which is `months` long."""
    digit = next(filter(str.isdigit, part), None)
    words = part.replace(".", " ").replace("-", " ").split()
    count = int(digit) if digit else next(_COUNTS[word] for word in words if word in _COUNTS)
    return (count - 1) * months + 1
