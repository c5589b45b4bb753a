"""The resumes of one batch of a trial are chosen; no claim is laid on their candidates."""

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import Lease
from resume_assets.batches.ledger.states import BatchState
from resume_assets.batches.sending.claiming import fitting, insert_items
from resume_assets.settings import Settings
from resume_assets.trials.sampling import remaining


def choose(lease: Lease, settings: Settings) -> batches.Batch:
    """Choose for a planned batch of a trial; one that is past that is returned as it is.

    Raises DatabaseFailed, LeaseLost.
    """
    return lease.write(lambda connection: _choose(connection, lease, settings), planning=True)


def _choose(connection: sa.Connection, lease: Lease, settings: Settings) -> batches.Batch:
    database = lease.database
    batch = batches.get(connection, database, lease.key)
    if batch.state != BatchState.planned:
        return batch
    rows = remaining(connection, database, batch.trial_key, batch.variant)[: batch.rows_planned]
    chosen = fitting(connection, database, settings, batch, rows)
    if chosen:
        insert_items(connection, lease, chosen)
    return batches.update(
        connection,
        database,
        lease.key,
        state=BatchState.claimed if chosen else BatchState.empty,
        rows_claimed=len(chosen),
        claimed_at=database.dialect.utc_now(connection),
        message=None if chosen else "All that was planned is sent already.",
    )
