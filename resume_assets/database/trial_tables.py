"""Our own tables for trials, but for their items, which are as a batch's (see `tables`)."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from resume_assets.database.table_types import KEY, LONG, UTC


def trials(metadata: sa.MetaData) -> sa.Table:
    """One row a trial."""
    return sa.Table(
        "resume_trials",
        metadata,
        sa.Column("trial_key", KEY, primary_key=True),
        # JSON: a list of what each variant asks for (`trials.variants`)
        sa.Column("variants", LONG, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("sample_asked", sa.Integer, nullable=False),
        sa.Column("sample_size", sa.Integer, nullable=False),
        # As a batch's: how often a run brought it on, runs that were requested since, who is at it
        sa.Column("try_number", sa.Integer, nullable=False),
        sa.Column("run_requests", sa.Integer, nullable=False),
        sa.Column("requested_at", UTC),
        sa.Column("lease_owner", sa.Unicode(200)),
        sa.Column("lease_until", UTC),
        sa.Column("message", sa.Unicode(1000)),
        # JSON: figures and ids, no values
        sa.Column("report", LONG),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("called_off_at", UTC),  # by a person: what was not sent is not sent any more
        sa.Column("done_at", UTC),
    )


def trial_candidates(metadata: sa.MetaData, userid: TypeEngine[Any]) -> sa.Table:
    """The sample of each trial."""
    return sa.Table(
        "resume_trial_candidates",
        metadata,
        sa.Column("trial_key", KEY, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("userid", userid, nullable=False),
    )
