"""`resume-assets reprocess`: records that a model read are read again, by the present one.

Their candidates go back into the queue: LastProcessed becomes NULL, the record stays where it is
until another answer is written over it. What LastProcessed was stays in the ledger, for `undo`.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.ledger.forgotten import is_forgotten
from resume_assets.batches.ledger.queue import Waiting
from resume_assets.batches.ledger.states import ItemState
from resume_assets.batches.planning.asked import asked_now
from resume_assets.batches.planning.decision import Queue
from resume_assets.batches.planning.outstanding import queue_with
from resume_assets.database.connect import Database
from resume_assets.errors import WrongUseError
from resume_assets.models.catalogue import model_for
from resume_assets.progress import Unit, step
from resume_assets.settings import Settings

_log = logging.getLogger(__name__)

PAGE = 500
"""Candidates a transaction; under 1,000, so that SQL Server locks rows and never the table."""


class NothingRead(WrongUseError):
    """No record was ever read by that model: its name is misspelt, most likely."""


@dataclass(frozen=True, slots=True)
class Readable:
    """Whose record a model read: those that can be read again, and how many are left alone.

    `changed`: LastProcessed is no longer as we set it, so the record is somebody else's.
    """

    rows: Sequence[Waiting]
    changed: int


def readable(
    database: Database, model: str, *, limit: int | None = None, below: float | None = None
) -> Readable:
    """Look who could be put back; the first `limit` of them by id.

    `below`: only records of whose values a smaller share stands in the resume; one that was never
    looked at for that is not among them. Raises NothingRead, naming the models that there are.
    """
    size = database.dialect.text_bytes(database.candidates.text)

    def work(connection: sa.Connection) -> Sequence[sa.Row[Any, str, Any, Any, Any]]:
        query = _read_by(connection, database, model, size).order_by(database.candidates.userid)
        if below is not None:
            checked, missing = (
                database.ledger.items.c[name] for name in ("values_checked", "values_not_borne_out")
            )
            query = query.where(checked > 0, checked - missing < below * checked)
        return connection.execute(query).all()

    found = database.read(work)
    ours = [row for row in found if row.processed == row.last_processed]
    if not found:
        _require_read(database, model)
    rows = [Waiting(row.userid, int(row.text_bytes)) for row in ours]
    return Readable(rows[:limit], len(found) - len(ours))


def estimated(database: Database, settings: Settings, rows: Sequence[Waiting]) -> Queue:
    """What it will cost to send these rows, by the planner's own estimate; one row at least."""
    model = model_for(settings)
    asked = asked_now(settings, model)
    return database.read(lambda connection: queue_with(connection, database, model, asked, rows))


def put_back(database: Database, model: str, userids: Sequence[Any]) -> int:
    """Put these candidates back into the queue; returns how many.

    Page by page, each a transaction that looks again: whoever is in a batch or was changed since is
    left alone. Safe to repeat, and to go on with after it was interrupted.
    """
    done = 0
    with step("putting back", Unit.record, len(userids)) as putting_back:
        for start in range(0, len(userids), PAGE):
            page = userids[start : start + PAGE]
            done += database.write(partial(_put_back, database=database, model=model, userids=page))
            putting_back.advance(len(page))
    _log.info("reprocess: %d records that %s read are to be read again", done, model)
    return done


def _put_back(
    connection: sa.Connection, *, database: Database, model: str, userids: Sequence[Any]
) -> int:
    return len(put_back_in(connection, database, userids, model))


def put_back_in(
    connection: sa.Connection,
    database: Database,
    userids: Sequence[Any],
    model: str | None = None,
    *,
    now: datetime | None = None,
) -> list[Any]:
    """Put a page of candidates back into the queue, in this transaction; returns who was.

    `model`: only records that this model read last; `now`: the database's clock, where the caller
    wants to know by it what was put back here.
    """
    there, items, dialect = database.candidates, database.ledger.items, database.dialect
    locked = sa.select(there.userid).where(there.userid.in_(userids))
    connection.execute(dialect.locking(locked, there.table)).all()
    query = _read_by(connection, database, model, sa.null()).where(there.userid.in_(userids))
    found = connection.execute(query).all()
    ours = [row for row in found if row.processed == row.last_processed]
    now = now or dialect.utc_now(connection)
    dialect.update_rows(
        connection,
        there.table,
        (there.userid.name,),
        (there.processed.name,),
        [(None, row.userid) for row in ours],
    )
    dialect.update_rows(
        connection,
        items,
        ("batch_key", "userid"),
        ("put_back_at",),
        [(now, row.batch_key, row.userid) for row in ours],
    )
    return [row.userid for row in ours]


def _read_by(
    connection: sa.Connection, database: Database, model: str | None, size: sa.ColumnElement[Any]
) -> sa.Select[Any, str, Any, Any, Any]:
    """Candidates with a record whose last answer was this model's, and who are in no batch now.

    Nor are they to be forgotten. `model`: None for any.
    """
    there, ledger = database.candidates, database.ledger
    items, batches = ledger.items, ledger.batches
    later = items.alias("later")
    is_last = ~sa.exists().where(
        later.c.userid == items.c.userid,
        later.c.state == ItemState.succeeded,
        later.c.closed_at > items.c.closed_at,
    )
    return (
        sa.select(
            there.userid.label("userid"),
            items.c.batch_key.label("batch_key"),
            there.processed.label("processed"),
            items.c.last_processed.label("last_processed"),
            size.label("text_bytes"),
        )
        .select_from(
            items.join(batches, batches.c.batch_key == items.c.batch_key).join(
                there.table, there.userid == items.c.userid
            )
        )
        .where(
            sa.true() if model is None else batches.c.model == model,
            items.c.state == ItemState.succeeded,
            is_last,
            there.processed.is_not(None),
            there.text.is_not(None),
            there.userid.not_in(sa.select(ledger.claims.c.userid)),
            sa.not_(is_forgotten(connection, database, there.userid)),
        )
    )


def _require_read(database: Database, model: str) -> None:
    batches = database.ledger.batches
    query = sa.select(batches.c.model).where(batches.c.trial_key.is_(None)).distinct()
    models = database.read(lambda connection: connection.execute(query).scalars().all())
    if model not in models:
        raise NothingRead(
            f"No record was read by {model!r}. The batches here had these models: "
            f"{', '.join(sorted(models)) or 'none'}."
        )
