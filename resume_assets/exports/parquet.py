"""Parquet, with the types of the table that is there and each column's description.

pyarrow is the extra `parquet`, loaded only here.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from resume_assets.errors import PlatformError, WrongUseError
from resume_assets.extraction.text import without_surrogates

ROWS = 10_000
"""Rows of a row group: so many are in memory at once."""

_DIGITS = 38  # of the widest decimal that every reader knows


class NoParquet(WrongUseError):
    """The package that writes Parquet is not installed."""


class UnfitValue(PlatformError):
    """A value is not of its column's type, which SQLite allows."""


class ParquetFile:
    """A file that is being written; `close` ends it."""

    def __init__(
        self,
        stream: io.BufferedIOBase,
        columns: Sequence[str],
        types: Sequence[TypeEngine[Any]],
        descriptions: dict[str, str],
    ) -> None:
        """Raises NoParquet."""
        arrow, parquet = _packages()
        forms = [_form(kind, arrow) for kind in types]
        self._casts = [cast for _, cast in forms]
        self._schema = arrow.schema(
            [
                arrow.field(name, form, metadata={"description": descriptions.get(name, "")})
                for name, (form, _) in zip(columns, forms, strict=True)
            ]
        )
        self._arrow = arrow
        self._rows: list[Sequence[Any]] = []
        self._writer = parquet.ParquetWriter(stream, self._schema, compression="zstd")

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write these rows, in row groups of ROWS. Raises UnfitValue."""
        self._rows += rows
        while len(self._rows) >= ROWS:
            self._group(self._rows[:ROWS])
            self._rows = self._rows[ROWS:]

    def close(self) -> None:
        """Write what is left, and the file's end. Raises UnfitValue."""
        if self._rows:
            self._group(self._rows)
        self._writer.close()

    def _group(self, rows: Sequence[Sequence[Any]]) -> None:
        arrays = [
            self._array(field, cast, values)
            for field, cast, values in zip(
                self._schema, self._casts, zip(*rows, strict=True), strict=True
            )
        ]
        self._writer.write_table(self._arrow.table(arrays, schema=self._schema))

    def _array(self, field: Any, cast: Callable[[Any], Any] | None, values: Sequence[Any]) -> Any:
        if cast is not None:
            values = [None if value is None else cast(value) for value in values]
        try:
            return self._arrow.array(values, type=field.type)
        except (self._arrow.ArrowException, TypeError, ValueError, OverflowError):
            unfit = UnfitValue(
                f"The column {field.name} holds a value that is no {field.type}, which its type in "
                "the table promises. No file was written; mend the value, or take another --format."
            )
        raise unfit  # without the error that quotes the value


def require() -> None:
    """Raise NoParquet where the package is missing."""
    _packages()


def _packages() -> tuple[Any, Any]:
    try:
        import pyarrow as arrow
        import pyarrow.parquet as parquet
    except ImportError:
        raise NoParquet(
            "Parquet is written by pyarrow, which is not installed: `pip install "
            "'resume-assets[parquet]'`, or take another --format."
        ) from None
    return arrow, parquet


def _form(kind: TypeEngine[Any], arrow: Any) -> tuple[Any, Callable[[Any], Any] | None]:
    """A column's type in Parquet, and what makes a value of ours one of it."""
    if isinstance(kind, sa.DateTime):
        return arrow.timestamp("us"), _without_zone
    if isinstance(kind, sa.Date):
        return arrow.date32(), None
    if isinstance(kind, sa.Integer):
        return arrow.int64(), None
    if isinstance(kind, sa.Float):
        return arrow.float64(), None
    if isinstance(kind, sa.Numeric):
        return arrow.decimal128(_DIGITS, kind.scale or 0), None
    return arrow.string(), _text


def _text(value: Any) -> str:
    return without_surrogates(str(value))


def _without_zone(value: Any) -> Any:
    """Times in UTC where the column has a zone; all others as they are."""
    if getattr(value, "tzinfo", None) is None:
        return value
    return value.astimezone(UTC).replace(tzinfo=None)
