"""SQL Server's own SQL and settings.

The candidate table is one that other programs use at the same time: statements are set-based and
sought by key, transactions short, nothing holds a lock on more rows than it writes, no hint but
that of a row's lock is put on the table, and in a deadlock it is this program that gives way and
tries again.
"""

import codecs
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mssql
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql import visitors
from sqlalchemy.types import TypeEngine

from resume_assets.database import sqlserver_catalogue as catalogue
from resume_assets.database import sqlserver_plain as plain
from resume_assets.database import sqlserver_rows as rows_sql
from resume_assets.database.dialect import Guard, Need, Refusal, Supplied
from resume_assets.database.sqlserver_errors import diagnose, is_dead_connection
from resume_assets.errors import PlatformError

_LOCK_SECONDS = 30.0
"""A row that is locked for longer gives error 1222, and the transaction is tried again."""

_DDL_LOCK_SECONDS = 5.0
"""Whoever waits to alter a table keeps everyone else from it meanwhile."""

_UTF8 = 65001  # among the code pages of Windows
_GUARDS = sa.text(
    "SELECT name, definition FROM sys.check_constraints "
    "WHERE parent_object_id = OBJECT_ID(:name) AND is_disabled = 0 "
    "UNION ALL SELECT name, NULL FROM sys.triggers AS t "
    "WHERE parent_id = OBJECT_ID(:name) AND is_disabled = 0 AND EXISTS (SELECT 1 FROM "
    "sys.trigger_events AS e WHERE e.object_id = t.object_id AND e.type_desc = N'UPDATE')"
)
_MUST_RESTORE = "resume_must_restore"  # in `connection.info`: SET options are not those of _SESSION
_SCHEMA_LOCK = "resume_assets.schema"


class SchemaBusy(PlatformError):
    """Another `init-db` is at work."""


class SQLServerDialect:
    """SQL Server 2016 and later, Azure SQL; through pyodbc or mssql-python."""

    name = "mssql"
    random_hex = "LOWER(LEFT(REPLACE(CONVERT(NVARCHAR(36), NEWID()), '-', ''), 24))"
    end_of_batch = ";\nGO"

    def __init__(self, *, query_timeout: int = 120) -> None:
        self.query_timeout = query_timeout
        self._prepared: sa.Engine | None = None
        self._session = _SESSION
        self._had_connection = False
        self._json_is_faithful: bool | None = None

    def prepare(self, engine: sa.Engine) -> None:
        """Set the session up on connecting."""
        if self._prepared is engine:
            return
        self._prepared = engine
        if engine.dialect.driver == "mssqlpython":
            # It hides error numbers: some errors are told by their text, which must be English.
            self._session += "; SET LANGUAGE us_english"
        sa.event.listen(engine, "connect", self._on_connect)
        sa.event.listen(engine, "begin", self._on_begin)
        sa.event.listen(engine, "before_execute", _with_literal_nulls, retval=True)
        sa.event.listen(engine, "handle_error", _notice_dead_connection)

    def lock(self, connection: sa.Connection, installation: sa.Table) -> None:
        """The installation's row, updated first in the transaction: an exclusive row lock."""
        connection.execute(installation.update().values(lock_count=installation.c.lock_count + 1))

    def lock_schema(self, connection: sa.Connection) -> None:
        """One `init-db` at a time; and never wait long for a table that others use.

        Raises SchemaBusy.
        """
        connection.info[_MUST_RESTORE] = True
        connection.exec_driver_sql(f"SET LOCK_TIMEOUT {_DDL_LOCK_SECONDS * 1000:.0f}")
        taken = connection.exec_driver_sql(
            "SET NOCOUNT ON; DECLARE @taken INT; "
            f"EXEC @taken = sp_getapplock @Resource = N'{_SCHEMA_LOCK}', "
            "@LockMode = 'Exclusive', @LockOwner = 'Transaction', "
            f"@LockTimeout = {_LOCK_SECONDS * 1000:.0f}; "
            "SELECT @taken; SET NOCOUNT OFF"
        ).scalar()
        if taken is None or taken < 0:
            raise SchemaBusy("Another `resume-assets init-db` is at work here; try again later.")

    def hurry(self, connection: sa.Connection) -> None:
        """A lock that is not granted within a second gives error 1222."""
        connection.info[_MUST_RESTORE] = True
        connection.exec_driver_sql("SET LOCK_TIMEOUT 1000")

    def supplied(self, connection: sa.Connection, table: sa.Table) -> Supplied:
        """As the catalogue views say."""
        return catalogue.supplied(connection, table)

    def may_alter(self, connection: sa.Connection, table: sa.Table) -> bool:
        """ALTER on the table."""
        return catalogue.may_alter(connection, table)

    def lacking_rights(self, connection: sa.Connection, needs: Iterable[Need]) -> list[str]:
        """The GRANT statements that are still to be run."""
        return catalogue.lacking_grants(connection, needs)

    def server(self, connection: sa.Connection) -> str:
        """The server's product and version in its own words, first line."""
        banner = connection.exec_driver_sql("SELECT @@VERSION").scalar()
        return str(banner).splitlines()[0].strip()

    def utc_now(self, connection: sa.Connection) -> datetime:
        """The server's clock in UTC."""
        now: datetime = connection.exec_driver_sql("SELECT SYSUTCDATETIME()").scalar_one()
        return now

    def clock(self, connection: sa.Connection, kind: TypeEngine[Any]) -> date:
        """The server's local clock, as GETDATE() gives it to every other program."""
        # What comes without a zone is taken for UTC by a column that has one.
        clock = "SYSUTCDATETIME()" if isinstance(kind, mssql.DATETIMEOFFSET) else "GETDATE()"
        now: datetime = connection.exec_driver_sql(f"SELECT {clock}").scalar_one()
        return now.date() if isinstance(kind, sa.Date) else now.replace(microsecond=0)

    def guards(self, connection: sa.Connection, table: sa.Table) -> list[Guard]:
        """Those that are not disabled."""
        rows = connection.execute(_GUARDS, {"name": _name(connection, table)})
        return [Guard(name, definition) for name, definition in rows]

    def codecs(self, connection: sa.Connection, collations: Sequence[str]) -> dict[str, str]:
        """As the server knows them; one that Python does not know is left out."""
        asked = ", ".join(
            f"CAST(COLLATIONPROPERTY(N'{collation}', 'CodePage') AS INT)"
            for collation in collations
            if collation.replace("_", "").isalnum()
        )
        pages = connection.exec_driver_sql(f"SELECT {asked}").one()
        return {
            collation: codec
            for collation, page in zip(collations, pages, strict=True)
            if (codec := _codec(collation, page)) is not None
        }

    def person(self, secret: str, userid: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
        """By HASHBYTES. Ids are told apart here without regard to case, or to a CHAR's blanks."""
        text = sa.func.lower(sa.func.rtrim(sa.cast(userid, sa.Unicode(450))))
        hashed = sa.func.hashbytes(
            sa.literal_column("'SHA2_256'"), sa.literal(secret, sa.Unicode()) + text
        )
        first = sa.func.substring(hashed, sa.literal_column("1"), sa.literal_column("8"))
        return sa.cast(first, sa.BigInteger)

    def scrub(self, engine: sa.Engine) -> bool:
        """Nothing: the server clears its pages itself; its log and backups are its owner's."""
        del engine
        return True

    def text_bytes(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
        """About its UTF-8 bytes, one for each character; DATALENGTH does not load the text."""
        size = sa.func.datalength(column, type_=sa.BigInteger)
        return size // 2 if isinstance(column.type, sa.Unicode | sa.UnicodeText) else size

    def insert_rows(
        self,
        connection: sa.Connection,
        table: sa.Table,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
    ) -> None:
        """One statement a chunk, its rows in one JSON parameter."""
        if not rows:
            return
        rows, others = self._apart(rows)
        read = rows_sql.incoming(table, columns, connection.dialect)
        statement = rows_sql.insert(_name(connection, table), read)
        for chunk in rows_sql.chunks(rows, read):
            connection.execute(statement, {"rows": chunk})
        plain.insert(connection, table, columns, others)

    def insert_made(
        self, connection: sa.Connection, table: sa.Table, values: Mapping[str, Any], made: str
    ) -> Any:
        """By OUTPUT INTO a variable: OUTPUT alone is not allowed beside a trigger."""
        statement = rows_sql.insert_made(_name(connection, table), table, values, made, connection)
        with _restoring(connection):
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
        """One UPDATE … FROM … JOIN a chunk."""
        if not rows:
            return 0
        kept = set(keep_existing)
        rows, others = self._apart(rows)
        read = rows_sql.incoming(table, (*columns, *key), connection.dialect, keys=len(key))
        quote = connection.dialect.identifier_preparer.quote
        statement = rows_sql.update(
            _name(connection, table),
            read,
            keys=len(key),
            only_null=[quote(name) for name in only_null],
            keep=frozenset(i for i, name in enumerate(columns) if name in kept),
        )
        hit = sum(_count(connection, statement, chunk) for chunk in rows_sql.chunks(rows, read))
        return hit + plain.update(
            connection, table, key, columns, others, only_null=only_null, kept=kept
        )

    def locking(self, query: sa.Select[Any], table: sa.Table) -> sa.Select[Any]:
        """Update locks on rows: others still read them, and wait to change them."""
        return query.with_hint(table, "WITH (UPDLOCK, ROWLOCK)", "mssql")

    def delete_rows(
        self, connection: sa.Connection, table: sa.Table, key: str, values: Sequence[Any]
    ) -> int:
        """One DELETE … FROM … JOIN a chunk."""
        if not values:
            return 0
        read = rows_sql.incoming(table, (key,), connection.dialect, keys=1)
        statement = rows_sql.delete(_name(connection, table), read[0])
        rows, others = self._apart([(value,) for value in values])
        gone = sum(_count(connection, statement, chunk) for chunk in rows_sql.chunks(rows, read))
        return gone + plain.delete(connection, table, key, others)

    def is_transient(self, error: BaseException) -> bool:
        """A deadlock, a time-out, a lost connection, a server that restarts or is overloaded."""
        return isinstance(error, sa.exc.DBAPIError) and diagnose(error).is_transient(
            had_connection=self._had_connection
        )

    def is_duplicate_key(self, error: BaseException) -> bool:
        """Errors 2601 and 2627."""
        return diagnose(error).is_duplicate_key

    def refusal(self, error: BaseException) -> Refusal | None:
        """Constraints, triggers, conversions, lengths."""
        if not isinstance(error, sa.exc.DBAPIError):
            return None
        found = diagnose(error)
        return Refusal(found.column) if found.is_refusal else None

    def explain(self, error: BaseException) -> str:
        """Number, SQLSTATE and our own words: the server's text may quote a value."""
        if isinstance(error, sa.exc.TimeoutError):
            return "Every pooled connection to SQL Server is in use"
        return diagnose(error).explain()

    def _apart(
        self, rows: Sequence[Sequence[Any]]
    ) -> tuple[Sequence[Sequence[Any]], list[Sequence[Any]]]:
        """Rows that go by JSON, and those that this server would not read from it unchanged."""
        return (rows, []) if self._json_is_faithful else plain.apart(rows)

    def _on_connect(self, connection: Any, _record: ConnectionPoolEntry) -> None:
        connection.timeout = self.query_timeout
        cursor = connection.cursor()
        cursor.execute(self._session)
        if self._json_is_faithful is None:
            cursor.execute(plain.PROBE)
            self._json_is_faithful = tuple(cursor.fetchone()) == plain.FAITHFUL
        cursor.close()
        connection.commit()
        self._had_connection = True

    def _on_begin(self, connection: sa.Connection) -> None:
        if connection.info.pop(_MUST_RESTORE, False):
            connection.exec_driver_sql(self._session)


def _with_literal_nulls(
    _connection: sa.Connection,
    statement: Any,
    many: Any,
    parameters: Any,
    _options: Any,
) -> tuple[Any, Any, Any]:
    """NULL in the statement instead of a parameter without a value.

    For each such parameter a driver asks the server its type (sp_describe_undeclared_parameters):
    one more trip, and where that fails, an aborted transaction that nobody is told of: seen with
    Babelfish, where what was written before was gone and what came after was kept.
    """
    if isinstance(statement, sa.Insert | sa.Update) and not many and not parameters:
        statement = visitors.replacement_traverse(statement, {}, _literal_null)
    return statement, many, parameters


def _notice_dead_connection(context: sa.engine.ExceptionContext) -> None:
    if is_dead_connection(context.original_exception):
        context.is_disconnect = True


def _literal_null(element: Any, **_options: Any) -> Any:
    if isinstance(element, sa.BindParameter) and element.value is None and not element.required:
        return sa.null()
    return None


# Set whatever the defaults of login and database are. XACT_ABORT: an error undoes the transaction.
_SESSION = (
    "SET NOCOUNT OFF; SET XACT_ABORT ON; SET DEADLOCK_PRIORITY LOW; "
    f"SET LOCK_TIMEOUT {_LOCK_SECONDS * 1000:.0f}; "
    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"
)


def _count(connection: sa.Connection, statement: sa.TextClause, chunk: str) -> int:
    with _restoring(connection):
        return int(connection.execute(statement, {"rows": chunk}).scalar_one())


@contextmanager
def _restoring(connection: sa.Connection) -> Iterator[None]:
    try:
        yield
    except sa.exc.DBAPIError:
        # Where it failed half-way, NOCOUNT may still be on, and other statements need row counts.
        if not connection.invalidated:
            connection.info[_MUST_RESTORE] = True
        raise


def _codec(collation: str, page: int | None) -> str | None:
    """Python's name for a collation's code page of Windows."""
    if page == _UTF8 or collation.upper().endswith("_UTF8"):
        return "utf-8"
    try:
        return codecs.lookup(f"cp{page}").name
    except LookupError:
        return None


def _name(connection: sa.Connection, table: sa.Table) -> str:
    return connection.dialect.identifier_preparer.format_table(table)
