"""A candidate's values, and what had to be done to get them.

One `Cleaner` serves one record: it makes text fit columns, and counts what that cost.
"""

from dataclasses import dataclass, field

from resume_assets.extraction.text import UNSURE, cleaned, fit, is_clean, is_placeholder

Values = list[str | None]

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
            is_clean(text)
            and (length is None or 2 * len(text) <= length)
            and (text[:1] not in UNSURE or (text and not is_placeholder(text)))
        ):
            return text  # nearly always, and as it is
        if not text:
            return None
        text = self.cleaned(text)
        if not text or is_placeholder(text):
            self.record.odd_values += 1
            return None
        return self.fitted(text, length)

    def cleaned(self, text: str) -> str:
        """Return the text on one line, and count it where letters of it are lost."""
        text, odd = cleaned(text)
        self.record.odd_values += odd
        return text

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
            if is_clean(text)
            and len(text) <= longest
            and (text[:1] not in UNSURE or (text and not is_placeholder(text)))
        ]
        if len(plain) == len(texts):
            return plain  # nearly always, and without a call for each
        return [value for text in texts if (value := self.value(text, length))]
