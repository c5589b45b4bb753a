"""Our own tables for what people are told: the notices, and how far each receiver has them.

They hold counts, keys of batches and our own sentences; nothing of a candidate, not even an id.
"""

import sqlalchemy as sa

from resume_assets.database.table_types import KEY, LONG, UTC


def notices(metadata: sa.MetaData) -> sa.Table:
    """One row for each time that a matter came up."""
    return sa.Table(
        "resume_notices",
        metadata,
        sa.Column("notice_id", KEY, primary_key=True),
        # What makes two findings the same matter, as a hash (`notifying.matters`)
        sa.Column("matter", KEY, nullable=False),
        sa.Column("kind", sa.Unicode(32), nullable=False),
        sa.Column("batch_key", KEY),
        sa.Column("what", LONG, nullable=False),
        sa.Column("command", sa.Unicode(400)),
        sa.Column("came_up_at", UTC, nullable=False),
        # When it was reported last; what is reported again after a long while is a new notice
        sa.Column("seen_at", UTC, nullable=False),
        sa.Index("ix_resume_notices_matter", "matter"),
        sa.Index("ix_resume_notices_came_up", "came_up_at"),
    )


def deliveries(metadata: sa.MetaData) -> sa.Table:
    """One row for each notice and receiver, from the first try to tell it on."""
    return sa.Table(
        "resume_notice_deliveries",
        metadata,
        sa.Column("notice_id", KEY, primary_key=True),
        # A hash of its address, which is a secret
        sa.Column("receiver", KEY, primary_key=True),
        sa.Column("tries", sa.Integer, nullable=False),
        # Who is sending it, and until when nobody else does
        sa.Column("lease_owner", sa.Unicode(200)),
        sa.Column("lease_until", UTC),
        # What came of the last try, for people; NULL where it went well
        sa.Column("tried_at", UTC),
        sa.Column("trouble", sa.Unicode(400)),
        sa.Column("next_try_at", UTC),
        sa.Column("told_at", UTC),
        sa.Column("given_up_at", UTC),
        sa.Index("ix_resume_notice_deliveries_receiver", "receiver"),
    )
