"""Rows one by one, for texts that a server does not get out of JSON as they went in.

SQL Server does; Babelfish (seen with 4.4) leaves JSON's escapes in the text and cuts it, silently,
after 4,000 characters. Which of the two it is, is asked on connecting; so these statements run on
such servers only, and there only for rows that hold such a text.
"""

import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

_ESCAPED = re.compile(r'["\\\x00-\x1f]')
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
        texts = [value for value in row if isinstance(value, str)]
        delicate = any(len(text) > _LONG or _ESCAPED.search(text) for text in texts)
        (others if delicate else simple).append(row)
    return simple, others


def insert(
    connection: sa.Connection, table: sa.Table, columns: Sequence[str], rows: list[Sequence[Any]]
) -> None:
    """One INSERT a row."""
    statement = table.insert().values(_values(table, columns))
    for row in rows:
        connection.execute(statement, _parameters(row))


def update(
    connection: sa.Connection,
    table: sa.Table,
    key: Sequence[str],
    columns: Sequence[str],
    rows: list[Sequence[Any]],
    *,
    only_null: str | None,
    kept: set[str],
) -> int:
    """One UPDATE a row; returns how many were hit."""
    values = {
        name: sa.func.coalesce(value, table.c[name]) if name in kept else value
        for name, value in _values(table, columns).items()
    }
    matches = _values(table, key, first=len(columns)).items()
    statement = table.update().where(*(table.c[name] == value for name, value in matches))
    if only_null is not None:
        statement = statement.where(table.c[only_null].is_(None))
    statement = statement.values(values)
    return sum(connection.execute(statement, _parameters(row)).rowcount for row in rows)


def delete(connection: sa.Connection, table: sa.Table, key: str, rows: list[Sequence[Any]]) -> int:
    """One DELETE a row; returns how many there were."""
    [(name, value)] = _values(table, (key,)).items()
    statement = table.delete().where(table.c[name] == value)
    return sum(connection.execute(statement, _parameters(row)).rowcount for row in rows)


def _values(
    table: sa.Table, columns: Sequence[str], *, first: int = 0
) -> dict[str, sa.BindParameter[Any]]:
    return {
        name: sa.bindparam(f"p{position}", type_=table.c[name].type)
        for position, name in enumerate(columns, start=first)
    }


def _parameters(row: Sequence[Any]) -> dict[str, Any]:
    return {f"p{position}": value for position, value in enumerate(row)}
