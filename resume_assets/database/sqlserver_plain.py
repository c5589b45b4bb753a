"""Rows one by one, for texts that a server does not get out of JSON as they went in.

SQL Server does; Babelfish (seen with 4.4) leaves JSON's escapes in the text and cuts it, silently,
after 4,000 characters. Which of the two it is, is asked on connecting; so these statements run on
such servers only, and there only for rows that hold such a text.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from resume_assets.extraction.text import without_surrogates

_LONG = 2_000  # characters: 4,000 units of UTF-16 at most

PROBE = (
    'SELECT undone, LEN(whole) FROM OPENJSON(N\'[["\\t", "' + "x" * 5_000 + "\"]]') "
    "WITH (undone NVARCHAR(9) '$[0]', whole NVARCHAR(MAX) '$[1]')"
)
"""Gives FAITHFUL, or something else; an error where the database has no OPENJSON."""

FAITHFUL = ("\t", 5_000)


def apart(
    rows: Sequence[Sequence[Any]],
) -> tuple[list[Sequence[Any]], list[Sequence[Any]]]:
    """The rows that every server gets out of JSON as they are, and the others."""
    simple: list[Sequence[Any]] = []
    others: list[Sequence[Any]] = []
    for row in rows:
        whole = row
        try:
            encoded = orjson.dumps(row, default=str)
        except orjson.JSONEncodeError:
            # Halves of surrogate pairs are no characters: they become U+FFFD.
            whole = [without_surrogates(v) if isinstance(v, str) else v for v in row]
            encoded = orjson.dumps(whole, default=str)
        (others if _is_delicate(whole, encoded) else simple).append(whole)
    return simple, others


def _is_delicate(row: Sequence[Any], encoded: bytes) -> bool:
    """Whether JSON escapes something in it, or a text is long."""
    if b"\\" in encoded:
        return True
    return len(encoded) > _LONG and any(
        len(value) > _LONG for value in row if isinstance(value, str)
    )


def insert(
    connection: sa.Connection, table: sa.Table, columns: Sequence[str], rows: list[Sequence[Any]]
) -> None:
    """One INSERT a row."""
    for row in rows:
        values = {name: _typed(table.c[name], v) for name, v in zip(columns, row, strict=True)}
        connection.execute(table.insert().values(values))


def update(
    connection: sa.Connection,
    table: sa.Table,
    key: Sequence[str],
    columns: Sequence[str],
    rows: list[Sequence[Any]],
    *,
    only_null: Sequence[str],
    kept: set[str],
) -> int:
    """One UPDATE a row; returns how many were hit."""
    hit = 0
    for row in rows:
        values = {
            name: _typed(table.c[name], value)
            for name, value in zip(columns, row, strict=False)
            if value is not None or name not in kept
        }
        values = values or {columns[0]: table.c[columns[0]]}  # nothing to write, still a row to hit
        statement = table.update().where(*_matches(table, key, row[len(columns) :]))
        statement = statement.where(*(table.c[name].is_(None) for name in only_null))
        hit += connection.execute(statement.values(values)).rowcount
    return hit


def delete(connection: sa.Connection, table: sa.Table, key: str, rows: list[Sequence[Any]]) -> int:
    """One DELETE a row; returns how many there were."""
    return sum(
        connection.execute(table.delete().where(*_matches(table, (key,), row))).rowcount
        for row in rows
    )


def _typed(column: sa.Column[Any], value: Any) -> Any:
    """A time with a zone goes as text, which Babelfish takes for a DATETIMEOFFSET if told to."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return sa.cast(value, column.type)
    return value


def _matches(
    table: sa.Table, key: Sequence[str], values: Sequence[Any]
) -> list[sa.ColumnElement[bool]]:
    return [table.c[name] == value for name, value in zip(key, values, strict=True)]
