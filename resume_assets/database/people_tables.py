"""Our own tables about people: what stood in their records, who is to be forgotten."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

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


def journal(
    metadata: sa.MetaData, userid: TypeEngine[Any], last_processed: TypeEngine[Any]
) -> sa.Table:
    """What stood in records before a batch wrote them."""
    return sa.Table(
        "resume_journal",
        metadata,
        sa.Column("batch_key", KEY, primary_key=True),
        sa.Column("userid", userid, primary_key=True, autoincrement=False),
        # What stood in the record before the batch wrote it; JSON: column -> value, NULLs left out
        sa.Column("record", LONG, nullable=False),
        # What LastProcessed becomes if the batch is undone; NULL: the candidate waits again
        sa.Column("last_processed", last_processed),
        sa.Column("written_at", UTC, nullable=False),
        sa.Index("ix_resume_journal_userid", "userid"),
    )
