"""The extracted columns of people who are forgotten are emptied, in the users' own table.

Only columns that this program fills. LastProcessed becomes NULL, for no answer's values are there
any more; they are not sent again for that, being forgotten.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.upkeep.receipts import Receipt
from resume_assets.database.connect import Database
from resume_assets.database.retrying import Refused

REFUSED = "the table refuses empty columns"
NEVER_EMPTY = "a column may not be empty and has no default"


def empty(database: Database, userids: Sequence[Any], receipt: Receipt) -> None:
    """Empty the records of these people (a page of them); what stays is counted, with why."""
    try:
        hit = database.write(partial(_empty, database=database, userids=userids))
    except Refused:
        if len(userids) == 1:
            receipt.not_emptied[REFUSED] = receipt.not_emptied.get(REFUSED, 0) + 1
            return
        half = len(userids) // 2
        empty(database, userids[:half], receipt)
        empty(database, userids[half:], receipt)
        return
    receipt.records_emptied += hit
    if hit and any(True for _ in database.candidates.kept_where_null(keep_existing=False)):
        receipt.not_emptied[NEVER_EMPTY] = receipt.not_emptied.get(NEVER_EMPTY, 0) + hit


def _empty(connection: sa.Connection, *, database: Database, userids: Sequence[Any]) -> int:
    """One statement; how many of them the table has. Raises Refused."""
    there = database.candidates
    stuck = set(there.kept_where_null(keep_existing=False))
    values = {
        there.table.c[target.name]: target.default
        for target in there.targets
        if target.name not in stuck
    }
    theirs = there.userid.in_(userids)
    emptied = there.table.update().where(theirs).values({**values, there.processed: None})
    connection.execute(emptied)
    # Asked, not concluded from the update: a site's trigger may have counts of its own.
    count = sa.select(sa.func.count()).select_from(there.table).where(theirs)
    found: int = connection.execute(count).scalar_one()
    return found
