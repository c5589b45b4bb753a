"""The users' candidate table as it really is: names, types, lengths, and what is missing.

What is written follows the table that is there: values are made to fit (see `fitting`), a missing
column is left out, one that may not be NULL takes its default.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from resume_assets.database.dialect import Dialect
from resume_assets.database.fitting import Fitter, fitter_for
from resume_assets.errors import PlatformError
from resume_assets.extraction.candidate import COLUMNS
from resume_assets.extraction.values import Changes, note

USERID, TEXT, MODIFIED, PROCESSED = "userid", "markdownResume", "datelastmodified", "LastProcessed"
REQUIRED = (USERID, TEXT, MODIFIED, PROCESSED)


class TableProblem(PlatformError):
    """The candidate table is not there, or lacks a column that nothing works without."""


_WRITABLE = (sa.String, sa.Date, sa.DateTime, sa.Integer, sa.Numeric, sa.Float)
_READABLE = (*_WRITABLE, sa.Uuid)  # a candidate's id may be a UUID

_MISSING = "missing"

_CONVERTED = re.compile(
    r"CAST\((?P<cast>.+) AS [\w\[\](), ]+\)|CONVERT\([\w\[\]]+(?:\([\d, ]+\))?,(?P<convert>.+)\)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"N?'((?:[^']|'')*)'")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?", re.ASCII)


@dataclass(frozen=True)
class Target:
    """One extracted column that the table has."""

    index: int  # in COLUMNS
    name: str  # as the table spells it
    fitter: Fitter | None  # None: any text fits as it is
    nullable: bool = True
    default: Any = None  # what stands for NULL where that may not be written
    codec: str | None = None  # of a column that holds one code page


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

    @cached_property
    def columns(self) -> list[str]:
        """The written columns, as COLUMNS spells them."""
        return [COLUMNS[target.index].name for target in self.targets]

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
    def by_column(self) -> dict[str, Target]:
        """The written columns by their name in COLUMNS."""
        return dict(zip(self.columns, self.targets, strict=True))

    @cached_property
    def are_nullable(self) -> bool:
        """Whether every written column is NULL where nothing stands in it."""
        return all(target.nullable for target in self.targets)

    @cached_property
    def stand_ins(self) -> dict[str, Any]:
        """By column as COLUMNS spells it, what stands for NULL where that may not be written."""
        pairs = zip(self.columns, self.targets, strict=True)
        return {column: target.default for column, target in pairs if target.default is not None}

    @cached_property
    def _takes_all(self) -> bool:
        """Whether the table is as declared: every column is there and takes any value."""
        return not self.left_out and all(
            target.fitter is None and target.nullable for target in self.targets
        )

    def fit_row(
        self, values: Sequence[str | None], changes: Changes, *, keep_existing: bool
    ) -> Sequence[Any]:
        """Values in COLUMNS' order as the table takes them; what was done to them is noted.

        `keep_existing`: NULL will leave what is there, so it needs no stand-in.
        """
        if self._takes_all:
            return values
        row: list[Any] = []
        for target in self.targets:
            value: Any = values[target.index]
            if value is not None and target.fitter is not None:
                value, change = target.fitter(value)
                if change is not None:
                    note(changes, COLUMNS[target.index].name, change)
            if value is None and not target.nullable and not keep_existing:
                value = target.default
            row.append(value)
        return row

    def texts(self, connection: sa.Connection, userids: Sequence[Any]) -> dict[Any, str | None]:
        """The resumes of these candidates as they are now, by userid."""
        query = sa.select(self.userid, self.text).where(self.userid.in_(userids))
        rows = connection.execute(query).all()  # at once: one by one takes half as long again
        return {userid: text for userid, text in rows}  # noqa: C416 (Rows)

    def kept_where_null(self, *, keep_existing: bool) -> Iterable[str]:
        """The columns in which NULL is not written but leaves what is there."""
        return self.names if keep_existing else self._without_null

    @cached_property
    def _without_null(self) -> list[str]:
        return [
            target.name for target in self.targets if not target.nullable and target.default is None
        ]


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
    if not isinstance(required[PROCESSED].type, sa.Date | sa.DateTime | sa.String):
        raise TableProblem(f"The column {PROCESSED} of {full} must hold a date and time.")
    extracted = {column.name: make(column.name) for column in present}
    table = sa.Table(name, sa.MetaData(), *required.values(), *extracted.values(), schema=schema)
    codecs = _codecs(connection, dialect, (column.type for column in extracted.values()))

    def target(index: int) -> Target:
        column = COLUMNS[index]
        there = by_name[column.name.casefold()]
        kind = there["type"]
        codec = codecs.get(_code_page_collation(kind))
        nullable = bool(there.get("nullable", True))
        return Target(
            index,
            there["name"],
            fitter_for(column, kind, codec),
            nullable=nullable,
            default=None if nullable else _stand_in(kind, there.get("default")),
            codec=codec,
        )

    targets = tuple(
        target(index) for index, column in enumerate(COLUMNS) if column.name in extracted
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


def _code_page_collation(kind: TypeEngine[Any]) -> str:
    """The collation of a text column that holds one code page; "" for every other column."""
    if not isinstance(kind, sa.String) or isinstance(kind, sa.Unicode | sa.UnicodeText):
        return ""
    return kind.collation or ""


def _codecs(
    connection: sa.Connection, dialect: Dialect, kinds: Iterable[TypeEngine[Any]]
) -> dict[str, str]:
    collations = sorted({_code_page_collation(kind) for kind in kinds} - {""})
    return dialect.codecs(connection, collations) if collations else {}


def _stand_in(kind: TypeEngine[Any], default: str | None) -> Any:
    """What a column that is not nullable takes for NULL: its default, "" for a text without one.

    None where neither is there; then the column stays as it is.
    """
    literal = _literal(default)
    if isinstance(kind, sa.String):
        return "" if literal is None else literal
    if literal is None:
        return None
    try:
        if isinstance(kind, sa.Date | sa.DateTime):
            return date.fromisoformat(literal[:10])
        return int(literal) if isinstance(kind, sa.Integer) else Decimal(literal)
    except (ValueError, ArithmeticError):
        return None


def _literal(default: str | None) -> str | None:
    """The value of a default that is one, as databases show it: `((0))`, `CONVERT([int],'0')`."""
    text = (default or "").strip()
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    if converted := _CONVERTED.fullmatch(text):
        return _literal(converted["cast"] or converted["convert"])
    if quoted := _QUOTED.fullmatch(text):
        return quoted[1].replace("''", "'")
    return text if _NUMBER.fullmatch(text) else None
