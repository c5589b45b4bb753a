"""Our own table about documents: which files became which candidates' resumes."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from resume_assets.database.table_types import KEY, UTC


def documents(metadata: sa.MetaData, userid: TypeEngine[Any]) -> sa.Table:
    """One row for each file that was imported; its key keeps the same bytes from coming twice."""
    return sa.Table(
        "resume_documents",
        metadata,
        # SHA-256 of the file's bytes; of somebody who is forgotten, a keyed hash of that
        sa.Column("document_key", KEY, primary_key=True),
        # Whose resume it became; NULL once that is not to be known any more
        sa.Column("userid", userid),
        # Below the folder that was delivered: names of files have names of people in them
        sa.Column("file_name", sa.Unicode(400)),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Unicode(16), nullable=False),
        sa.Column("pages", sa.Integer),
        sa.Column("library", sa.Unicode(200), nullable=False),  # with its version
        # The delivery that it came with: a partition of `imported_resumes`, or one of a command's
        sa.Column("delivery", KEY, nullable=False),
        sa.Column("imported_at", UTC, nullable=False),
        # Of somebody who is forgotten: what stands for the id (`Dialect.person`), and since when
        sa.Column("person", sa.BigInteger),
        sa.Column("forgotten_at", UTC),
        sa.Index("ix_resume_documents_userid", "userid"),
        sa.Index("ix_resume_documents_delivery", "delivery"),
    )
