"""Reads an answer that is exactly as the schema asks, as nearly all are."""

from operator import attrgetter
from typing import Any, Final

import msgspec

from resume_assets.extraction.candidate import Candidate, Position, fields_of

_decode: Final = msgspec.json.Decoder(Candidate).decode

_FIELDS: Final = fields_of(Candidate)
_texts_of: Any = attrgetter(*(name for name, field in _FIELDS.items() if field.type is str))
_lists_of: Any = attrgetter(*(name for name, field in _FIELDS.items() if field.type == list[str]))
_parts_of: Any = attrgetter(*fields_of(Position))


def read_exactly(content: str) -> Candidate:
    """Return the candidate, its texts without white space around them.

    Raises ValueError for whatever is no JSON of the schema; its message may quote the answer.
    """
    candidate = _decode(content)
    texts: list[str] = [*_texts_of(candidate)]
    for several in _lists_of(candidate):
        texts += several
    for position in candidate.positions:
        texts += _parts_of(position)
    if [*map(str.strip, texts)] == texts:
        return candidate  # nearly always
    return Candidate(*map(_stripped, msgspec.structs.astuple(candidate)))


def _stripped(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return [*map(_stripped, value)]
    if isinstance(value, Position):
        return Position(*map(_stripped, msgspec.structs.astuple(value)))
    return value
