"""`submitted_batch`: hand the file to OpenAI exactly once, and find it again after any doubt.

The intent is committed before the call. After a lost answer the list of batches is the judge: what
is there is adopted; what is absent from two complete lists, DOUBT apart, loses its input file, so
that a late creation has nothing to run on, and is created with the next try.
"""

import logging
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from openai.types import Batch as RemoteBatch

from resume_assets.batches import ledger, tracking
from resume_assets.batches.api_errors import (
    AccessRefused,
    ApiFailed,
    ApiRefused,
    ApiUnavailable,
    Doubtful,
    NotThere,
    OtherEndpoint,
    QueueFull,
)
from resume_assets.batches.batch_api import BatchApi, backoff
from resume_assets.batches.lease import Lease
from resume_assets.batches.quota import stop_planning, wait_for_quota
from resume_assets.batches.states import BatchState, ItemState
from resume_assets.batches.store import REQUESTS, BatchStore
from resume_assets.database.connect import Database
from resume_assets.settings import Settings

_log = logging.getLogger(__name__)


_UPLOADS = 3  # tries of one upload
_DOUBTS = 2  # creations in doubt that one run settles by itself


class _Submission:
    """One worker's attempt to submit one batch, under its lease."""

    def __init__(self, lease: Lease, settings: Settings, store: BatchStore, api: BatchApi) -> None:
        self.lease = lease
        self.database = lease.database
        self.settings = settings
        self.files = store.batch(lease.key)
        self.api = api
        self.installation: str = self.database.read(
            lambda connection: installation_of(connection, self.database)
        )
        self.doubts = 0

    def run(self, batch: ledger.Batch) -> ledger.Batch:
        """From wherever the batch stands as far as it gets: see `submit`."""
        if batch.state == BatchState.submitting:
            batch = self.settle_doubt(batch)
            # Adopted; or planning has stopped, and a run that only settles a doubt sends nothing.
            if batch.state != BatchState.built or self.is_stopped():
                return batch
        batch = self.upload(batch)
        try:
            return self.create(batch)
        except NotThere:
            # The input file has expired or was deleted while the batch waited.
            return self.create(self.upload(self.forget_upload(batch)))

    def is_stopped(self) -> bool:
        """Whether the account can pay for nothing: see `stop_planning`."""
        stopped = sa.select(self.database.ledger.installation.c.stopped_reason)
        return self.database.read(
            lambda connection: connection.execute(stopped).scalar() is not None
        )

    # Uploading

    def upload(self, batch: ledger.Batch) -> ledger.Batch:
        """Make sure that the request file is at OpenAI, once."""
        if batch.input_file_id is not None:
            return batch
        for remaining in reversed(range(_UPLOADS)):
            # A try whose answer was lost may have left its file there.
            file_id = self.adopt_upload(batch)
            if file_id is not None:
                break
            batch = self.update(upload_started_at=batch.upload_started_at or self.now())
            try:
                with self.files.read(REQUESTS) as stream:
                    file_id = self.api.upload(stream, self.upload_name(batch)).id
                break
            except ApiUnavailable:
                if not remaining:
                    raise
                backoff(_UPLOADS - remaining)
        return self.update(input_file_id=file_id, uploaded_at=self.now())

    def adopt_upload(self, batch: ledger.Batch) -> str | None:
        """An upload of ours whose answer we never saw; surplus and broken ones are deleted."""
        if batch.upload_started_at is None:
            return None
        adopted = None
        for file in self.api.find_files(self.upload_name(batch), batch.upload_started_at):
            if adopted is None and file.bytes == self.files.size(REQUESTS):
                adopted = file.id
            else:
                self.api.delete_file(file.id)
        return adopted

    def upload_name(self, batch: ledger.Batch) -> str:
        """Leads back to installation, batch and try."""
        return upload_name(self.installation, batch.batch_key, batch.try_number)

    def forget_upload(self, batch: ledger.Batch, *, next_try: bool = False) -> ledger.Batch:
        """The next creation uploads anew."""
        return self.update(
            state=BatchState.built,
            input_file_id=None,
            upload_started_at=None,
            uploaded_at=None,
            absent_since=None,
            try_number=batch.try_number + next_try,
        )

    # Creating

    def create(self, batch: ledger.Batch) -> ledger.Batch:
        """Create the batch at OpenAI. Raises what `submit` raises."""
        batch = self.update(
            state=BatchState.submitting,
            intent_at=self.now(),
            endpoint=self.api.endpoint,
            key_hash=self.api.key_hash,
            absent_since=None,
        )
        try:
            remote = self.api.create(batch.input_file_id, self.metadata(batch))
        except QueueFull as full:
            return self.wait(batch, full)
        except Doubtful as doubt:
            _log.warning("batch %s: %s Looking whether it was created.", batch.batch_key, doubt)
            self.doubts += 1
            if self.doubts > _DOUBTS:
                raise ApiUnavailable(
                    f"Batch {batch.batch_key}: {doubt} It is in doubt; the next try settles that "
                    "first. Nothing is sent twice."
                ) from None
            return self.run(self.get())
        except ApiFailed as refused:
            self.withdraw(refused)
            raise
        return self.record(remote)

    def wait(self, batch: ledger.Batch, full: QueueFull) -> ledger.Batch:
        """Nothing was created, for want of room: the batch waits as `quota`, or is split."""
        message, limit, retry_after = str(full), full.limit, full.retry_after
        waiting = self.lease.write(
            lambda connection: wait_for_quota(
                connection, self.database, batch, self.settings, message, limit, retry_after
            )
        )
        if waiting.input_file_id is None and batch.input_file_id is not None:
            self.api.delete_file(batch.input_file_id)  # split: its file is built anew
        return waiting

    def withdraw(self, refused: ApiFailed) -> None:
        """Nothing was created: note why, and stop planning where every batch would fare so."""

        def work(connection: sa.Connection) -> None:
            ledger.update(
                connection,
                self.database,
                self.lease.key,
                state=BatchState.built,
                message=str(refused),
            )
            if isinstance(refused, AccessRefused):
                stop_planning(connection, self.database, str(refused))

        self.lease.write(work)

    def metadata(self, batch: ledger.Batch) -> dict[str, str]:
        """What the batch carries at OpenAI, to be known again by."""
        return {
            "installation": self.installation,
            "batch_key": batch.batch_key,
            "try": str(batch.try_number),
        }

    def record(self, remote: RemoteBatch) -> ledger.Batch:
        """OpenAI has it: batch and items are `submitted`, or `ended` where it was that quick."""

        def work(connection: sa.Connection) -> ledger.Batch:
            items = self.database.ledger.items
            connection.execute(
                items.update()
                .where(items.c.batch_key == self.lease.key, items.c.state == ItemState.claimed)
                .values(state=ItemState.submitted)
            )
            ledger.update(
                connection,
                self.database,
                self.lease.key,
                state=BatchState.submitted,
                openai_batch_id=remote.id,
                # Adopted with another key of the same project: this one sees it.
                key_hash=self.api.key_hash,
                submitted_at=self.database.dialect.utc_now(connection),
                absent_since=None,
                quota_until=None,
                message=None,
            )
            return tracking.record(connection, self.database, self.lease.key, remote, self.settings)

        return self.lease.write(work)

    # Doubt

    def settle_doubt(self, batch: ledger.Batch) -> ledger.Batch:
        """Adopt what was created, or make sure that nothing was.

        Returns the batch as `submitted` or past that, or as `built` for the next try.
        """
        if batch.endpoint != self.api.endpoint:
            raise OtherEndpoint(
                f"Batch {batch.batch_key} is in doubt at {batch.endpoint}. It waits until "
                "OPENAI_BASE_URL and OPENAI_API_KEY name that endpoint again."
            )
        while True:
            found = self.look(batch)
            if (adopted := self.adopt(found)) is not None:
                return adopted
            if any(self.is_this_try(batch, remote) for remote in found):
                # It was created, and failed before anything ran.
                return self.update(
                    state=BatchState.built, try_number=batch.try_number + 1, absent_since=None
                )
            if batch.key_hash != self.api.key_hash:
                raise OtherEndpoint(
                    f"Batch {batch.batch_key} is in doubt, and the key in use is another than the "
                    "one it was made with: its absence proves nothing. It waits for that key."
                )
            remaining = self.doubt_remaining(batch)
            if remaining <= 0:
                break
            threading.Event().wait(remaining)  # for a creation that is still under way there
            batch = self.get()
        if batch.input_file_id is not None:
            self.api.delete_file(batch.input_file_id)
        if (adopted := self.adopt(self.look(batch))) is not None:
            return adopted
        return self.forget_upload(batch, next_try=True)

    def doubt_remaining(self, batch: ledger.Batch) -> float:
        """Seconds until a second look is worth anything; the first look is noted."""
        now = self.now()
        if batch.absent_since is None:
            self.update(absent_since=now)
            return max(self.settings.doubt_seconds, 0.001)
        until: datetime = batch.absent_since + timedelta(seconds=self.settings.doubt_seconds)
        return (until - now).total_seconds()

    def look(self, batch: ledger.Batch) -> list[RemoteBatch]:
        """What this intent has made at OpenAI, from all pages; raises where the list breaks off."""
        return [
            remote
            for remote in self.api.batches_since(batch.intent_at)
            if remote.input_file_id == batch.input_file_id or self.is_this_try(batch, remote)
        ]

    def is_this_try(self, batch: ledger.Batch, remote: RemoteBatch) -> bool:
        """Whether it is what this very intent made.

        One with the same input file may be an earlier try of this batch, which failed for want of
        room: that says nothing about this one.
        """
        return self.metadata(batch).items() <= (remote.metadata or {}).items()

    def adopt(self, found: Sequence[RemoteBatch]) -> ledger.Batch | None:
        """Take the oldest that did not fail; a second one, should there be any, is cancelled."""
        live = sorted(
            (remote for remote in found if remote.status != "failed"),
            key=lambda remote: remote.created_at,
        )
        if not live:
            return None
        adopted = self.record(live[0])
        for surplus in live[1:]:
            _log.error("batch %s: was created twice; cancelling the second", self.lease.key)
            self.cancel(surplus)
        return adopted

    def cancel(self, surplus: RemoteBatch) -> None:
        """As far as that still goes: what it ran is paid, and shows in the invoice."""
        try:
            self.api.cancel(surplus.id)
        except ApiFailed as failed:
            _log.error("batch %s: second one not cancelled: %s", self.lease.key, failed)

    # The ledger

    def update(self, **values: Any) -> ledger.Batch:
        return self.lease.write(
            lambda connection: ledger.update(connection, self.database, self.lease.key, **values)
        )

    def get(self) -> ledger.Batch:
        return self.database.read(
            lambda connection: ledger.get(connection, self.database, self.lease.key)
        )

    def now(self) -> datetime:
        return self.database.read(self.database.dialect.utc_now)


def upload_name(installation: str, key: str, try_number: int) -> str:
    """The name of an upload: leads back to installation, batch and try."""
    return f"{installation}-{key}-{try_number}.jsonl"


def installation_of(connection: sa.Connection, database: Database) -> str:
    """The installation's random id, by which it knows its batches and files at OpenAI again."""
    there = sa.select(database.ledger.installation.c.installation_id)
    found: str = connection.execute(there).scalar_one()
    return found


def settle_doubt(
    lease: Lease, settings: Settings, store: BatchStore, api: BatchApi
) -> ledger.Batch:
    """Find out whether a `submitting` batch was created; it is `built` afterwards if it was not.

    Raises what `submit` raises.
    """
    submission = _Submission(lease, settings, store, api)
    with lease.kept_alive():
        return submission.settle_doubt(submission.get())


_SUBMITTABLE = frozenset({BatchState.built, BatchState.submitting, BatchState.quota})


def submit(lease: Lease, settings: Settings, store: BatchStore, api: BatchApi) -> ledger.Batch:
    """Submit a built batch; one that is past that only reports.

    Returns it as `submitted` (or past that: what is adopted may have ended), as `quota` where
    OpenAI's queue is full, as `claimed` where it was split, as `built` where a doubt is settled
    while planning has stopped. Raises ApiUnavailable where a doubt can't be settled yet,
    OtherEndpoint, AccessRefused, ApiRefused, FilesGone.
    """
    database = lease.database
    batch = database.read(lambda connection: ledger.get(connection, database, lease.key))
    if batch.state not in _SUBMITTABLE:
        return batch
    submission = _Submission(lease, settings, store, api)
    with lease.kept_alive():
        try:
            batch = submission.run(batch)
            _log.info("batch %s: %s as %s", lease.key, batch.state, batch.openai_batch_id)
        except QueueFull as full:  # elsewhere than in creating: nothing is in doubt by it
            batch = submission.get()
            if batch.state == BatchState.submitting:
                raise
            return submission.wait(batch, full)
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
