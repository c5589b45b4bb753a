"""`aicandidateBatchStatus`: one row a batch, for people who look into the database.

Sites may have a table of that name with columns of their own: those are left alone, and our
columns are written as far as the table can hold them. When rows are written: see `projection`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import mssql
from sqlalchemy.types import TypeEngine

from resume_assets.database.tables import STEPS, NotInitialised
from resume_assets.extraction.text import fit

if TYPE_CHECKING:
    from resume_assets.database.connect import Database

NAME = "aicandidateBatchStatus"
INDEX = f"ux_{NAME}_batch_key"

_KEYS = ("batch_key", "batch_id")

_TIME = sa.DateTime().with_variant(mssql.DATETIME2(3), "mssql")

COPIED = (
    "batch_key",
    "state",
    "input_file_id",
    "output_file_id",
    "error_file_id",
    "model",
    "requests",
    "requests_completed",
    "requests_failed",
    "succeeded",
    "estimated_input_tokens",
    "input_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "output_tokens",
    "estimated_cost",
    "batch_cost",
    "standard_cost",
    "message",
    *(f"{step}_at" for step in STEPS),
    "expires_at",
)


def status_table(ledger_batches: sa.Table, schema: str | None) -> sa.Table:
    """Describe the table; the copied columns have the ledger's types."""
    copied = (ledger_batches.c[name] for name in COPIED)
    table = sa.Table(
        NAME,
        sa.MetaData(),
        sa.Column("batch_id", sa.Unicode(200), nullable=False),  # OpenAI's
        sa.Column("status", sa.Unicode(50)),  # OpenAI's
        sa.Column("created_at", _TIME),
        sa.Column("updated_at", _TIME),
        *(sa.Column(c.name, c.type, nullable=c.name != "batch_key") for c in copied),
        schema=schema,
    )
    sa.Index(INDEX, table.c.batch_key, unique=True)
    return table


def schema_of(inspector: sa.Inspector, database: "Database") -> str | None:
    """Where the table is, or is to be: beside the ledger, unless the site has its own already."""
    own = database.schema != database.ledger_schema
    if own and inspector.has_table(NAME, schema=database.schema):
        return database.schema
    return database.ledger_schema


@dataclass(frozen=True)
class StatusTable:
    """The table as it is: our columns that it can hold, under our names as keys."""

    table: sa.Table
    obliged: frozenset[str]  # those that must have a value
    problems: tuple[str, ...]  # sentences: what is left out, and why
    takes_rows: bool  # False: it lacks our keys, or a column of theirs must have a value

    @property
    def key(self) -> sa.Column[Any]:
        """The column by which a batch's row is found."""
        return next(self.table.c[name] for name in _KEYS if name in self.table.c)

    def fitted(self, values: Mapping[str, Any], now: Any) -> dict[str, Any]:
        """The values for the columns there are, as these take them."""
        return {
            column.key: _fitted(
                _stand_in(column.type, now)
                if values[column.key] is None and column.key in self.obliged
                else values[column.key],
                column.type,
            )
            for column in self.table.columns
        }


def look(connection: sa.Connection, database: "Database") -> StatusTable:
    """Look at the table that is there. Raises NotInitialised where there is none to be seen."""
    inspector = sa.inspect(connection)
    declared = status_table(database.ledger.batches, schema_of(inspector, database))
    try:
        found = inspector.get_columns(NAME, schema=declared.schema)
    except sa.exc.NoSuchTableError:
        found = []
    there = {column["name"].casefold(): column for column in found}
    if not found:
        raise NotInitialised(
            f"There is no table {declared.fullname} that this login may see: "
            "`resume-assets init-db` makes it."
        )
    supplied = database.dialect.supplied(connection, declared)
    columns, obliged, problems = [], set(), []
    for column in declared.columns:
        real = there.pop(column.name.casefold(), None)
        if real is None:
            problems.append(f"{column.name} is missing, so left out")
        elif column.name.casefold() in supplied.always:
            problems.append(f"{column.name} is computed, so left out")
        elif not _takes(real["type"], column.type):
            problems.append(f"{column.name} is {real['type']!r}, which can't hold it: left out")
        else:
            is_text = isinstance(real["type"], sa.String)
            kind = real["type"] if is_text else column.type
            columns.append(sa.Column(real["name"], kind, key=column.name))
            if not real["nullable"]:
                obliged.add(column.name)
    known = supplied.always | supplied.by_default
    theirs = [c["name"] for name, c in there.items() if not c["nullable"] and name not in known]
    problems += [f"{name} must have a value and has no default" for name in theirs]
    return StatusTable(
        sa.Table(NAME, sa.MetaData(), *columns, schema=declared.schema),
        frozenset(obliged),
        tuple(problems),
        takes_rows=not theirs and any(column.key in _KEYS for column in columns),
    )


def _takes(real: TypeEngine[Any], ours: TypeEngine[Any]) -> bool:
    if isinstance(real, sa.String):
        return True
    if isinstance(ours, sa.DateTime):
        return isinstance(real, sa.DateTime)
    return not isinstance(ours, sa.String) and isinstance(real, sa.Integer | sa.Numeric | sa.Float)


def _stand_in(kind: TypeEngine[Any], now: Any) -> Any:
    """What stands in a column that must have a value and has none yet."""
    return "" if isinstance(kind, sa.String) else now if isinstance(kind, sa.DateTime) else 0


def _fitted(value: Any, kind: TypeEngine[Any]) -> Any:
    if value is None or not isinstance(kind, sa.String):
        return value
    return fit(str(value), kind.length) if kind.length else str(value)
