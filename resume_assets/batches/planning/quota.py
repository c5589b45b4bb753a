"""When OpenAI's queue is full, or the account has no money: what waits, and for how long."""

import logging
from datetime import datetime, timedelta

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import BatchState, ItemState
from resume_assets.database.connect import Database
from resume_assets.settings import Settings

_log = logging.getLogger(__name__)

_LONGEST = timedelta(hours=1)
_MARGIN = 0.95  # of a limit that a split file may fill: OpenAI's count is not quite ours


def wait_for_quota(
    connection: sa.Connection,
    database: Database,
    batch: batches.Batch,
    settings: Settings,
    message: str,
    limit: int | None = None,
    retry_after: float | None = None,
) -> batches.Batch:
    """Keep claim, file and upload, and wait: one check interval, doubling up to an hour.

    A limit that OpenAI named lowers the planner's. A file that is over it by itself is split: its
    tail goes back to the queue and the rest is built anew. `retry_after`: seconds that the answer
    asked for, at least.
    """
    now = database.dialect.utc_now(connection)
    items = batches.items_of(database, batch.trial_key)
    connection.execute(
        items.update()
        .where(items.c.batch_key == batch.batch_key, items.c.state == ItemState.submitted)
        .values(state=ItemState.claimed)
    )
    if limit is not None:
        installation = database.ledger.installation
        connection.execute(installation.update().values(learned_token_limit=limit, learned_at=now))
        if (batch.estimated_input_tokens or 0) > limit * _MARGIN:
            return _split(connection, database, batch, limit, now)
    pause = max(
        timedelta(seconds=settings.check_interval) * 2 ** min(batch.quota_tries, 12),
        timedelta(seconds=retry_after or 0),
    )
    pause = min(pause, _LONGEST)
    _log.info("batch %s: waits for OpenAI's queue, %d s", batch.batch_key, pause.total_seconds())
    return batches.update(
        connection,
        database,
        batch.batch_key,
        state=BatchState.quota,
        openai_batch_id=None,
        openai_status=None,
        quota_tries=batch.quota_tries + 1,
        quota_until=now + pause,
        run_requests=0,
        requested_at=None,
        # A batch object that failed stays in OpenAI's list: the next creation is another try.
        try_number=batch.try_number + 1,
        message=message,
    )


def stop_planning(connection: sa.Connection, database: Database, reason: str) -> None:
    """No batch is planned or sent any more until `resume-assets unpause`."""
    _log.error("planning stopped: %s", reason)
    now = database.dialect.utc_now(connection)
    connection.execute(
        database.ledger.installation.update().values(stopped_reason=reason[:400], stopped_at=now)
    )


def resume_planning(connection: sa.Connection, database: Database) -> None:
    """Count money and usable shares afresh from now on, lift a stop, forget a learned limit."""
    now = database.dialect.utc_now(connection)
    connection.execute(
        database.ledger.installation.update().values(
            resumed_at=now,
            stopped_reason=None,
            stopped_at=None,
            learned_token_limit=None,
            learned_at=None,
        )
    )


def _split(
    connection: sa.Connection, database: Database, batch: batches.Batch, limit: int, now: datetime
) -> batches.Batch:
    items, claims = batches.items_of(database, batch.trial_key), database.ledger.claims
    of_batch = sa.and_(
        items.c.batch_key == batch.batch_key,
        items.c.state == ItemState.claimed,
    )
    # Those that get the answer to another's request take no room.
    sent = sa.and_(of_batch, items.c.same_text_as.is_(None))
    query = sa.select(items.c.position, items.c.estimated_tokens).where(sent)
    room = limit * _MARGIN
    rows = connection.execute(query.order_by(items.c.position)).all()
    last = None
    for position, tokens in rows:
        room -= (tokens or 0) + (batch.overhead_tokens or 0)
        if room < 0:
            break
        last = position
    # Where not even the first has room, it is over the limit by itself. (None is left to be sent
    # where all are forgotten.)
    first = min((position for position, _ in rows), default=-1)
    beyond = sa.and_(
        of_batch, items.c.position != first if last is None else items.c.position > last
    )
    userids = sa.select(items.c.userid).where(beyond)
    connection.execute(
        claims.delete().where(claims.c.batch_key == batch.batch_key, claims.c.userid.in_(userids))
    )
    connection.execute(
        items.update()
        .where(beyond)
        .values(state=ItemState.released, reason="over_token_limit", closed_at=now)
    )
    if last is None:
        connection.execute(
            items.update()
            .where(of_batch)
            .values(
                state=ItemState.failed, reason="over_token_limit", attempt_used=True, closed_at=now
            )
        )
        connection.execute(claims.delete().where(claims.c.batch_key == batch.batch_key))
    _log.warning("batch %s: over %d enqueued tokens by itself; split", batch.batch_key, limit)
    return batches.update(
        connection,
        database,
        batch.batch_key,
        state=BatchState.abandoned if last is None else BatchState.claimed,
        openai_batch_id=None,
        openai_status=None,
        input_file_id=None,
        upload_started_at=None,
        try_number=batch.try_number + 1,
        quota_until=None,
        run_requests=0,
        requested_at=None,
        message=f"Over the limit of {limit:,} enqueued tokens by itself: it was split.",
    )
