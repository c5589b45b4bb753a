"""A candidate's values, and what had to be done to get them.

One `Cleaner` serves one record: it makes text fit columns, and counts what that cost.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from resume_assets.extraction.text import UNSURE, clean, fit, is_placeholder

Values = list[str | None]


class Change(StrEnum):
    """What was done to a column's value on its way from the answer to the table, gravest first.

    The ledger keeps these words by column, and nothing of the value.
    """

    refused = "refused"  # by the table (a constraint): the column stays as it was
    lost = "characters lost"  # the column's code page does not have them
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


LOSSES = frozenset(
    [Change.refused, Change.lost, Change.nulled, Change.unread, Change.cut, Change.left_out]
)
"""Changes after which something that the answer told is not in the table."""

Changes = dict[str, Change]
"""By column, in the spelling of COLUMNS; `ANSWER` for what concerns the answer as a whole."""

ANSWER = "(answer)"
_GRAVITY: Mapping[Change, int] = {change: rank for rank, change in enumerate(Change)}


def note(changes: Changes, column: str, change: Change) -> None:
    """Note what was done to a column; of two things the graver one stays."""
    before = changes.get(column)
    if before is None or _GRAVITY[change] < _GRAVITY[before]:
        changes[column] = change


_UNBOUNDED = 1 << 40


@dataclass(slots=True)
class Record:
    """A candidate's values in the order of COLUMNS, and what had to be done to get them.

    `unreadable` holds the raw text of dates by column: personal data, for the ledger only.
    `too_many`: list items beyond the columns; `trimmed`: values cut to fit; `odd_values`: values
    that were none and became NULL; `defaulted`: categories that had to be chosen by us.
    """

    values: tuple[str | None, ...]
    months_assumed: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)
    too_many: int = 0
    trimmed: int = 0
    odd_values: int = 0
    defaulted: int = 0


class Cleaner:
    """Makes the values of one record and counts in it. Texts come stripped from the models."""

    __slots__ = ("record",)

    def __init__(self, record: Record) -> None:
        self.record = record

    def value(self, text: str, length: int | None) -> str | None:
        """Return a text column's value."""
        if (
            text.isprintable()
            and (length is None or 2 * len(text) <= length)
            and (text[:1] not in UNSURE or (text and not is_placeholder(text)))
        ):
            return text  # nearly always, and as it is
        if not text:
            return None
        text = clean(text)
        if not text or is_placeholder(text):
            self.record.odd_values += 1
            return None
        return self.fitted(text, length)

    def fitted(self, text: str, length: int | None) -> str:
        """Return the text as far as the column takes it."""
        short = text if length is None else fit(text, length)
        if short is not text:
            self.record.trimmed += 1
        return short

    def several(self, values: list[str], count: int) -> Values:
        """Return the first `count` different values, filled up with None."""
        if len(values) > 1 and len({*map(str.casefold, values)}) < len(values):
            first: dict[str, str] = {}
            for value in values:
                first.setdefault(value.casefold(), value)
            values = list(first.values())
        surplus = len(values) - count
        if surplus > 0:
            self.record.too_many += surplus
            return [*values[:count]]
        return values + [None] * -surplus

    def values(self, texts: list[str], length: int | None) -> list[str]:
        """Return what is a value among these texts."""
        longest = (length or _UNBOUNDED) // 2
        plain = [
            text
            for text in texts
            if text.isprintable()
            and len(text) <= longest
            and (text[:1] not in UNSURE or (text and not is_placeholder(text)))
        ]
        if len(plain) == len(texts):
            return plain  # nearly always, and without a call for each
        return [value for text in texts if (value := self.value(text, length))]
