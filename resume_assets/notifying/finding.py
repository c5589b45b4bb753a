"""What the ledger and the settings say that people are to be told."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import CLOSED, OPEN
from resume_assets.database.connect import Database
from resume_assets.database.setup import require_initialised
from resume_assets.notifying import outbox
from resume_assets.notifying.closed_batches import of_closed
from resume_assets.notifying.matters import Matter
from resume_assets.notifying.open_batches import of_open
from resume_assets.notifying.standstill import of_model, of_planning
from resume_assets.notifying.summary import due_summary, figures
from resume_assets.settings import Settings

CLOSED_FOR = timedelta(days=7)
"""What closed before that is past: nobody had asked to be told then."""

_CLOSED_A_LOOK = 100


@dataclass(slots=True)
class Found:
    """What people are to be told, noted already or not; and the closed batches looked at for it."""

    matters: list[Matter] = field(default_factory=list)
    looked_at: list[str] = field(default_factory=list)


def find(connection: sa.Connection, database: Database, settings: Settings) -> Found:
    """Look at everything once; reads only, and loads no column of a candidate."""
    installation = require_initialised(connection, database)
    now = database.dialect.utc_now(connection)
    found = Found()
    _add_closed(connection, database, settings, found)
    stop = of_planning(connection, database, settings, installation)
    for batch in batches.in_states(connection, database, OPEN):
        matter = of_open(batch, now, settings, stopped=stop is not None)
        if matter is not None:
            found.matters.append(matter)
    ends = of_model(connection, database, settings, now.date())
    found.matters += [matter for matter in (stop, ends) if matter is not None]
    summary = due_summary(now, settings)
    if summary is not None and not outbox.is_noted(connection, database, summary):
        told = figures(connection, database, settings, now)
        found.matters.append(replace(summary, what=told))
    return found


def _add_closed(
    connection: sa.Connection, database: Database, settings: Settings, found: Found
) -> None:
    """What came of the batches that closed since the last look; the newest, should there be many.

    Those that closed long before anybody was told of anything are only marked, bit by bit.
    """
    now = database.dialect.utc_now(connection)
    for batch in reversed(_closed_since(connection, database)):
        closed = batch.done_at or batch.ended_at or batch.requested_at or batch.planned_at
        if closed >= now - CLOSED_FOR:
            found.matters += of_closed(connection, database, settings, batch)
        found.looked_at.append(batch.batch_key)


def _closed_since(connection: sa.Connection, database: Database) -> Sequence[batches.Batch]:
    table = database.ledger.batches
    query = sa.select(table).where(table.c.noticed_at.is_(None), table.c.state.in_(sorted(CLOSED)))
    newest = query.order_by(table.c.planned_at.desc(), table.c.batch_key.desc())
    return connection.execute(newest.limit(_CLOSED_A_LOOK)).all()
