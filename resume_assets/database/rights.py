"""What the login must be allowed to do, asked of the database before anything is sent."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from resume_assets.database.connect import Database
from resume_assets.database.dialect import Need
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.database.status_table import schema_of, status_table
from resume_assets.errors import PlatformError


class RightsMissing(PlatformError):
    """The login may not do what will be needed; the message says what to run."""


def needs(database: Database) -> Iterator[Need]:
    """All that the jobs of a batch and of a trial need, from the plan to the records."""
    there, ledger = database.candidates, database.ledger
    required = (there.userid, there.text, there.modified, there.processed)
    written = (*there.names, there.processed.name)
    yield Need("SELECT", there.table, (*(column.name for column in required), *there.names))
    yield Need("UPDATE", there.table, written)
    for table, rights in (
        (ledger.installation, ("SELECT", "UPDATE")),
        (ledger.batches, ("SELECT", "INSERT", "UPDATE")),
        (ledger.items, ("SELECT", "INSERT", "UPDATE", "DELETE")),
        (ledger.claims, ("SELECT", "INSERT", "DELETE")),
        (ledger.journal, ("SELECT", "INSERT", "UPDATE", "DELETE")),
        (ledger.trials, ("SELECT", "INSERT", "UPDATE")),
        (ledger.trial_candidates, ("SELECT", "INSERT", "DELETE")),
        (ledger.trial_items, ("SELECT", "INSERT", "UPDATE", "DELETE")),
        (ledger.notices, ("SELECT", "INSERT", "UPDATE", "DELETE")),
        (ledger.deliveries, ("SELECT", "INSERT", "UPDATE", "DELETE")),
        (ledger.forgotten, ("SELECT", "INSERT", "DELETE")),
        (ledger.receipts, ("SELECT", "INSERT")),
        (ledger.counters, ("SELECT", "INSERT", "UPDATE")),
        (ledger.documents, ("SELECT", "INSERT", "UPDATE", "DELETE")),
    ):
        for right in rights:
            yield Need(right, table)


def needs_of_import(database: Database) -> list[Need]:
    """What an import needs beside that: new rows, and texts in those that are there."""
    there = database.candidates
    written = (there.text.name, there.modified.name)
    return [Need("INSERT", there.table), Need("UPDATE", there.table, written)]


def require_import(database: Database) -> None:
    """Raise RightsMissing where an import could not write. Nothing was read by then."""
    asked = needs_of_import(database)
    found = database.read(lambda connection: database.dialect.lacking_rights(connection, asked))
    if found:
        raise RightsMissing(
            "The database does not let this program write resumes; nothing was imported. Missing: "
            f"{' '.join(found)}"
        )


def needs_of_status(connection: sa.Connection, database: Database) -> list[Need]:
    """What the table for people needs; the rest goes on without it."""
    schema = schema_of(sa.inspect(connection), database)
    table = status_table(database.ledger.batches, schema)
    return [Need(right, table) for right in ("SELECT", "INSERT", "UPDATE")]


def lacking(database: Database) -> list[str]:
    """What is needed and not there, each with what gives it: a GRANT, or a sentence."""
    asked = list(needs(database))
    found = database.read(lambda connection: database.dialect.lacking_rights(connection, asked))
    return found or list(_unwritable(database))


def require(database: Database) -> None:
    """Raise RightsMissing where a right is missing; once none is, this process asks no more."""
    if database.has_rights:
        return
    found = lacking(database)
    if found:
        raise RightsMissing(
            "The database does not let this program do what it will need to; nothing was sent. "
            f"Missing: {' '.join(found)} (`resume-assets doctor` looks again.)"
        )
    database.has_rights = True


def _unwritable(database: Database) -> Iterator[str]:
    """Columns of a view that nobody can write, whatever the rights."""
    there = database.candidates
    if not database.read(lambda connection: _is_view(connection, database)):
        return
    names = (*there.names, there.processed.name)
    if _refusal(database, names) is None:
        return
    for name in names:
        refusal = _refusal(database, (name,))
        if refusal is not None:
            yield f"{there.table.fullname}.{name} can't be written: {refusal}."


def _refusal(database: Database, names: Sequence[str]) -> DatabaseFailed | None:
    """What the database says of a statement that writes these columns, and hits no row."""
    table = database.candidates.table
    statement = table.update().values({name: table.c[name] for name in names}).where(sa.false())
    try:
        database.write(lambda connection: connection.execute(statement))
    except DatabaseFailed as failed:
        return failed
    return None


def _is_view(connection: sa.Connection, database: Database) -> bool:
    names = sa.inspect(connection).get_view_names(schema=database.schema)
    return database.table_name.casefold() in (name.casefold() for name in names)
