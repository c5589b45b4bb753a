"""A few characters for each column of a record as we left it, so that a person's change is seen.

24 bits of a CRC: a change goes unnoticed once in sixteen million, and no value can be read from it.
A blank text counts as NULL: forms save the one for the other.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from struct import Struct
from typing import Any, Final
from zlib import crc32

from resume_assets.extraction.candidate import COLUMNS

PLACES: Final[Mapping[str, int]] = {column.name: place for place, column in enumerate(COLUMNS)}
"""Where in a record's digests a column's is."""

UNKNOWN: Final = "----"
"""Stands for a column that we left to whoever filled it before us."""

NULL: Final = b64encode(bytes(3)).decode()
"""Of a column in which nothing stands."""

_WIDTH = 4  # characters: three bytes in base64
_PACK = Struct(f"<{len(COLUMNS)}I").pack
_LAYOUT = f"{crc32(','.join(PLACES).encode()):08x}"
"""Begins each record's digests: those of another list of columns can't be compared."""


def digests_of(values: Sequence[Any]) -> str:
    """The digests of a whole record, in the order of COLUMNS, as the ledger keeps them."""
    try:
        checks = [0 if value is None else crc32(value.encode()) for value in values]  # nearly all
    except (AttributeError, UnicodeEncodeError):
        checks = [_check(value) for value in values]
    packed = bytearray(_PACK(*checks))
    del packed[3::4]
    return _LAYOUT + b64encode(packed).decode()


def digest(value: Any) -> str:
    """The digest of one value, as it is written or as it is read back."""
    return b64encode(_check(value).to_bytes(4, "little")[:3]).decode()


def parts_of(digests: str | None) -> list[str] | None:
    """Each column's digest, in the order of COLUMNS; None where they are of other columns."""
    if digests is None or not digests.startswith(_LAYOUT):
        return None
    return [digests[start : start + _WIDTH] for start in range(len(_LAYOUT), len(digests), _WIDTH)]


def joined(parts: Iterable[str]) -> str:
    """As the ledger keeps them; turns `parts_of` round."""
    return _LAYOUT + "".join(parts)


def without(digests: str, columns: Iterable[str]) -> str:
    """The digests of a record in which these columns were left NULL."""
    parts = parts_of(digests)
    if parts is None:  # a record that is not written into the candidate table has none
        return digests
    for column in columns:
        parts[PLACES[column]] = NULL
    return joined(parts)


def is_blank(value: Any) -> bool:
    """Whether there is nothing in a column."""
    return value is None or (isinstance(value, str) and not value.rstrip(" "))


def _check(value: Any) -> int:
    # What a CHAR is padded with, and what a site's own form leaves behind a text, is no change.
    return (
        0 if is_blank(value) else crc32(_told(value).rstrip(" ").encode("utf-8", "surrogatepass"))
    )


def _told(value: Any) -> str:
    """A value in one form, whichever type its column has."""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat().removesuffix("T00:00:00")
    if isinstance(value, date):
        return value.isoformat()
    number = Decimal(repr(value) if isinstance(value, float) else value)
    return format(number.normalize(), "f")
