"""One worker's attempt to submit one batch: what uploading, creating, settling a doubt share."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import Lease
from resume_assets.batches.ledger.states import BatchState, ItemState
from resume_assets.batches.receiving import tracking
from resume_assets.batches.store import BatchStore
from resume_assets.settings import Settings

if TYPE_CHECKING:
    from openai.types import Batch as RemoteBatch

    from resume_assets.openai_api.client import BatchApi


class Attempt:
    """A batch under its lease, its files, and the API."""

    def __init__(self, lease: Lease, settings: Settings, store: BatchStore, api: BatchApi) -> None:
        self.lease = lease
        self.database = lease.database
        self.settings = settings
        self.api = api
        self.doubts = 0  # creations so far whose answer was lost
        self.installation: str = self.database.read(
            lambda connection: batches.installation_of(connection, self.database)
        )
        batch = self.get()
        self.files = store.find(lease.key, batch.store_url, self.installation)

    def metadata(self, batch: batches.Batch) -> dict[str, str]:
        """The metadata of the batch at OpenAI, by which it is recognised there."""
        return {
            "installation": self.installation,
            "batch_key": batch.batch_key,
            "try": str(batch.try_number),
        }

    def record(self, remote: RemoteBatch) -> batches.Batch:
        """Note that OpenAI has it: it is `submitted`, or `ended` where it was that quick."""

        def work(connection: sa.Connection) -> batches.Batch:
            items = self.lease.items
            connection.execute(
                items.update()
                .where(items.c.batch_key == self.lease.key, items.c.state == ItemState.claimed)
                .values(state=ItemState.submitted)
            )
            batches.update(
                connection,
                self.database,
                self.lease.key,
                state=BatchState.submitted,
                openai_batch_id=remote.id,
                # It may be adopted with another API key of the same project: this one sees it.
                key_hash=self.api.key_hash,
                submitted_at=self.database.dialect.utc_now(connection),
                absent_since=None,
                quota_until=None,
                message=None,
            )
            return tracking.record(connection, self.database, self.lease.key, remote, self.settings)

        return self.lease.write(work)

    def forget_upload(self, batch: batches.Batch, *, next_try: bool = False) -> batches.Batch:
        """Set the batch back to `built`, so that its file is uploaded anew."""
        return self.update(
            state=BatchState.built,
            input_file_id=None,
            upload_started_at=None,
            uploaded_at=None,
            absent_since=None,
            try_number=batch.try_number + next_try,
        )

    def is_planning_stopped(self) -> bool:
        """Whether nothing is to be sent until `resume-assets unpause`: see `stop_planning`."""
        stopped = sa.select(self.database.ledger.installation.c.stopped_reason)
        return self.database.read(
            lambda connection: connection.execute(stopped).scalar() is not None
        )

    def update(self, **values: Any) -> batches.Batch:
        """Set columns of the batch's row, under its lease."""
        return self.lease.write(
            lambda connection: batches.update(connection, self.database, self.lease.key, **values)
        )

    def get(self) -> batches.Batch:
        """The batch as the ledger has it."""
        return self.database.read(
            lambda connection: batches.get(connection, self.database, self.lease.key)
        )

    def now(self) -> datetime:
        """The database's time, UTC."""
        return self.database.read(self.database.dialect.utc_now)
