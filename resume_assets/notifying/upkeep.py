"""Notices are kept no longer than needed."""

from datetime import timedelta

import sqlalchemy as sa

from resume_assets.database.connect import Database

KEPT = timedelta(days=400)


def prune(database: Database) -> int:
    """Delete notices that came up, and were reported last, over KEPT ago; returns how many."""
    notices, deliveries = database.ledger.notices, database.ledger.deliveries

    def work(connection: sa.Connection) -> int:
        now = database.dialect.utc_now(connection)
        old = notices.c.seen_at < now - KEPT
        of_old = sa.select(notices.c.notice_id).where(old)
        connection.execute(deliveries.delete().where(deliveries.c.notice_id.in_(of_old)))
        return connection.execute(notices.delete().where(old)).rowcount

    return database.write(work)
