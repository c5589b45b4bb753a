"""Keeps `aicandidateBatchStatus`, the table for people, in step with the ledger.

A batch's row is written anew after each transaction that changed it, in a transaction of its own: a
site's table may refuse what it likes, or be locked, and the ledger goes on. What was not written
then is made up for by the batch's next step, by `init-db` and by the daily housekeeping.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from resume_assets.database.retrying import run_transaction
from resume_assets.database.status_table import COPIED, look
from resume_assets.database.tables import STEPS
from resume_assets.errors import PlatformError

if TYPE_CHECKING:
    from resume_assets.database.connect import Database

_log = logging.getLogger(__name__)

CHANGED = "resume_changed"
"""Execution option of a connection that writes: the keys of the batches that changed."""

_PATIENCE = 1.0  # seconds; people can wait, the ledger can't
_AT_ONCE = 100
_IN_A_ROW = 3  # failures after which the table is taken to be at fault, not a row


def changed(connection: sa.Connection, key: str) -> None:
    """Mark a batch, which has an OpenAI id, to be projected once this transaction is committed."""
    connection.get_execution_options()[CHANGED].add(key)


def project(database: "Database", keys: Sequence[str]) -> None:
    """Write these batches' rows anew; what fails is told once, and raises nothing."""
    failures = 0
    for start in range(0, len(keys), _AT_ONCE):
        page = keys[start : start + _AT_ONCE]
        if _written(database, page) or len(page) == 1:
            continue
        for key in page:  # one bad row never holds up another
            failures = 0 if _written(database, [key]) else failures + 1
            if failures == _IN_A_ROW:
                return


def catch_up(database: "Database") -> None:
    """Write the rows that are missing or older than their batch's last step."""
    try:
        behind = database.read(lambda connection: _behind(connection, database))
    except PlatformError as trouble:
        _tell(database, trouble)
        return
    project(database, behind)


def _written(database: "Database", keys: Sequence[str]) -> bool:
    try:
        run_transaction(
            database.engine,
            database.dialect,
            lambda connection: _write(connection, database, keys),
            patience=_PATIENCE,
        )
    except (PlatformError, sa.exc.SQLAlchemyError) as trouble:
        database.status = None  # perhaps it has changed
        _tell(database, trouble)
        return False
    return True


def _tell(database: "Database", trouble: Exception) -> None:
    """Each trouble once, not with every step."""
    words = str(trouble) if isinstance(trouble, PlatformError) else type(trouble).__name__
    if words != database.status_trouble:
        database.status_trouble = words
        _log.warning("aicandidateBatchStatus is behind, the ledger is not: %s", words)


def _write(connection: sa.Connection, database: "Database", keys: Sequence[str]) -> None:
    database.dialect.hurry(connection)
    if database.status is None:
        database.status = look(connection, database)
    status, batches = database.status, database.ledger.batches
    if not status.takes_rows:
        _tell(database, PlatformError("; ".join(status.problems)))
        return
    ours = batches.c.batch_key.in_(keys)
    # Changes nothing but locks the rows, so that nobody who read them earlier writes here later.
    connection.execute(batches.update().where(ours).values(try_number=batches.c.try_number))
    rows = connection.execute(sa.select(batches).where(ours)).all()
    now = database.dialect.utc_now(connection)
    fitted = [status.fitted(_values(batch, now), now) for batch in rows]
    # Asked, not concluded from an update's count: a site's trigger may have counts of its own.
    wanted = [row[status.key.key] for row in fitted]
    query = sa.select(status.key).where(status.key.in_(wanted))
    there = {key.rstrip() for key in connection.execute(query).scalars()}  # a CHAR is padded
    for row in fitted:
        key = row[status.key.key]
        if key in there:
            connection.execute(status.table.update().where(status.key == key).values(row))
        else:
            connection.execute(status.table.insert().values(row))


def _values(batch: sa.Row[Any], now: datetime) -> dict[str, Any]:
    return {
        **{name: getattr(batch, name) for name in COPIED},
        "batch_id": batch.openai_batch_id,
        "status": batch.openai_status,
        "created_at": batch.submitted_at,
        "updated_at": now,
    }


def _behind(connection: sa.Connection, database: "Database") -> list[str]:
    status, batches = look(connection, database), database.ledger.batches
    times = [batches.c[f"{step}_at"] for step in STEPS]
    if not status.takes_rows:
        return []
    shown: dict[str, Any] = {}
    updated: Any = status.table.c.get("updated_at", sa.null())
    if not isinstance(updated.type, sa.DateTime):
        updated = sa.null()
    for key, time in connection.execute(sa.select(status.key, updated)):
        shown[str(key).rstrip()] = time
    behind = []
    name = "batch_key" if status.key.key == "batch_key" else "openai_batch_id"
    query = sa.select(batches.c.batch_key, batches.c[name], *times).where(
        batches.c.openai_batch_id.is_not(None), batches.c.trial_key.is_(None)
    )
    for key, known_as, *steps in connection.execute(query.order_by(batches.c.batch_key)):
        last = max((step for step in steps if step is not None), default=None)
        time = shown.get(known_as)
        if known_as not in shown or (last and time and time <= last):
            behind.append(key)
    return behind
