"""A candidate's values, and what had to be done to get them.

What kinds of text are no value of a column is declared in `candidate` (`Never`); how they are
recognised is here. Texts that need no change are remembered: most come again and again.
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from resume_assets.extraction.candidate import COLUMNS, ColumnKind, Evidence, Fills, Never
from resume_assets.extraction.text import UNSURE, cleaned, fit, is_clean, is_placeholder

Values = list[str | None]


class Change(StrEnum):
    """What was done to a column's value on its way from the answer to the table, gravest first.

    The ledger keeps these words by column, and nothing of the value.
    """

    refused = "refused"  # by the table (a constraint): the column stays as it was
    corrected = "kept as a person corrected it"  # what the answer tells is not written
    lost = "characters lost"  # controls stood in their place, or the column's code page lacks them
    invented = "not in the resume"  # so it was not written (RESUME_NOT_BORNE_OUT)
    nulled = "made NULL"  # no value of the column's kind, or half of one
    unread = "date not read"
    cut = "cut"  # to the column's length, or to its two words
    left_out = "left out"  # more than there are columns for
    unknown = "not recognised"  # kept as it is
    claimed = "not computed"  # a number that only the model's word stands for
    chosen = "chosen by us"  # a category, which is never empty
    mended = "mended"  # signs around or in it that belong to no value; an answer of another shape
    assumed = "month assumed"
    repeated = "repeated"
    reordered = "reordered"
    placeholder = "placeholder"  # N/A, Remote: NULL, and nothing is lost
    surplus = "surplus"  # opinions beyond the columns: the model was asked for so many, not for all


LOSSES: Final = frozenset(
    [Change.refused, Change.lost, Change.nulled, Change.unread, Change.cut, Change.left_out]
)
"""Changes after which something that the answer told is not in the table.

What the answer invented is no loss.
"""

_OPINIONS: Final = frozenset(
    column.name for column in COLUMNS if column.evidence is Evidence.judged
)

Changes = dict[str, Change]
"""By column, in the spelling of COLUMNS; `ANSWER` for what concerns the answer as a whole."""

ANSWER: Final = "(answer)"
_GRAVITY: Final[Mapping[str, int]] = {change: rank for rank, change in enumerate(Change)}


def note(changes: Changes, column: str, change: Change) -> None:
    """Note what was done to a column; of two things the graver one stays."""
    before = changes.get(column)
    if before is None or _GRAVITY[change] < _GRAVITY[before]:
        changes[column] = change


class Reading(NamedTuple):
    """A value, and what was done to get it; None where nothing was."""

    value: str | None
    change: Change | None


class Weight(NamedTuple):
    """How many values were looked for, and the columns of those that the resume does not bear out.

    Columns are spelt as in COLUMNS, and in that order.
    """

    checked: int
    missing: tuple[str, ...]


NO_WEIGHT: Final = Weight(0, ())
"""Of a record that has no resume any more, or was not weighed."""


class Record(msgspec.Struct, array_like=True):
    """A candidate's values in the order of COLUMNS, and what had to be done to get them.

    `unreadable` holds the raw text of dates by column: personal data, for the ledger only.
    `weight` is what `evidence` found. `digests` are those of the values (`ledger.digests`), where
    they were made already.
    """

    values: tuple[str | None, ...]
    changes: Changes = msgspec.field(default_factory=dict)
    unreadable: dict[str, str] = msgspec.field(default_factory=dict)
    weight: Weight = NO_WEIGHT
    digests: str = ""


_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_TIME = r"(?:[T ]\d{1,2}:\d{2}\S*)?"
_DAY = (
    rf"(?:(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])(?:[-/.](?:[0-2]?\d|3[01]))?{_TIME}"
    rf"|\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:19|20)?\d\d{_TIME}|\d{{1,2}}/(?:19|20)\d\d|(?:19|20)\d\d"
    rf"|(?:\d{{1,2}}\.? )?(?:{'|'.join(_MONTHS)})[a-z]*\.?,? (?:\d{{1,2}},? )?(?:19|20)\d\d)"
)
_ADDRESS = r"(?i:mailto:)?[^\s@,;/|]+@[^\s@,;/|]+\.[^\s@,;/|]+"
_PATTERNS: Final[Mapping[Never, str]] = {
    Never.email: rf"{_ADDRESS}(?:[\s,;/|]+{_ADDRESS})*",
    # A domain alone is a company's name (Booking.com), and Node.js/React is no address.
    Never.link: r"(?i:[a-z][a-z\d+.-]*://|www\.)\S+|[a-z\d.-]+\.(?:com|org|edu|gov)/[^\sA-Z]*",
    Never.date: rf"(?i:{_DAY}(?:\s*(?:-|–|—|to)\s*(?:{_DAY}|present|current|now|today))?)",
    Never.number: r"[\W_]*(?:\d[\W_]*)+",
    Never.long_number: r"\W*(?:\d\W*)*\d{5}(?:\d|\W)*|(?:\W*\d){10,}\W*",
}
_SUSPECT: Final = frozenset([*_MONTHS, "www"])
"""First three letters of texts that match a pattern though they begin so and have no @ or /."""
_SIGN: Final = r"[!-%'-.0-?A-\[\]-~]"  # ASCII without what may be escaped, and without @ and /
_PLAIN: Final = re.compile(
    rf"(?!(?i:{'|'.join(_SUSPECT)})(?=.*[^A-Za-z ]))[A-MO-TV-Za-mo-tv-z]{_SIGN}*(?: {_SIGN}+)*"
)
"""Short texts that need no change: they begin with a letter that is sure and match no pattern."""
_LONGEST_OF_A_PATTERN: Final = 300  # characters; no text that long is an address or a date
_LETTER_OR_DIGIT: Final = re.compile(r"[^\W_]|[\U00010000-\U0010ffff]")  # or an emoji
_MARKS: Final = frozenset("*_`[#>~•")
_LINKED: Final = re.compile(r"!?\[([^\[\]]+)\]\([^()\s]*\)")
_EMPHASIS: Final = re.compile(r"(\*{1,3}|_{1,3}|`{1,3}|~~)(?=\S)(.+?)(?<=\S)\1", re.DOTALL)
_LINE_START: Final = re.compile(r"(?:#{1,6}|>|•|\*)\s+")
_REMEMBERED: Final = 1 << 13  # texts, for each `Kind`
_SHORT: Final = 100  # characters; longer texts rarely come twice


def bare(text: str) -> str:
    """Return a text without the markdown around it: emphasis, a heading's or a list's sign, a link.

    Only what encloses the whole of it is taken away: C*, _init_ and 5 * 7 have signs of their own.
    """
    if text[:1] not in _MARKS:
        return text
    text = _LINE_START.sub("", text, count=1) if _LINE_START.match(text) else text
    for pattern, group in ((_EMPHASIS, 2), (_LINKED, 1)):
        while enclosed := pattern.fullmatch(text):
            text = enclosed[group].strip()
    return text


class Kind:
    """Reads the texts of one kind of column, as its `Fills` describes it.

    `plain` holds remembered texts that need no change, `odd` the readings of others. `shape` makes
    a value shorter or neater where the column asks for that; "" is no value.
    """

    __slots__ = ("length", "names", "none", "odd", "placeholders", "plain", "shape", "whole")

    def __init__(self, fills: Fills, shape: Callable[[str], str] | None = None) -> None:
        self.length = fills.length
        self.whole = fills.kind is ColumnKind.exact
        self.names = frozenset(fills.names)
        self.placeholders = Never.placeholder in fills.never
        patterns = [_PATTERNS[each] for each in fills.never if each in _PATTERNS]
        self.none = re.compile("|".join(patterns)) if patterns else None
        self.shape = shape
        self.plain: set[str] = set()
        self.odd: dict[str, Reading] = {}

    def is_plain(self, text: str) -> bool:
        """Tell whether a text surely needs no change, without looking at it closely."""
        if text in self.plain:
            return True  # nearly always
        length = len(text)
        if self.length is not None and 2 * length > self.length:
            return False
        if not (length <= _SHORT and _PLAIN.fullmatch(text)) and not self._looks_plain(text):
            return False
        if self.shape is not None and self.shape(text) != text:
            return False
        self._remember(text, None)
        return True

    def _looks_plain(self, text: str) -> bool:
        """As `_PLAIN` tells it of short texts in ASCII, of any text."""
        return not (
            text[:1] in UNSURE
            or "  " in text
            or not text[0].isalpha()
            or text[-1].isspace()
            or not is_clean(text)
            or (self.none and ("@" in text or "/" in text or text[:3].lower() in _SUSPECT))
        )

    def read(self, text: str) -> Reading:
        """Return the value of a text that is not empty."""
        if self.is_plain(text):
            return Reading(text, None)
        known = self.odd.get(text)
        if known is None:
            known = self._read(text)
            self._remember(text, None if known == (text, None) else known)
        return known

    def _remember(self, text: str, reading: Reading | None) -> None:
        if len(text) > _SHORT:
            return
        if len(self.plain) + len(self.odd) >= _REMEMBERED:
            self.plain.clear()
            self.odd.clear()
        if reading is None:
            self.plain.add(text)
        else:
            self.odd[text] = reading

    def _read(self, given: str) -> Reading:
        text, lost = cleaned(given)
        mended = text != given and text.split() != given.split()
        if "  " in text:
            text = " ".join(text.split())
        if (inner := bare(text)) != text:
            text, mended = inner, True
        if not text or (self.placeholders and text not in self.names and is_placeholder(text)):
            return Reading(None, Change.placeholder)
        if not _LETTER_OR_DIGIT.search(text) or self._is_none(text):
            return Reading(None, Change.nulled)
        cut = False
        if self.shape is not None and (shaped := self.shape(text)) != text:
            if not shaped:
                return Reading(None, Change.nulled)
            cut = _LETTER_OR_DIGIT.findall(shaped) != _LETTER_OR_DIGIT.findall(text)
            text, mended = shaped, True
        if self.length is not None and (fitted := fit(text, self.length)) != text:
            if self.whole:
                return Reading(None, Change.nulled)
            text, cut = fitted, True
        if lost:
            return Reading(text, Change.lost)
        return Reading(text, Change.cut if cut else Change.mended if mended else None)

    def _is_none(self, text: str) -> bool:
        if self.none is None or len(text) > _LONGEST_OF_A_PATTERN:
            return False
        return self.none.fullmatch(text.strip("<>()[]{}\"' ")) is not None


class Cleaner:
    """Makes the values of one record and notes in it what was done. Texts must be stripped."""

    __slots__ = ("changes", "record")

    def __init__(self, record: Record) -> None:
        self.record = record
        self.changes = record.changes

    def value(self, text: str, column: str, kind: Kind) -> str | None:
        """Return a text column's value."""
        if kind.is_plain(text):
            return text
        if not text:
            return None
        value, change = kind.read(text)
        if change is not None:
            note(self.changes, column, change)
        return value

    def values(self, texts: list[str], columns: tuple[str, ...], kind: Kind) -> list[str]:
        """Return what is a value among these texts; what is done to one is noted by its place."""
        found: list[str] = []
        for place, text in enumerate(texts):
            if kind.is_plain(text):
                found.append(text)
            elif text and (value := self.value(text, column_of(columns, place), kind)):
                found.append(value)
        return found

    def different(self, texts: list[str], columns: tuple[str, ...], kind: Kind) -> list[str]:
        """Return the values among these texts, each once."""
        if not kind.plain.issuperset(texts):
            texts = self.values(texts, columns, kind)
        return self.each_once(texts, columns)

    def filled_up(self, values: list[str], columns: tuple[str, ...]) -> Values:
        """Return as many values as there are columns, filled up with None."""
        surplus = len(values) - len(columns)
        if surplus > 0:
            is_opinion = columns[-1] in _OPINIONS
            note(self.changes, columns[-1], Change.surplus if is_opinion else Change.left_out)
            return [*values[: len(columns)]]
        return values + [None] * -surplus

    def each_once(self, values: list[str], columns: tuple[str, ...]) -> list[str]:
        """Return the values without those that differ from an earlier one in case only."""
        if are_different(values):
            return values  # nearly always
        first: dict[str, str] = {}
        for place, value in enumerate(values):
            folded = value.casefold()
            if folded in first:
                note(self.changes, column_of(columns, place), Change.repeated)
            else:
                first[folded] = value
        return list(first.values())


def are_different(values: list[str]) -> bool:
    """Tell whether no two values differ in case only, or in nothing."""
    return len(values) < 2 or len({*map(str.casefold, values)}) == len(values)


def column_of(columns: tuple[str, ...], place: int) -> str:
    """Return the column for an item of a list by its place; the last for all beyond."""
    return columns[min(place, len(columns) - 1)]
