"""The notices in the ledger: what came up, and how far each receiver has it.

A notice is claimed for a receiver before it is sent and marked as told afterwards, so two processes
never send it at once. What was claimed by a process that is gone is sent again, after SENDING where
that was on another machine: it is told at least once, and twice only there.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.ledger.lease import is_free, myself
from resume_assets.database.connect import Database
from resume_assets.notifying.matters import Matter

AT_ONCE = 10
"""Notices in one message: what Slack and Teams take, and what a person reads."""

SENDING = timedelta(minutes=2)
"""How long nobody else sends what somebody has claimed; longer than a message may take."""

NEW_FOR = timedelta(days=7)
"""A receiver that was not there then is still told of what came up so long ago."""

AGAIN_AFTER = timedelta(days=3)
"""What is reported after so long a silence is a new notice, of matters that come again."""

_SEEN = timedelta(hours=1)  # how exactly it is kept when a matter was reported last
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
_LONGEST_TRIED = timedelta(days=30)
_PAGE = 500

REFUSALS = 6
"""After so many tries (half an hour), a receiver that turns a notice down is believed."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as it is told."""

    notice_id: str
    kind: str
    what: str
    command: str | None
    batch_key: str | None
    came_up_at: datetime


@dataclass(frozen=True, slots=True)
class Claimed:
    """Notices that this process, and no other, sends to a receiver now; oldest first.

    `tries`: which try it is, of the notice that was tried most often.
    """

    receiver: str
    sender: str
    notices: tuple[Notice, ...]
    tries: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a receiver has what came up; `trouble` is of its last try, None if that went well."""

    waiting: int
    given_up: int
    trouble: str | None


def note(database: Database, matters: Collection[Matter], looked_at: Sequence[str] = ()) -> int:
    """Note what is not noted yet, under a lock; returns how many came up.

    `looked_at`: the closed batches that these were found in, which need not be looked at again.
    Raises DatabaseFailed; then nothing is noted.
    """

    def look(connection: sa.Connection) -> bool:
        now = database.dialect.utc_now(connection)
        return any(_is_news(connection, database, matter, now) for matter in matters)

    def work(connection: sa.Connection) -> int:
        database.dialect.lock(connection, database.ledger.installation)
        now = database.dialect.utc_now(connection)
        _mark(connection, database, looked_at, now)
        return sum(
            _noted(connection, database, matter, now, place) for place, matter in enumerate(matters)
        )

    if looked_at or (len(matters) > 0 and database.read(look)):
        return database.write(work)
    return 0


def is_noted(connection: sa.Connection, database: Database, matter: Matter) -> bool:
    """Whether it came up before."""
    return _last(connection, database, matter) is not None


def _last(connection: sa.Connection, database: Database, matter: Matter) -> sa.Row[Any] | None:
    table = database.ledger.notices
    query = sa.select(table).where(table.c.matter == matter.identity)
    return connection.execute(query.order_by(table.c.seen_at.desc()).limit(1)).first()


def _is_news(connection: sa.Connection, database: Database, matter: Matter, now: datetime) -> bool:
    """Whether there is something to write of it."""
    last = _last(connection, database, matter)
    return last is None or (matter.comes_again and bool(last.seen_at < now - _SEEN))


def _noted(
    connection: sa.Connection, database: Database, matter: Matter, now: datetime, place: int
) -> bool:
    """Insert it, unless it is the one that is there; whether it was.

    `place`: among those that came up at the same moment, which are told in this order.
    """
    if not _is_news(connection, database, matter, now):
        return False
    table, last = database.ledger.notices, _last(connection, database, matter)
    if last is not None and last.seen_at >= now - AGAIN_AFTER:
        this = table.c.notice_id == last.notice_id
        connection.execute(table.update().where(this).values(seen_at=now))
        return False
    connection.execute(
        table.insert().values(
            notice_id=f"{now:%Y%m%d-%H%M%S}-{place:04d}-{secrets.token_hex(6)}",
            matter=matter.identity,
            kind=matter.kind,
            batch_key=matter.batch_key,
            what=matter.told,
            command=matter.command,
            came_up_at=now,
            seen_at=now,
        )
    )
    return True


def _mark(
    connection: sa.Connection, database: Database, keys: Sequence[str], now: datetime
) -> None:
    table = database.ledger.batches
    for start in range(0, len(keys), _PAGE):
        these = table.c.batch_key.in_(keys[start : start + _PAGE])
        connection.execute(table.update().where(these).values(noticed_at=now))


def claim(database: Database, receiver: str, *, at_once: bool = False) -> Claimed | None:
    """Claim the oldest notices that the receiver was not told; None where there is nothing to do.

    While a message to it is under way, or it is left alone after a failure, there is nothing:
    what is newer waits too, and so is never told first. `at_once`: it is not left alone.
    Raises DatabaseFailed.
    """
    if not database.read(lambda connection: _due(connection, database, receiver, at_once=at_once)):
        return None
    sender = myself()

    def work(connection: sa.Connection) -> Claimed | None:
        database.dialect.lock(connection, database.ledger.installation)
        due = _due(connection, database, receiver, at_once=at_once, sender=sender)[:AT_ONCE]
        if not due:
            return None
        table = database.ledger.deliveries
        until = database.dialect.utc_now(connection) + SENDING
        for row in due:
            tries = (row.tries or 0) + 1
            values = {"tries": tries, "lease_owner": sender, "lease_until": until}
            if row.tries is None:
                both = {"notice_id": row.notice_id, "receiver": receiver}
                connection.execute(table.insert().values(**both, **values))
            else:
                this = sa.and_(table.c.notice_id == row.notice_id, table.c.receiver == receiver)
                connection.execute(table.update().where(this).values(values))
        notices = tuple(
            Notice(row.notice_id, row.kind, row.what, row.command, row.batch_key, row.came_up_at)
            for row in due
        )
        return Claimed(receiver, sender, notices, max((row.tries or 0) + 1 for row in due))

    return database.write(work)


def _due(
    connection: sa.Connection,
    database: Database,
    receiver: str,
    *,
    at_once: bool,
    sender: str | None = None,
) -> Sequence[sa.Row[Any]]:
    """All that the receiver is still to be told, oldest first; nothing if that is not due now."""
    now = database.dialect.utc_now(connection)
    untold = connection.execute(_untold(database, receiver, now)).all()
    for row in untold:
        # Ours it is already where a commit succeeded and only its answer was lost.
        if not is_free(row, now) and row.lease_owner != sender:
            return []
        if not at_once and row.next_try_at is not None and row.next_try_at > now:
            return []
    return untold


def _untold(database: Database, receiver: str, now: datetime) -> sa.Select[Any]:
    notices, deliveries = database.ledger.notices, database.ledger.deliveries
    own = sa.and_(deliveries.c.notice_id == notices.c.notice_id, deliveries.c.receiver == receiver)
    begun = deliveries.c.notice_id.is_not(None)
    return (
        sa.select(
            notices,
            deliveries.c.tries,
            deliveries.c.lease_owner,
            deliveries.c.lease_until,
            deliveries.c.next_try_at,
        )
        .join(deliveries, own, isouter=True)
        .where(
            deliveries.c.told_at.is_(None),
            deliveries.c.given_up_at.is_(None),
            sa.or_(begun, notices.c.came_up_at >= now - NEW_FOR),
        )
        .order_by(notices.c.came_up_at, notices.c.notice_id)
    )


def told(database: Database, claimed: Claimed) -> None:
    """The receiver has them. Raises DatabaseFailed; then they are sent once more."""

    def work(connection: sa.Connection) -> None:
        now = database.dialect.utc_now(connection)
        _settle(connection, database, claimed, tried_at=now, told_at=now, trouble=None)

    database.write(work)


def not_told(
    database: Database,
    claimed: Claimed,
    trouble: str,
    *,
    retry_after: float | None = None,
    refused: bool = False,
    for_good: bool = False,
) -> bool:
    """The receiver does not have them; returns whether they are given up.

    They are sent again after a minute, doubling up to an hour, `retry_after` seconds at least. What
    is `refused` is given up after REFUSALS tries, what is refused `for_good` at once.
    """
    pause = min(_FIRST_PAUSE * 2 ** min(claimed.tries - 1, 10), _LONGEST_PAUSE)
    pause = max(pause, timedelta(seconds=retry_after or 0))

    def work(connection: sa.Connection) -> bool:
        now = database.dialect.utc_now(connection)
        is_old = claimed.notices[0].came_up_at < now - _LONGEST_TRIED
        given_up = for_good or is_old or (refused and claimed.tries >= REFUSALS)
        _settle(
            connection,
            database,
            claimed,
            tried_at=now,
            trouble=trouble[:400],
            next_try_at=now + pause,
            given_up_at=now if given_up else None,
        )
        return given_up

    return database.write(work)


def _settle(connection: sa.Connection, database: Database, claimed: Claimed, **values: Any) -> None:
    """Note the outcome, of what nobody else has claimed since."""
    table = database.ledger.deliveries
    ours = sa.and_(table.c.receiver == claimed.receiver, table.c.lease_owner == claimed.sender)
    values |= {"lease_owner": None, "lease_until": None}
    connection.execute(table.update().where(ours).values(values))


def standing(connection: sa.Connection, database: Database, receiver: str) -> Standing:
    """How far the receiver has what came up."""
    now, table = database.dialect.utc_now(connection), database.ledger.deliveries
    untold = connection.execute(_untold(database, receiver, now)).all()
    own = table.c.receiver == receiver
    given_up = sa.select(sa.func.count()).where(own, table.c.given_up_at.is_not(None))
    tried = sa.select(table.c.trouble).where(own, table.c.tried_at.is_not(None))
    trouble = connection.execute(tried.order_by(table.c.tried_at.desc()).limit(1)).scalar()
    return Standing(len(untold), connection.execute(given_up).scalar_one(), trouble)
