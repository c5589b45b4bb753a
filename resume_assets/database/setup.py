"""`init-db`: makes what is missing, says what it does, drops nothing."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import mssql
from sqlalchemy.schema import CreateIndex, CreateTable

from resume_assets.database.candidates import MODIFIED, PROCESSED, TEXT, USERID, TableProblem
from resume_assets.database.connect import Database
from resume_assets.database.status_table import status_table
from resume_assets.database.tables import LEDGER_VERSION, ledger_tables
from resume_assets.errors import PlatformError
from resume_assets.extraction.candidate import COLUMNS

_TIME = sa.DateTime().with_variant(mssql.DATETIME(), "mssql")


class NotInitialised(PlatformError):
    """The ledger's tables are not there yet, or are of another version."""


@dataclass(frozen=True)
class Step:
    """One statement of `init-db`, and what it is for."""

    purpose: str
    ddl: str
    optional: bool = False  # proposed for a table that is the users' own; run only when asked for


def declared_candidates(name: str, schema: str | None) -> sa.Table:
    """The candidate table as `sql_schema` describes it, for where there is none."""
    return sa.Table(
        name,
        sa.MetaData(),
        sa.Column(USERID, sa.Integer, primary_key=True, autoincrement=False),
        sa.Column(TEXT, sa.UnicodeText),
        sa.Column(MODIFIED, _TIME),
        sa.Column(PROCESSED, _TIME),
        *(
            sa.Column(column.name, sa.Unicode(column.length) if column.length else sa.UnicodeText())
            for column in COLUMNS
        ),
        schema=schema,
    )


def plan(database: Database) -> list[Step]:
    """What is missing, as DDL in the order to be run; nothing is changed."""
    return database.read(lambda connection: list(_missing(connection, database)))


def initialise(database: Database, *, with_index: bool = False) -> list[Step]:
    """Make what is missing, in one transaction; returns the steps that were run.

    `with_index` also runs what is only proposed for a table that was there before.
    """

    def work(connection: sa.Connection) -> list[Step]:
        steps = [step for step in _missing(connection, database) if with_index or not step.optional]
        for step in steps:
            connection.execute(sa.DDL(step.ddl.replace("%", "%%")))
        return steps

    steps = database.write(work)
    database.__dict__.pop("candidates", None)  # what was reflected before is old
    database.__dict__.pop("ledger", None)
    database.write(lambda connection: _first_row(connection, database))
    return steps


def require_initialised(connection: sa.Connection, database: Database) -> sa.Row[tuple[object]]:
    """The installation's row. Raises NotInitialised, saying what to do."""
    table = database.ledger.installation
    if not sa.inspect(connection).has_table(table.name, schema=table.schema):
        raise NotInitialised("The ledger's tables are missing: run `resume-assets init-db`.")
    row = connection.execute(sa.select(table)).one_or_none()
    if row is None:
        raise NotInitialised("The ledger has no installation row: run `resume-assets init-db`.")
    if row.ledger_version != LEDGER_VERSION:
        raise NotInitialised(
            f"The ledger is of version {row.ledger_version}, this program of {LEDGER_VERSION}: "
            "run `resume-assets init-db` with the newer program."
        )
    return row


def _missing(connection: sa.Connection, database: Database) -> Iterator[Step]:
    inspector = sa.inspect(connection)
    schema, name = database.schema, database.table_name
    declared = declared_candidates(name, schema)
    userid, processed = declared.c[USERID].type, declared.c[PROCESSED].type
    index = sa.Index(
        f"ix_{name}_queue", declared.c[PROCESSED], declared.c[MODIFIED].desc(), declared.c[USERID]
    )
    index_step = Step(
        "index for the queue's query", str(CreateIndex(index).compile(database.engine))
    )
    if inspector.has_table(name, schema=schema):
        columns = {
            column["name"].casefold(): column for column in inspector.get_columns(name, schema)
        }
        if USERID.casefold() not in columns:
            raise TableProblem(f"The table {name} has no column {USERID}: is it the right one?")
        userid = columns[USERID.casefold()]["type"]
        if PROCESSED.casefold() in columns:
            processed = columns[PROCESSED.casefold()]["type"]
        yield from _missing_columns(database, declared, set(columns))
        indexes = {found["name"] for found in inspector.get_indexes(name, schema=schema)}
        if index.name not in indexes:
            yield Step(index_step.purpose, index_step.ddl, optional=True)
    else:
        yield Step(
            f"table {declared.fullname}", str(CreateTable(declared).compile(database.engine))
        )
        yield index_step
    ledger = ledger_tables(userid, processed, schema)
    for table in (*ledger.metadata.sorted_tables, status_table(ledger.batches)):
        if inspector.has_table(table.name, schema=schema):
            there = {
                column["name"].casefold() for column in inspector.get_columns(table.name, schema)
            }
            yield from _missing_columns(database, table, there)
            continue
        yield Step(f"table {table.fullname}", str(CreateTable(table).compile(database.engine)))
        for own in sorted(table.indexes, key=lambda found: str(found.name)):
            yield Step(f"index {own.name}", str(CreateIndex(own).compile(database.engine)))


def _missing_columns(database: Database, table: sa.Table, there: set[str]) -> Iterator[Step]:
    preparer = database.engine.dialect.identifier_preparer
    add = "ADD" if database.dialect.name == "mssql" else "ADD COLUMN"
    for column in table.columns:
        if column.name.casefold() in there:
            continue
        kind = column.type.compile(dialect=database.engine.dialect)
        yield Step(
            f"column {table.fullname}.{column.name}",
            f"ALTER TABLE {preparer.format_table(table)} {add} "
            f"{preparer.format_column(column)} {kind} NULL",
        )


def _first_row(connection: sa.Connection, database: Database) -> None:
    table = database.ledger.installation
    if connection.execute(sa.select(table.c.one)).one_or_none() is None:
        connection.execute(
            table.insert().values(
                one=1,
                installation_id=secrets.token_hex(12),
                ledger_version=LEDGER_VERSION,
                lock_count=0,
            )
        )
