"""Reading and writing the ledger's rows: the platform's only memory.

Every function takes the connection of the transaction that it belongs to.
"""

import re
import secrets
import string
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa

from resume_assets.batches.ledger.states import APPLIED, OPEN_ITEMS, BatchState, ItemState
from resume_assets.database.connect import Database
from resume_assets.database.projection import changed
from resume_assets.errors import PlatformError, WrongUseError
from resume_assets.models.prices import Service
from resume_assets.words import verb

Batch: TypeAlias = sa.Row[Any]
"""A row of `resume_batches`; its columns are described in `database.tables`."""

_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)

_NOBODYS_FAULT = ("cancelled", "stale", "undone", "forgotten", "released: cancelled")
"""Ends of requests that say nothing about the answers' quality: people caused them."""


class UnknownBatch(WrongUseError):
    """No batch of that key or OpenAI id in the ledger."""


class OfTrial(WrongUseError):
    """The batch is a trial's: no candidate is claimed for it, and none gets its answers."""


class RecordsNotWritten(PlatformError):
    """The batch has not come that far; whoever wants its records has to wait."""


class BadKey(WrongUseError):
    """A batch key that can't serve as a folder's name, a primary key and metadata alike."""


def check_key(key: str) -> str:
    """Return the key. Raises BadKey, with the rule."""
    if not _KEY.fullmatch(key):
        raise BadKey("A batch key is 1 to 64 of the characters A-Z a-z 0-9 _ and -.")
    return key


def new_key(now: datetime) -> str:
    """A generated key: UTC time and four random letters, so that keys sort by age."""
    letters = "".join(secrets.choice(string.ascii_lowercase) for _ in range(4))
    return f"{now:%Y%m%d-%H%M%S}-{letters}"


def find(connection: sa.Connection, database: Database, name: str) -> Batch | None:
    """The batch of that key, else of that OpenAI id, None where there is none."""
    table = database.ledger.batches
    for column in (table.c.batch_key, table.c.openai_batch_id):
        batch = connection.execute(sa.select(table).where(column == name)).first()
        if batch is not None:
            return batch
    return None


def get(connection: sa.Connection, database: Database, name: str) -> Batch:
    """The batch of that key or OpenAI id. Raises UnknownBatch."""
    batch = find(connection, database, name)
    if batch is None:
        raise UnknownBatch(
            f"No batch {name!r} in the ledger; `resume-assets status` lists those there are."
        )
    return batch


def lock(connection: sa.Connection, database: Database, key: str) -> Batch:
    """The batch's row, which nobody else changes until the transaction ends. Raises UnknownBatch.

    What an unlocked row said may no longer hold when a decision by it is written.
    """
    table = database.ledger.batches
    connection.execute(
        table.update().where(table.c.batch_key == key).values(run_requests=table.c.run_requests)
    )
    return get(connection, database, key)


def update(connection: sa.Connection, database: Database, key: str, **values: Any) -> Batch:
    """Set columns of the batch's row; returns the new row.

    After the commit, `database.projection` copies the row of a batch that OpenAI has to
    `aicandidateBatchStatus`, the table for people; trials are not shown there.
    """
    table = database.ledger.batches
    connection.execute(table.update().where(table.c.batch_key == key).values(values))
    batch = get(connection, database, key)
    if batch.openai_batch_id is not None and batch.trial_key is None:
        changed(connection, key)
    return batch


def in_states(
    connection: sa.Connection,
    database: Database,
    states: Iterable[BatchState],
    *,
    of_trials: bool = True,
    latest: int | None = None,
) -> Sequence[Batch]:
    """The batches in these states, oldest first; those of trials only where `of_trials`.

    `latest`: so many at most, those that were planned last.
    """
    table = database.ledger.batches
    query = sa.select(table).where(table.c.state.in_(sorted(states)))
    if not of_trials:
        query = query.where(table.c.trial_key.is_(None))
    if latest is None:
        return connection.execute(query.order_by(table.c.planned_at, table.c.batch_key)).all()
    query = query.order_by(table.c.planned_at.desc(), table.c.batch_key.desc()).limit(latest)
    return connection.execute(query).all()[::-1]


def items_of(database: Database, trial_key: str | None) -> sa.Table:
    """The table that a batch's items are in; `trial_key` as in its row.

    A trial's are apart, so that nothing that asks for a candidate's items ever finds them.
    """
    return database.ledger.items if trial_key is None else database.ledger.trial_items


def to_be_written(batch: Batch) -> int:
    """How many records the batch could bring: its requests, and answers that are used again."""
    return (batch.requests or 0) + (batch.reused or 0)


def count_items(
    connection: sa.Connection, items: sa.Table, key: str, *, only_sent: bool = False
) -> dict[str, int]:
    """How many of the batch's items are in each state; `items` as `items_of` says.

    `only_sent`: without those that get the answer to another's request.
    """
    query = sa.select(items.c.state, sa.func.count()).where(items.c.batch_key == key)
    if only_sent:
        query = query.where(items.c.same_text_as.is_(None))
    return dict(connection.execute(query.group_by(items.c.state)).all())


def count_reasons(connection: sa.Connection, items: sa.Table, key: str) -> dict[str, int]:
    """How many of the batch's items ended otherwise than well, by `state: reason`."""
    query = (
        sa.select(items.c.state, items.c.reason, sa.func.count())
        .where(items.c.batch_key == key, items.c.state != ItemState.succeeded)
        .group_by(items.c.state, items.c.reason)
    )
    return {
        f"{state}: {reason}" if reason else state: count
        for state, reason, count in connection.execute(query)
    }


def nothing_usable(batch: Batch, reasons: Iterable[str]) -> bool:
    """Whether requests were answered for, and not one became a record.

    `reasons`: how the others ended, as `count_reasons` names them.
    """
    if batch.state != BatchState.done or batch.succeeded or not batch.requests:
        return False
    return any(not reason.startswith(_NOBODYS_FAULT) for reason in reasons)


def service_of(batch: Batch) -> Service:
    """How the batch's requests are served, by which their price differs."""
    return Service(batch.service or Service.batch)


def is_synchronous(batch: Batch) -> bool:
    """Whether its requests are sent one by one, each with its answer: OpenAI has no such batch."""
    return service_of(batch) is not Service.batch


def installation_of(connection: sa.Connection, database: Database) -> str:
    """The random id of this ledger, by which it recognises its own batches and files."""
    there = sa.select(database.ledger.installation.c.installation_id)
    found: str = connection.execute(there).scalar_one()
    return found


def require_written(batch: Batch) -> Batch:
    """The batch, where its records are written. Raises OfTrial, RecordsNotWritten."""
    if batch.trial_key is not None:
        raise OfTrial(belongs_to_trial(batch))
    if batch.state not in APPLIED:
        raise RecordsNotWritten(
            f"Batch {batch.batch_key} is {batch.state}: its records are not written yet. "
            f"`resume-assets check {batch.batch_key}` brings it in once it has ended."
        )
    return batch


def belongs_to_trial(batch: Batch) -> str:
    """Why a trial's batch is not for what takes it to be one of the real work."""
    trial = batch.trial_key
    return (
        f"Batch {batch.batch_key} belongs to trial {trial}, whose answers are written nowhere but "
        f"there: `resume-assets trial {trial}` goes on with it."
    )


def fate_of_unsent(batch: Batch, number: int) -> str:
    """What became of so many resumes that the batch gave back, for people."""
    if batch.trial_key is None:
        return "went back to the queue"
    return f"{verb(number, 'is', 'are')} left out of the trial"


def release(
    connection: sa.Connection, database: Database, batch: Batch, reason: str, *, now: datetime
) -> int:
    """Give every open item of the batch back to the queue; returns how many.

    For batches of which nothing ran: no attempt is used.
    """
    key, claims = batch.batch_key, database.ledger.claims
    items = items_of(database, batch.trial_key)
    open_items = sa.and_(items.c.batch_key == key, items.c.state.in_(sorted(OPEN_ITEMS)))
    given_back = connection.execute(
        items.update()
        .where(open_items)
        .values(state=ItemState.released, reason=reason, closed_at=now)
    ).rowcount
    connection.execute(claims.delete().where(claims.c.batch_key == key))
    return given_back
