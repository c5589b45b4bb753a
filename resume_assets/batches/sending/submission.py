"""`submitted_batch`: hand the file to OpenAI exactly once, and find it again after any doubt.

The intent to create the batch is committed before the call. Where the answer is lost, OpenAI's list
of batches decides: see `doubt`.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import Lease
from resume_assets.batches.ledger.states import BatchState
from resume_assets.batches.planning.quota import stop_planning, wait_for_quota
from resume_assets.batches.sending.attempt import Attempt
from resume_assets.batches.sending.doubt import settle
from resume_assets.batches.sending.ending import ask_for_end
from resume_assets.batches.sending.taking_back import is_to_be_built_anew, take_back
from resume_assets.batches.sending.uploading import await_readiness, upload
from resume_assets.batches.store import BatchStore
from resume_assets.database import rights
from resume_assets.openai_api.backoff import backoff
from resume_assets.openai_api.errors import (
    AccessRefused,
    ApiFailed,
    ApiRefused,
    ApiUnavailable,
    Doubtful,
    NotThere,
    QueueFull,
)
from resume_assets.settings import Settings

if TYPE_CHECKING:
    from resume_assets.openai_api.client import BatchApi

_log = logging.getLogger(__name__)

_DOUBTS = 2  # creations in doubt that one run settles by itself
_UNKNOWN = 3  # creations that fail because a new input file is unknown, before it is sent anew
_NEW = timedelta(minutes=10)  # an upload younger than this may not be known everywhere yet


_SUBMITTABLE = frozenset({BatchState.built, BatchState.submitting, BatchState.quota})


def submit(lease: Lease, settings: Settings, store: BatchStore, api: BatchApi) -> batches.Batch:
    """Submit a built batch; one that is past that is returned as it is.

    One whose requests are sent one by one is `ended` or `abandoned` afterwards: see `asking`. Else
    returns it as `submitted` (or past that: what is adopted may have ended), as `quota` where
    OpenAI's queue is full, as `claimed` where it was split or somebody in its file is to be
    forgotten, as `built` where a doubt is settled while planning has stopped, as `abandoned` where
    the model ends before it could. Raises ApiUnavailable where a doubt can't be settled yet,
    OtherEndpoint, AccessRefused, ApiRefused, FilesGone, RightsMissing.
    """
    database = lease.database
    batch = database.read(lambda connection: batches.get(connection, database, lease.key))
    if batch.state not in _SUBMITTABLE:
        return batch
    if batch.state != BatchState.submitting:  # a doubt is settled first, whatever may be written
        rights.require(database)
    attempt = Attempt(lease, settings, store, api)
    with lease.kept_alive():
        if batches.is_synchronous(batch):
            # Imported only when used, as it brings the client along, which takes long to load.
            from resume_assets.batches.sending.asking import ask_each

            return ask_each(attempt)
        try:
            if batch.state != BatchState.submitting:
                batch = ask_for_end(attempt, batch)
                if batch.state == BatchState.abandoned:
                    return batch
            batch = _run(attempt, batch)
            _log.info("batch %s: %s as %s", lease.key, batch.state, batch.openai_batch_id)
        except QueueFull as full:  # elsewhere than in creating: nothing is in doubt by it
            batch = attempt.get()
            if batch.state == BatchState.submitting:
                raise
            return _wait(attempt, batch, full)
        except AccessRefused as refused:
            reason = str(refused)
            database.write(lambda connection: stop_planning(connection, database, reason))
            raise
        except ApiRefused as refused:
            raise ApiRefused(
                f"Batch {lease.key}: {refused} Its claims and its request file are kept; "
                "materialize submitted_batch again once the cause is mended."
            ) from None
    return batch


def settle_doubt(
    lease: Lease, settings: Settings, store: BatchStore, api: BatchApi
) -> batches.Batch:
    """Find out whether a `submitting` batch was created; it is `built` afterwards if it was not.

    One whose requests are sent one by one is in no doubt: no more of it is sent. Raises what
    `submit` raises.
    """
    attempt = Attempt(lease, settings, store, api)
    with lease.kept_alive():
        batch = attempt.get()
        if batches.is_synchronous(batch):
            from resume_assets.batches.sending.asking import end

            return end(attempt, "No more of it was to be sent.")
        return settle(attempt, batch)


def _run(attempt: Attempt, batch: batches.Batch) -> batches.Batch:
    """Take the batch from its present state as far as it gets: see `submit`."""
    if batch.state == BatchState.submitting:
        batch = settle(attempt, batch)
        # Adopted; or planning has stopped, and a run that only settles a doubt sends nothing.
        if batch.state != BatchState.built or attempt.is_planning_stopped():
            return batch
    if is_to_be_built_anew(attempt, batch):
        return take_back(attempt, batch)
    batch = upload(attempt, batch)
    for tries in range(1, _UNKNOWN + 1):
        try:
            await_readiness(attempt, batch)
            return _create(attempt, batch)
        except NotThere:  # a file that was just uploaded may be unknown for a moment
            if batch.uploaded_at + _NEW < attempt.now():
                break
            backoff(tries)
    # The input file has expired or was deleted while the batch waited.
    batch = upload(attempt, attempt.forget_upload(batch))
    await_readiness(attempt, batch)
    return _create(attempt, batch)


def _create(attempt: Attempt, batch: batches.Batch) -> batches.Batch:
    """Create the batch at OpenAI. Raises what `submit` raises."""
    batch = attempt.update(
        state=BatchState.submitting,
        intent_at=attempt.now(),
        endpoint=attempt.api.endpoint,
        key_hash=attempt.api.key_hash,
        absent_since=None,
    )
    try:
        remote = attempt.api.create(batch.input_file_id, attempt.metadata(batch))
    except QueueFull as full:
        return _wait(attempt, batch, full)
    except Doubtful as doubt:
        _log.warning("batch %s: %s Looking whether it was created.", batch.batch_key, doubt)
        attempt.doubts += 1
        if attempt.doubts > _DOUBTS:
            raise ApiUnavailable(
                f"Batch {batch.batch_key}: {doubt} It is in doubt; the next try settles that "
                "first. Nothing is sent twice."
            ) from None
        return _run(attempt, attempt.get())
    except ApiFailed as refused:
        _withdraw(attempt, refused)
        raise
    return attempt.record(remote)


def _wait(attempt: Attempt, batch: batches.Batch, full: QueueFull) -> batches.Batch:
    """Nothing was created, for want of room: the batch waits as `quota`, or is split."""
    message, limit, retry_after = str(full), full.limit, full.retry_after
    waiting = attempt.lease.write(
        lambda connection: wait_for_quota(
            connection, attempt.database, batch, attempt.settings, message, limit, retry_after
        )
    )
    if waiting.input_file_id is None and batch.input_file_id is not None:
        attempt.api.delete_file(batch.input_file_id)  # split: its file is built anew
    return waiting


def _withdraw(attempt: Attempt, refused: ApiFailed) -> None:
    """Nothing was created: note why, and stop planning where no other batch would fare better."""

    def work(connection: sa.Connection) -> None:
        batches.update(
            connection,
            attempt.database,
            attempt.lease.key,
            state=BatchState.built,
            message=str(refused),
        )
        if isinstance(refused, AccessRefused):
            stop_planning(connection, attempt.database, str(refused))

    attempt.lease.write(work)
