"""Many rows in one statement of T-SQL: they travel as one JSON parameter, read by OPENJSON.

Against `fast_executemany` (directly, or into a staging table) this is several times faster, needs
no table to stage in, and is the same for every driver; `benchmarks.sqlserver_writing` measures it.
Rows are read in the types of the columns they are for, so that keys are sought, not converted.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
import sqlalchemy as sa

from resume_assets.extraction.text import without_surrogates

CHUNK = 900
"""Rows a statement. Under 1,000: SQL Server goes from row locks to a lock on the whole table at
5,000 locks of one statement, and every index of the table counts."""

_COLLATION = re.compile(r" COLLATE (\w+)")
_PARAMETER = "OPENJSON(:rows)"
_LONGEST = 4_000
"""Characters of the longest NVARCHAR that is not NVARCHAR(MAX)."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A column of the rows on their way: how OPENJSON reads it, how Python writes it."""

    name: str  # in the statement
    target: str  # the table's column, quoted
    sql_type: str
    collate: str  # for comparing; "" for what is not text
    encode: Callable[[Any], Any] | None  # None: text, as it is


def incoming(
    table: sa.Table, columns: Sequence[str], dialect: sa.Dialect, *, keys: int = 0
) -> list[Incoming]:
    """How values for these columns travel; the last `keys` of them are compared, not written.

    Raises TypeError for a column type that no value of ours is for.
    """
    first_key = len(columns) - keys
    return [
        _incoming(f"c{position}", table.c[name], dialect, is_key=position >= first_key)
        for position, name in enumerate(columns)
    ]


def _incoming(name: str, column: sa.Column[Any], dialect: sa.Dialect, *, is_key: bool) -> Incoming:
    target = dialect.identifier_preparer.quote(column.name)
    kind = column.type
    sql_type = kind.compile(dialect=dialect)  # a variant's own, where there is one
    if isinstance(kind, sa.String):
        collation = _COLLATION.search(sql_type)
        collate = f" COLLATE {collation[1] if collation else 'DATABASE_DEFAULT'}"
        return Incoming(name, target, _text_type(kind, is_key=is_key), collate, None)
    try:
        encode = _ENCODERS[sql_type.partition("(")[0]]
    except KeyError:
        raise TypeError(f"no value of this program is for a column of type {sql_type}") from None
    return Incoming(name, target, sql_type, "", encode)


def _text_type(kind: sa.String, *, is_key: bool) -> str:
    """One character more than the column: what is too long is refused by it, not cut silently."""
    # A key in a VARCHAR column is sought only if it is compared with a VARCHAR.
    wide = not is_key or isinstance(kind, sa.Unicode | sa.UnicodeText)
    name, most = ("NVARCHAR", _LONGEST) if wide else ("VARCHAR", 2 * _LONGEST)
    if kind.length is None or kind.length >= most:
        return f"{name}(MAX)"
    return f"{name}({kind.length + 1})"


def _time(value: date) -> str:
    # With the "T" it is read the same in every language and DATEFORMAT.
    if not isinstance(value, datetime):
        return f"{value.isoformat()}T00:00:00"
    return value.isoformat("T", "milliseconds" if value.microsecond else "seconds")


def _exact_time(value: date) -> str:
    return value.isoformat("T") if isinstance(value, datetime) else f"{value.isoformat()}T00:00:00"


def _date(value: date) -> str:
    return (value.date() if isinstance(value, datetime) else value).isoformat()


def _decimal(value: Any) -> str:
    return format(Decimal(str(value)), "f")  # NUMERIC reads no exponents


# By the type's name in DDL. DATETIME takes three decimals of a second at most.
_ENCODERS: dict[str, Callable[[Any], Any]] = {
    "DATE": _date,
    "DATETIME": _time,
    "SMALLDATETIME": _time,
    "DATETIME2": _exact_time,
    "DATETIMEOFFSET": _exact_time,
    **dict.fromkeys(("BIT", "INTEGER", "BIGINT", "SMALLINT", "TINYINT"), int),
    **dict.fromkeys(("FLOAT", "REAL", "DOUBLE PRECISION"), float),
    **dict.fromkeys(("NUMERIC", "DECIMAL", "MONEY", "SMALLMONEY"), _decimal),
    "UNIQUEIDENTIFIER": str,
}


def chunks(rows: Sequence[Sequence[Any]], columns: Sequence[Incoming]) -> Iterator[str]:
    """The rows as JSON texts of at most CHUNK rows each."""
    encoders = [(i, c.encode) for i, c in enumerate(columns) if c.encode is not None]
    for start in range(0, len(rows), CHUNK):
        encoded = []
        for row in rows[start : start + CHUNK]:
            values = list(row)
            for position, encode in encoders:
                if values[position] is not None:
                    values[position] = encode(values[position])
            encoded.append(values)
        yield _json(encoded)


def _json(rows: list[list[Any]]) -> str:
    try:
        return orjson.dumps(rows).decode()
    except orjson.JSONEncodeError:
        # Halves of surrogate pairs are no characters: they become U+FFFD.
        return orjson.dumps([[_whole(value) for value in row] for row in rows]).decode()


def _whole(value: Any) -> Any:
    return without_surrogates(value) if isinstance(value, str) else value


def _openjson(columns: Iterable[Incoming]) -> str:
    read = ", ".join(
        f"{column.name} {column.sql_type} '$[{position}]'"
        for position, column in enumerate(columns)
    )
    return f"{_PARAMETER} WITH ({read}) AS s"


def insert(table: str, columns: Sequence[Incoming]) -> sa.TextClause:
    """INSERT of all rows."""
    names = ", ".join(column.target for column in columns)
    values = ", ".join(f"s.{column.name}" for column in columns)
    return _statement(f"INSERT INTO {table} ({names}) SELECT {values} FROM {_openjson(columns)}")


def insert_made(
    name: str,
    table: sa.Table,
    values: Mapping[str, Any],
    made: str,
    connection: sa.Connection,
) -> sa.TextClause:
    """INSERT of one row, returning what the database gave to the column `made`."""
    dialect = connection.dialect
    quote = dialect.identifier_preparer.quote
    kind = table.c[made].type.compile(dialect=dialect)
    columns = ", ".join(map(quote, values)).replace(":", "\\:")
    places = ", ".join(f":v{place}" for place in range(len(values)))
    key = quote(made).replace(":", "\\:")
    bound = [
        sa.bindparam(f"v{place}", value, type_=table.c[column].type)
        for place, (column, value) in enumerate(values.items())
    ]
    return sa.text(
        f"SET NOCOUNT ON; DECLARE @made TABLE (made {kind}); "
        f"INSERT INTO {name} ({columns}) OUTPUT inserted.{key} INTO @made VALUES ({places}); "
        "SELECT made FROM @made; SET NOCOUNT OFF"
    ).bindparams(*bound)


def update(
    table: str,
    columns: Sequence[Incoming],
    *,
    keys: int,
    only_null: Sequence[str] = (),
    keep: frozenset[int] = frozenset(),
) -> sa.TextClause:
    """UPDATE by the last `keys` columns, returning how many rows were hit.

    `only_null`: quoted columns; `keep`: the positions where NULL leaves what is there.
    """
    written = columns[: len(columns) - keys]
    sets = ", ".join(
        f"t.{column.target} = COALESCE(s.{column.name}, t.{column.target})"
        if position in keep
        else f"t.{column.target} = s.{column.name}"
        for position, column in enumerate(written)
    )
    where = " AND ".join(f"t.{column} IS NULL" for column in only_null)
    return _counted(
        f"UPDATE t SET {sets} FROM {table} AS t INNER JOIN {_openjson(columns)} "
        f"ON {_matches(columns[len(columns) - keys :])}" + (f" WHERE {where}" if where else "")
    )


def delete(table: str, key: Incoming) -> sa.TextClause:
    """DELETE by key, returning how many rows there were."""
    return _counted(
        f"DELETE t FROM {table} AS t INNER JOIN {_openjson([key])} ON {_matches([key])}"
    )


def _matches(keys: Iterable[Incoming]) -> str:
    return " AND ".join(f"t.{key.target} = s.{key.name}{key.collate}" for key in keys)


def _counted(statement: str) -> sa.TextClause:
    # The driver's own count would be that of a trigger of the users' table, where there is one:
    # @@ROWCOUNT is the statement's. (And OUTPUT is not allowed beside a trigger.)
    return _statement(f"SET NOCOUNT ON; {statement}; SELECT @@ROWCOUNT; SET NOCOUNT OFF")


def _statement(text: str) -> sa.TextClause:
    # A colon in a column's name is no parameter.
    head, mark, tail = text.partition(_PARAMETER)
    escaped = head.replace(":", "\\:") + mark + tail.replace(":", "\\:")
    return sa.text(escaped).bindparams(sa.bindparam("rows", type_=sa.UnicodeText()))
