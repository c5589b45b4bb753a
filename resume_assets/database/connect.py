"""Open the configured database: the embedded SQLite file, SQL Server, or any SQLAlchemy URL."""

import re
from collections.abc import Callable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from resume_assets.choices import NotBorneOut
from resume_assets.database import candidates as candidate_table
from resume_assets.database.candidates import CandidateTable
from resume_assets.database.dialect import Dialect
from resume_assets.database.projection import CHANGED, project
from resume_assets.database.retrying import SECONDS, run_transaction
from resume_assets.database.sqlite import READ_ONLY, SQLiteDialect
from resume_assets.database.sqlite_file import make_ready
from resume_assets.database.status_table import StatusTable
from resume_assets.database.tables import Ledger, ledger_tables
from resume_assets.private import private_folder
from resume_assets.settings import Settings, SettingsError

T = TypeVar("T")


class Database:
    """An engine, its dialect, the candidate table and our ledger beside it."""

    def __init__(
        self,
        engine: sa.Engine,
        dialect: Dialect,
        *,
        table: str,
        ledger_schema: str | None = None,
        keep_existing: bool = False,
        overwrite_corrections: bool = False,
        not_borne_out: NotBorneOut = NotBorneOut.contacts,
        patience: float = SECONDS,
    ) -> None:
        self.engine = engine
        self.dialect = dialect
        self.schema, self.table_name = split_name(table)
        self.keep_existing = keep_existing
        self.overwrite_corrections = overwrite_corrections
        self.not_borne_out = not_borne_out
        self.patience = patience  # seconds in which a transaction is tried again
        self.status: StatusTable | None = None  # the table for people as last seen, by projection
        self.status_trouble = ""  # what was logged last about it
        self.has_rights = False  # see rights.require
        self._ledger_schema = ledger_schema
        dialect.prepare(engine)

    @property
    def ledger_schema(self) -> str | None:
        """Where our tables are: beside the candidate table, or in RESUME_LEDGER_SCHEMA."""
        return self._ledger_schema or self.schema

    @cached_property
    def candidates(self) -> CandidateTable:
        """The users' table, reflected once. Raises TableProblem."""
        return self.read(
            lambda connection: candidate_table.reflect(
                connection, self.dialect, self.table_name, self.schema
            )
        )

    @cached_property
    def ledger(self) -> Ledger:
        """Our tables, with `userid` in the type that it has in the users' table."""
        there = self.candidates
        return ledger_tables(there.userid.type, there.processed.type, self.ledger_schema)

    def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` in one transaction, again where the database says so: see run_transaction.

        Batches that it changed are then copied to the table for people (`projection`), in a
        transaction of their own.
        """
        changed: set[str] = set()
        result = run_transaction(
            self.engine, self.dialect, work, options={CHANGED: changed}, patience=self.patience
        )
        if changed:
            project(self, sorted(changed))
        return result

    def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work`, which only reads, in one transaction, again where need be."""
        return run_transaction(
            self.engine, self.dialect, work, options={READ_ONLY: True}, patience=self.patience
        )

    def forget(self) -> None:
        """Forget what was reflected: tables have changed."""
        for name in ("candidates", "ledger"):
            self.__dict__.pop(name, None)
        self.status = None
        self.has_rights = False

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def open_database(settings: Settings) -> Database:
    """Open the database that the settings name; connects lazily.

    Raises SettingsError for a URL that can't be used, and what the driver search raises where no
    ODBC driver is there.
    """
    if settings.is_sqlserver:
        from resume_assets.database.sqlserver_url import sqlserver_url

        return from_url(sqlserver_url(settings), settings)
    if settings.database_url is not None:
        try:
            url = sa.make_url(settings.database_url.get_secret_value())
        except sa.exc.ArgumentError:
            raise SettingsError(
                "RESUME_DATABASE_URL is not a URL that SQLAlchemy understands."
            ) from None
        return from_url(url, settings)
    private_folder(settings.home_folder)
    return from_url(sa.URL.create("sqlite", database=str(settings.embedded_path)), settings)


def from_url(url: sa.URL, settings: Settings) -> Database:
    """Make the engine and its dialect; an SQLite file has one of each in this process."""
    backend = url.get_backend_name()
    if backend == "sqlite":
        engine, dialect = _sqlite(url.set(database=str(make_ready(url))))
        table = "aicandidate"
    elif backend == "mssql":
        from resume_assets.database.sqlserver import SQLServerDialect
        from resume_assets.database.sqlserver_engine import engine_arguments
        from resume_assets.database.sqlserver_url import complete, shown

        url = complete(url, settings)
        engine = _engine(shown(url), **engine_arguments(url, settings))
        dialect = SQLServerDialect(query_timeout=settings.sqlserver_query_timeout)
        table = "dbo.aicandidate"
    else:
        raise SettingsError(
            f"The database {backend!r} is not supported: SQL Server and SQLite are."
        )
    return Database(
        engine,
        dialect,
        table=settings.table or table,
        ledger_schema=_schema_in(settings.ledger_schema),
        keep_existing=settings.keep_existing,
        overwrite_corrections=settings.overwrite_corrections,
        not_borne_out=settings.not_borne_out,
    )


@lru_cache(maxsize=8)
def _sqlite(url: sa.URL) -> tuple[sa.Engine, Dialect]:
    """The file's engine and dialect, the same whatever else changes in the settings."""
    return _engine(url), SQLiteDialect(Path(url.database or ""))


def _engine(url: sa.URL, **arguments: Any) -> sa.Engine:
    # Values stay out of errors and logs.
    return sa.create_engine(url, hide_parameters=True, pool_pre_ping=True, **arguments)


_NAME_PART = re.compile(r"\[((?:[^\]]|\]\])+)\]|\"((?:[^\"]|\"\")+)\"|([^.\[\]\"]+)")


def _schema_in(name: str | None) -> str | None:
    """RESUME_LEDGER_SCHEMA as SQLAlchemy takes it. Raises SettingsError."""
    if name is None:
        return None
    try:
        schema, _ = split_name(f"{name}.t")
    except SettingsError:
        raise SettingsError("RESUME_LEDGER_SCHEMA is not a schema's name.") from None
    return schema


def split_name(table: str) -> tuple[str | None, str]:
    """Schema and name of RESUME_TABLE: `t`, `schema.t`, `database.schema.t`, quoted or not.

    Raises SettingsError for what is no name.
    """
    parts, rest = [], f".{table}"
    while rest.startswith(".") and (match := _NAME_PART.match(rest, 1)):
        bracketed, quoted, plain = match.groups()
        parts.append(plain or (bracketed or "").replace("]]", "]") or quoted.replace('""', '"'))
        rest = rest[match.end() :]
    if rest or len(parts) > 3:
        raise SettingsError("RESUME_TABLE is not a table's name: name, or schema.name.")
    # SQLAlchemy parts a schema's name at dots, unless it is in brackets.
    schemas = [f"[{part}]" if "." in part else part for part in parts[:-1]]
    return ".".join(schemas) or None, parts[-1]
