"""What each database must be able to say in its own SQL."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine


@dataclass(frozen=True, slots=True)
class Refusal:
    """The table does not take a row as it is: a constraint, a trigger or a type says no."""

    column: str | None = None  # where the database names one


@dataclass(frozen=True, slots=True)
class Guard:
    """Something of a table's that looks at what is written: a CHECK, or a trigger at updates."""

    name: str
    definition: str | None  # of a CHECK, in SQL; None for a trigger


@dataclass(frozen=True, slots=True)
class Need:
    """A right that the program will use: `SELECT`, on these columns or on the whole table."""

    right: str
    table: sa.Table
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Supplied:
    """Columns, by folded name, that get a value from the database itself."""

    always: frozenset[str] = frozenset()  # computed, identity, row version: not to be written
    by_default: frozenset[str] = frozenset()  # where none is given


class Dialect(Protocol):
    """The differences between SQLite and SQL Server, behind one set of verbs.

    Rows are sequences in the order of `columns`; nothing of a row ever reaches an error's text.
    """

    name: str
    random_hex: str
    """An SQL expression: 24 random hexadecimal digits."""

    end_of_batch: str
    """What ends a statement in a script for the database's own tools (GO ends a T-SQL batch)."""

    def prepare(self, engine: sa.Engine) -> None:
        """Attach what every connection needs (pragmas, time-outs)."""

    def lock(self, connection: sa.Connection, installation: sa.Table) -> None:
        """Hold the planning lock until the transaction ends; waits for another holder."""

    def lock_schema(self, connection: sa.Connection) -> None:
        """Let no other `init-db` alter tables until the transaction ends."""

    def hurry(self, connection: sa.Connection) -> None:
        """Wait a second at most for what others have locked, until the transaction ends."""

    def supplied(self, connection: sa.Connection, table: sa.Table) -> Supplied:
        """Which of the columns of the table that is there the database fills itself."""

    def may_alter(self, connection: sa.Connection, table: sa.Table) -> bool:
        """Whether this login may add columns and indexes to the table."""

    def lacking_rights(self, connection: sa.Connection, needs: Iterable[Need]) -> list[str]:
        """For each right that is needed and missing, what gives it: a GRANT, or a sentence."""

    def server(self, connection: sa.Connection) -> str:
        """The server's product and version, in its own words."""

    def utc_now(self, connection: sa.Connection) -> datetime:
        """The database's clock in UTC, without zone: for the ledger."""

    def clock(self, connection: sa.Connection, kind: TypeEngine[Any]) -> date:
        """The database's own local clock in whole seconds, for a column of this type.

        A day for a column that holds days, UTC for one that holds a zone.
        """

    def guards(self, connection: sa.Connection, table: sa.Table) -> list[Guard]:
        """The CHECK constraints and triggers that see an update of this table."""

    def codecs(self, connection: sa.Connection, collations: Sequence[str]) -> dict[str, str]:
        """By collation, Python's name for the code page in which VARCHAR columns hold text."""

    def person(self, secret: str, userid: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
        """What stands for a candidate's id where the id itself may not: a number of 64 bits.

        Of a hash keyed with the secret. Only values of the same database can be compared.
        """

    def scrub(self, engine: sa.Engine) -> bool:
        """Leave nothing of what was deleted in the database's file, as far as it is ours to say.

        False where others who read it stand in the way; then it is to be called again.
        """

    def text_bytes(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
        """The length of a text in bytes, read without loading it where that is possible."""

    def insert_rows(
        self,
        connection: sa.Connection,
        table: sa.Table,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
    ) -> None:
        """Insert many rows, all or none."""

    def insert_made(
        self, connection: sa.Connection, table: sa.Table, values: Mapping[str, Any], made: str
    ) -> Any:
        """Insert one row, and return the value that the database itself gave to the column `made`.

        Right also where a trigger inserts rows of its own.
        """

    def update_rows(
        self,
        connection: sa.Connection,
        table: sa.Table,
        key: Sequence[str],
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        *,
        only_null: Sequence[str] = (),
        keep_existing: Iterable[str] = (),
    ) -> int:
        """Update rows by key, set-based; returns how many rows matched (were *hit*).

        A row is the new values in the order of `columns`, then the key's values. `only_null` names
        columns that must all be NULL for the row to be hit. For columns in `keep_existing` a None
        leaves what is there.
        """

    def locking(self, query: sa.Select[Any], table: sa.Table) -> sa.Select[Any]:
        """The query, so that nobody changes what it finds in `table` until the transaction ends."""

    def delete_rows(
        self, connection: sa.Connection, table: sa.Table, key: str, values: Sequence[Any]
    ) -> int:
        """Delete the rows whose `key` is one of `values`; returns how many there were."""

    def is_transient(self, error: BaseException) -> bool:
        """Whether the whole transaction may simply be tried again."""

    def is_duplicate_key(self, error: BaseException) -> bool:
        """Whether a uniqueness constraint said no: a lost race."""

    def refusal(self, error: BaseException) -> Refusal | None:
        """What a table has against rows, duplicate keys included; None for any other trouble."""

    def explain(self, error: BaseException) -> str:
        """What went wrong, with codes and without a value of any row."""
