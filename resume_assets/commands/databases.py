"""`init-db`, and opening the database without Dagster."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from resume_assets.commands.output import answer, say, say_as_it_is
from resume_assets.database import setup
from resume_assets.database.connect import Database, open_database
from resume_assets.database.projection import catch_up
from resume_assets.database.status_table import look
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


def init_db(
    settings: Settings, *, dry_run: bool, with_index: bool, ledger_only: bool = False
) -> int:
    """Make what is missing, or with `dry_run` print the script for it."""
    database = open_database(settings)
    try:
        if dry_run:
            steps = setup.plan(database, ledger_only=ledger_only)
            answer(
                database=settings.safe_database_url(),
                steps=[
                    {"purpose": one.purpose, "ddl": one.ddl.strip(), "optional": one.optional}
                    for one in steps
                ],
                next="resume-assets init-db" if steps else None,
            )
            _print(database, steps, with_index=with_index)
            return 0
        made = setup.initialise(database, with_index=with_index, ledger_only=ledger_only)
        for step in made:
            say(f"made {step.purpose}")
        _tell_what_is_left(database)
        database.read(lambda connection: setup.require_initialised(connection, database))
        if made:
            catch_up(database)
        answer(
            database=settings.safe_database_url(),
            made=[step.purpose for step in made],
            left_out=dict(database.candidates.left_out),
            next="resume-assets doctor",
        )
        say(f"{settings.safe_database_url()} is ready.")
        say("Next: `resume-assets doctor` tests it all; `resume-assets submit` sends what waits.")
        return 0
    finally:
        database.dispose()


def _print(database: Database, steps: Sequence[setup.Step], *, with_index: bool) -> None:
    """A script that is the whole set-up, to be run as it is by whoever may."""
    for step in steps:
        is_proposed = step.optional and not with_index
        say_as_it_is(f"-- {step.purpose}{' (proposed; --with-index)' if is_proposed else ''}")
        statement = f"{step.ddl.strip()}{database.dialect.end_of_batch}"
        for line in statement.splitlines():
            say_as_it_is(f"-- {line}" if is_proposed else line)
        say_as_it_is("")
    say_as_it_is("-- Nothing was changed." if steps else "-- Nothing is missing.")


def _tell_what_is_left(database: Database) -> None:
    """What was proposed, or is not ours to alter, and what that means."""
    left = setup.plan(database)
    for step in left:
        if step.optional:
            say(f"proposed, not made (--with-index): {step.purpose}\n  {step.ddl.strip()}")
    columns = [step.purpose for step in left if not step.optional]
    if columns:
        say(f"left out, for this login or --ledger-only does not alter it: {', '.join(columns)}")
    for name, why in database.candidates.left_out.items():
        say(f"{why}, so left out: {name}")
    for problem in database.read(lambda connection: look(connection, database)).problems:
        say(f"aicandidateBatchStatus: {problem}")
