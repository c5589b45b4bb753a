"""A candidate table has one ledger; a ledger serves one candidate table, noted in its own row.

A second ledger would know nothing of what the first has claimed and sent; a second table's ids
would be taken for the first one's candidates.
"""

import logging

import sqlalchemy as sa

from resume_assets.database.connect import Database
from resume_assets.database.tables import Ledger, NotInitialised

_log = logging.getLogger(__name__)


def served_by(database: Database) -> str:
    """The candidate table's name as the ledger notes it."""
    return ".".join(filter(None, (database.schema, database.table_name)))


def require_its_own(database: Database, installation: sa.Table, noted: str) -> None:
    """Raise NotInitialised where the ledger serves another table than the configured one."""
    ours = served_by(database)
    if noted.casefold() == ours.casefold():
        return
    renamed = f"UPDATE {installation.fullname} SET candidate_table = '{ours}'"  # noqa: S608 (shown)
    raise NotInitialised(
        f"The ledger serves {noted}, and RESUME_TABLE names {ours}: their candidates would be "
        f"mixed up. Set RESUME_TABLE={noted}, or for {ours} a RESUME_LEDGER_SCHEMA of its own. "
        f"Where it is the same table under another name: {renamed}."
    )


def noted_in(
    connection: sa.Connection, inspector: sa.Inspector, installation: sa.Table
) -> str | None:
    """Which table this ledger says it serves; None for one that is older than the note."""
    there = inspector.get_columns(installation.name, schema=installation.schema)
    if "candidate_table" not in {column["name"].casefold() for column in there}:
        return None
    noted: str | None = connection.execute(sa.select(installation.c.candidate_table)).scalar()
    return noted


def refuse_a_second(
    connection: sa.Connection, inspector: sa.Inspector, database: Database, ledger: Ledger
) -> None:
    """Raise NotInitialised where a ledger in another schema serves this table.

    One that is older than the note, or that this login may not read, is taken to serve the table of
    this name beside it, if any.
    """
    table = ledger.installation
    if table.schema is None or inspector.has_table(table.name, schema=table.schema):
        return
    for schema in inspector.get_schema_names():
        if not inspector.has_table(table.name, schema=schema):
            continue
        other = table.to_metadata(sa.MetaData(), schema=schema)
        beside = f"{schema}.{database.table_name}"
        noted = _noted_elsewhere(connection, inspector, database, other) or beside
        if noted.casefold() == served_by(database).casefold():
            raise NotInitialised(_already(database, ledger, schema))


def _noted_elsewhere(
    connection: sa.Connection,
    inspector: sa.Inspector,
    database: Database,
    installation: sa.Table,
) -> str | None:
    """What another schema's ledger notes; None where it may not be read, or is gone by now."""
    try:
        with connection.begin_nested():
            return noted_in(connection, inspector, installation)
    except (sa.exc.NoSuchTableError, sa.exc.DBAPIError) as problem:
        if database.dialect.is_transient(problem):
            raise  # it is tried again: to pass over a ledger of this table would make a second one
        told = type(problem).__name__
        _log.warning("the ledger in schema %s can't be read: %s", installation.schema, told)
        return None


def _already(database: Database, ledger: Ledger, there: str) -> str:
    quote = database.engine.dialect.identifier_preparer.quote
    new = ledger.installation.schema or ""
    moves = "; ".join(
        f"ALTER SCHEMA {quote(new)} TRANSFER {quote(there)}.{table.name}"
        for table in ledger.metadata.sorted_tables
    )
    is_beside = there.casefold() == (database.schema or "").casefold()
    setting = "Unset RESUME_LEDGER_SCHEMA" if is_beside else f"Set RESUME_LEDGER_SCHEMA={there}"
    return (
        f"The ledger of {served_by(database)} is in schema {there}, not in {new}: a second one "
        f"would know nothing of what is claimed and out. {setting}, or move the tables while "
        f"nothing runs: {moves}."
    )
