"""What is personal goes from the ledger's rows; what is counted and what was paid stays.

An id that is a text is replaced by a random one, so that the row is nobody's; a number stays. The
custom_id becomes a mask (see `ledger.forgotten`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import sqlalchemy as sa

from resume_assets.batches.ledger.forgotten import are_personal, made_secret, mask, random_id
from resume_assets.batches.ledger.states import CLOSED, OPEN_ITEMS
from resume_assets.database.connect import Database
from resume_assets.errors import PlatformError

_DRAWS = 100

PAGE = 500
"""Items a transaction; under 1,000, so that SQL Server locks rows and never the table."""

_PERSONAL: Final = (
    "text_hash",
    "changes",
    "unread",
    "not_borne_out",
    "digests",
    "overwrote",
    "put_back_at",
    "record",
)
"""The items' columns that tell of a person, or only make sense for one who is known."""


class NoRoom(PlatformError):
    """No random id is left that the column could hold."""


def anonymise(
    connection: sa.Connection,
    database: Database,
    items: sa.Table,
    rows: Sequence[tuple[str, Any, str]],
    now: datetime,
) -> None:
    """Take what is personal from these closed items: batch, userid and custom_id of each.

    What failed of them counts as no attempt any more. Raises NoRoom.
    """
    secret = made_secret(connection, database)
    cleared = [name for name in _PERSONAL if name in items.c]
    columns = [*cleared, "forgiven", "forgotten_at", "custom_id"]
    values: list[list[Any]] = [
        [*(None for _ in cleared), True, now, mask(secret, custom_id)] for _, _, custom_id in rows
    ]
    if are_personal(database):
        columns.append("userid")
        ids = _drawn(connection, database, items, len(rows))
        for one, drawn in zip(values, ids, strict=True):
            one.append(drawn)
    keys = [(key, userid) for key, userid, _ in rows]
    database.dialect.update_rows(
        connection,
        items,
        ("batch_key", "userid"),
        columns,
        [(*one, *key) for one, key in zip(values, keys, strict=True)],
    )


def _drawn(connection: sa.Connection, database: Database, items: sa.Table, count: int) -> list[str]:
    """So many different random ids, which no candidate and no item has. Raises NoRoom."""
    found: set[str] = set()
    for _ in range(_DRAWS):
        drawn = {random_id(database) for _ in range(count - len(found))}
        for there in (database.candidates.userid, items.c.userid):
            drawn -= set(connection.execute(sa.select(there).where(there.in_(drawn))).scalars())
        found |= drawn
        if len(found) == count:
            return list(found)
    raise NoRoom(
        f"The column {database.candidates.userid.name} is too short for random ids: nearly all "
        "that it could hold are taken. Nothing was changed in this batch's rows."
    )


def prune(database: Database, days: float) -> int:
    """Take what is personal from rows of batches that ended so many days ago; how many rows.

    Not before the batch's files are deleted, and not of a candidate who waits: what failed on the
    same resume would be sent, and paid, once more. Of texts that are ids that is the id as well.
    """
    limit = database.read(database.dialect.utc_now) - timedelta(days=days)
    pruned = 0
    for items in (database.ledger.items, database.ledger.trial_items):
        work = partial(_prune, database=database, items=items, limit=limit)
        while rows := database.write(work):
            pruned += rows
    return pruned + database.write(partial(_prune_samples, database=database, limit=limit))


def _prune(
    connection: sa.Connection, *, database: Database, items: sa.Table, limit: datetime
) -> int:
    batches, there = database.ledger.batches, database.candidates
    ended = sa.func.coalesce(batches.c.done_at, batches.c.local_deleted_at)
    waits = sa.exists().where(there.userid == items.c.userid, there.processed.is_(None))
    query = (
        sa.select(items.c.batch_key, items.c.userid, items.c.custom_id)
        .join(batches, batches.c.batch_key == items.c.batch_key)
        .where(
            items.c.forgotten_at.is_(None),
            items.c.state.not_in(sorted(OPEN_ITEMS)),
            batches.c.state.in_(sorted(CLOSED)),
            batches.c.local_deleted_at.is_not(None),
            ended <= limit,
            sa.not_(waits),
        )
        .limit(PAGE)
    )
    rows = [(key, userid, custom_id) for key, userid, custom_id in connection.execute(query)]
    now = database.dialect.utc_now(connection)
    anonymise(connection, database, items, rows, now)
    return len(rows)


def _prune_samples(connection: sa.Connection, *, database: Database, limit: datetime) -> int:
    """Of trials that ended before that, who was in the sample; the figures stay."""
    trials, drawn = database.ledger.trials, database.ledger.trial_candidates
    old = sa.select(trials.c.trial_key).where(trials.c.done_at <= limit)
    gone: int = connection.execute(drawn.delete().where(drawn.c.trial_key.in_(old))).rowcount
    return gone
