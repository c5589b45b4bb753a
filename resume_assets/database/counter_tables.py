"""Our own table of what is counted over all processes, and when something last went well."""

import sqlalchemy as sa

from resume_assets.database.table_types import KEY, UTC


def counters(metadata: sa.MetaData) -> sa.Table:
    """A row for each thing that is counted (`tallies`, `ledger.counters`)."""
    return sa.Table(
        "resume_counters",
        metadata,
        sa.Column("name", KEY, primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.Column("changed_at", UTC, nullable=False),
    )
