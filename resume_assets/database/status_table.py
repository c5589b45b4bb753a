"""`aicandidateBatchStatus`: one row a batch, for people who look into the database.

A projection of the ledger, rewritten after each step and never read back. Sites may have a table of
that name with columns of their own: those are left alone.
"""

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import mssql
from sqlalchemy.types import TypeEngine

from resume_assets.database.tables import STEPS, NotInitialised
from resume_assets.extraction.text import fit

if TYPE_CHECKING:
    from resume_assets.database.connect import Database

NAME = "aicandidateBatchStatus"
INDEX = f"ux_{NAME}_batch_key"

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
    table = sa.Table(
        NAME,
        sa.MetaData(),
        sa.Column("batch_id", sa.Unicode(200), nullable=False),  # OpenAI's
        sa.Column("status", sa.Unicode(50)),  # OpenAI's
        sa.Column("created_at", _TIME),
        sa.Column("updated_at", _TIME),
        *(sa.Column(column.name, column.type) for column in copied),
        schema=ledger_batches.schema,
    )
    # A site's own older rows have none, and to SQL Server two NULLs are duplicates.
    key = table.c.batch_key
    sa.Index(INDEX, key, unique=True, mssql_where=key.is_not(None))
    return table


def project(connection: sa.Connection, database: "Database", batch: sa.Row[Any], now: Any) -> None:
    """Write the batch's row anew; nothing before OpenAI's id is known.

    What a site's own column can't hold is cut: the projection never keeps the ledger from going on.
    """
    if batch.openai_batch_id is None:
        return
    if database.status is None:
        database.status = _as_it_is(connection, database.ledger.batches)
    table = database.status
    values = {name: getattr(batch, name) for name in _COPIED}
    values |= {
        "batch_id": batch.openai_batch_id,
        "status": batch.openai_status,
        "created_at": batch.submitted_at,
        "updated_at": now,
    }
    fitting = {column.name: _fitted(values[column.key], column.type) for column in table.columns}
    ours = table.c.batch_key == batch.batch_key
    # Asked, not concluded from the update's count: a site's trigger may have counts of its own.
    is_there = connection.execute(sa.select(table.c.batch_id).where(ours)).first() is not None
    connection.execute((table.update().where(ours) if is_there else table.insert()).values(fitting))


def _as_it_is(connection: sa.Connection, ledger_batches: sa.Table) -> sa.Table:
    """Our columns with the names and lengths that the table there really has."""
    declared = status_table(ledger_batches)
    try:
        found = sa.inspect(connection).get_columns(NAME, schema=declared.schema)
    except sa.exc.NoSuchTableError:
        found = []
    there = {column["name"].casefold(): column for column in found}
    lacking = [column.name for column in declared.columns if column.name.casefold() not in there]
    if lacking:
        raise NotInitialised(
            f"The table {declared.fullname} lacks {', '.join(lacking[:5])}: run "
            "`resume-assets init-db`."
        )
    columns = []
    for column in declared.columns:
        real = there[column.name.casefold()]
        both_text = isinstance(column.type, sa.String) and isinstance(real["type"], sa.String)
        kind = real["type"] if both_text else column.type
        columns.append(sa.Column(real["name"], kind, key=column.name))
    return sa.Table(NAME, sa.MetaData(), *columns, schema=declared.schema)


def _fitted(value: Any, kind: TypeEngine[Any]) -> Any:
    length = getattr(kind, "length", None)
    return fit(value, length) if isinstance(value, str) and length else value
