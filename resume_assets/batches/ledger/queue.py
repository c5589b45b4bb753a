"""The queue: which resumes wait, newest first.

A row waits where `LastProcessed` is NULL, it has a resume, no open batch has it, nobody asked for
the person to be forgotten, and it has attempts left (see `attempts`).
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from resume_assets.batches.ledger.attempts import (
    PAGE,
    are_repeats_held,
    histories_of,
    is_used_up,
    sent_often,
)
from resume_assets.batches.ledger.forgotten import is_forgotten
from resume_assets.batches.ledger.states import ItemState
from resume_assets.database.connect import Database

SHORT = 1_000
"""Bytes: texts this short are looked at; a longer one that is blank, when it is claimed."""

_INVISIBLE = frozenset(" \u115f\u1160\u2800\u3164\uffa0")  # blanks that count as printable


class Waiting(NamedTuple):
    """One row of the queue; `text_bytes` is near the length of its text in UTF-8."""

    userid: Any
    text_bytes: int
    cuts: int = 0  # answers to this candidate that hit their length limit


_Found = sa.Row[Any, int, str | None]  # of `_newest`


def is_blank(text: str) -> bool:
    """Tell whether nothing of a text can be seen: spaces, zero-width signs, controls."""
    return all(not one.isprintable() or one in _INVISIBLE for one in text)


def short_text(text: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """The beginning of a text, as NVARCHAR: TEXT and NTEXT can't be counted or compared."""
    return sa.cast(text, sa.Unicode(SHORT))


def waiting(
    connection: sa.Connection,
    database: Database,
    rows: int,
    *,
    max_attempts: int,
    without_held: bool = False,
) -> list[Waiting]:
    """The newest `rows` waiting resumes, in order.

    `without_held`: leave out repeats that are held back now, see `are_repeats_held`.
    """
    held = without_held and are_repeats_held(connection, database)
    found: list[Waiting] = []
    # Blank and given-up rows are few: a little more than asked for is usually enough at once.
    window, offset = rows + rows // 10 + 50, 0
    newest = _newest(connection, database)
    while len(found) < rows:
        page = connection.execute(newest.limit(window).offset(offset)).all()
        found.extend(_with_attempts_left(connection, database, page, max_attempts, held=held))
        if len(page) < window:
            break
        offset += window
    return found[:rows]


def count_waiting(connection: sa.Connection, database: Database) -> int:
    """How many rows wait, given-up ones (see `given_up`) included."""
    return _count(connection, _newest(connection, database))


def count_sendable(connection: sa.Connection, database: Database, *, max_attempts: int) -> int:
    """How many rows wait and have attempts left; counted, not subtracted, so never negative."""
    userid = database.candidates.userid
    often = sa.select(sent_often(database, max_attempts).c.userid)
    newest = _newest(connection, database)
    suspects = connection.execute(newest.where(userid.in_(often))).all()
    rest = _count(connection, newest.where(userid.not_in(often)))
    return rest + sum(1 for _ in _with_attempts_left(connection, database, suspects, max_attempts))


def oldest_waiting(connection: sa.Connection, database: Database, *, max_attempts: int) -> Any:
    """When the oldest that waits was changed last, as its column has it; None where nobody waits.

    Who failed so often that perhaps no attempt is left is not looked at.
    """
    often = sa.select(sent_often(database, max_attempts).c.userid)
    waits = _newest(connection, database).order_by(None)
    rows = waits.where(database.candidates.userid.not_in(often))
    oldest = rows.with_only_columns(sa.func.min(database.candidates.modified))
    return connection.execute(oldest).scalar()


def count_back(
    connection: sa.Connection, database: Database, batch_key: str, *, max_attempts: int
) -> int:
    """How many candidates of a batch wait again, and have attempts left."""
    return sum(1 for _ in back_from(connection, database, batch_key, max_attempts=max_attempts))


def back_from(
    connection: sa.Connection, database: Database, batch_key: str, *, max_attempts: int
) -> Iterator[Waiting]:
    """The candidates of a batch that wait again, and have attempts left, newest first."""
    items = database.ledger.items
    of_batch = sa.select(items.c.userid).where(
        items.c.batch_key == batch_key, items.c.state != ItemState.succeeded
    )
    query = _newest(connection, database).where(database.candidates.userid.in_(of_batch))
    rows = connection.execute(query).all()
    return _with_attempts_left(connection, database, rows, max_attempts)


def chosen(
    connection: sa.Connection, database: Database, userids: Sequence[Any], *, max_attempts: int
) -> list[Waiting]:
    """Those of these candidates (a page of them) that wait and have attempts left."""
    query = _newest(connection, database).where(database.candidates.userid.in_(userids))
    rows = connection.execute(query).all()
    return list(_with_attempts_left(connection, database, rows, max_attempts))


def _count(connection: sa.Connection, rows: "sa.Select[Any, int, str | None]") -> int:
    """How many of these rows, as `_newest` has them, are not blank."""
    found = rows.order_by(None).subquery()
    counts = sa.select(sa.func.count(), sa.func.count(found.c.short_text))
    count, short = connection.execute(counts.select_from(found)).one()
    long: int = count - short
    if not short:
        return long
    texts = sa.select(found.c.short_text).where(found.c.short_text.is_not(None))
    return long + sum(not is_blank(text) for text in connection.execute(texts).scalars())


def _newest(connection: sa.Connection, database: Database) -> sa.Select[Any, int, str | None]:
    there, claims = database.candidates, database.ledger.claims
    size = database.dialect.text_bytes(there.text)
    return (
        sa.select(
            there.userid.label("userid"),
            size.label("text_bytes"),
            sa.case((size <= SHORT, short_text(there.text))).label("short_text"),
        )
        .select_from(there.table.outerjoin(claims, claims.c.userid == there.userid))
        .where(
            there.processed.is_(None),
            size > 0,
            claims.c.userid.is_(None),
            sa.not_(is_forgotten(connection, database, there.userid)),
        )
        .order_by(there.modified.desc(), there.userid.desc())
    )


def _with_attempts_left(
    connection: sa.Connection,
    database: Database,
    rows: Sequence[_Found],
    max_attempts: int,
    *,
    held: bool = False,
) -> Iterator[Waiting]:
    for start in range(0, len(rows), PAGE):
        page = [
            Waiting(userid, int(text_bytes))
            for userid, text_bytes, short_text in rows[start : start + PAGE]
            if short_text is None or not is_blank(short_text)
        ]
        histories = histories_of(connection, database, [row.userid for row in page])
        if not histories:
            yield from page  # nearly always
            continue
        for row in page:
            history = histories.get(row.userid, ())
            if not is_used_up(connection, database, row.userid, history, max_attempts, held=held):
                cuts = sum(past.state == ItemState.cut for past in history)
                yield row._replace(cuts=cuts)
