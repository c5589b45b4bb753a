"""A batch's request file at OpenAI, once."""

from datetime import datetime
from typing import TYPE_CHECKING

from resume_assets.batches.ledger import batches
from resume_assets.batches.receiving.tracking import time_of
from resume_assets.batches.sending.attempt import Attempt
from resume_assets.batches.store import REQUESTS
from resume_assets.openai_api.backoff import backoff
from resume_assets.openai_api.errors import ApiUnavailable
from resume_assets.progress import Unit, counted_by, step

if TYPE_CHECKING:
    from openai.types import FileObject

_TRIES = 3  # of one upload
_LOOKS = 40  # at one that Azure looks through: five minutes


def upload(attempt: Attempt, batch: batches.Batch) -> batches.Batch:
    """Make sure that the request file is at OpenAI, once."""
    if batch.input_file_id is not None:
        return batch
    file = _adopt_or_send(attempt, batch)
    return attempt.update(input_file_id=file.id, uploaded_at=_made_at(file) or attempt.now())


def await_readiness(attempt: Attempt, batch: batches.Batch) -> None:
    """Return once a batch can be made of the upload, which at Azure takes a moment.

    Raises ApiUnavailable where it takes long, ApiRefused where the file is found unfit, NotThere.
    """
    if not attempt.api.access.is_azure:
        return
    for look in range(1, _LOOKS + 1):
        if attempt.api.is_ready(batch.input_file_id):
            return
        backoff(look)
    raise ApiUnavailable(
        f"Batch {batch.batch_key}: {attempt.api.server} still looks the request file through. It "
        "is kept there, and nothing is paid yet; the next try goes on."
    )


def _made_at(file: "FileObject") -> datetime | None:
    """When the file was made, by OpenAI's clock: no batch of this file is older by that clock."""
    try:
        return time_of(file.created_at)
    except (TypeError, ValueError, OverflowError, OSError):  # the client checks nothing
        return None


def _adopt_or_send(attempt: Attempt, batch: batches.Batch) -> "FileObject":
    for remaining in reversed(range(_TRIES)):
        # A try whose answer was lost may have left its file there.
        adopted = _adopt_upload(attempt, batch)
        if adopted is not None:
            return adopted
        batch = attempt.update(upload_started_at=batch.upload_started_at or attempt.now())
        try:
            with (
                attempt.files.read(REQUESTS) as stream,
                step("uploading", Unit.byte, batch.file_bytes) as uploading,
            ):
                return attempt.api.upload(
                    counted_by(uploading, stream), _upload_name(attempt, batch)
                )
        except ApiUnavailable:
            if not remaining:
                raise
            backoff(_TRIES - remaining)
    raise AssertionError("the last try returns or raises")


def _adopt_upload(attempt: Attempt, batch: batches.Batch) -> "FileObject | None":
    """An upload of ours whose answer we never saw; surplus and broken ones are deleted.

    One whose size the server does not give is taken for whole: half a call makes no file.
    """
    if batch.upload_started_at is None:
        return None
    adopted = None
    fitting = (None, attempt.files.size(REQUESTS))
    for file in attempt.api.find_files(_upload_name(attempt, batch), batch.upload_started_at):
        if adopted is None and attempt.api.told_size(file) in fitting:
            adopted = file
        else:
            attempt.api.delete_file(file.id)
    return adopted


def _upload_name(attempt: Attempt, batch: batches.Batch) -> str:
    return upload_name(attempt.installation, batch.batch_key, batch.try_number)


def upload_name(installation: str, key: str, try_number: int) -> str:
    """The name of an upload: leads back to installation, batch and try."""
    return f"{installation}-{key}-{try_number}.jsonl"
