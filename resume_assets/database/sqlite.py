"""SQLite's own SQL and settings: the embedded database."""

import hmac
import re
import sqlite3
import warnings
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.types import TypeEngine

from resume_assets.database import sqlite_file
from resume_assets.database.dialect import Guard, Need, Refusal, Supplied
from resume_assets.database.retrying import DatabaseFailed

READ_ONLY = "resume_read_only"
"""Execution option of a connection that only reads: it does not take the write lock."""

_FILE = "resume_file"


# SQLite keeps times as text, in the form that SQLAlchemy's DateTime reads. (Python's own adapters
# are deprecated since 3.12.) A chunk has the same time in each of its rows.
@lru_cache(maxsize=1_000)
def _told(time: datetime) -> str:
    return time.isoformat(" ", "microseconds")


def _adapted(time: datetime) -> str:
    # One with a zone equals the same instant in another, which is told in another way.
    return _told(time) if time.tzinfo is None else time.isoformat(" ", "microseconds")


sqlite3.register_adapter(datetime, _adapted)
sqlite3.register_adapter(date, lambda value: value.isoformat())
sqlite3.register_adapter(UUID, lambda value: value.hex)
sqlite3.register_adapter(Decimal, str)  # a NUMERIC column makes a number of it


def _time(*_declared: int) -> sqlite.DATETIME:
    """A time, whatever precision its column declares: SQLite keeps what it is given."""
    return sqlite.DATETIME()


_TYPES = dict.fromkeys(("DATETIME", "DATETIME2", "SMALLDATETIME", "DATETIMEOFFSET"), _time)
"""SQL Server's names of time types, which a table that was modelled on one there may use."""

_NAMED_COLUMN = re.compile(r"(?:NOT NULL|UNIQUE) constraint failed: [^,]*\.([^,.]+)")
_AT_UPDATE = re.compile(r"\b(?:BEFORE|AFTER|INSTEAD\s+OF)?\s*UPDATE\b.*?\bON\b", re.I | re.S)
_DUPLICATE = ("SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_ROWID")


class SQLiteDialect:
    """WAL, one writer at a time, every write transaction begun as a writer."""

    name = "sqlite"
    random_hex = "lower(hex(randomblob(12)))"
    end_of_batch = ";"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._prepared: sa.Engine | None = None

    def prepare(self, engine: sa.Engine) -> None:
        """Set pragmas on connecting, and say BEGIN ourselves."""
        if self._prepared is engine:
            return
        self._prepared = engine
        names: Any = engine.dialect
        names.ischema_names = {**names.ischema_names, **_TYPES}
        sa.event.listen(engine, "connect", self._on_connect)
        sa.event.listen(engine, "checkout", self._on_checkout)
        sa.event.listen(engine, "begin", _on_begin)

    def lock(self, connection: sa.Connection, installation: sa.Table) -> None:
        """BEGIN IMMEDIATE already excludes every other writer."""
        connection.execute(installation.update().values(lock_count=installation.c.lock_count + 1))

    def lock_schema(self, connection: sa.Connection) -> None:
        """BEGIN IMMEDIATE already does."""

    def hurry(self, connection: sa.Connection) -> None:
        """Nothing to do: there is one lock only, and the transaction has it already."""

    def supplied(self, connection: sa.Connection, table: sa.Table) -> Supplied:
        """Generated columns; by default also an INTEGER PRIMARY KEY, which is the rowid."""
        inspector = sa.inspect(connection)
        columns = inspector.get_columns(table.name, schema=table.schema)
        key = inspector.get_pk_constraint(table.name, schema=table.schema)["constrained_columns"]
        # SQLAlchemy reads INT as INTEGER, but INT PRIMARY KEY is no rowid: it has an index, and
        # takes NULL. Source: sqlite.org/lang_createtable.html#rowid
        indexes = "SELECT count(*) FROM pragma_index_list(?, ?) WHERE origin = 'pk'"
        there = connection.exec_driver_sql(indexes, (table.name, table.schema or "main"))
        is_rowid = not there.scalar_one()
        return Supplied(
            frozenset(c["name"].casefold() for c in columns if "computed" in c),
            frozenset(
                c["name"].casefold()
                for c in columns
                if c["default"] is not None or (is_rowid and [c["name"]] == key)
            ),
        )

    def may_alter(self, connection: sa.Connection, table: sa.Table) -> bool:
        """Whoever may write the file may do everything."""
        del connection, table
        return True

    def lacking_rights(self, connection: sa.Connection, needs: Iterable[Need]) -> list[str]:
        """File and folder must be writable, and what is written must be a table, not a view."""
        views = set(sa.inspect(connection).get_view_names())
        found = dict.fromkeys(need.table.name for need in needs if need.table.name in views)
        return [
            *sqlite_file.lacking_rights(self.path),
            # Of a view, not even through a trigger does SQLite tell how many rows were hit.
            *(f"a table in place of the view {name}, which SQLite can't write." for name in found),
        ]

    def server(self, connection: sa.Connection) -> str:
        """The library's version."""
        del connection
        return f"SQLite {sqlite3.sqlite_version}"

    def utc_now(self, connection: sa.Connection) -> datetime:
        """The machine's clock: SQLite runs in our process."""
        text = connection.exec_driver_sql("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')").scalar()
        return datetime.fromisoformat(str(text))

    def clock(self, connection: sa.Connection, kind: TypeEngine[Any]) -> date:
        """UTC, which is what SQLite's CURRENT_TIMESTAMP gives its neighbours."""
        del connection
        now = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
        return now.date() if isinstance(kind, sa.Date) else now

    def guards(self, connection: sa.Connection, table: sa.Table) -> list[Guard]:
        """Whether a trigger fires at an update is read from its own text."""
        checks = sa.inspect(connection).get_check_constraints(table.name)
        triggers = connection.execute(
            sa.text(
                "SELECT name, sql FROM sqlite_master "
                "WHERE type = 'trigger' AND lower(tbl_name) = lower(:table)"
            ),
            {"table": table.name},
        )
        return [Guard(check["name"] or "CHECK", check["sqltext"]) for check in checks] + [
            Guard(name, None) for name, sql in triggers if _AT_UPDATE.search(sql)
        ]

    def codecs(self, connection: sa.Connection, collations: Sequence[str]) -> dict[str, str]:
        """Empty: every text is Unicode."""
        del connection, collations
        return {}

    def person(self, secret: str, userid: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
        """By a function of ours, which every connection has."""
        return sa.func.resume_person(secret, userid, type_=sa.BigInteger())

    def scrub(self, engine: sa.Engine) -> bool:
        """Write the file anew, so that its free space holds nothing, and empty the log beside it.

        Raises DatabaseFailed.
        """
        # Not in a transaction: VACUUM is one itself.
        pooled = engine.raw_connection()
        try:
            cursor = pooled.cursor()
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            [is_busy, *_] = cursor.fetchone() or (1,)
            cursor.close()
        except sqlite3.Error as error:
            raise DatabaseFailed(
                f"{self.explain(error)} (while its free space was cleared)"
            ) from None
        finally:
            pooled.close()
        return not is_busy

    def text_bytes(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
        """Bytes of UTF-8."""
        return sa.func.length(sa.cast(column, sa.LargeBinary))

    def insert_rows(
        self,
        connection: sa.Connection,
        table: sa.Table,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
    ) -> None:
        """One prepared statement, stepped through the rows."""
        if not rows:
            return
        names = ", ".join(_quote(name) for name in columns)
        places = ", ".join("?" for _ in columns)
        _many(connection, f"INSERT INTO {_name(table)} ({names}) VALUES ({places})", rows)

    def insert_made(
        self, connection: sa.Connection, table: sa.Table, values: Mapping[str, Any], made: str
    ) -> Any:
        """By RETURNING."""
        statement = table.insert().values(dict(values)).returning(table.c[made])
        with warnings.catch_warnings():
            # That no id is given: SQLite makes it, and SQLAlchemy can't know that.
            warnings.simplefilter("ignore", sa.exc.SAWarning)
            return connection.execute(statement).scalar_one()

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
        """One prepared statement, stepped through the rows."""
        if not rows:
            return 0
        kept = set(keep_existing)
        sets = ", ".join(
            f"{_quote(name)} = COALESCE(?, {_quote(name)})"
            if name in kept
            else f"{_quote(name)} = ?"
            for name in columns
        )
        where = " AND ".join(f"{_quote(name)} = ?" for name in key)
        where += "".join(f" AND {_quote(name)} IS NULL" for name in only_null)
        return _many(connection, f"UPDATE {_name(table)} SET {sets} WHERE {where}", rows)

    def locking(self, query: sa.Select[Any], table: sa.Table) -> sa.Select[Any]:
        """As it is: BEGIN IMMEDIATE already excludes every other writer."""
        del table
        return query

    def delete_rows(
        self, connection: sa.Connection, table: sa.Table, key: str, values: Sequence[Any]
    ) -> int:
        """By the key, one prepared statement."""
        if not values:
            return 0
        statement = f"DELETE FROM {_name(table)} WHERE {_quote(key)} = ?"
        return _many(connection, statement, [(value,) for value in values])

    def is_transient(self, error: BaseException) -> bool:
        """Another writer held the file for longer than the time-out."""
        cause = _driver_error(error)
        return isinstance(cause, sqlite3.OperationalError) and (
            getattr(cause, "sqlite_errorcode", 0) & 0xFF
        ) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

    def is_duplicate_key(self, error: BaseException) -> bool:
        """A primary key or UNIQUE constraint."""
        return getattr(_driver_error(error), "sqlite_errorname", "") in _DUPLICATE

    def refusal(self, error: BaseException) -> Refusal | None:
        """Any constraint or trigger, a type of a STRICT table, a value over SQLite's limits."""
        cause = _driver_error(error)
        if not isinstance(cause, sqlite3.IntegrityError | sqlite3.DataError):
            return None
        named = _NAMED_COLUMN.fullmatch(str(cause))
        return Refusal(named[1] if named else None)

    def explain(self, error: BaseException) -> str:
        """SQLite's messages name tables and columns, never values; a trigger says what it likes."""
        cause = _driver_error(error)
        code = getattr(cause, "sqlite_errorname", type(cause).__name__)
        if code == "SQLITE_CONSTRAINT_TRIGGER":
            return f"SQLite: {code}: a trigger of the table's refuses the row"
        return sqlite_file.explain(
            self.path, getattr(cause, "sqlite_errorcode", 0), code, str(cause)
        )

    def _on_connect(self, connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # BEGIN is ours
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout = 30000")
        cursor.execute("PRAGMA journal_mode = WAL")
        # FULL: a commit that OpenAI was told about must survive a power cut.
        cursor.execute("PRAGMA synchronous = FULL")
        # What is deleted is overwritten: nobody shall find it in the file.
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.close()
        connection.create_function("resume_person", 2, _person, deterministic=True)
        record.info[_FILE] = self._file()

    def _on_checkout(
        self,
        _connection: sqlite3.Connection,
        record: ConnectionPoolEntry,
        _proxy: PoolProxiedConnection,
    ) -> None:
        """Drop a connection whose file was deleted or replaced: what it writes would be lost."""
        if record.info[_FILE] != self._file():
            raise sa.exc.DisconnectionError("another file is there now")

    def _file(self) -> tuple[int, int]:
        """Which file is there, by device and inode. Raises DatabaseFailed where there is none."""
        try:
            found = self.path.stat()
        except OSError:
            raise DatabaseFailed(
                f"The database {self.path} was deleted or moved while this program ran. Put it "
                "back, or stop every program that uses it and start anew."
            ) from None
        return found.st_dev, found.st_ino


def _person(secret: str, userid: object) -> int:
    told = str(userid).encode("utf-8", "surrogatepass")
    digest = hmac.new(secret.encode(), told, "sha256").digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _on_begin(connection: sa.Connection) -> None:
    # A transaction that reads first and writes later fails at once if another wrote in between.
    reading = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _many(connection: sa.Connection, statement: str, rows: Sequence[Sequence[Any]]) -> int:
    """Step one statement through the rows without SQLAlchemy's per-value work."""
    bound = [row if isinstance(row, tuple) else tuple(row) for row in rows]
    return connection.exec_driver_sql(statement, bound).rowcount


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _name(table: sa.Table) -> str:
    parts = (table.schema, table.name) if table.schema else (table.name,)
    return ".".join(_quote(part) for part in parts)


def _driver_error(error: BaseException) -> BaseException:
    return getattr(error, "orig", None) or error
