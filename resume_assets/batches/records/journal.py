"""What stood in a record before a batch wrote it: kept for a time, so that it can be put back.

A record in which nothing stood leaves no row here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from resume_assets.database.connect import Database

_PAGE = 500

Before = Mapping[str, Any]
"""By column as COLUMNS spells it, what stood there; NULLs are left out."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One candidate's record before the batch; `last_processed` is for when it is put back."""

    userid: Any
    before: Before
    last_processed: Any = None


def note(connection: sa.Connection, database: Database, key: str, entries: list[Entry]) -> None:
    """Keep what a batch is about to overwrite, in the transaction that overwrites it.

    Where there is an entry already, what is told now is added: it stood there last.
    """
    if not entries:
        return
    table, now = database.ledger.journal, database.dialect.utc_now(connection)
    known = look(connection, database, key, [entry.userid for entry in entries])
    names = ("batch_key", "userid", "record", "last_processed", "written_at")
    database.dialect.insert_rows(
        connection,
        table,
        names,
        [
            (key, entry.userid, _json(entry.before), entry.last_processed, now)
            for entry in entries
            if entry.userid not in known
        ],
    )
    database.dialect.update_rows(
        connection,
        table,
        ("batch_key", "userid"),
        ("record",),
        [
            (_json({**known[entry.userid].before, **entry.before}), key, entry.userid)
            for entry in entries
            if entry.userid in known
        ],
    )


def look(
    connection: sa.Connection, database: Database, key: str, userids: Sequence[Any]
) -> dict[Any, Entry]:
    """The entries of a batch for these candidates (a page of them), by id."""
    table, there = database.ledger.journal, database.candidates
    query = sa.select(table.c.userid, table.c.record, table.c.last_processed).where(
        table.c.batch_key == key, table.c.userid.in_(userids)
    )
    kinds = {name: there.table.c[target.name].type for name, target in there.by_column.items()}
    return {
        userid: Entry(userid, _read(record, kinds), last_processed)
        for userid, record, last_processed in connection.execute(query)
    }


def drop(connection: sa.Connection, database: Database, key: str, userids: Iterable[Any]) -> int:
    """Remove entries of a batch (a page of them); returns how many there were."""
    table = database.ledger.journal
    dropped: int = connection.execute(
        table.delete().where(table.c.batch_key == key, table.c.userid.in_(list(userids)))
    ).rowcount
    return dropped


def prune(database: Database, days: float) -> int:
    """Remove what is older than so many days; returns how many entries that were."""
    table = database.ledger.journal
    limit = database.read(database.dialect.utc_now) - timedelta(days=days)
    old = sa.select(table.c.batch_key, table.c.userid).where(table.c.written_at <= limit)
    page = old.order_by(table.c.batch_key, table.c.userid).limit(_PAGE)

    def work(connection: sa.Connection) -> int:
        found: dict[str, list[Any]] = {}
        for key, userid in connection.execute(page):
            found.setdefault(key, []).append(userid)
        for key, userids in found.items():
            drop(connection, database, key, userids)
        return sum(map(len, found.values()))

    pruned = 0
    while gone := database.write(work):
        pruned += gone
    return pruned


def _json(before: Before) -> str:
    return orjson.dumps(dict(before), default=str).decode()


def _read(record: str, kinds: Mapping[str, TypeEngine[Any]]) -> dict[str, Any]:
    """The values as their columns take them; a column that is no longer there is left out."""
    told = orjson.loads(record)
    return {name: _value(value, kinds[name]) for name, value in told.items() if name in kinds}


def _value(told: Any, kind: TypeEngine[Any]) -> Any:
    if told is None:
        return None  # a person had cleared it
    if isinstance(kind, sa.DateTime):
        return datetime.fromisoformat(told)
    if isinstance(kind, sa.Date):
        return date.fromisoformat(told)
    if isinstance(kind, sa.Numeric) and isinstance(told, str):
        return Decimal(told)
    return told
