"""How an extracted value becomes one that its column takes.

A DATE takes the first of the month; a text longer than its column is cut, or left out where half of
it would be a wrong one; a number is rounded. Whatever is not written as it was is told as a Change.
"""

import bisect
import re
import struct
from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mssql
from sqlalchemy.types import TypeEngine

from resume_assets.database import code_pages
from resume_assets.extraction.candidate import Column, ColumnKind
from resume_assets.extraction.text import fit
from resume_assets.extraction.values import Change

Fitted = tuple[Any, Change | None]
Fitter = Callable[[str], Fitted]
"""Turns a value into what the column takes, and tells what was done to it."""

_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?", re.ASCII)
_EXACT = Context(prec=100, rounding=ROUND_HALF_UP)
"""For such numbers, and those of NUMERIC(38): Python's own context has 28 digits, and fails."""
_DATES = (ColumnKind.start_date, ColumnKind.end_date)


def fitter_for(column: Column, kind: TypeEngine[Any], codec: str | None = None) -> Fitter | None:
    """How a value of `column` becomes one of the SQL type `kind`; None where any fits as it is.

    `codec`: the encoding of a column that has one code page and counts bytes; None for Unicode.
    """
    if isinstance(kind, sa.Date | sa.DateTime):
        return _to_datetime if isinstance(kind, sa.DateTime) else _to_date
    if isinstance(kind, sa.Integer | sa.Numeric | sa.Float):
        least, most = _bounds(kind)
        return partial(
            _to_number,
            places=_places(kind),
            least=least,
            most=most,
            as_told=column.kind is not ColumnKind.number,
            binary=_binary(kind),
        )
    declared = getattr(kind, "length", None)
    length = declared if isinstance(declared, int) and declared > 0 else None  # None: MAX
    whole = column.kind is not ColumnKind.text
    if codec is not None:
        return partial(_to_code_page, codec=codec, length=length, whole=whole)
    if length is None or (column.length is not None and column.length <= length):
        return None  # a record's values are no longer than their columns are declared
    return partial(_to_text, length=length, whole=whole)


def _to_text(value: str, *, length: int, whole: bool) -> Fitted:
    # NVARCHAR counts UTF-16 units: two at most for a character.
    if len(value) * 2 <= length or (len(value) <= length and value.isascii()):
        return value, None
    fitted = fit(value, length)
    if fitted == value:
        return value, None
    return (None, Change.nulled) if whole else (fitted or None, Change.cut)


def _to_code_page(value: str, *, codec: str, length: int | None, whole: bool) -> Fitted:
    text, change = value, None
    if not value.isascii() and not code_pages.is_held(value, codec):
        plain = code_pages.plain(value, codec)
        if plain is None:
            return None, Change.lost
        text, change = plain, Change.lost

    def size(units: int) -> int:
        return len(fit(text, units).encode(codec, "replace"))

    if length is None or len(text.encode(codec, "replace")) <= length:
        return text, change
    if whole:
        return None, Change.nulled
    units = bisect.bisect_right(range(length + 1), length, key=size) - 1
    return fit(text, units) or None, change or Change.cut


def _to_date(value: str) -> Fitted:
    """`YYYY-MM` as the first of the month; `Present` has no date and is NULL by agreement."""
    if value == "Present":
        return None, None
    if not _MONTH.fullmatch(value):
        return None, Change.nulled
    return date(int(value[:4]), int(value[5:7]), 1), None


def _to_datetime(value: str) -> Fitted:
    day, change = _to_date(value)
    return day and datetime(day.year, day.month, 1), change  # noqa: DTZ001 (a column without zone)


def _places(kind: sa.Integer | sa.Numeric[Any] | sa.Float[Any]) -> int | None:
    """Decimals that the column keeps; None where it keeps any."""
    if isinstance(kind, sa.Integer):
        return 0
    if isinstance(kind, sa.Float) or kind.precision is None:
        return None
    return kind.scale or 0


def _bounds(kind: sa.Integer | sa.Numeric[Any] | sa.Float[Any]) -> tuple[Decimal, Decimal]:
    """The least and the greatest number of the column."""
    if isinstance(kind, sa.Integer):
        if isinstance(kind, mssql.TINYINT):
            return Decimal(0), Decimal(255)
        bits = 15 if isinstance(kind, sa.SmallInteger) else 31
        most = Decimal(2 ** (63 if isinstance(kind, sa.BigInteger) else bits) - 1)
    elif isinstance(kind, sa.Float) or kind.precision is None:
        most = Decimal(10**15)
    else:
        scale = kind.scale or 0
        most = Decimal(10**kind.precision - 1).scaleb(-scale, _EXACT)
    return most.copy_negate(), most


def _binary(kind: sa.Integer | sa.Numeric[Any] | sa.Float[Any]) -> str | None:
    """The column's binary floating point, in `struct`'s words; None for exact numbers."""
    if not isinstance(kind, sa.Float):
        return None
    return "f" if isinstance(kind, mssql.REAL) else "d"


def _to_number(
    value: str,
    *,
    places: int | None,
    least: Decimal,
    most: Decimal,
    as_told: bool,
    binary: str | None = None,
) -> Fitted:
    """`as_told`: a value that is no amount (a phone, a title) is whole or nothing."""
    if not _NUMBER.fullmatch(value):
        return None, Change.nulled
    told = Decimal(value)
    rounded = told
    if places is not None:
        rounded = _EXACT.quantize(told, Decimal(1).scaleb(-places))
    number = rounded
    if binary is not None:  # what is written is what will be read
        (held,) = struct.unpack(binary, struct.pack(binary, float(rounded)))
        number = Decimal(repr(held))
    is_told = format(rounded, "f") == value and number == rounded
    if not least <= number <= most or (as_told and not is_told):
        return None, Change.nulled
    return (int(number) if places == 0 else number), (None if rounded == told else Change.cut)
