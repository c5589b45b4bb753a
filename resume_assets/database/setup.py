"""`init-db`: makes what is missing, upgrades an older ledger, says what it does, drops nothing."""

import sqlalchemy as sa

from resume_assets.database.connect import Database
from resume_assets.database.serving import require_its_own
from resume_assets.database.setup_steps import (
    Step,
    declared_candidates,
    missing_steps,
    wrong_version,
)
from resume_assets.database.tables import LEDGER_VERSION, NotInitialised

__all__ = [
    "NotInitialised",
    "Step",
    "declared_candidates",
    "initialise",
    "plan",
    "require_initialised",
]


def plan(database: Database, *, ledger_only: bool = False) -> list[Step]:
    """What is missing, as SQL in the order to be run; nothing is changed.

    Raises NotInitialised where the ledger is a newer program's, TableProblem for a table that can't
    be used.
    """
    return database.read(
        lambda connection: list(missing_steps(connection, database, ledger_only=ledger_only))
    )


def initialise(
    database: Database, *, with_index: bool = False, ledger_only: bool = False
) -> list[Step]:
    """Make what is missing, in one transaction; returns the steps that were run.

    What would alter a table that was there before is left out where this login may not; `plan`
    still tells it. `with_index` also runs what is only proposed for such a table, `ledger_only`
    nothing that alters one. Raises what `plan` raises, and DatabaseFailed.
    """

    def work(connection: sa.Connection) -> list[Step]:
        database.dialect.lock_schema(connection)
        steps = [
            step
            for step in missing_steps(connection, database, ledger_only=ledger_only)
            if with_index or not step.optional
        ]
        theirs = {step.alters for step in steps if step.alters is not None}
        closed = {table for table in theirs if not database.dialect.may_alter(connection, table)}
        steps = [step for step in steps if step.alters not in closed]
        for step in steps:
            connection.execute(sa.DDL(step.ddl.replace("%", "%%")))
        return steps

    steps = database.write(work)
    database.forget()
    return steps


def require_initialised(connection: sa.Connection, database: Database) -> sa.Row[tuple[object]]:
    """The installation's row. Raises NotInitialised, saying what to do."""
    table = database.ledger.installation
    if not sa.inspect(connection).has_table(table.name, schema=table.schema):
        raise NotInitialised(
            f"The ledger's tables are missing{_elsewhere(connection, table)}: run `resume-assets "
            "init-db`."
        )
    version = connection.execute(sa.select(table.c.ledger_version)).scalar()
    if version is None:
        raise NotInitialised("The ledger has no installation row: run `resume-assets init-db`.")
    if version != LEDGER_VERSION:
        raise wrong_version(version)
    row = connection.execute(sa.select(table)).one()
    if row.candidate_table is not None:  # else `init-db` of an older program made it
        require_its_own(database, table, row.candidate_table)
    return row


def _elsewhere(connection: sa.Connection, table: sa.Table) -> str:
    """Where a ledger is that was perhaps meant, should RESUME_LEDGER_SCHEMA have changed."""
    inspector = sa.inspect(connection)
    names = [
        name
        for name in inspector.get_schema_names()
        if name != table.schema and inspector.has_table(table.name, schema=name)
    ]
    if not names or table.schema is None:
        return ""
    return (
        f" in schema {table.schema} (there are some in {', '.join(names)}: is RESUME_LEDGER_SCHEMA "
        "as it was?)"
    )
