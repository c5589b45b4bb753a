"""When OpenAI's queue is full, or the account has no money: what waits, and for how long."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from resume_assets.batches import ledger
from resume_assets.batches.states import BatchState, ItemState
from resume_assets.database.connect import Database
from resume_assets.settings import Settings

_LONGEST = timedelta(hours=1)
_MARGIN = 0.95  # of a limit that a split file may fill: OpenAI's count is not quite ours


def wait_for_quota(
    connection: sa.Connection,
    database: Database,
    batch: ledger.Batch,
    settings: Settings,
    message: str,
    limit: int | None,
) -> ledger.Batch:
    """Keep claim, file and upload, and wait: one check interval, doubling up to an hour.

    A limit that OpenAI named lowers the planner's. A file that is over it by itself is split: its
    tail goes back to the queue and the rest is built anew.
    """
    now = database.dialect.utc_now(connection)
    if limit is not None:
        installation = database.ledger.installation
        connection.execute(installation.update().values(learned_token_limit=limit, learned_at=now))
        if (batch.estimated_input_tokens or 0) > limit:
            return _split(connection, database, batch, limit, now)
    pause = min(
        timedelta(seconds=settings.check_interval) * 2 ** min(batch.quota_tries, 12), _LONGEST
    )
    return ledger.update(
        connection,
        database,
        batch.batch_key,
        state=BatchState.quota,
        openai_batch_id=None,
        openai_status=None,
        quota_tries=batch.quota_tries + 1,
        quota_until=now + pause,
        run_requests=0,
        # The one that was turned down stays in the list as failed: the next is another try.
        try_number=batch.try_number + 1,
        message=message,
    )


def stop_planning(connection: sa.Connection, database: Database, reason: str) -> None:
    """No batch is planned or sent any more until `resume-assets resume`."""
    now = database.dialect.utc_now(connection)
    connection.execute(
        database.ledger.installation.update().values(stopped_reason=reason[:400], stopped_at=now)
    )


def resume_planning(connection: sa.Connection, database: Database) -> None:
    """Count money and usable shares afresh from now on, and lift a stop."""
    now = database.dialect.utc_now(connection)
    connection.execute(
        database.ledger.installation.update().values(
            resumed_at=now, stopped_reason=None, stopped_at=None
        )
    )


def _split(
    connection: sa.Connection, database: Database, batch: ledger.Batch, limit: int, now: Any
) -> ledger.Batch:
    items, claims = database.ledger.items, database.ledger.claims
    of_batch = sa.and_(
        items.c.batch_key == batch.batch_key,
        items.c.state.in_([ItemState.claimed, ItemState.submitted]),
    )
    query = sa.select(items.c.position, items.c.estimated_tokens).where(of_batch)
    room = limit * _MARGIN
    last = -1
    for position, tokens in connection.execute(query.order_by(items.c.position)).tuples():
        room -= (tokens or 0) + (batch.overhead_tokens or 0)
        if room < 0:
            break
        last = position
    # Where not even the first has room, nothing is left: it is over the limit by itself.
    beyond = sa.and_(of_batch, items.c.position > max(last, 0))
    userids = sa.select(items.c.userid).where(beyond)
    connection.execute(
        claims.delete().where(claims.c.batch_key == batch.batch_key, claims.c.userid.in_(userids))
    )
    connection.execute(
        items.update()
        .where(beyond)
        .values(state=ItemState.released, reason="over_token_limit", closed_at=now)
    )
    if last < 0:
        connection.execute(
            items.update()
            .where(of_batch)
            .values(
                state=ItemState.failed, reason="over_token_limit", attempt_used=True, closed_at=now
            )
        )
        connection.execute(claims.delete().where(claims.c.batch_key == batch.batch_key))
    else:
        connection.execute(items.update().where(of_batch).values(state=ItemState.claimed))
    return ledger.update(
        connection,
        database,
        batch.batch_key,
        state=BatchState.abandoned if last < 0 else BatchState.claimed,
        openai_batch_id=None,
        openai_status=None,
        input_file_id=None,
        upload_started_at=None,
        try_number=batch.try_number + 1,
        run_requests=0,
        requested_at=None,
        message=f"Over the limit of {limit:,} enqueued tokens by itself: it was split.",
    )
