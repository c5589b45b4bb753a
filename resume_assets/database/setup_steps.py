"""What `init-db` would do: looks at the tables that are there and says what they lack, as SQL."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mssql
from sqlalchemy.schema import CreateIndex, CreateSchema, CreateTable
from sqlalchemy.types import TypeEngine

from resume_assets.database.candidates import MODIFIED, PROCESSED, TEXT, USERID, TableProblem
from resume_assets.database.connect import Database
from resume_assets.database.serving import (
    noted_in,
    refuse_a_second,
    require_its_own,
    served_by,
)
from resume_assets.database.status_table import schema_of, status_table
from resume_assets.database.tables import LEDGER_VERSION, Ledger, NotInitialised, ledger_tables
from resume_assets.extraction.candidate import COLUMNS

_TIME = sa.DateTime().with_variant(mssql.DATETIME(), "mssql")

UPGRADES: Mapping[int, Callable[[Database, Ledger], Iterable[str]]] = {}
"""From a ledger's version to the next: the SQL that is needed beside adding what is missing.

Missing tables, columns and indexes are found by looking and need no entry here; a new column that
must have a value gets its type's zero in the rows that are there.
"""


@dataclass(frozen=True)
class Step:
    """One statement of `init-db`, and what it is for."""

    purpose: str
    ddl: str
    optional: bool = False  # proposed for a table that is the users' own; run only when asked for
    # An existing table that this alters, for which the login may lack the right:
    alters: sa.Table | None = field(default=None, compare=False)


def declared_candidates(name: str, schema: str | None) -> sa.Table:
    """The candidate table as it is made where there is none."""
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


def missing_steps(
    connection: sa.Connection, database: Database, *, ledger_only: bool = False
) -> Iterator[Step]:
    """Yield what is missing, in the order to be made.

    `ledger_only`: tables of ours, and nothing that alters one that was there before. Raises
    TableProblem for a candidate table without `userid`, NotInitialised for a ledger that is newer
    than this program, in another schema, or another table's.
    """
    looking = _Looking(sa.inspect(connection), database)
    yield from looking.schemas()
    if not ledger_only:
        yield from looking.candidates()
    elif not looking.there:
        raise TableProblem(f"There is no table {looking.declared.fullname} for a ledger to serve.")
    ledger = ledger_tables(*looking.shared_types(), database.ledger_schema)
    refuse_a_second(connection, looking.inspector, database, ledger)
    version = looking.version(connection, ledger.installation)
    if version is not None and version > LEDGER_VERSION:
        raise wrong_version(version)
    for table in ledger.metadata.sorted_tables:
        yield from looking.ledger_table(table)
    served = looking.literal(served_by(database))
    if version is None:
        yield Step(
            "the installation's own row",
            f"INSERT INTO {looking.quoted(ledger.installation)} "  # noqa: S608 (our own name)
            "(one, installation_id, ledger_version, lock_count, candidate_table) "
            f"VALUES (1, {database.dialect.random_hex}, {LEDGER_VERSION}, 0, {served})",
        )
    elif (noted := noted_in(connection, looking.inspector, ledger.installation)) is None:
        yield Step(
            "which table the ledger serves",
            f"UPDATE {looking.quoted(ledger.installation)} "  # noqa: S608 (our own name)
            f"SET candidate_table = {served}",
        )
    else:
        require_its_own(database, ledger.installation, noted)
    schema = schema_of(looking.inspector, database)
    for step in looking.status(status_table(ledger.batches, schema)):
        if step.alters is None or not ledger_only:
            yield step
    if version is not None and version < LEDGER_VERSION:
        for older in range(version, LEDGER_VERSION):
            for statement in UPGRADES.get(older, _nothing_more)(database, ledger):
                yield Step(f"ledger from version {older} to {older + 1}", statement)
        name = looking.quoted(ledger.installation)
        yield Step(
            f"ledger's version {LEDGER_VERSION}",
            f"UPDATE {name} SET ledger_version = {LEDGER_VERSION}",  # noqa: S608 (our own name)
        )


def wrong_version(version: int) -> NotInitialised:
    """What to do about a ledger of that version."""
    if version < LEDGER_VERSION:
        return NotInitialised(
            f"The ledger is of version {version}, this program of {LEDGER_VERSION}: run "
            "`resume-assets init-db`, which upgrades it in place."
        )
    return NotInitialised(
        f"The ledger is of version {version}, this program only of {LEDGER_VERSION}: use the newer "
        "program."
    )


def _nothing_more(_database: Database, _ledger: Ledger) -> Iterable[str]:
    return ()


class _Looking:
    """What one inspection of a database found, compared with what there should be."""

    def __init__(self, inspector: sa.Inspector, database: Database) -> None:
        self.inspector = inspector
        self.database = database
        self.dialect = database.engine.dialect
        self.declared = declared_candidates(database.table_name, database.schema)
        self.there = self._columns(self.declared)

    def schemas(self) -> Iterator[Step]:
        """The schemas, where they are missing."""
        known = {name.casefold() for name in self.inspector.get_schema_names()}
        for name in dict.fromkeys((self.database.schema, self.database.ledger_schema)):
            # Of another database: that is not ours to make.
            if name is None or "." in name or name.casefold() in known:
                continue
            if self.database.dialect.name == "sqlite":
                raise TableProblem(
                    f"SQLite has no schema {name}: RESUME_TABLE takes a plain name, and "
                    "RESUME_LEDGER_SCHEMA none."
                )
            yield Step(f"schema {name}", self._sql(CreateSchema(name)))

    def candidates(self) -> Iterator[Step]:
        """The candidate table, or its missing columns; the index for reading the queue."""
        table, there = self.declared, self.there
        # The queue (the candidates that wait) is read by date and id. Not filtered by LastProcessed
        # IS NULL, small as the index would be: a filtered index makes writes fail (1934) of those
        # who use other SET options than ours, and the table is not ours alone.
        index = sa.Index(
            f"ix_{table.name}_queue",
            table.c[PROCESSED],
            table.c[MODIFIED].desc(),
            table.c[USERID].desc(),
        )
        proposed = Step(
            "index for the queue's query",
            self._sql(CreateIndex(index)),
            optional=True,
            alters=table,
        )
        if not there:
            yield Step(f"table {table.fullname}", self._sql(CreateTable(table)))
            yield replace(proposed, optional=False, alters=None)
            return
        if USERID.casefold() not in there:
            raise TableProblem(f"The table {table.fullname} has no column {USERID}: is it right?")
        if self._is_view(table):
            return  # has the columns that its makers chose
        yield from self._missing_columns(table, there, theirs=True)
        if not self._has_index(table, [PROCESSED, MODIFIED]):
            yield proposed

    def shared_types(self) -> tuple[TypeEngine[Any], TypeEngine[Any]]:
        """Types (and collation) of `userid` and `LastProcessed`, which the ledger shares."""
        first, second = (
            self.there.get(name.casefold(), self.declared.c[name].type)
            for name in (USERID, PROCESSED)
        )
        return first, second

    def version(self, connection: sa.Connection, installation: sa.Table) -> int | None:
        """The version of the ledger that is there, None where there is none."""
        if "ledger_version" not in self._columns(installation):
            return None
        version: int | None = connection.execute(sa.select(installation.c.ledger_version)).scalar()
        return version

    def ledger_table(self, table: sa.Table) -> Iterator[Step]:
        """A table of the ledger, or what it lacks."""
        there = self._columns(table)
        if there:
            yield from self._missing_columns(table, there, theirs=False)
        else:
            yield Step(f"table {table.fullname}", self._sql(CreateTable(table)))
        for index in sorted(table.indexes, key=lambda one: str(one.name)):
            names = [column.name for column in index.columns]
            if not there or not self._has_index(table, names):
                yield Step(f"index {index.name}", self._sql(CreateIndex(index)))

    def status(self, table: sa.Table) -> Iterator[Step]:
        """The table for people with its index; of one that is there only what it lacks."""
        there = self._columns(table)
        if not there:
            yield Step(f"table {table.fullname}", self._sql(CreateTable(table)))
            for index in table.indexes:
                yield Step(f"index {index.name}", self._sql(CreateIndex(index)))
        elif not self._is_view(table):
            yield from self._missing_columns(table, there, theirs=True)

    def literal(self, text: str) -> str:
        """The text in SQL."""
        value = sa.literal(text, sa.Unicode())
        return str(value.compile(dialect=self.dialect, compile_kwargs={"literal_binds": True}))

    def quoted(self, table: sa.Table) -> str:
        """The table's name in SQL."""
        return self.dialect.identifier_preparer.format_table(table)

    def _is_view(self, table: sa.Table) -> bool:
        names = self.inspector.get_view_names(schema=table.schema)
        return table.name.casefold() in (name.casefold() for name in names)

    def _columns(self, table: sa.Table) -> dict[str, TypeEngine[Any]]:
        """Types by folded name; empty where there is no such table."""
        try:
            found = self.inspector.get_columns(table.name, schema=table.schema)
        except sa.exc.NoSuchTableError:
            return {}
        return {column["name"].casefold(): column["type"] for column in found}

    def _has_index(self, table: sa.Table, names: Sequence[str]) -> bool:
        """Whether an index, by any name, starts with these columns."""
        wanted = [name.casefold() for name in names]
        return any(
            [str(name).casefold() for name in found["column_names"]][: len(wanted)] == wanted
            for found in self.inspector.get_indexes(table.name, schema=table.schema)
        )

    def _missing_columns(
        self, table: sa.Table, there: Iterable[str], *, theirs: bool
    ) -> Iterator[Step]:
        preparer = self.dialect.identifier_preparer
        add = "ADD" if self.database.dialect.name == "mssql" else "ADD COLUMN"
        for column in table.columns:
            if column.name.casefold() in there:
                continue
            kind = column.type.compile(dialect=self.dialect)
            # In a table of the users' own it is nullable: the existing rows have no value for it.
            has_value = not theirs and not column.nullable and not column.primary_key
            yield Step(
                f"column {table.fullname}.{column.name}",
                f"ALTER TABLE {self.quoted(table)} {add} {preparer.format_column(column)} {kind} "
                + (f"NOT NULL DEFAULT {_zero(column)}" if has_value else "NULL"),
                alters=table if theirs else None,
            )

    def _sql(self, element: sa.schema.ExecutableDDLElement) -> str:
        return str(element.compile(dialect=self.dialect))


def _zero(column: sa.Column[Any]) -> str:
    """The value, in SQL, that rows get which were there before the column."""
    return "''" if column.type.python_type is str else "0"
