"""What OpenAI says of the batches that are out, written into the ledger: one list for all."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from openai.types import Batch as RemoteBatch

from resume_assets.batches import ledger
from resume_assets.batches.api_errors import TOKEN_LIMIT, NotThere, named_limit
from resume_assets.batches.batch_api import BatchApi
from resume_assets.batches.quota import wait_for_quota
from resume_assets.batches.states import BatchState, ItemState
from resume_assets.database.connect import Database
from resume_assets.settings import Settings

_log = logging.getLogger(__name__)

TERMINAL = frozenset({"completed", "failed", "expired", "cancelled"})
LOST = "lost"
"""Our own word in `openai_status`: the endpoint that had the batch knows it no more."""

_SINGLE_LOOK_UPS = 10  # of batches that the list did not show, in one poll


@dataclass(slots=True)
class Poll:
    """What one look at OpenAI brought; keys of batches, and sentences about the odd ones."""

    out: int = 0
    ended: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)


def is_anything_out(database: Database) -> bool:
    """Whether OpenAI need be asked at all."""
    batches = database.ledger.batches
    query = sa.select(batches.c.batch_key).where(batches.c.state == BatchState.submitted).limit(1)
    return database.read(lambda connection: connection.execute(query).first()) is not None


def poll(database: Database, api: BatchApi, settings: Settings) -> Poll:
    """Look at every batch that is out: a page of the list for a hundred of them.

    Raises ApiFailed where the list can't be had; a single odd batch is only noted.
    """
    out = database.read(
        lambda connection: ledger.in_states(connection, database, [BatchState.submitted])
    )
    result = Poll()
    here: list[ledger.Batch] = []
    for batch in out:
        if batch.endpoint == api.endpoint:
            here.append(batch)
        else:
            result.problems[batch.batch_key] = _other_endpoint(batch)
    if not here:
        return result
    remotes, lost = _look(api, here, result)

    def work(connection: sa.Connection) -> list[ledger.Batch]:
        rows = [
            record(connection, database, batch.batch_key, remotes[batch.openai_batch_id], settings)
            for batch in here
            if batch.openai_batch_id in remotes
        ]
        return rows + [_record_lost(connection, database, key) for key in lost]

    for batch in database.write(work):
        if batch.state == BatchState.ended:
            result.ended.append(batch.batch_key)
        else:
            result.out += batch.state == BatchState.submitted
    return result


def _look(
    api: BatchApi, here: Sequence[ledger.Batch], result: Poll
) -> tuple[dict[str, RemoteBatch], list[str]]:
    """Each batch's object by its id, and the keys of those that are lost."""
    wanted = {batch.openai_batch_id for batch in here}
    remotes: dict[str, RemoteBatch] = {}
    for remote in api.batches_since(min(batch.submitted_at for batch in here)):
        if remote.id in wanted:
            remotes[remote.id] = remote
            if len(remotes) == len(wanted):
                break
    lost = []
    unseen = [batch for batch in here if batch.openai_batch_id not in remotes]
    for batch in unseen[:_SINGLE_LOOK_UPS]:
        try:
            remotes[batch.openai_batch_id] = api.retrieve(batch.openai_batch_id)
        except NotThere:
            if batch.key_hash == api.key_hash:
                lost.append(batch.batch_key)
            else:
                result.problems[batch.batch_key] = (
                    f"Batch {batch.batch_key} is not known with this key; it was made with another "
                    "OPENAI_API_KEY and waits for it."
                )
    return remotes, lost


def record(
    connection: sa.Connection,
    database: Database,
    key: str,
    remote: RemoteBatch,
    settings: Settings,
) -> ledger.Batch:
    """Write what OpenAI's batch object says; a batch that ended becomes `ended`.

    One that failed because the queue was full waits as `quota`: nothing of it ran.
    """
    batch = ledger.get(connection, database, key)
    if batch.state != BatchState.submitted or batch.openai_batch_id != remote.id:
        return batch  # somebody else was faster
    full = [error for error in _errors(remote) if error.code == TOKEN_LIMIT]
    if remote.status == "failed" and full:
        items = database.ledger.items
        connection.execute(
            items.update()
            .where(items.c.batch_key == key, items.c.state == ItemState.submitted)
            .values(state=ItemState.claimed)
        )
        message = "OpenAI's queue is full for this account; the batch waits."
        return wait_for_quota(
            connection, database, batch, settings, message, named_limit(full[0].message)
        )
    values: dict[str, Any] = {
        "openai_status": remote.status,
        "output_file_id": remote.output_file_id or None,  # an empty string is none
        "error_file_id": remote.error_file_id or None,
        "in_progress_at": _time(remote.in_progress_at),
        "expires_at": _time(remote.expires_at),
    }
    if remote.request_counts is not None:
        values["requests_completed"] = remote.request_counts.completed
        values["requests_failed"] = remote.request_counts.failed
    if remote.status in TERMINAL:
        values |= {
            "state": BatchState.ended,
            "ended_at": database.dialect.utc_now(connection),
            "run_requests": 0,
            "requested_at": None,
            "message": _why_failed(remote),
        }
    return ledger.update(connection, database, key, **values)


def _record_lost(connection: sa.Connection, database: Database, key: str) -> ledger.Batch:
    return ledger.update(
        connection,
        database,
        key,
        state=BatchState.ended,
        openai_status=LOST,
        ended_at=database.dialect.utc_now(connection),
        run_requests=0,
        requested_at=None,
        message="OpenAI no longer knows this batch; its resumes go back to the queue.",
    )


def _errors(remote: RemoteBatch) -> Sequence[Any]:
    return (remote.errors.data if remote.errors is not None else None) or []


def _why_failed(remote: RemoteBatch) -> str | None:
    """Codes and lines only: a message of theirs may quote a line of the file."""
    whys = [
        f"{error.code or 'error'}{f' in line {error.line}' if error.line else ''}"
        for error in _errors(remote)[:5]
    ]
    return f"OpenAI: {remote.status}: {', '.join(whys)}" if whys else None


def _other_endpoint(batch: ledger.Batch) -> str:
    return (
        f"Batch {batch.batch_key} is out at {batch.endpoint}; it waits until OPENAI_BASE_URL names "
        "that endpoint again."
    )


def _time(timestamp: int | None) -> datetime | None:
    return (
        None if timestamp is None else datetime.fromtimestamp(timestamp, UTC).replace(tzinfo=None)
    )
