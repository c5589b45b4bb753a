"""What SQL Server's catalogue says of a table and of what this login may do with it.

Definitions (of defaults, of computed columns) are hidden from a login with data rights only, but
not that a column has one.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from resume_assets.database.dialect import Need, Supplied

_COLUMNS = (
    "name",
    "is_computed",
    "is_identity",
    "generated_always_type",
    "default_object_id",
    "system_type_id",
)
_ROW_VERSION = 189
_PART = re.compile(r"\[(?:[^\]]|\]\])+\]|[^.\[\]]+")


def supplied(connection: sa.Connection, table: sa.Table) -> Supplied:
    """Computed, identity, row version, period: not to be written; those with a default."""
    columns: list[Any] = [sa.literal_column(name) for name in _COLUMNS]
    query = (
        sa.select(*columns)
        .select_from(sa.text(f"{_database(connection, table)}sys.columns"))
        .where(sa.literal_column(f"object_id = OBJECT_ID({_text(connection, table)})"))
    )
    always, by_default = set(), set()
    for column in connection.execute(query):
        if (
            column.is_computed
            or column.is_identity
            or column.generated_always_type
            or column.system_type_id == _ROW_VERSION
        ):
            always.add(column.name.casefold())
        elif column.default_object_id:
            by_default.add(column.name.casefold())
    return Supplied(frozenset(always), frozenset(by_default))


def may_alter(connection: sa.Connection, table: sa.Table) -> bool:
    """Whether the login has ALTER on the table."""
    return _has(connection, [(table, "ALTER", None)]) == [True]


def lacking_grants(connection: sa.Connection, needs: Iterable[Need]) -> list[str]:
    """A GRANT for each right that is needed and not there, for the user that this login is.

    Each column is asked for: a right may be given, or denied, by column.
    """
    lacking: list[tuple[Need, list[str]]] = []
    for need in needs:
        asked = [(need.table, need.right, column) for column in (None, *need.columns)]
        on_table, *on_columns = _has(connection, asked)
        # NULL: the server can't tell, so the right on the table decides.
        found = [on_table if has is None else has for has in on_columns]
        columns = [name for name, has in zip(need.columns, found, strict=True) if not has]
        if columns or (not need.columns and not on_table):
            lacking.append((need, columns))
    if not lacking:
        return []
    user = connection.exec_driver_sql("SELECT USER_NAME()").scalar_one()
    return [grant(connection.dialect, need, user, columns) for need, columns in lacking]


def grant(dialect: sa.Dialect, need: Need, user: str, columns: Sequence[str] = ()) -> str:
    """The GRANT for a need; of the columns only these, unless they are all that it is about."""
    quote = dialect.identifier_preparer.quote
    some = columns if len(columns) < len(need.columns) else ()
    listed = f" ({', '.join(map(quote, some))})" if some else ""
    table = dialect.identifier_preparer.format_table(need.table)
    return f"GRANT {need.right}{listed} ON {table} TO {quote(user)};"


def _has(
    connection: sa.Connection, asked: Sequence[tuple[sa.Table, str, str | None]]
) -> list[bool | None]:
    """Whether the login has each right: on a table, or on a column of it; None: not to be told."""
    questions: list[Any] = []
    for table, right, column in asked:
        arguments = [_text(connection, table), "N'OBJECT'", f"N'{right}'"]
        if column is not None:
            arguments += [_literal(column), "N'COLUMN'"]
        questions.append(sa.literal_column(f"HAS_PERMS_BY_NAME({', '.join(arguments)})"))
    answers = connection.execute(sa.select(*questions)).one()
    return [None if answer is None else answer == 1 for answer in answers]


def _text(connection: sa.Connection, table: sa.Table) -> str:
    """The table's name in SQL, as a text of SQL."""
    return _literal(connection.dialect.identifier_preparer.format_table(table))


def _literal(text: str) -> str:
    return "N'" + text.replace("'", "''") + "'"


def _database(connection: sa.Connection, table: sa.Table) -> str:
    """`other.` where the table is in another database, whose catalogue is its own."""
    full = connection.dialect.identifier_preparer.format_table(table)
    *database, _, _ = ["", *_PART.findall(full)]
    return f"{database[-1]}." if database and database[-1] else ""
