"""What the processes counted, added up in the ledger: where a stage or a tick ends, never a call.

For `metrics` alone; nothing is decided by it. Where a commit's answer was lost it may count double.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

import sqlalchemy as sa

from resume_assets import tallies
from resume_assets.database.connect import Database
from resume_assets.database.retrying import DatabaseFailed

_log = logging.getLogger(__name__)

TICKS: Final = "ticks"
"""Ticks of the sensor that looks at the batches, which came to their end."""


def keep(database: Database) -> None:
    """Add what this process counted; where that fails, it is kept for the next time."""
    counted = tallies.take()
    if counted and not _kept(database, counted):
        tallies.add(counted)


def note_tick(database: Database) -> None:
    """A tick came to its end."""
    _kept(database, {TICKS: 1})
    keep(database)


def read(connection: sa.Connection, database: Database) -> dict[str, tuple[int, datetime]]:
    """Each that was ever counted: its value, and when it changed last."""
    rows = connection.execute(sa.select(database.ledger.counters))
    return {row.name: (row.value, row.changed_at) for row in rows}


def _kept(database: Database, counts: Mapping[Any, int]) -> bool:
    for _ in range(2):  # another process may have made the row at the same moment
        try:
            database.write(partial(_add, database=database, counts=counts))
        except DatabaseFailed as failed:
            problem = failed
        else:
            return True
    _log.warning("not counted: %s", problem)
    return False


def _add(connection: sa.Connection, *, database: Database, counts: Mapping[Any, int]) -> None:
    table, now = database.ledger.counters, database.dialect.utc_now(connection)
    there = set(connection.execute(sa.select(table.c.name)).scalars())
    for name, number in sorted(counts.items()):
        if name in there:
            values = {"value": table.c.value + number, "changed_at": now}
            connection.execute(table.update().where(table.c.name == name).values(values))
        else:
            values = {"name": str(name), "value": number, "changed_at": now}
            connection.execute(table.insert().values(values))
