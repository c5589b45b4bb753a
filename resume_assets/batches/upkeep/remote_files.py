"""A batch's files at OpenAI: when they may go, and until when they are there at the latest."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import Lease
from resume_assets.batches.ledger.states import CLOSED, BatchState
from resume_assets.openai_api.errors import OtherEndpoint
from resume_assets.openai_api.limits import INPUT_FILE_SECONDS, OUTPUT_FILE_SECONDS, WINDOW

if TYPE_CHECKING:
    from resume_assets.openai_api.client import BatchApi

_log = logging.getLogger(__name__)

RESULTS_SAFE = CLOSED | {BatchState.applied}
"""States in which nothing at OpenAI is needed any more."""


class RemoteFile(NamedTuple):
    """A file at OpenAI and its end; `file_id` is None for one that is still to be made or found."""

    batch_key: str
    file_id: str | None
    until: date  # UTC; it is deleted then by itself, earlier by us


def remote_files(batch: batches.Batch) -> Iterator[RemoteFile]:
    """The files that the batch has, or will have, at OpenAI, as far as the ledger knows."""
    if batch.remote_deleted_at is not None:
        return
    key = batch.batch_key
    uploaded = batch.uploaded_at or batch.upload_started_at  # of one whose answer was lost
    if uploaded is not None:
        yield RemoteFile(key, batch.input_file_id, _day(uploaded, INPUT_FILE_SECONDS))
    made = batch.ended_at or batch.expires_at or (batch.submitted_at or batch.planned_at) + WINDOW
    for file_id in (batch.output_file_id, batch.error_file_id):
        if file_id is not None:
            yield RemoteFile(key, file_id, _day(made, OUTPUT_FILE_SECONDS))
    if batch.state == BatchState.submitted:
        yield RemoteFile(key, None, _day(made, OUTPUT_FILE_SECONDS))


def _day(made: datetime, seconds: int) -> date:
    return (made + timedelta(seconds=seconds)).date()


def has_remote_files(lease: Lease) -> bool:
    """Whether the batch has files at OpenAI that are not needed any more."""
    database = lease.database
    batch = database.read(lambda connection: batches.get(connection, database, lease.key))
    files = (batch.input_file_id, batch.output_file_id, batch.error_file_id)
    return batch.state in RESULTS_SAFE and batch.remote_deleted_at is None and any(files)


def delete_remote(lease: Lease, api: BatchApi) -> int:
    """Delete a batch's files at OpenAI, once its results are safe here; returns how many.

    Before that, and again, it does nothing. Raises ApiFailed: then it is to be called again.
    """
    database = lease.database
    if not has_remote_files(lease):
        return 0
    batch = database.read(lambda connection: batches.get(connection, database, lease.key))
    files = [batch.input_file_id, batch.output_file_id, batch.error_file_id]
    if batch.endpoint not in (None, api.endpoint):
        raise OtherEndpoint(f"Batch {lease.key}: its files are at {batch.endpoint}, not deleted.")
    deleted = 0
    for file_id in filter(None, files):
        if api.delete_file(file_id):
            deleted += 1
        elif batch.key_hash not in (None, api.key_hash):
            raise OtherEndpoint(
                f"Batch {lease.key}: its files are not known with this key, and so not deleted; "
                "they expire by themselves."
            )
    lease.write(
        lambda connection: batches.update(
            connection,
            database,
            lease.key,
            remote_deleted_at=database.dialect.utc_now(connection),
        )
    )
    _log.info("batch %s: %d files deleted at OpenAI", lease.key, deleted)
    return deleted
