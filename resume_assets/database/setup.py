"""`init-db`: makes what is missing, upgrades an older ledger, says what it does, drops nothing."""

import secrets

import sqlalchemy as sa

from resume_assets.database.connect import Database
from resume_assets.database.setup_steps import (
    Step,
    declared_candidates,
    missing_steps,
    wrong_version,
)
from resume_assets.database.tables import LEDGER_VERSION, NotInitialised, ledger_tables

__all__ = [
    "NotInitialised",
    "Step",
    "declared_candidates",
    "initialise",
    "plan",
    "require_initialised",
]


def plan(database: Database) -> list[Step]:
    """What is missing, as SQL in the order to be run; nothing is changed.

    Raises NotInitialised where the ledger is a newer program's, TableProblem for a table that can't
    be used.
    """
    return database.read(lambda connection: list(missing_steps(connection, database)))


def initialise(database: Database, *, with_index: bool = False) -> list[Step]:
    """Make what is missing, in one transaction; returns the steps that were run.

    `with_index` also runs what is only proposed for a table that was there before.
    Raises what `plan` raises, and DatabaseFailed.
    """

    def work(connection: sa.Connection) -> list[Step]:
        database.dialect.lock_schema(connection)
        steps = [
            step for step in missing_steps(connection, database) if with_index or not step.optional
        ]
        for step in steps:
            connection.execute(sa.DDL(step.ddl.replace("%", "%%")))
        _first_row(connection, database)
        return steps

    steps = database.write(work)
    database.forget()
    return steps


def require_initialised(connection: sa.Connection, database: Database) -> sa.Row[tuple[object]]:
    """The installation's row. Raises NotInitialised, saying what to do."""
    table = database.ledger.installation
    if not sa.inspect(connection).has_table(table.name, schema=table.schema):
        raise NotInitialised("The ledger's tables are missing: run `resume-assets init-db`.")
    version = connection.execute(sa.select(table.c.ledger_version)).scalar()
    if version is None:
        raise NotInitialised("The ledger has no installation row: run `resume-assets init-db`.")
    if version != LEDGER_VERSION:
        raise wrong_version(version)
    return connection.execute(sa.select(table)).one()


def _first_row(connection: sa.Connection, database: Database) -> None:
    # The row depends on none of the candidate table's types.
    table = ledger_tables(sa.Integer(), sa.DateTime(), database.schema).installation
    if connection.execute(sa.select(table.c.one)).one_or_none() is None:
        connection.execute(
            table.insert().values(
                one=1,
                installation_id=secrets.token_hex(12),
                ledger_version=LEDGER_VERSION,
                lock_count=0,
            )
        )
