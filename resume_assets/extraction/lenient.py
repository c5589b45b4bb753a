"""Reads an answer that still is a candidate, though not as the schema asks.

Strict about the shape, an object with our keys; lenient about the values inside: a value of another
type becomes text or nothing and is counted, so that one odd value never costs a paid answer.
"""

import re
from collections.abc import Callable
from typing import Any

from resume_assets.extraction.candidate import Candidate, Position, fields_of
from resume_assets.extraction.text import without_surrogates


class ShapeError(ValueError):
    """The answer is no candidate; `code` says why, without a word of the answer."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


_YEARS = re.compile(
    r"\s*(\d{1,3}(?:\.\d+)?)\s*\+?\s*(?:years?|yrs?)?\.?\s*", re.ASCII | re.IGNORECASE
)
_OF_POSITION = fields_of(Position).keys()
_LISTED = re.compile(r"(?:&#?\w{2,31};|[^,;\n|•])+")  # an HTML entity's semicolon separates nothing


class _Reader:
    """Reads one field; `odd` counts its values that are not as the schema asks."""

    def __init__(self) -> None:
        self.odd = 0

    def text(self, value: object) -> str:
        if isinstance(value, str):
            return without_surrogates(value).strip()
        self.odd += 1
        if isinstance(value, list):
            return ", ".join(item for item in map(self._plain, value) if item)
        return self._plain(value)

    @staticmethod
    def _plain(value: object) -> str:
        if isinstance(value, str):
            return without_surrogates(value).strip()
        if isinstance(value, bool) or not isinstance(value, int | float):
            return ""
        if isinstance(value, int) and value.bit_length() > 256:
            return ""  # no column can mean it, and str() may raise for it
        return str(value)

    def texts(self, value: object) -> list[str]:
        if isinstance(value, list):
            return [item for item in map(self.text, value) if item]
        self.odd += 1
        if isinstance(value, str):
            parts = _LISTED.findall(without_surrogates(value))
            return [part.strip() for part in parts if part.strip()]
        plain = self._plain(value)
        return [plain] if plain else []

    def years(self, value: object) -> float | None:
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value) if -1e6 < value < 1e6 else None  # NaN and huge integers too
        self.odd += 1
        match = _YEARS.fullmatch(value.strip()) if isinstance(value, str) else None
        return float(match[1]) if match else None

    def positions(self, value: object) -> list[Position]:
        if value is None:
            self.odd += 1
            return []
        if not isinstance(value, list):
            raise ShapeError("schema:positions")
        return [self.position(item) for item in value if self._is_object(item)]

    def position(self, value: dict[str, Any]) -> Position:
        self.odd += len(value.keys() - _OF_POSITION)
        return Position(**{name: self.text(value.get(name)) for name in _OF_POSITION})

    def _is_object(self, value: object) -> bool:
        if isinstance(value, dict):
            return True
        self.odd += 1
        return False


def _reader_of(wanted: object) -> Callable[[_Reader, object], object]:
    if wanted is str:
        return _Reader.text
    if wanted == list[str]:
        return _Reader.texts
    if wanted == list[Position]:
        return _Reader.positions
    if wanted == float | None:
        return _Reader.years
    raise TypeError(f"no reading for {wanted}")


_READERS = {name: _reader_of(field.type) for name, field in fields_of(Candidate).items()}


def read_candidate(answer: object) -> tuple[Candidate, dict[str, int]]:
    """Return the candidate and, by field, the number of values that are not as the schema asks.

    Those are values of another type and missing ones; unknown keys are counted under "". Raises
    ShapeError for what is no object, for an object of other keys than ours, for positions that are
    no list, and where values were given but none of them could be read.
    """
    if not isinstance(answer, dict):
        raise ShapeError("schema:object")
    known = answer.keys() & _READERS.keys()
    unknown = len(answer) - len(known)
    if not known or unknown > len(known):
        raise ShapeError("schema:keys")
    odd = {"": unknown} if unknown else {}
    values: dict[str, Any] = {}
    for name, read in _READERS.items():
        reader = _Reader()
        values[name] = read(reader, answer.get(name))
        if read is _Reader.years:  # there null is as the schema asks, and only a missing key is odd
            reader.odd += name not in known
        if reader.odd:
            odd[name] = reader.odd
    if not any(values.values()) and any(answer[name] for name in known):
        raise ShapeError("schema:values")
    return Candidate(**values), odd
