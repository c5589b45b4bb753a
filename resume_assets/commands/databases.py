"""`init-db`, and opening the database without Dagster."""

from collections.abc import Iterator
from contextlib import contextmanager

from resume_assets.commands.output import say
from resume_assets.database import setup
from resume_assets.database.connect import Database, open_database
from resume_assets.settings import Settings


@contextmanager
def opened_database(settings: Settings) -> Iterator[Database]:
    """The configured database; the embedded one makes itself. Raises NotInitialised."""
    database = open_database(settings)
    try:
        if settings.uses_embedded_database:
            setup.initialise(database)
        database.read(lambda connection: setup.require_initialised(connection, database))
        yield database
    finally:
        database.dispose()


def init_db(settings: Settings, *, dry_run: bool, with_index: bool) -> int:
    """Make what is missing, or with `dry_run` print the DDL for it."""
    database = open_database(settings)
    try:
        if dry_run:
            steps = setup.plan(database)
            for step in steps:
                say(f"-- {step.purpose}{' (proposed; --with-index)' if step.optional else ''}")
                say(f"{step.ddl.strip()};\n")
            say("-- Nothing was changed." if steps else "-- Nothing is missing.")
            return 0
        for step in setup.initialise(database, with_index=with_index):
            say(f"made {step.purpose}")
        for step in setup.plan(database):
            say(f"proposed, not made (--with-index): {step.purpose}\n  {step.ddl.strip()}")
        say(f"{settings.safe_database_url()} is ready.")
        return 0
    finally:
        database.dispose()
