"""Keys that the shell's completion proposes: asked for in between two strokes, so quick or none."""

from collections.abc import Collection

import sqlalchemy as sa

from resume_assets.batches.ledger.states import BEFORE_SUBMITTED
from resume_assets.database.connect import Database, open_database
from resume_assets.errors import PlatformError
from resume_assets.settings import Settings, load_settings

_MOST = 50
_PATIENCE = 2  # seconds for the database to answer


def known(of: Collection[str]) -> list[tuple[str, str]]:
    """The newest keys with the state of each: of "batches", "unsent" ones or "trials".

    Empty, without a word, where there is no ledger or it does not answer.
    """
    try:
        settings = load_settings(sqlserver_login_timeout=_PATIENCE)
        if settings.uses_embedded_database and not settings.embedded_path.exists():
            return []
        return _known(settings, of)
    except (PlatformError, sa.exc.SQLAlchemyError, OSError):
        return []


def _known(settings: Settings, of: Collection[str]) -> list[tuple[str, str]]:
    database = open_database(settings)
    database.patience = 0
    try:
        return database.read(lambda connection: _asked(connection, database, of))
    finally:
        database.dispose()


def _asked(
    connection: sa.Connection, database: Database, of: Collection[str]
) -> list[tuple[str, str]]:
    batches, trials = database.ledger.batches, database.ledger.trials
    state = sa.cast(batches.c.state, sa.String)
    found: list[tuple[str, str]] = []
    if "batches" in of or "unsent" in of:
        query = sa.select(batches.c.batch_key, state).where(batches.c.trial_key.is_(None))
        if "unsent" in of:
            query = query.where(batches.c.state.in_(BEFORE_SUBMITTED))
        newest = query.order_by(batches.c.planned_at.desc()).limit(_MOST)
        found += [(key, str(state)) for key, state in connection.execute(newest)]
    if "trials" in of:
        query_of_trials = sa.select(trials.c.trial_key, trials.c.done_at)
        rows = connection.execute(query_of_trials.order_by(trials.c.trial_key.desc()).limit(_MOST))
        found += [(key, "trial, done" if done else "trial") for key, done in rows]
    return found
