"""Which records are exported: all, those of a batch, of some days, or of some candidates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import ItemState
from resume_assets.batches.upkeep.naming import named
from resume_assets.database.connect import Database
from resume_assets.errors import WrongUseError


class TooMuchNamed(WrongUseError):
    """More was named than one thing."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Records whose LastProcessed is set, and of these only what is named; nothing named: all.

    Days are those of LastProcessed, which is in the database's own clock; `until` is the first day
    that is not wanted. `userids` in the table's own type. `told`: ids that nobody has, a sentence.
    """

    batch: str | None = None
    since: date | None = None
    until: date | None = None
    userids: Sequence[Any] | None = None
    told: str | None = None

    @property
    def name(self) -> str:
        """What a file of these records is called, without its ending."""
        if self.batch is not None:
            return f"records-{self.batch}"
        if self.userids is not None:
            return "records-chosen"
        if self.since is not None:
            return f"records-since-{self.since}" if self.until is None else f"records-{self.since}"
        return "records"

    def conditions(self, database: Database) -> list[sa.ColumnElement[bool]]:
        """What of this can be said in SQL; `userids` are paged by whoever reads."""
        there = database.candidates
        found: list[sa.ColumnElement[bool]] = [
            there.processed.is_not(None),
            there.userid.is_not(None),
        ]
        if self.batch is not None:
            items = database.ledger.items
            found.append(
                there.userid.in_(
                    sa.select(items.c.userid).where(
                        items.c.batch_key == self.batch, items.c.state == ItemState.succeeded
                    )
                )
            )
        if self.since is not None:
            found.append(there.processed >= _as_held(there.processed, self.since))
        if self.until is not None:
            found.append(there.processed < _as_held(there.processed, self.until))
        return found


def of_day(day: date) -> Selection:
    """The records that were written on that day."""
    return Selection(since=day, until=day + timedelta(days=1))


def select(
    database: Database,
    *,
    batch: str | None = None,
    since: date | None = None,
    userids: Sequence[str] = (),
) -> Selection:
    """What a person named; ids as text, a batch by its key or OpenAI's id.

    Raises TooMuchNamed, UnknownBatch, OfTrial, RecordsNotWritten, BadUserid.
    """
    if sum((batch is not None, since is not None, bool(userids))) > 1:
        raise TooMuchNamed("A batch, a day or candidates: one of the three, or none for all.")
    if userids:
        found = named(database, userids)
        return Selection(userids=sorted(set(found.userids)), told=found.told)
    if batch is not None:
        return Selection(batch=_written(database, batch))
    return Selection(since=since)


def _written(database: Database, name: str) -> str:
    """The key of a batch whose records are written."""
    batch = database.read(lambda connection: batches.get(connection, database, name))
    key: str = batches.require_written(batch).batch_key
    return key


def _as_held(column: sa.Column[Any], day: date) -> sa.ColumnElement[Any]:
    """The day's beginning in the column's type; text is compared as text, which ISO allows."""
    kind = column.type
    if isinstance(kind, sa.String):
        return sa.literal(day.isoformat(), kind)
    if isinstance(kind, sa.Date):
        return sa.literal(day, kind)
    return sa.literal(datetime.combine(day, time.min), kind)
