"""The queue: which resumes wait, newest first, and what stands against one of them.

A row waits where `LastProcessed` is NULL, it has a resume, no open batch has it, and it has
attempts left. Attempts count per candidate and text since the last success: an edited text, or
`LastProcessed` set to NULL by hand, starts afresh. A fault that nothing tells whose it is uses none
as long as it comes once; if another follows, both do. A record that the candidate table refused
uses all of them up: the answer is there and paid for, another one would be refused as well.

Repeats, of which an answer was unusable before, are held back while they come to nothing.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from resume_assets.batches.ledger.states import (
    MAX_SENDINGS,
    NO_LINE,
    OPEN_ITEMS,
    SENT,
    BatchState,
    ItemState,
)
from resume_assets.database.connect import Database
from resume_assets.extraction.faults import may_be_own

_SHORT = 1_000  # bytes: texts this short are looked at, they may be blank
_INVISIBLE = frozenset(" \u115f\u1160\u2800\u3164\uffa0")  # blanks that count as printable
_PAGE = 500


class Waiting(NamedTuple):
    """One row of the queue; `text_bytes` is near the length of its text in UTF-8."""

    userid: Any
    text_bytes: int
    cuts: int = 0  # answers to this candidate that hit their length limit


_Found = sa.Row[Any, int, str | None]  # of `_newest`


def text_hash(text: str) -> str:
    """SHA-256 of a resume as the candidate table has it, in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def is_blank(text: str) -> bool:
    """Tell whether nothing of a text can be seen: spaces, zero-width signs, controls."""
    return all(not one.isprintable() or one in _INVISIBLE for one in text)


def waiting(
    connection: sa.Connection,
    database: Database,
    rows: int,
    *,
    max_attempts: int,
    without_held: bool = False,
) -> list[Waiting]:
    """The newest `rows` waiting resumes, in order.

    `without_held`: those that may be sent now, see `are_repeats_held`.
    """
    if without_held and are_repeats_held(connection, database):
        max_attempts = 1  # as if nobody had a second one
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
    return _count(connection, _newest(database))


def count_sendable(connection: sa.Connection, database: Database, *, max_attempts: int) -> int:
    """How many rows wait and have attempts left: counted, for a difference might be negative."""
    userid = database.candidates.userid
    often = sa.select(_often(database, max_attempts).c.userid)
    suspects = connection.execute(_newest(database).where(userid.in_(often))).all()
    rest = _count(connection, _newest(database).where(userid.not_in(often)))
    return rest + sum(1 for _ in _with_attempts_left(connection, database, suspects, max_attempts))


def count_back(
    connection: sa.Connection, database: Database, batch_key: str, *, max_attempts: int
) -> int:
    """How many candidates of a batch wait again, and have attempts left."""
    items = database.ledger.items
    of_batch = sa.select(items.c.userid).where(
        items.c.batch_key == batch_key, items.c.state != ItemState.succeeded
    )
    query = _newest(database).where(database.candidates.userid.in_(of_batch))
    rows = connection.execute(query).all()
    return sum(1 for _ in _with_attempts_left(connection, database, rows, max_attempts))


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
    often, claims = _often(database, max_attempts), database.ledger.claims
    query = (
        sa.select(there.userid)
        .join(often, often.c.userid == there.userid)
        .where(
            there.processed.is_(None),
            there.text.is_not(None),
            # One that is out once more, since more attempts were allowed, waits for nobody.
            there.userid.not_in(sa.select(claims.c.userid)),
        )
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


def _often(database: Database, max_attempts: int) -> sa.Subquery:
    """The ids of those that were sent so often in vain that they may be given up."""
    items = database.ledger.items
    return (
        sa.select(items.c.userid)
        .where(items.c.state.in_(sorted(SENT - {ItemState.succeeded})))
        .group_by(items.c.userid)
        .having(
            sa.or_(
                sa.func.count() >= min(max_attempts, MAX_SENDINGS),
                sa.func.max(sa.case((items.c.state == ItemState.unwritable, 1), else_=0)) == 1,
            )
        )
        .subquery()
    )


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
            if short_text is None or not is_blank(short_text)
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
    if not _is_enough(history, max_attempts):
        return False
    there = database.candidates
    text = connection.execute(sa.select(there.text).where(there.userid == userid)).scalar()
    now = text_hash(text) if text else None
    return _is_enough([row for row in history if row.text_hash == now], max_attempts)


def _is_enough(history: Sequence[sa.Row[Any]], max_attempts: int) -> bool:
    return (
        _attempts(history) >= max_attempts
        or len(history) >= MAX_SENDINGS
        or any(row.state == ItemState.unwritable for row in history)
    )


def _attempts(history: Sequence[sa.Row[Any]]) -> int:
    """How many attempts are used up: by what is the request's own, as it shows in coming again."""
    used = sum(row.attempt_used for row in history)
    untold = sum(not row.attempt_used and is_untold(row.state, row.reason) for row in history)
    return int(used + (untold if untold > 1 else 0))


def is_untold(state: str, reason: str | None) -> bool:
    """Whether nothing tells whose fault it is: an error of no known kind, no line in the files."""
    if state == ItemState.failed:
        return may_be_own(reason or "")
    return state == ItemState.missing and reason == NO_LINE


def are_repeats_held(connection: sa.Connection, database: Database) -> bool:
    """Whether too few were usable in the last two batches made only of repeats.

    Repeats are then held back until a batch goes well, or a person says `resume`.
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
