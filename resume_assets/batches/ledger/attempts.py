"""What stands against sending a resume once more: attempts used up, repeats held back.

Attempts count per candidate and text since the last success: an edited text, or `LastProcessed` set
to NULL by hand, starts afresh. A failure is "untold" where nothing tells whether the request or
OpenAI is at fault: a single one uses no attempt, but once there are two, each uses one; where one
attempt is all that is allowed, a single one uses it. A record that the candidate table refused uses
all attempts up: the answer is there and paid for, and another one would be refused as well. So does
a long resume that turned out to be blank, though it was never sent.

A "repeat" is a request for a candidate of which an earlier request failed. Those that have used an
attempt are held back while repeats come to nothing: see `are_repeats_held`.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.ledger.forgotten import is_forgotten
from resume_assets.batches.ledger.states import (
    BLANK,
    MAX_SENDINGS,
    NO_LINE,
    OPEN_ITEMS,
    SENT,
    WRITTEN,
    BatchState,
    ItemState,
)
from resume_assets.database.connect import Database
from resume_assets.extraction.faults import may_be_own
from resume_assets.extraction.text import text_hash

PAGE = 500
"""Candidates that are looked up in one statement."""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A candidate whose attempts are used up on the text that is there now."""

    userid: Any
    state: str
    reason: str | None
    batch_key: str
    position: int = field(default=0, compare=False)  # in that batch


def given_up(
    connection: sa.Connection,
    database: Database,
    *,
    max_attempts: int,
    batch_key: str | None = None,
) -> Iterator[GivenUp]:
    """The candidates that wait for a person (`resume-assets retry`), ordered by id.

    `batch_key`: only those that are in that batch.
    """
    items, there = database.ledger.items, database.candidates
    often, claims = sent_often(database, max_attempts), database.ledger.claims
    query = (
        sa.select(there.userid)
        .join(often, often.c.userid == there.userid)
        .where(
            there.processed.is_(None),
            there.text.is_not(None),
            # Where more attempts were allowed since, it is in a batch again and waits for nobody.
            there.userid.not_in(sa.select(claims.c.userid)),
            sa.not_(is_forgotten(connection, database, there.userid)),
        )
        .order_by(there.userid)
    )
    if batch_key is not None:
        own = sa.select(items.c.userid).where(items.c.batch_key == batch_key)
        query = query.where(there.userid.in_(own))
    suspects = connection.execute(query).scalars().all()
    for start in range(0, len(suspects), PAGE):
        page = suspects[start : start + PAGE]
        for userid, history in histories_of(connection, database, page).items():
            if is_used_up(connection, database, userid, history, max_attempts):
                last = history[-1]
                yield GivenUp(userid, last.state, last.reason, last.batch_key, last.position)


def sent_often(database: Database, max_attempts: int) -> sa.Subquery:
    """The ids of candidates that failed so often that their attempts may be used up."""
    items = database.ledger.items
    is_alone_enough = sa.or_(items.c.state == ItemState.unwritable, items.c.reason == BLANK)
    return (
        sa.select(items.c.userid)
        .where(has_failed(items))
        .group_by(items.c.userid)
        .having(
            sa.or_(
                sa.func.count() >= min(max_attempts, MAX_SENDINGS),
                sa.func.max(sa.case((is_alone_enough, 1), else_=0)) == 1,
            )
        )
        .subquery()
    )


def has_failed(items: sa.Table) -> sa.ColumnElement[bool]:
    """Of an item: it was sent and gave no record, or could not be sent as it is blank."""
    return sa.or_(
        items.c.state.in_(sorted(SENT - WRITTEN)),
        sa.and_(items.c.state == ItemState.released, items.c.reason == BLANK),
    )


def histories_of(
    connection: sa.Connection, database: Database, userids: Sequence[Any]
) -> dict[Any, list[sa.Row[Any]]]:
    """What has failed (`has_failed`) since the last success, oldest first, by candidate."""
    items = database.ledger.items
    query: sa.Select[Any] = (
        sa.select(
            items.c.userid,
            items.c.batch_key,
            items.c.position,
            items.c.state,
            items.c.reason,
            items.c.attempt_used,
            items.c.forgiven,
            items.c.text_hash,
        )
        .where(items.c.userid.in_(userids), items.c.state.not_in(sorted(OPEN_ITEMS)))
        .order_by(items.c.userid, items.c.closed_at)
    )
    histories: dict[Any, list[sa.Row[Any]]] = defaultdict(list)
    for row in connection.execute(query):
        if row.state in WRITTEN:
            histories[row.userid].clear()
        elif (row.state in SENT or row.reason == BLANK) and not row.forgiven:
            histories[row.userid].append(row)
    return histories


def is_used_up(
    connection: sa.Connection,
    database: Database,
    userid: Any,
    history: Sequence[sa.Row[Any]],
    max_attempts: int,
    *,
    held: bool = False,
) -> bool:
    """Whether the candidate has no attempt left on the text that is there now.

    `held`: while repeats are held back, nobody has a second attempt.
    """
    if not _is_enough(history, max_attempts, held=held):
        return False
    there = database.candidates
    text = connection.execute(sa.select(there.text).where(there.userid == userid)).scalar()
    now = text_hash(text) if text else None
    return _is_enough([row for row in history if row.text_hash == now], max_attempts, held=held)


def _is_enough(history: Sequence[sa.Row[Any]], max_attempts: int, *, held: bool) -> bool:
    used = sum(row.attempt_used for row in history)
    untold = sum(not row.attempt_used and is_untold(row.state, row.reason) for row in history)
    if untold >= min(2, max_attempts):
        used += untold
    return (
        used >= (1 if held else max_attempts)
        or len(history) >= MAX_SENDINGS
        or any(row.state == ItemState.unwritable or row.reason == BLANK for row in history)
    )


def is_untold(state: str, reason: str | None) -> bool:
    """Whether nothing tells whose fault a failure is: an unknown error, or no line in the files."""
    if state == ItemState.failed:
        return may_be_own(reason or "")
    return state == ItemState.missing and reason == NO_LINE


def are_repeats_held(connection: sa.Connection, database: Database) -> bool:
    """Whether too few answers were usable in the last two batches that had only repeats.

    Repeats are then held back until a batch goes well, or a person runs `resume-assets unpause`.
    """
    table, installation = database.ledger.batches, database.ledger.installation
    query = sa.select(table.c.low_share_repeats).where(
        table.c.state == BatchState.done,
        sa.or_(table.c.low_share_repeats.is_not(None), table.c.low_share == sa.false()),
    )
    resumed = connection.execute(sa.select(installation.c.resumed_at)).scalar()
    if resumed is not None:
        query = query.where(table.c.done_at >= resumed)
    last = connection.execute(query.order_by(table.c.done_at.desc()).limit(2)).scalars().all()
    return len(last) == 2 and all(last)
