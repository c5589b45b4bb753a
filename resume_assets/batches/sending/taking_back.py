"""A request file is not sent, or not sent again, where somebody in it is forgotten by now.

The batch is `claimed` again, and its file is built anew without them.
"""

import logging

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import BatchState, ItemState
from resume_assets.batches.sending.attempt import Attempt
from resume_assets.batches.sending.uploading import upload_name
from resume_assets.openai_api.errors import ApiFailed

_log = logging.getLogger(__name__)


def is_to_be_built_anew(attempt: Attempt, batch: batches.Batch) -> bool:
    """Whether somebody who is forgotten was in the batch's file when it was built."""
    if batch.built_at is None or batch.state not in (BatchState.built, BatchState.quota):
        return False
    items = attempt.lease.items
    theirs = sa.select(items.c.position).where(
        items.c.batch_key == batch.batch_key,
        items.c.state == ItemState.forgotten,
        items.c.closed_at >= batch.built_at,
    )
    return attempt.database.read(
        lambda connection: connection.execute(theirs.limit(1)).first() is not None
    )


def take_back(attempt: Attempt, batch: batches.Batch) -> batches.Batch:
    """Delete what was uploaded, and set the batch back to `claimed`; nothing of it runs."""
    # In this order: killed in between, it is done again, and no upload is left that nobody knows.
    try:
        for file_id in _uploads(attempt, batch):
            attempt.api.delete_file(file_id)
    except ApiFailed as failed:  # the housekeeping finds it, and it expires by itself
        _log.warning("batch %s: its upload is not deleted yet: %s", batch.batch_key, failed)
    return attempt.update(
        state=BatchState.claimed,
        input_file_id=None,
        upload_started_at=None,
        uploaded_at=None,
        absent_since=None,
        try_number=batch.try_number + 1,
        quota_until=None,
        run_requests=0,
        requested_at=None,
        message="Somebody in it is forgotten: its file is built anew, without them.",
    )


def _uploads(attempt: Attempt, batch: batches.Batch) -> list[str]:
    """The batch's upload, also where only the server knows of it."""
    if batch.input_file_id is not None:
        return [batch.input_file_id]
    if batch.upload_started_at is None:
        return []
    name = upload_name(attempt.installation, batch.batch_key, batch.try_number)
    return [file.id for file in attempt.api.find_files(name, batch.upload_started_at)]
