"""`aicandidateBatchStatus`: one row a batch, for people who look into the database.

A projection of the ledger, rewritten after each step and never read back. Sites may have a table of
that name with columns of their own: those are left alone.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mssql

from resume_assets.database.tables import STEPS

NAME = "aicandidateBatchStatus"

_TIME = sa.DateTime().with_variant(mssql.DATETIME2(3), "mssql")

_COPIED = (
    "batch_key",
    "state",
    "input_file_id",
    "output_file_id",
    "error_file_id",
    "model",
    "requests",
    "requests_completed",
    "requests_failed",
    "succeeded",
    "estimated_input_tokens",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "estimated_cost",
    "batch_cost",
    "standard_cost",
    "message",
    *(f"{step}_at" for step in STEPS),
    "expires_at",
)


def status_table(ledger_batches: sa.Table) -> sa.Table:
    """Describe the table; the copied columns have the ledger's types."""
    copied = (ledger_batches.c[name] for name in _COPIED)
    return sa.Table(
        NAME,
        sa.MetaData(),
        sa.Column("batch_id", sa.Unicode(200), nullable=False),  # OpenAI's
        sa.Column("status", sa.Unicode(50)),  # OpenAI's
        sa.Column("created_at", _TIME),
        sa.Column("updated_at", _TIME),
        *(sa.Column(column.name, column.type) for column in copied),
        sa.Index("ux_aicandidateBatchStatus_batch_key", "batch_key", unique=True),
        schema=ledger_batches.schema,
    )


def project(connection: sa.Connection, table: sa.Table, batch: sa.Row[Any], now: Any) -> None:
    """Write the batch's row anew; nothing before OpenAI's id is known."""
    if batch.openai_batch_id is None:
        return
    values = {name: getattr(batch, name) for name in _COPIED}
    values |= {
        "batch_id": batch.openai_batch_id,
        "status": batch.openai_status,
        "created_at": batch.submitted_at,
        "updated_at": now,
    }
    there = table.c.batch_key == batch.batch_key
    if connection.execute(table.update().where(there).values(values)).rowcount == 0:
        connection.execute(table.insert().values(values))
