"""The one planner: serves the sensor, `continuous`, `submit` and a partition added by hand.

Under the planning lock (a database lock on the ledger's row of the installation) it looks at the
queue and at all that is out, decides, and inserts the batch's row with what it reserves; so two
planners together never exceed a limit.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import BatchState, ItemState
from resume_assets.batches.planning.asked import asked_now, columns_of
from resume_assets.batches.planning.decision import (
    WAITS_FOR_A_PERSON,
    NoPlan,
    Plan,
    Queue,
    Stop,
    decide,
)
from resume_assets.batches.planning.outstanding import (
    are_all_held,
    limits_of,
    outstanding_of,
    queue_of,
    time_left,
)
from resume_assets.batches.planning.runs import Due, Stage, run_key
from resume_assets.database import rights
from resume_assets.database.connect import Database
from resume_assets.database.setup import require_initialised
from resume_assets.errors import WrongUseError
from resume_assets.extraction.prompt import load_prompt
from resume_assets.models.catalogue import model_for
from resume_assets.openai_api.limits import most_requests
from resume_assets.settings import Settings
from resume_assets.words import counted, verb

_log = logging.getLogger(__name__)


class KeyTaken(WrongUseError):
    """The key already names a batch that is not to be planned again."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A batch that has its row, and the first run to be requested for it."""

    key: str
    plan: Plan
    due: Due


def plan_batch(
    database: Database,
    settings: Settings,
    *,
    rows: int,
    origin: str,
    key: str | None = None,
    in_flight: int | None = None,
    in_all: int | None = None,
    finish_now: int | None = None,
) -> Planned | NoPlan:
    """Plan one batch of at most `rows` resumes and insert its row.

    `key`: None makes one up; a key whose batch ended `empty` or `abandoned` is planned again.
    `in_flight`: at most so many batches may be out; None = as many as the other limits allow.
    `in_all`: at most so many of this origin ever, not counting `empty` and `abandoned` ones.
    `finish_now`: so many of its unusable ones are asked again at once when it has come back.
    Raises BadKey, KeyTaken where the key's batch is under way or done, RightsMissing, PromptError.
    """
    if key is not None:
        batches.check_key(key)
    rights.require(database)
    model = model_for(settings)
    asked = asked_now(settings, model)

    def work(connection: sa.Connection) -> Planned | NoPlan:
        database.dialect.lock(connection, database.ledger.installation)
        if in_all is not None and _count_planned(connection, database, origin) >= in_all:
            told = f"{counted(in_all, 'batch')} {verb(in_all, 'is', 'are')} planned"
            return NoPlan(Stop.enough, f"{told}: RESUME_CONTINUOUS_BATCHES.")
        most = min(rows, most_requests(settings))
        queue = queue_of(connection, database, settings, model, asked, most)
        decision = decision_on(connection, database, settings, queue, rows, in_flight=in_flight)
        if isinstance(decision, NoPlan):
            return decision
        values = columns_of(settings, asked.prompt) | {"finish_now": finish_now}
        return insert_planned(connection, database, decision, values, origin=origin, key=key)

    return database.write(work)


def decision_on(
    connection: sa.Connection,
    database: Database,
    settings: Settings,
    queue: Queue,
    rows: int,
    *,
    in_flight: int | None,
    of_trial: bool = False,
) -> Plan | NoPlan:
    """What the limits in force allow of a queue; whoever inserts it holds the planning lock.

    `of_trial`: poor answers stop the real work, and never a trial, which may show what is better.
    """
    installation = require_initialised(connection, database)
    now = database.dialect.utc_now(connection)
    outstanding = outstanding_of(connection, database, installation, now)
    if of_trial:
        outstanding = replace(outstanding, low_share=False, low_borne_out=False)
    limits = limits_of(settings, installation, in_flight=in_flight)
    return decide(queue, outstanding, limits, rows, time_left(connection, database, settings, now))


def insert_planned(
    connection: sa.Connection,
    database: Database,
    plan: Plan,
    values: Mapping[str, Any],
    *,
    origin: str,
    key: str | None = None,
) -> Planned:
    """Insert the batch's row; `values` are the columns that say what it asks (`columns_of`)."""
    now = database.dialect.utc_now(connection)
    name = key or batches.new_key(now)
    _insert(connection, database, values, name, plan, origin, now)
    batch = batches.get(connection, database, name)
    _log.info("batch %s: planned, %d resumes", name, plan.rows)
    return Planned(name, plan, Due(name, Stage.submit, run_key(batch, Stage.submit)))


def plan_named(database: Database, settings: Settings, key: str, rows: int) -> NoPlan | None:
    """Plan the batch of a partition that a person added, unless it is under way already.

    Returns why there is none, where a limit says no; with nothing waiting the batch is `empty`.
    Raises BadKey, PromptError, KeyTaken for the key of a trial's batch.
    """
    batches.check_key(key)
    batch = database.read(lambda connection: batches.find(connection, database, key))
    if batch is not None and batch.trial_key is not None:
        raise KeyTaken(batches.belongs_to_trial(batch))
    if batch is not None and batch.state not in (BatchState.empty, BatchState.abandoned):
        return None
    planned = plan_batch(database, settings, rows=rows, origin="manual", key=key)
    if isinstance(planned, Planned):
        return None
    if planned.stop is not Stop.nothing_waiting:
        return planned
    if batch is None:
        database.write(lambda connection: _insert_empty(connection, database, settings, key))
    return None


def _insert_empty(
    connection: sa.Connection, database: Database, settings: Settings, key: str
) -> None:
    database.dialect.lock(connection, database.ledger.installation)
    now = database.dialect.utc_now(connection)
    nothing, state = Plan(rows=0, tokens=0, cost=0.0), BatchState.empty
    values = columns_of(settings, load_prompt(settings.prompt))
    _insert(connection, database, values, key, nothing, "manual", now, state=state)


def _count_planned(connection: sa.Connection, database: Database, origin: str) -> int:
    """How many batches of that origin there are, those that came to nothing left out."""
    table = database.ledger.batches
    nothing = sorted({BatchState.empty, BatchState.abandoned})
    query = (
        sa.select(sa.func.count())
        .select_from(table)
        .where(table.c.origin == origin, table.c.state.not_in(nothing))
    )
    return connection.execute(query).scalar_one()


def why_stopped(
    connection: sa.Connection, database: Database, settings: Settings, installation: sa.Row[Any]
) -> str | None:
    """Why nothing is planned until a person acts; None where planning goes on."""
    stop = what_stops(connection, database, settings, installation)
    return None if stop is None else stop.why


def what_stops(
    connection: sa.Connection, database: Database, settings: Settings, installation: sa.Row[Any]
) -> NoPlan | None:
    """What keeps anything from being planned until a person acts; None where planning goes on."""
    now = database.dialect.utc_now(connection)
    outstanding = outstanding_of(connection, database, installation, now)
    # As if one resume of a thousandth of a cent waited, unless all that do are held back.
    queue = Queue(waiting=1, cost_per_row=0.000_01)
    if are_all_held(connection, database, settings):
        queue = Queue(waiting=0, are_some_held=True)
    limits, left = limits_of(settings, installation), time_left(connection, database, settings, now)
    decision = decide(queue, outstanding, limits, 1, left)
    if isinstance(decision, NoPlan) and decision.stop in WAITS_FOR_A_PERSON:
        return decision
    return None


def stuck_batches(
    connection: sa.Connection, database: Database, settings: Settings
) -> Sequence[batches.Batch]:
    """Batches that OpenAI has not ended for longer than its window and a margin.

    What does not add up (see `contradictions`) has ended, and is reported by the poll.
    """
    now = database.dialect.utc_now(connection)
    out = batches.in_states(connection, database, [BatchState.submitted])
    return [batch for batch in out if is_stuck(batch, now, settings)]


def is_stuck(batch: batches.Batch, now: datetime, settings: Settings) -> bool:
    """Whether the batch, which is out, has been so for too long."""
    since = now - timedelta(hours=settings.stuck_hours)
    is_out_long = batch.submitted_at is not None and batch.submitted_at < since
    return is_out_long and batch.contradiction is None


def of_azure(settings: Settings) -> str:
    """What is added of a batch that is out for long: Azure ends none for its age."""
    return " Azure lets it run on; it comes in by itself." if settings.is_azure else ""


def preview(database: Database, settings: Settings, rows: int) -> Queue:
    """What the next `rows` resumes would come to, by the planner's own estimate; claims nothing."""
    model = model_for(settings)
    asked = asked_now(settings, model)
    return database.read(
        lambda connection: queue_of(connection, database, settings, model, asked, rows)
    )


def _insert(
    connection: sa.Connection,
    database: Database,
    asked: Mapping[str, Any],
    key: str,
    plan: Plan,
    origin: str,
    now: datetime,
    *,
    state: BatchState = BatchState.planned,
) -> None:
    """Insert the batch's row, or plan a batch anew that ended before anything was sent."""
    table = database.ledger.batches
    before = connection.execute(sa.select(table).where(table.c.batch_key == key)).first()
    values: dict[str, Any] = {
        "state": state,
        "origin": origin,
        # Whoever plans requests the first run; dispatching asks again if nothing comes of it.
        "run_requests": 1,
        "requested_at": now,
        "rows_planned": plan.rows,
        "tokens_planned": plan.tokens,
        "cost_planned": plan.cost,
        **asked,
        "quota_tries": 0,
        "planned_at": now,
        "message": None,
    }
    if before is None:
        connection.execute(table.insert().values(batch_key=key, try_number=1, **values))
    elif before.trial_key is not None:
        raise KeyTaken(batches.belongs_to_trial(before))
    elif before.state in (BatchState.empty, BatchState.abandoned) and not _was_sent(
        connection, database, key
    ):
        # Nothing from before it ended counts any more: not its file, its upload or its estimate.
        fresh = {column.name: None for column in table.columns if column.nullable}
        if before.local_deleted_at is None:  # its former files are in that store
            fresh["store_url"] = before.store_url
        values = fresh | values | {"try_number": before.try_number + 1}
        connection.execute(table.update().where(table.c.batch_key == key).values(values))
    else:
        raise KeyTaken(
            f"Batch {key} is there already, in state {before.state}: choose another key."
        )


def _was_sent(connection: sa.Connection, database: Database, key: str) -> bool:
    """Whether an item of the batch ended otherwise than by going back to the queue."""
    items = database.ledger.items
    sent = sa.select(items.c.userid).where(
        items.c.batch_key == key, items.c.state != ItemState.released
    )
    return connection.execute(sent.limit(1)).first() is not None
