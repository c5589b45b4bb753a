"""What a trial keeps no longer than needed, and how a person calls one off."""

import logging
from datetime import timedelta

import sqlalchemy as sa

from resume_assets.batches.ledger.lease import Lease
from resume_assets.database.connect import Database
from resume_assets.settings import Settings
from resume_assets.trials import ledger

_log = logging.getLogger(__name__)


def forget_records(database: Database, settings: Settings) -> int:
    """Delete the values of answers older than RESUME_KEEP_FILES_DAYS; returns of how many.

    They are personal data, as the batches' files are. The report's figures stay.
    """
    items = database.ledger.trial_items

    def work(connection: sa.Connection) -> int:
        now = database.dialect.utc_now(connection)
        old = sa.and_(
            items.c.closed_at <= now - timedelta(days=settings.keep_files_days),
            items.c.record.is_not(None),
        )
        forgotten = items.update().where(old).values(record=None, unread=None)
        return connection.execute(forgotten).rowcount

    forgotten = database.write(work)
    _log.info("housekeeping: the values of %d answers of trials deleted", forgotten)
    return forgotten


def call_off(lease: Lease) -> ledger.Trial:
    """Send nothing more of a trial; it ends once what is out is in. Raises LeaseLost."""
    database = lease.database

    def work(connection: sa.Connection) -> ledger.Trial:
        trial = ledger.lock(connection, database, lease.key)
        if trial.called_off_at is not None or trial.done_at is not None:
            return trial
        now = database.dialect.utc_now(connection)
        return ledger.update(connection, database, lease.key, called_off_at=now)

    return lease.write(work)
