"""The users' candidate table as it really is: names, types, lengths, and what is missing.

What is written follows the table that is there: a DATE takes the first of the month, a text longer
than its column is cut to fit and counted, a missing column is left out.
"""

import bisect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from resume_assets.database.dialect import Dialect
from resume_assets.errors import PlatformError
from resume_assets.extraction.candidate import COLUMNS, Column, ColumnKind
from resume_assets.extraction.mapping import fit

USERID, TEXT, MODIFIED, PROCESSED = "userid", "markdownResume", "datelastmodified", "LastProcessed"
REQUIRED = (USERID, TEXT, MODIFIED, PROCESSED)


class TableProblem(PlatformError):
    """The candidate table is not there, or lacks a column that nothing works without."""


_WRITABLE = (sa.String, sa.Date, sa.DateTime, sa.Integer, sa.Numeric, sa.Float)
_READABLE = (*_WRITABLE, sa.Uuid)  # a candidate's id may be one

_MISSING = "missing"

_MANY_BYTES = re.compile(r"_UTF8$|^(Japanese|Chinese|Korean)_", re.IGNORECASE)
"""Collations whose VARCHAR has characters of several bytes."""

Fitter = Callable[[str], tuple[Any, bool]]
"""Turns a value into what the column takes; the flag says that something was lost."""


@dataclass(frozen=True)
class Target:
    """One extracted column that the table has."""

    index: int  # in COLUMNS
    name: str  # as the table spells it
    fitter: Fitter | None  # None: any text fits as it is


@dataclass(frozen=True)
class CandidateTable:
    """The reflected table; `targets` in COLUMNS' order, `left_out` the others, each with why."""

    table: sa.Table
    userid: sa.Column[Any]
    text: sa.Column[Any]
    modified: sa.Column[Any]
    processed: sa.Column[Any]
    targets: tuple[Target, ...]
    left_out: Mapping[str, str]

    @property
    def names(self) -> list[str]:
        """The written columns, as the table spells them."""
        return [target.name for target in self.targets]

    @property
    def missing(self) -> tuple[str, ...]:
        """Those of COLUMNS that are not there."""
        return tuple(name for name, why in self.left_out.items() if why == _MISSING)

    def column(self, name: str) -> sa.Column[Any] | None:
        """The table's column for one of COLUMNS' names, None where the table lacks it."""
        for target in self.targets:
            if COLUMNS[target.index].name == name:
                return self.table.c[target.name]
        return None

    @cached_property
    def _takes_all(self) -> bool:
        """Whether the table is as declared: every column is there and takes any value."""
        return not self.left_out and all(target.fitter is None for target in self.targets)

    def fit_row(self, values: Sequence[str | None]) -> tuple[Sequence[Any], int]:
        """Values in COLUMNS' order as the table takes them, and how many were cut to fit."""
        if self._takes_all:
            return values, 0
        row: list[Any] = []
        cut = 0
        for target in self.targets:
            value = values[target.index]
            if value is None or target.fitter is None:
                row.append(value)
                continue
            fitted, lost = target.fitter(value)
            row.append(fitted)
            cut += lost
        return row, cut


def reflect(
    connection: sa.Connection, dialect: Dialect, name: str, schema: str | None
) -> CandidateTable:
    """Look at the table (or view) that is there.

    Raises TableProblem, saying what is missing and how `init-db` helps.
    """
    full = f"{schema}.{name}" if schema else name
    inspector = sa.inspect(connection)
    try:
        found = inspector.get_columns(name, schema=schema)
    except sa.exc.NoSuchTableError:
        found = []
    if not found:
        raise TableProblem(
            f"There is no table {full}, or this login may not see it: `resume-assets init-db` "
            "makes it, RESUME_TABLE names another."
        )
    by_name = {column["name"].casefold(): column for column in found}
    # What the database computes, or has in a type of its own, is not ours to write.
    computed = dialect.supplied(connection, sa.Table(name, sa.MetaData(), schema=schema)).always
    if PROCESSED.casefold() in computed:
        raise TableProblem(f"The column {PROCESSED} of {full} is computed: it must be ours to set.")
    lacking = [
        column
        for column in REQUIRED
        if (there := by_name.get(column.casefold())) is None
        or not isinstance(there["type"], _READABLE)
    ]
    if lacking:
        raise TableProblem(
            f"The table {full} has no column {', '.join(lacking)}; nothing works without it. "
            "`resume-assets init-db` adds what is missing, `init-db --dry-run` prints it for those "
            "who may alter the table."
        )

    def make(column: str) -> sa.Column[Any]:
        there = by_name[column.casefold()]
        return sa.Column(
            there["name"], there["type"], primary_key=column == USERID, autoincrement=False
        )

    left_out: dict[str, str] = {}
    for column in COLUMNS:
        there = by_name.get(column.name.casefold())
        if there is None:
            left_out[column.name] = _MISSING
        elif column.name.casefold() in computed:
            left_out[column.name] = "computed"
        elif not isinstance(there["type"], _WRITABLE):
            left_out[column.name] = "of a type that is not ours to write"
    present = [column for column in COLUMNS if column.name not in left_out]
    required = {column: make(column) for column in REQUIRED}
    extracted = {column.name: make(column.name) for column in present}
    table = sa.Table(name, sa.MetaData(), *required.values(), *extracted.values(), schema=schema)
    targets = tuple(
        Target(index, extracted[column.name].name, fitter_for(column, extracted[column.name].type))
        for index, column in enumerate(COLUMNS)
        if column.name in extracted
    )
    return CandidateTable(
        table=table,
        userid=table.c[required[USERID].name],
        text=table.c[required[TEXT].name],
        modified=table.c[required[MODIFIED].name],
        processed=table.c[required[PROCESSED].name],
        targets=targets,
        left_out=left_out,
    )


def fitter_for(column: Column, kind: TypeEngine[Any]) -> Fitter | None:
    """How a value of `column` becomes one of the SQL type `kind`; None where any text fits."""
    if isinstance(kind, sa.Date | sa.DateTime):
        as_datetime = isinstance(kind, sa.DateTime)
        return lambda value: _to_date(value, as_datetime=as_datetime)
    if isinstance(kind, sa.Integer):
        return lambda value: _to_number(value, whole=True, below=_most(kind))
    if isinstance(kind, sa.Numeric | sa.Float):
        return lambda value: _to_number(value, whole=False, below=_most(kind))
    length = getattr(kind, "length", None)
    if not isinstance(length, int) or length <= 0:  # NVARCHAR(MAX)
        return None
    is_date = column.kind in (ColumnKind.start_date, ColumnKind.end_date)
    if not is_date and isinstance(kind, sa.String) and (wide := _wide_bytes(kind)) > 1:
        return lambda value: _cut_to_bytes(value, length, wide)
    if column.length is not None and column.length <= length:
        return None  # a record's values are no longer than their columns are declared
    if is_date:
        # Half a date would be a wrong one.
        return lambda value: (value, False) if len(value) <= length else (None, True)
    return lambda value: _cut(value, length)


def _cut(value: str, length: int) -> tuple[str, bool]:
    # NVARCHAR counts UTF-16 units: two at most for a character.
    if len(value) * 2 <= length or (len(value) <= length and value.isascii()):
        return value, False
    fitted = fit(value, length)
    return fitted, fitted != value


def _wide_bytes(kind: sa.String) -> int:
    """Bytes that a character beyond ASCII takes at most where the column counts bytes, else 1.

    VARCHAR(n) is n bytes of its collation's encoding: UTF-8, or a code page of East Asia.
    """
    collation = kind.collation or ""
    if isinstance(kind, sa.Unicode | sa.UnicodeText) or not (
        found := _MANY_BYTES.search(collation)
    ):
        return 1
    return 4 if found[0] == "_UTF8" else 2


def _cut_to_bytes(value: str, length: int, wide: int) -> tuple[str, bool]:
    def size(text: str) -> int:
        if wide == 4:
            return len(text.encode("utf-8", "replace"))
        return sum(1 if character.isascii() else 2 for character in text)

    if size(value) <= length:
        return value, False
    units = bisect.bisect_right(
        range(length + 1), length, key=lambda units: size(fit(value, units))
    )
    return fit(value, units - 1), True


def _to_date(value: str, *, as_datetime: bool) -> tuple[Any, bool]:
    """`YYYY-MM` as the first of the month; `Present` has no date and is NULL by agreement."""
    if not value[:4].isdigit():
        return None, False
    first = date(int(value[:4]), int(value[5:7]), 1)
    if as_datetime:
        return datetime(first.year, first.month, 1), False  # noqa: DTZ001 (a column without zone)
    return first, False


def _most(kind: sa.Integer | sa.Numeric[Any] | sa.Float[Any]) -> Decimal:
    """What a number's amount must be below for its column."""
    if isinstance(kind, sa.Integer):
        name = kind.__visit_name__.upper()
        return Decimal({"TINYINT": 256, "SMALLINT": 2**15}.get(name, 2**31))
    if isinstance(kind, sa.Float) or kind.precision is None:
        return Decimal(10**15)
    return Decimal(10 ** (kind.precision - (kind.scale or 0)))


def _to_number(value: str, *, whole: bool, below: Decimal) -> tuple[Any, bool]:
    try:
        number = Decimal(value)
    except ArithmeticError:
        return None, True
    if not number.is_finite():
        return None, True
    if whole:
        number = number.to_integral_value()
    if abs(number) >= below:
        return None, True
    return (int(number) if whole else number), False
