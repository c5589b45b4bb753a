"""Answers about people who are to be forgotten: they are not written, though they are paid for.

Mostly their lines are blanked before anybody reads them. Here are those who are to be forgotten
while their batch is being written, which its worker must honour.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from resume_assets.batches.ledger.closing import End, close
from resume_assets.batches.ledger.forgotten import among, mark
from resume_assets.batches.ledger.lease import Lease
from resume_assets.batches.ledger.states import BY_REQUEST, ItemState
from resume_assets.batches.records.rows import Row


def discarded(connection: sa.Connection, lease: Lease, rows: Sequence[Row]) -> list[Row]:
    """The rows about people who are to be forgotten by now; open items of theirs are closed.

    In the transaction that writes the others, and holds the batch's row: so whoever is noted as to
    be forgotten is noted before it, or finds what it wrote.
    """
    userids = [row.asked.userid for row in rows]
    gone = among(connection, lease.database, lease.items, lease.key, userids)
    if not gone:
        return []
    theirs = [row for row in rows if row.asked.userid in gone]
    ends = [
        End(row.asked.userid, ItemState.forgotten, BY_REQUEST, row.usage)
        for row in theirs
        if row.asked.state == ItemState.submitted
    ]
    close(connection, lease, ends)
    mark(connection, lease.database, [lease.key])
    return theirs
