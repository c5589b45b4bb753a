"""Our own tables about people who are to be forgotten, and what was done about it."""

import sqlalchemy as sa

from resume_assets.database.table_types import KEY, LONG, UTC


def forgotten(metadata: sa.MetaData) -> sa.Table:
    """Who is not to be sent again: keyed hashes of ids (`Dialect.person`), never the ids."""
    return sa.Table(
        "resume_forgotten",
        metadata,
        sa.Column("person", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("forgotten_at", UTC, nullable=False),
    )


def receipts(metadata: sa.MetaData) -> sa.Table:
    """What each `forget` came to: counts and times, nothing about a person."""
    return sa.Table(
        "resume_receipts",
        metadata,
        sa.Column("receipt_key", KEY, primary_key=True),
        sa.Column("made_at", UTC, nullable=False),
        sa.Column("receipt", LONG, nullable=False),  # JSON, as `forget --json` prints it
    )
