"""`unprocessed_resumes`: choose the newest waiting resumes for a batch, and for it alone.

This happens under the planning lock (see `planner`); the primary key of `resume_claims` keeps a
candidate from being in two batches even where that lock does not.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import Lease
from resume_assets.batches.ledger.queue import Waiting, count_waiting, waiting
from resume_assets.batches.ledger.states import BatchState, ItemState
from resume_assets.batches.planning.asked import asked_by
from resume_assets.batches.planning.estimates import estimate_for
from resume_assets.database.connect import Database
from resume_assets.database.retrying import DuplicateKey
from resume_assets.extraction.requests import custom_id
from resume_assets.models.catalogue import model_for
from resume_assets.openai_api.limits import MAX_FILE_BYTES
from resume_assets.progress import Unit, step
from resume_assets.settings import Settings

_log = logging.getLogger(__name__)

_LOST_RACES = 5
_TOLD_AT_ONCE = 5_000  # claims that are one statement, or one bulk insertion


@dataclass(frozen=True, slots=True)
class Claim:
    """What a batch holds after claiming."""

    batch: batches.Batch
    rows: int
    still_waiting: int


def claim(lease: Lease, settings: Settings) -> Claim:
    """Claim for a planned batch; one that is past that is only reported on.

    A batch that finds nothing ends as `empty`. Raises DatabaseFailed, OfTrial.
    """
    for _ in range(_LOST_RACES):
        try:
            claimed = lease.write(
                lambda connection: _claim(connection, lease, settings), planning=True
            )
            break
        except DuplicateKey:
            continue  # somebody claims without our lock; what is theirs no longer waits
    else:
        claimed = lease.write(lambda connection: _claim(connection, lease, settings), planning=True)
    _log.info("batch %s: %s, %d resumes", lease.key, claimed.batch.state, claimed.rows)
    return claimed


def _claim(connection: sa.Connection, lease: Lease, settings: Settings) -> Claim:
    database = lease.database
    batch = batches.get(connection, database, lease.key)
    if batch.trial_key is not None:
        raise batches.OfTrial(batches.belongs_to_trial(batch))
    if batch.state != BatchState.planned:
        return Claim(batch, batch.rows_claimed or 0, count_waiting(connection, database))
    with step("choosing resumes"):
        chosen = _choose(connection, lease, settings, batch)
    now = database.dialect.utc_now(connection)
    if chosen:
        claims = [(row.userid, lease.key) for row in chosen]
        with step("claiming", Unit.candidate, len(claims)) as claiming:
            for start in range(0, len(claims), _TOLD_AT_ONCE):
                some = claims[start : start + _TOLD_AT_ONCE]
                database.dialect.insert_rows(
                    connection, database.ledger.claims, ("userid", "batch_key"), some
                )
                claiming.advance(len(some))
        insert_items(connection, lease, chosen)
    batch = batches.update(
        connection,
        database,
        lease.key,
        state=BatchState.claimed if chosen else BatchState.empty,
        rows_claimed=len(chosen),
        claimed_at=now,
        message=None if chosen else "Nothing was waiting.",
    )
    return Claim(batch, len(chosen), count_waiting(connection, database))


def _choose(
    connection: sa.Connection, lease: Lease, settings: Settings, batch: batches.Batch
) -> list[Waiting]:
    """The newest rows that wait, as far as they fit."""
    rows = waiting(
        connection,
        lease.database,
        batch.rows_planned,
        max_attempts=settings.max_attempts,
        without_held=True,
    )
    return fitting(connection, lease.database, settings, batch, rows)


def fitting(
    connection: sa.Connection,
    database: Database,
    settings: Settings,
    batch: batches.Batch,
    rows: Iterable[Waiting],
) -> list[Waiting]:
    """The first rows whose running sums fit one file and what the plan reserved; one at least."""
    model = model_for(settings, batch.model)
    estimate = estimate_for(connection, database, model, asked_by(batch, model))
    size = tokens = 0.0
    chosen: list[Waiting] = []
    for row in rows:
        size += estimate.line_bytes(row.text_bytes)
        tokens += estimate.input_tokens(row.text_bytes)
        # The plan was made of averages of these very rows: a percent more is rounding.
        full = size > MAX_FILE_BYTES or tokens > batch.tokens_planned * 1.01
        if full and chosen:
            break
        chosen.append(row)
    return chosen


def insert_items(connection: sa.Connection, lease: Lease, chosen: list[Waiting]) -> None:
    """Insert the batch's items, in their order."""
    items = lease.items
    # Of a key that was abandoned and planned again: these were never sent.
    connection.execute(
        items.delete().where(items.c.batch_key == lease.key, items.c.state == ItemState.released)
    )
    columns = (
        "batch_key",
        "userid",
        "position",
        "custom_id",
        "state",
        "attempt_used",
        "forgiven",
        "text_bytes",
        "truncated",
        "room",
    )
    claimed = ItemState.claimed.value
    rows = [
        (
            lease.key,
            row.userid,
            position,
            custom_id(row.userid),
            claimed,
            False,
            False,
            row.text_bytes,
            False,
            2**row.cuts,
        )
        for position, row in enumerate(chosen)
    ]
    with step("noting the claims", Unit.candidate, len(rows)) as noting:
        for start in range(0, len(rows), _TOLD_AT_ONCE):
            some = rows[start : start + _TOLD_AT_ONCE]
            lease.database.dialect.insert_rows(connection, items, columns, some)
            noting.advance(len(some))
