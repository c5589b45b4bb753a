"""The queue: which resumes wait, newest first, and what stands against one of them.

A row waits where `LastProcessed` is NULL, it has a resume, no open batch has it, and it has
attempts left. Attempts count per candidate and text since the last success: an edited text, or
`LastProcessed` set to NULL by hand, starts afresh.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from resume_assets.batches.ledger.states import MAX_SENDINGS, OPEN_ITEMS, SENT, ItemState
from resume_assets.database.connect import Database

_SHORT = 256  # bytes: texts this short are looked at, they may be blank
_PAGE = 500


class Waiting(NamedTuple):
    """One row of the queue; `text_bytes` is near the length of its text in UTF-8."""

    userid: Any
    text_bytes: int
    cuts: int = 0  # answers to this candidate that hit their length limit


_Found = sa.Row[Any, int, str | None]  # of `_newest`


def text_hash(text: str) -> str:
    """SHA-256 of a resume as it is sent, in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def waiting(
    connection: sa.Connection, database: Database, rows: int, *, max_attempts: int
) -> list[Waiting]:
    """The newest `rows` waiting resumes, in order."""
    found: list[Waiting] = []
    # Blank and given-up rows are few: a little more than asked for is usually enough at once.
    window, offset = rows + rows // 10 + 50, 0
    while len(found) < rows:
        page = connection.execute(_newest(database).limit(window).offset(offset)).all()
        found.extend(_with_attempts_left(connection, database, page, max_attempts))
        if len(page) < window:
            break
        offset += window
    return found[:rows]


def count_waiting(connection: sa.Connection, database: Database) -> int:
    """How many rows wait, given-up ones (see `given_up`) included."""
    newest = _newest(database).order_by(None).subquery()
    counts = sa.select(sa.func.count(), sa.func.count(newest.c.short_text))
    waiting, short = connection.execute(counts.select_from(newest)).one()
    if short:
        texts = sa.select(newest.c.short_text).where(newest.c.short_text.is_not(None))
        waiting -= sum(not text.strip() for text in connection.execute(texts).scalars())
    found: int = waiting
    return found


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A candidate whose attempts are used up on the text that is there now."""

    userid: Any
    state: str
    reason: str | None
    batch_key: str


def given_up(
    connection: sa.Connection,
    database: Database,
    *,
    max_attempts: int,
    batch_key: str | None = None,
) -> Iterator[GivenUp]:
    """The candidates that wait for a person (`resume-assets retry`), by id.

    `batch_key`: only those that are in that batch.
    """
    items, there = database.ledger.items, database.candidates
    often = (
        sa.select(items.c.userid)
        .where(items.c.state.in_(sorted(SENT - {ItemState.succeeded})))
        .group_by(items.c.userid)
        .having(sa.func.count() >= min(max_attempts, MAX_SENDINGS))
        .subquery()
    )
    query = (
        sa.select(there.userid)
        .join(often, often.c.userid == there.userid)
        .where(there.processed.is_(None), there.text.is_not(None))
        .order_by(there.userid)
    )
    if batch_key is not None:
        own = sa.select(items.c.userid).where(items.c.batch_key == batch_key)
        query = query.where(there.userid.in_(own))
    suspects = connection.execute(query).scalars().all()
    for start in range(0, len(suspects), _PAGE):
        page = suspects[start : start + _PAGE]
        for userid, history in _histories(connection, database, page).items():
            if _is_used_up(connection, database, userid, history, max_attempts):
                last = history[-1]
                yield GivenUp(userid, last.state, last.reason, last.batch_key)


def _newest(database: Database) -> sa.Select[Any, int, str | None]:
    there, claims = database.candidates, database.ledger.claims
    size = database.dialect.text_bytes(there.text)
    # As NVARCHAR: TEXT and NTEXT can't be counted or compared.
    short = sa.cast(there.text, sa.Unicode(_SHORT))
    return (
        sa.select(
            there.userid.label("userid"),
            size.label("text_bytes"),
            sa.case((size <= _SHORT, short)).label("short_text"),
        )
        .select_from(there.table.outerjoin(claims, claims.c.userid == there.userid))
        .where(there.processed.is_(None), size > 0, claims.c.userid.is_(None))
        .order_by(there.modified.desc(), there.userid.desc())
    )


def _with_attempts_left(
    connection: sa.Connection, database: Database, rows: Sequence[_Found], max_attempts: int
) -> Iterator[Waiting]:
    for start in range(0, len(rows), _PAGE):
        page = [
            Waiting(userid, int(text_bytes))
            for userid, text_bytes, short_text in rows[start : start + _PAGE]
            if short_text is None or (short_text and not short_text.isspace())
        ]
        histories = _histories(connection, database, [row.userid for row in page])
        if not histories:
            yield from page  # nearly always
            continue
        for row in page:
            history = histories.get(row.userid, ())
            if not _is_used_up(connection, database, row.userid, history, max_attempts):
                cuts = sum(past.state == ItemState.cut for past in history)
                yield row._replace(cuts=cuts)


def _histories(
    connection: sa.Connection, database: Database, userids: Sequence[Any]
) -> dict[Any, list[sa.Row[Any]]]:
    """What was sent and did not succeed since the last success, oldest first, by candidate."""
    items = database.ledger.items
    query: sa.Select[Any] = (
        sa.select(
            items.c.userid,
            items.c.batch_key,
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
        if row.state == ItemState.succeeded:
            histories[row.userid].clear()
        elif row.state in SENT and not row.forgiven:
            histories[row.userid].append(row)
    return histories


def _is_used_up(
    connection: sa.Connection,
    database: Database,
    userid: Any,
    history: Sequence[sa.Row[Any]],
    max_attempts: int,
) -> bool:
    used = sum(row.attempt_used for row in history)
    if used < max_attempts and len(history) < MAX_SENDINGS:
        return False
    there = database.candidates
    text = connection.execute(sa.select(there.text).where(there.userid == userid)).scalar()
    now = text_hash(text) if text else None
    same = [row for row in history if row.text_hash == now]
    return sum(row.attempt_used for row in same) >= max_attempts or len(same) >= MAX_SENDINGS
