"""A batch is in doubt where the answer to its creation was lost: OpenAI may have created it.

OpenAI's list of batches decides. A batch object found there is adopted: its id goes into the row of
our batch. Where two complete lists, RESUME_DOUBT_SECONDS apart, do not have it, the input file is
deleted, so that a late creation has nothing to run on, and the next try creates it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import BatchState
from resume_assets.batches.sending.attempt import Attempt
from resume_assets.openai_api.errors import ApiFailed, OtherEndpoint

if TYPE_CHECKING:
    from openai.types import Batch as RemoteBatch

_log = logging.getLogger(__name__)


def settle(attempt: Attempt, batch: batches.Batch) -> batches.Batch:
    """Adopt what was created, or make sure that nothing was.

    Returns the batch as `submitted` or past that, or as `built` for the next try.
    """
    if batch.endpoint != attempt.api.endpoint:
        raise OtherEndpoint(
            f"Batch {batch.batch_key} is in doubt at {batch.endpoint}. It waits until "
            "OPENAI_BASE_URL (or AZURE_OPENAI_ENDPOINT) names that endpoint again."
        )
    while True:
        found = _look(attempt, batch)
        if (adopted := _adopt(attempt, found)) is not None:
            return adopted
        if any(_is_this_try(attempt, batch, remote) for remote in found):
            # It was created, and failed before anything ran.
            return attempt.update(
                state=BatchState.built, try_number=batch.try_number + 1, absent_since=None
            )
        if batch.key_hash != attempt.api.key_hash:
            raise OtherEndpoint(
                f"Batch {batch.batch_key} is in doubt, and the key in use is another than the "
                "one it was made with: its absence proves nothing. It waits for that key."
            )
        remaining = _doubt_remaining(attempt, batch)
        if remaining <= 0:
            break
        threading.Event().wait(remaining)  # for a creation that is still under way there
        batch = attempt.get()
    if batch.input_file_id is not None:
        attempt.api.delete_file(batch.input_file_id)
    if (adopted := _adopt(attempt, _look(attempt, batch))) is not None:
        return adopted
    return attempt.forget_upload(batch, next_try=True)


def _doubt_remaining(attempt: Attempt, batch: batches.Batch) -> float:
    """Seconds until the second look; the time of the first one is noted."""
    now = attempt.now()
    if batch.absent_since is None:
        attempt.update(absent_since=now)
        return max(attempt.settings.doubt_seconds, 0.001)
    until: datetime = batch.absent_since + timedelta(seconds=attempt.settings.doubt_seconds)
    return (until - now).total_seconds()


def _look(attempt: Attempt, batch: batches.Batch) -> list[RemoteBatch]:
    """OpenAI's objects for this batch, from all pages; raises where the list breaks off."""
    since = min(batch.intent_at, batch.uploaded_at or batch.intent_at)
    return [
        remote
        for remote in attempt.api.batches_since(since)
        if remote.input_file_id == batch.input_file_id or _is_this_try(attempt, batch, remote)
    ]


def _is_this_try(attempt: Attempt, batch: batches.Batch, remote: RemoteBatch) -> bool:
    """Whether the object comes from this very try.

    One with the same input file may come from an earlier try, which failed because OpenAI's queue
    was full: that says nothing about this one.
    """
    return attempt.metadata(batch).items() <= (remote.metadata or {}).items()


def _adopt(attempt: Attempt, found: Sequence[RemoteBatch]) -> batches.Batch | None:
    """Take the oldest that did not fail; a second one, should there be any, is cancelled."""
    live = sorted(
        (remote for remote in found if remote.status != "failed"),
        key=lambda remote: remote.created_at,
    )
    if not live:
        return None
    adopted = attempt.record(live[0])
    for surplus in live[1:]:
        _log.error("batch %s: was created twice; cancelling the second", attempt.lease.key)
        _cancel(attempt, surplus)
    return adopted


def _cancel(attempt: Attempt, surplus: RemoteBatch) -> None:
    """Cancel it, as far as that still goes: what it ran is paid, and is on OpenAI's invoice."""
    try:
        attempt.api.cancel(surplus.id)
    except ApiFailed as failed:
        _log.error("batch %s: second one not cancelled: %s", attempt.lease.key, failed)
