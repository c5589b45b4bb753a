"""Which resumes a trial is about, and which of them a variant has still to be sent."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.ledger.attempts import PAGE
from resume_assets.batches.ledger.forgotten import is_forgotten
from resume_assets.batches.ledger.queue import SHORT, Waiting, is_blank, short_text
from resume_assets.batches.ledger.states import ItemState
from resume_assets.database.connect import Database

SENT_LATER = frozenset({"file_full", "over_token_limit"})
"""Why an item was released that had no room in its batch: its resume goes with another one."""


def draw(connection: sa.Connection, database: Database, size: int, seed: int) -> list[Any]:
    """At most `size` userids, at random among the candidates that have a resume, processed or not.

    Whoever is to be forgotten is none of them.
    The same seed draws the same from the same table. Memory holds ids, never texts.
    """
    there = database.candidates
    length = database.dialect.text_bytes(there.text)
    is_left_out = is_forgotten(connection, database, there.userid)
    query = sa.select(there.userid).where(length > 0, sa.not_(is_left_out)).order_by(there.userid)
    userids = list(connection.execute(query).scalars())
    random.Random(seed).shuffle(userids)  # noqa: S311 (no secret: it is to be the same again)
    drawn: list[Any] = []
    for start in range(0, len(userids), PAGE):
        drawn += _not_blank(connection, database, userids[start : start + PAGE])
        if len(drawn) >= size:
            break
    return drawn[:size]


def _not_blank(
    connection: sa.Connection, database: Database, userids: Sequence[Any]
) -> Iterator[Any]:
    there = database.candidates
    length = database.dialect.text_bytes(there.text)
    short = sa.case((length <= SHORT, short_text(there.text)))
    query = sa.select(there.userid, short).where(there.userid.in_(userids))
    texts = dict(connection.execute(query).all())
    for userid in userids:
        text = texts.get(userid, "")  # one that is gone has none; a long one is not looked at
        if text is None or not is_blank(text):
            yield userid


def sample_of(connection: sa.Connection, database: Database, key: str) -> list[Any]:
    """The userids of a trial's sample, in the order in which they were drawn."""
    drawn = database.ledger.trial_candidates
    query = sa.select(drawn.c.userid).where(drawn.c.trial_key == key).order_by(drawn.c.position)
    return list(connection.execute(query).scalars())


def sizes_of(
    connection: sa.Connection, database: Database, userids: Sequence[Any]
) -> list[Waiting]:
    """These candidates with the lengths of their resumes, in this order."""
    there = database.candidates
    length = database.dialect.text_bytes(there.text)
    found: dict[Any, int] = {}
    for start in range(0, len(userids), PAGE):
        page = userids[start : start + PAGE]
        query = sa.select(there.userid, length).where(there.userid.in_(page))
        found.update(connection.execute(query).all())
    return [Waiting(userid, int(found.get(userid) or 0)) for userid in userids]


def remaining(
    connection: sa.Connection, database: Database, key: str, variant: int
) -> list[Waiting]:
    """What of the sample has had no request of the variant yet, in the sample's order.

    A resume is sent once for each variant, whatever comes of it: that too is what a trial shows.
    One that is gone from the table is among them, for its item to say so.
    """
    ledger = database.ledger
    items, batches, drawn = ledger.trial_items, ledger.batches, ledger.trial_candidates
    sent = (
        sa.select(items.c.userid)
        .join(batches, batches.c.batch_key == items.c.batch_key)
        .where(
            batches.c.trial_key == key,
            batches.c.variant == variant,
            sa.not_(sa.and_(items.c.state == ItemState.released, items.c.reason.in_(SENT_LATER))),
        )
    )
    query = (
        sa.select(drawn.c.userid)
        .where(drawn.c.trial_key == key, drawn.c.userid.not_in(sent))
        .order_by(drawn.c.position)
    )
    return sizes_of(connection, database, list(connection.execute(query).scalars()))
