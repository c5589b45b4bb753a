"""Why planning stopped, and when the model ends."""

from datetime import date

import sqlalchemy as sa

from resume_assets.batches.ledger.states import BatchState
from resume_assets.batches.planning.decision import NoPlan, Stop
from resume_assets.batches.planning.outstanding import end_of_model
from resume_assets.batches.planning.planner import what_stops
from resume_assets.database.connect import Database
from resume_assets.models.ends import ModelEnd
from resume_assets.notifying.matters import Kind, Matter
from resume_assets.settings import Settings

THRESHOLDS = (7, 30, 90)
"""Days before a model's end; at each of them people are told anew."""


def of_planning(
    connection: sa.Connection,
    database: Database,
    settings: Settings,
    installation: sa.Row[tuple[object]],
) -> Matter | None:
    """Why nothing is planned until a person acts; None while it is, or will be again by itself."""
    stop = what_stops(connection, database, settings, installation)
    if stop is None:
        return None
    command = "resume-assets unpause"
    if stop.stop is Stop.model_ends:
        end = end_of_model(connection, database, settings)
        successor = (end and end.successor) or "NEW"
        command = f"resume-assets trial --model {successor} --sample 200"
    return Matter(
        Kind.planning_stopped,
        (stop.stop, *_which(connection, database, settings, installation, stop)),
        f"{stop.why} What is out still comes in.",
        command,
    )


def _which(
    connection: sa.Connection,
    database: Database,
    settings: Settings,
    installation: sa.Row[tuple[object]],
    stop: NoPlan,
) -> tuple[str, ...]:
    """What makes it another stop than the last one for the same reason, by the ledger's facts."""
    if stop.stop is Stop.model_ends:
        return (settings.model,)
    resumed = str(installation.resumed_at)
    if stop.stop is Stop.money:
        return (resumed, str(settings.max_cost_usd))
    if stop.stop is Stop.low_share:
        table = database.ledger.batches
        return (resumed, _last_good(connection, table.c.low_share, table.c.low_share_repeats))
    if stop.stop is Stop.low_borne_out:
        return (resumed, _last_good(connection, database.ledger.batches.c.low_borne_out))
    return (resumed,)


def _last_good(connection: sa.Connection, *low: sa.Column[bool]) -> str:
    """The key of the last batch that was not too low: a stop after it is not the one before it."""
    table = low[0].table
    query = (
        sa.select(table.c.batch_key)
        .where(table.c.state == BatchState.done, sa.or_(*(one == sa.false() for one in low)))
        .order_by(table.c.done_at.desc())
        .limit(1)
    )
    return connection.execute(query).scalar() or ""


def of_model(
    connection: sa.Connection, database: Database, settings: Settings, today: date
) -> Matter | None:
    """That the configured model ends soon; None where it does not, or is gone."""
    end = end_of_model(connection, database, settings)
    return None if end is None else at_threshold(end, today)


def at_threshold(end: ModelEnd, today: date) -> Matter | None:
    """One matter for each of THRESHOLDS; the lowest that is reached."""
    left = end.days_left(today)
    reached = [days for days in THRESHOLDS if left <= days]
    if left <= 0 or not reached:
        return None  # what is gone stops the planning, and is told as that
    successor = end.successor or "NEW"
    return Matter(
        Kind.model_ends,
        (end.model, end.on.isoformat(), str(min(reached))),
        end.in_words(today),
        f"resume-assets trial --model {end.model} --model {successor} --sample 200",
    )
