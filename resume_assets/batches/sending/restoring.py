"""A record that was to be read again, and is not after all: processed, as it was before."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import ItemState
from resume_assets.database.connect import Database
from resume_assets.extraction.text import text_hash


def restore(
    connection: sa.Connection, database: Database, batch: batches.Batch, userids: Sequence[Any]
) -> list[Any]:
    """Set LastProcessed of these candidates (a page) as it was; returns of whom.

    Only of those whom this batch itself put back into the queue, in the transaction that claimed
    them. Who has another text since, or was waiting already, goes on waiting.
    """
    there, items, dialect = database.candidates, database.ledger.items, database.dialect
    query = sa.select(
        items.c.batch_key, items.c.userid, items.c.last_processed, items.c.text_hash
    ).where(
        items.c.userid.in_(userids),
        items.c.state == ItemState.succeeded,
        items.c.put_back_at == batch.claimed_at,
    )
    found = connection.execute(query).all()
    if not found:
        return []
    texts = there.texts(connection, [row.userid for row in found])
    ours = [row for row in found if text_hash(texts.get(row.userid) or "") == row.text_hash]
    dialect.update_rows(
        connection,
        there.table,
        (there.userid.name,),
        (there.processed.name,),
        [(row.last_processed, row.userid) for row in ours],
        only_null=(there.processed.name,),
    )
    dialect.update_rows(
        connection,
        items,
        ("batch_key", "userid"),
        ("put_back_at",),
        [(None, row.batch_key, row.userid) for row in ours],
    )
    return [row.userid for row in ours]
