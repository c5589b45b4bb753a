"""Which files are known: by their bytes, also of people who are forgotten."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.ledger.forgotten import mask, secret_of
from resume_assets.database.connect import Database


def find(connection: sa.Connection, database: Database, sha256: str) -> sa.Row[Any] | None:
    """The row of a file with these bytes; None for one that never came."""
    table = database.ledger.documents
    keys = [sha256]
    if (secret := secret_of(connection, database)) is not None:
        keys.append(mask(secret, sha256))
    query = sa.select(table).where(table.c.document_key.in_(keys))
    return connection.execute(query).first()


def known(database: Database, sha256: str) -> sa.Row[Any] | None:
    """The same, in a transaction of its own."""
    return database.read(partial(find, database=database, sha256=sha256))


def note(connection: sa.Connection, database: Database, row: Mapping[str, Any]) -> None:
    """Write down that a file came."""
    table = database.ledger.documents
    now = database.dialect.utc_now(connection)
    connection.execute(table.insert().values({**row, "imported_at": now}))
