"""What OpenAI says of one batch, written into its row, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import BatchState
from resume_assets.batches.planning.quota import stop_planning, wait_for_quota
from resume_assets.batches.receiving.contradictions import (
    NONE,
    Contradiction,
    has_lasted,
    is_for_a_person,
    seen_again,
    unnamed_file,
)
from resume_assets.database.connect import Database
from resume_assets.openai_api.errors import NO_MONEY, TOKEN_LIMIT, named_limit, safe_code
from resume_assets.settings import Settings

if TYPE_CHECKING:
    from openai.types import Batch as RemoteBatch

TERMINAL = frozenset({"completed", "failed", "expired", "cancelled"})
LOST = "lost"
"""Our own word in `openai_status`: the endpoint that had the batch no longer knows it."""


def record(
    connection: sa.Connection,
    database: Database,
    key: str,
    remote: RemoteBatch,
    settings: Settings,
    *,
    key_hash: str | None = None,
) -> batches.Batch:
    """Write what OpenAI's batch object says; a batch that ended becomes `ended`.

    Where it contradicts itself (see `contradictions`), it stays `submitted` and is looked at again.

    One that failed because the queue was full, or the account empty, waits as `quota`: nothing of
    it ran. `key_hash`: of the API key that sees the batch, which may have been exchanged since.
    """
    batch = batches.lock(connection, database, key)
    if batch.state != BatchState.submitted or batch.openai_batch_id != remote.id:
        return batch  # somebody else was faster
    now = database.dialect.utc_now(connection)
    unnamed = unnamed_file(remote) if remote.status in TERMINAL else None
    if unnamed is not None:
        values = news(batch, remote, key_hash) | seen_again(batch, unnamed, now)
        batch = batches.update(connection, database, key, **values)
        if unnamed is Contradiction.answers_unnamed or not has_lasted(batch, now):
            message = _unnamed_in_words(batch, for_a_person=is_for_a_person(batch, now))
            return batches.update(connection, database, key, message=message)
    if remote.status == "failed":
        for error in _errors(remote):
            if error.code == TOKEN_LIMIT:
                message = "OpenAI's queue is full for this account; the batch waits."
                limit = named_limit(error.message)
                return wait_for_quota(connection, database, batch, settings, message, limit)
            if error.code in NO_MONEY:
                message = f"OpenAI says that the account has no money left ({error.code})."
                stop_planning(connection, database, message)
                return wait_for_quota(connection, database, batch, settings, message)
    values = news(batch, remote, key_hash)
    if remote.status in TERMINAL:
        values |= {
            "state": BatchState.ended,
            "ended_at": now,
            "run_requests": 0,
            "requested_at": None,
            "message": _why_failed(remote),
        }
    return batches.update(connection, database, key, **values) if values else batch


def news(batch: batches.Batch, remote: RemoteBatch, key_hash: str | None) -> dict[str, Any]:
    """What the batch object says that its row does not, by column."""
    values: dict[str, Any] = {
        "key_hash": key_hash or batch.key_hash,
        "openai_status": remote.status,
        "output_file_id": remote.output_file_id or None,  # an empty string is none
        "error_file_id": remote.error_file_id or None,
        "in_progress_at": time_of(remote.in_progress_at),
        "expires_at": time_of(remote.expires_at),
    }
    if remote.request_counts is not None:
        values["requests_completed"] = remote.request_counts.completed
        values["requests_failed"] = remote.request_counts.failed
    if batch.contradiction is not None:
        values |= NONE | {"message": None}
    return {name: value for name, value in values.items() if getattr(batch, name) != value}


def record_lost(
    connection: sa.Connection, database: Database, seen: batches.Batch
) -> batches.Batch:
    """Write that the endpoint and key which made the batch know it no more.

    It is `ended` once that has lasted: one that has just been made may be unknown for a moment.
    """
    batch = batches.lock(connection, database, seen.batch_key)
    if batch.state != BatchState.submitted or batch.openai_batch_id != seen.openai_batch_id:
        return batch  # somebody else was faster
    now = database.dialect.utc_now(connection)
    batch = batches.update(
        connection,
        database,
        seen.batch_key,
        **seen_again(batch, Contradiction.batch_unknown, now),
        message="OpenAI accepted this batch and does not know it now; looked at again.",
    )
    if not has_lasted(batch, now):
        return batch
    return batches.update(
        connection,
        database,
        seen.batch_key,
        **NONE,
        state=BatchState.ended,
        openai_status=LOST,
        ended_at=now,
        run_requests=0,
        requested_at=None,
        message="OpenAI no longer knows this batch; its resumes go back to the queue.",
    )


def _unnamed_in_words(batch: batches.Batch, *, for_a_person: bool) -> str:
    what = "names no file"
    if batch.contradiction == Contradiction.answers_unnamed:
        what = f"names no file for the {batch.requests_completed:,} answers that it counts"
    if not for_a_person:
        return f"OpenAI says {batch.openai_status}, but {what}; looked at again."
    key, since = batch.batch_key, batch.contradiction_since
    return (
        f"OpenAI has said {batch.openai_status} since {since:%Y-%m-%d %H:%M} UTC, but {what}. "
        f"Nothing is sent again: `resume-assets check {key}` looks again, `resume-assets cancel "
        f"{key} --give-up` gives its resumes back, to be paid for again."
    )


def _errors(remote: RemoteBatch) -> Sequence[Any]:
    return (remote.errors.data if remote.errors is not None else None) or []


def _why_failed(remote: RemoteBatch) -> str | None:
    """Codes and lines only: a message of theirs may quote a line of the file."""
    whys = [
        f"{safe_code(error.code) or 'error'}{f' in line {error.line:d}' if error.line else ''}"
        for error in _errors(remote)[:5]
    ]
    return f"OpenAI: {remote.status}: {', '.join(whys)}" if whys else None


def time_of(timestamp: int | None) -> datetime | None:
    """A time of OpenAI's as the ledger has it: UTC, without zone."""
    return (
        None if timestamp is None else datetime.fromtimestamp(timestamp, UTC).replace(tzinfo=None)
    )
