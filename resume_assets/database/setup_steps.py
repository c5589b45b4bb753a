"""What `init-db` would do: looks at the tables that are there and says what they lack, as SQL."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mssql
from sqlalchemy.schema import CreateIndex, CreateSchema, CreateTable
from sqlalchemy.types import TypeEngine

from resume_assets.database.candidates import MODIFIED, PROCESSED, TEXT, USERID, TableProblem
from resume_assets.database.connect import Database
from resume_assets.database.status_table import status_table
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


def missing_steps(connection: sa.Connection, database: Database) -> Iterator[Step]:
    """Yield what is missing, in the order to be made.

    Raises TableProblem for a candidate table without `userid`, NotInitialised for a ledger that is
    newer than this program.
    """
    looking = _Looking(sa.inspect(connection), database)
    yield from looking.schema()
    yield from looking.candidates()
    ledger = ledger_tables(*looking.shared_types(), database.schema)
    version = looking.version(connection, ledger.installation)
    if version is not None and version > LEDGER_VERSION:
        raise wrong_version(version)
    for table in (*ledger.metadata.sorted_tables, status_table(ledger.batches)):
        yield from looking.own_table(table)
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
    """One look at a database."""

    def __init__(self, inspector: sa.Inspector, database: Database) -> None:
        self.inspector = inspector
        self.database = database
        self.dialect = database.engine.dialect
        self.declared = declared_candidates(database.table_name, database.schema)
        self.there = self._columns(self.declared)

    def schema(self) -> Iterator[Step]:
        """The schema, where it is missing."""
        name = self.database.schema
        if name is None or "." in name:  # of another database: that is not ours to make
            return
        if name.casefold() in (known.casefold() for known in self.inspector.get_schema_names()):
            return
        if self.database.dialect.name == "sqlite":
            raise TableProblem(f"SQLite has no schema {name}: RESUME_TABLE takes a plain name.")
        yield Step(f"schema {name}", self._sql(CreateSchema(name)))

    def candidates(self) -> Iterator[Step]:
        """The candidate table, or its missing columns; the index of the queue's query."""
        table, there = self.declared, self.there
        # By date and id as the queue is read. Not filtered by LastProcessed IS NULL, small as it
        # would be: an index with a filter makes writes fail (1934) of those who use other SET
        # options than ours, and the table is not ours alone.
        index = sa.Index(
            f"ix_{table.name}_queue",
            table.c[PROCESSED],
            table.c[MODIFIED].desc(),
            table.c[USERID].desc(),
        )
        step = Step("index for the queue's query", self._sql(CreateIndex(index)))
        if not there:
            yield Step(f"table {table.fullname}", self._sql(CreateTable(table)))
            yield step
            return
        if USERID.casefold() not in there:
            raise TableProblem(f"The table {table.fullname} has no column {USERID}: is it right?")
        yield from self._missing_columns(table, there)
        if not self._has_index(table, [PROCESSED, MODIFIED], unique=False):
            yield Step(step.purpose, step.ddl, optional=True)

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

    def own_table(self, table: sa.Table) -> Iterator[Step]:
        """A table of ours, or what it lacks."""
        there = self._columns(table)
        if there:
            yield from self._missing_columns(table, there)
        else:
            yield Step(f"table {table.fullname}", self._sql(CreateTable(table)))
        for index in sorted(table.indexes, key=lambda one: str(one.name)):
            names = [column.name for column in index.columns]
            if not there or not self._has_index(table, names, unique=index.unique):
                yield Step(f"index {index.name}", self._sql(CreateIndex(index)))

    def quoted(self, table: sa.Table) -> str:
        """The table's name in SQL."""
        return self.dialect.identifier_preparer.format_table(table)

    def _columns(self, table: sa.Table) -> dict[str, TypeEngine[Any]]:
        """Types by folded name; empty where there is no such table."""
        try:
            found = self.inspector.get_columns(table.name, schema=table.schema)
        except sa.exc.NoSuchTableError:
            return {}
        return {column["name"].casefold(): column["type"] for column in found}

    def _has_index(self, table: sa.Table, names: Sequence[str], *, unique: bool) -> bool:
        """Whether an index, whatever its name, begins with these columns, or is just that one."""
        wanted = [name.casefold() for name in names]
        for found in self.inspector.get_indexes(table.name, schema=table.schema):
            there = [str(name).casefold() for name in found["column_names"]]
            same = there == wanted if unique else there[: len(wanted)] == wanted
            if same and (found["unique"] or not unique):
                return True
        return False

    def _missing_columns(self, table: sa.Table, there: Iterable[str]) -> Iterator[Step]:
        preparer = self.dialect.identifier_preparer
        add = "ADD" if self.database.dialect.name == "mssql" else "ADD COLUMN"
        for column in table.columns:
            if column.name.casefold() in there:
                continue
            kind = column.type.compile(dialect=self.dialect)
            ours = table is not self.declared and not column.nullable and not column.primary_key
            yield Step(
                f"column {table.fullname}.{column.name}",
                f"ALTER TABLE {self.quoted(table)} {add} {preparer.format_column(column)} {kind} "
                + (f"NOT NULL DEFAULT {_zero(column)}" if ours else "NULL"),
            )

    def _sql(self, element: sa.schema.ExecutableDDLElement) -> str:
        return str(element.compile(dialect=self.dialect))


def _zero(column: sa.Column[Any]) -> str:
    """The value, in SQL, that rows get which were there before the column."""
    return "''" if column.type.python_type is str else "0"
