"""A batch's request file at OpenAI, once."""

from resume_assets.batches import ledger
from resume_assets.batches.api_errors import ApiUnavailable
from resume_assets.batches.attempt import Attempt
from resume_assets.batches.backoff import backoff
from resume_assets.batches.store import REQUESTS

_TRIES = 3  # of one upload


def upload(attempt: Attempt, batch: ledger.Batch) -> ledger.Batch:
    """Make sure that the request file is at OpenAI, once."""
    if batch.input_file_id is not None:
        return batch
    for remaining in reversed(range(_TRIES)):
        # A try whose answer was lost may have left its file there.
        file_id = _adopt_upload(attempt, batch)
        if file_id is not None:
            break
        batch = attempt.update(upload_started_at=batch.upload_started_at or attempt.now())
        try:
            with attempt.files.read(REQUESTS) as stream:
                file_id = attempt.api.upload(stream, _upload_name(attempt, batch)).id
            break
        except ApiUnavailable:
            if not remaining:
                raise
            backoff(_TRIES - remaining)
    return attempt.update(input_file_id=file_id, uploaded_at=attempt.now())


def _adopt_upload(attempt: Attempt, batch: ledger.Batch) -> str | None:
    """An upload of ours whose answer we never saw; surplus and broken ones are deleted."""
    if batch.upload_started_at is None:
        return None
    adopted = None
    for file in attempt.api.find_files(_upload_name(attempt, batch), batch.upload_started_at):
        if adopted is None and file.bytes == attempt.files.size(REQUESTS):
            adopted = file.id
        else:
            attempt.api.delete_file(file.id)
    return adopted


def _upload_name(attempt: Attempt, batch: ledger.Batch) -> str:
    return upload_name(attempt.installation, batch.batch_key, batch.try_number)


def upload_name(installation: str, key: str, try_number: int) -> str:
    """The name of an upload: leads back to installation, batch and try."""
    return f"{installation}-{key}-{try_number}.jsonl"
