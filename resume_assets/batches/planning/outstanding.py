"""What the planner decides by: what waits, what is out or spent, and the limits in force."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.ledger.attempts import are_repeats_held
from resume_assets.batches.ledger.queue import Waiting, waiting
from resume_assets.batches.ledger.states import IN_FLIGHT, BatchState
from resume_assets.batches.planning.decision import Limits, Outstanding, Queue, TimeLeft
from resume_assets.batches.planning.estimates import Estimate, estimate_for
from resume_assets.database.connect import Database
from resume_assets.extraction.requests import RequestSettings
from resume_assets.models.catalogue import Model, model_for
from resume_assets.models.ends import ModelEnd, end_of
from resume_assets.models.prices import Service
from resume_assets.openai_api.limits import most_requests
from resume_assets.settings import Settings


def queue_of(
    connection: sa.Connection,
    database: Database,
    settings: Settings,
    model: Model,
    asked: RequestSettings,
    rows: int,
) -> Queue:
    """What waits beyond the rows that other batches have planned and not claimed yet."""
    newest = _newest(connection, database, settings, rows)
    if not newest:
        return Queue(waiting=0, are_some_held=_are_some_held(connection, database, settings))
    return queue_with(connection, database, model, asked, newest)


def queue_with(
    connection: sa.Connection,
    database: Database,
    model: Model,
    asked: RequestSettings,
    rows: Sequence[Waiting],
    service: Service = Service.batch,
) -> Queue:
    """These rows, of which there is one at least, as what waits: what they will cost."""
    estimate: Estimate = estimate_for(connection, database, model, asked, service)
    sizes = [row.text_bytes for row in rows]
    inputs = list(map(estimate.input_tokens, sizes))
    cost = estimate.cost(inputs)
    return Queue(
        waiting=len(sizes),
        bytes_per_row=sum(map(estimate.line_bytes, sizes)) / len(sizes),
        tokens_per_row=sum(inputs) / len(sizes),
        cost_per_row=None if cost is None else cost / len(sizes),
    )


def are_all_held(connection: sa.Connection, database: Database, settings: Settings) -> bool:
    """Whether resumes wait, and all that do are repeats held back (see `ledger.attempts`)."""
    newest = _newest(connection, database, settings, 1)
    return not newest and _are_some_held(connection, database, settings)


def _newest(
    connection: sa.Connection, database: Database, settings: Settings, rows: int
) -> list[Waiting]:
    """The rows to be planned next: not held back, nor promised to a batch that has its plan."""
    ahead = promised_rows(connection, database, database.ledger.batches.c.trial_key.is_(None))
    most = settings.max_attempts
    return waiting(connection, database, rows + ahead, max_attempts=most, without_held=True)[ahead:]


def promised_rows(
    connection: sa.Connection, database: Database, *which: sa.ColumnElement[bool]
) -> int:
    """How many rows batches have planned and not claimed yet; `which`: conditions on the batch."""
    table = database.ledger.batches
    query = sa.select(sa.func.sum(table.c.rows_planned))
    query = query.where(table.c.state == BatchState.planned, *which)
    return int(connection.execute(query).scalar() or 0)


def _are_some_held(connection: sa.Connection, database: Database, settings: Settings) -> bool:
    return are_repeats_held(connection, database) and bool(
        waiting(connection, database, 1, max_attempts=settings.max_attempts)
    )


def end_of_model(
    connection: sa.Connection, database: Database, settings: Settings
) -> ModelEnd | None:
    """When the configured model ends, by what its endpoint said at the latest submission."""
    table = database.ledger.batches
    query = (
        sa.select(table.c.model_shutdown)
        .where(
            table.c.model == settings.model,
            table.c.submitted_at.is_not(None),
            table.c.service.is_(None),  # for others it was not asked
        )
        .order_by(table.c.submitted_at.desc())
        .limit(1)
    )
    return end_of(settings, model_for(settings), connection.execute(query).scalar())


def time_left(
    connection: sa.Connection, database: Database, settings: Settings, now: datetime
) -> TimeLeft:
    """What is left of the configured model's time."""
    return TimeLeft(end_of_model(connection, database, settings), now)


def limits_of(
    settings: Settings, installation: sa.Row[Any], *, in_flight: int | None = None
) -> Limits:
    """The limits in force: the lower of the configured token limit and the one OpenAI named."""
    token_limits = [
        limit
        for limit in (settings.enqueued_token_limit, installation.learned_token_limit)
        if limit is not None
    ]
    return Limits(
        in_flight=in_flight,
        enqueued_tokens=min(token_limits, default=None),
        cost_total=settings.max_cost_usd,
        cost_today=settings.max_cost_usd_a_day,
        requests=most_requests(settings),
    )


def outstanding_of(
    connection: sa.Connection, database: Database, installation: sa.Row[Any], now: datetime
) -> Outstanding:
    """What is planned or out now, and what was spent since the last `resume-assets unpause`.

    Requests that are sent one by one take no room in OpenAI's queue of batches; they cost.
    """
    table = database.ledger.batches
    tokens = sa.func.coalesce(table.c.estimated_input_tokens, table.c.tokens_planned)
    count, enqueued = connection.execute(
        sa.select(sa.func.count(), sa.func.sum(tokens)).where(
            table.c.state.in_(sorted(IN_FLIGHT)), table.c.service.is_(None)
        )
    ).one()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    since = installation.resumed_at
    return Outstanding(
        batches=count,
        tokens=int(enqueued or 0),
        cost_total=_cost_since(connection, database, since),
        cost_today=_cost_since(connection, database, max(since or midnight, midnight)),
        low_share=_are_last_two(table.c.low_share, connection, installation),
        low_borne_out=_are_last_two(table.c.low_borne_out, connection, installation),
        stopped=installation.stopped_reason,
    )


def _cost_since(connection: sa.Connection, database: Database, since: datetime | None) -> float:
    """USD spent or reserved by the batches planned since then."""
    table = database.ledger.batches
    cost = sa.func.coalesce(table.c.batch_cost, table.c.estimated_cost, table.c.cost_planned)
    unspent = sorted({BatchState.empty, BatchState.abandoned})
    query = sa.select(sa.func.sum(cost)).where(table.c.state.not_in(unspent))
    if since is not None:
        query = query.where(table.c.planned_at >= since)
    return float(connection.execute(query).scalar() or 0.0)


def _are_last_two(
    low: sa.Column[Any], connection: sa.Connection, installation: sa.Row[Any]
) -> bool:
    """Whether the last two batches that say something fell below the share that `low` is about."""
    table = low.table
    query = sa.select(low).where(table.c.state == BatchState.done, low.is_not(None))
    if installation.resumed_at is not None:
        query = query.where(table.c.done_at >= installation.resumed_at)
    last = connection.execute(query.order_by(table.c.done_at.desc()).limit(2)).scalars().all()
    return len(last) == 2 and all(last)
