"""Answers about people who are to be forgotten: they are not written, though they are paid for.

Mostly their lines are blanked before anybody reads them. Here are those who are to be forgotten
while their batch is being written, which its worker must honour.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Final

import sqlalchemy as sa

from resume_assets.batches.ledger.closing import End, close, usage_of
from resume_assets.batches.ledger.forgotten import among, mark
from resume_assets.batches.ledger.lease import Lease
from resume_assets.batches.ledger.states import BY_REQUEST, ItemState
from resume_assets.batches.receiving.results import Asked
from resume_assets.extraction.responses import Answer

_PAGE: Final = 250  # candidates that are looked up together


def remembered(
    lease: Lease, answers: Iterable[tuple[Asked, Answer]]
) -> Iterator[tuple[Asked, Answer]]:
    """The answers, but for those about people who are to be forgotten by now.

    Open items of theirs are closed, as forgotten.
    """
    waiting = iter(answers)
    while page := list(islice(waiting, _PAGE)):
        userids = [asked.userid for asked, _ in page]
        look = partial(
            among, database=lease.database, items=lease.items, key=lease.key, userids=userids
        )
        if gone := lease.database.read(look):
            ends = [
                End(asked.userid, ItemState.forgotten, BY_REQUEST, usage_of(answer))
                for asked, answer in page
                if asked.userid in gone and asked.state == ItemState.submitted
            ]
            lease.write(partial(_discard, lease=lease, ends=ends))
        for asked, answer in page:
            if asked.userid not in gone:
                yield asked, answer


def _discard(connection: sa.Connection, *, lease: Lease, ends: list[End]) -> None:
    close(connection, lease, ends)
    mark(connection, lease.database, [lease.key])
