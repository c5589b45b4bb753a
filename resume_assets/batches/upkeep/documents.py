"""What is known of imported files: whose they were is forgotten, that they came once is not.

A file of somebody who is forgotten would else be a new candidate at the next import. What stands
for it is a hash of its hash, keyed with the ledger's secret: it can be compared, and not be read.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.ledger.forgotten import are_personal, is_mask, made_secret, mask
from resume_assets.database.connect import Database

_PAGE = 500


def forget(
    connection: sa.Connection, database: Database, secret: str, userids: Sequence[Any]
) -> int:
    """Take whose they are, and their names, from the files of these people (a page of them)."""
    table = database.ledger.documents
    person = database.dialect.person(secret, table.c.userid)
    query = sa.select(table.c.document_key, person).where(table.c.userid.in_(userids))
    rows = connection.execute(query).all()
    now = database.dialect.utc_now(connection)
    for key, found in rows:
        gone = table.update().where(table.c.document_key == key)
        connection.execute(
            gone.values(
                document_key=key if is_mask(key) else mask(secret, key),
                userid=None,
                file_name=None,
                person=found,
                forgotten_at=now,
            )
        )
    return len(rows)


def allow(connection: sa.Connection, database: Database, persons: Iterable[int]) -> None:
    """Let the files of these people, by their hashes, be imported again."""
    table = database.ledger.documents
    connection.execute(table.delete().where(table.c.person.in_([*persons])))


def prune(database: Database, days: float) -> int:
    """Take the names, and the hashes, from files that were imported so many days ago; how many.

    That they came once is still known. An id that is a text goes too.
    """
    limit = database.read(database.dialect.utc_now) - timedelta(days=days)
    pruned = 0
    while rows := database.write(partial(_prune, database=database, limit=limit)):
        pruned += rows
    return pruned


def _prune(connection: sa.Connection, *, database: Database, limit: datetime) -> int:
    table = database.ledger.documents
    query = sa.select(table.c.document_key).where(
        table.c.file_name.is_not(None), table.c.imported_at <= limit
    )
    keys = connection.execute(query.limit(_PAGE)).scalars().all()
    if not keys:
        return 0
    secret = made_secret(connection, database)
    for key in keys:
        values: dict[str, Any] = {"document_key": mask(secret, key), "file_name": None}
        if are_personal(database):
            values["userid"] = None
        connection.execute(table.update().where(table.c.document_key == key).values(values))
    return len(keys)
