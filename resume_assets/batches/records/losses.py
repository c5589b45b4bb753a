"""What of a batch's texts and values is not in the table, by what the ledger notes of its items."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa

from resume_assets.batches.ledger.forgotten import are_personal
from resume_assets.batches.ledger.states import ItemState
from resume_assets.database.connect import Database
from resume_assets.extraction.values import LOSSES

SHOWN = 50
"""Ids that a finding names, at most."""


def shown(database: Database, userid: Any, position: int) -> str:
    """A candidate as Dagster's storage may name it, which keeps what it is told.

    The id where it is a number; where it is a text, which may be an e-mail address, the item's
    position in the batch.
    """
    return f"position {position}" if are_personal(database) else str(userid)


@dataclass(slots=True)
class Losses:
    """What of a batch's texts and values did not fit, could not be read, or was changed.

    `changes` counts records by column and what was done; `lost` are those of them after which
    something is missing: who, column, what.
    """

    truncated: int
    values_cut: int
    months_assumed: int
    dates_unread: int
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    lost: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, who: str, changes: Mapping[str, str]) -> None:
        """Count what was done to a record."""
        self.changes.update(changes.items())
        for column, what in changes.items():
            if what in LOSSES and len(self.lost) < SHOWN:
                self.lost.append((who, column, what))

    @property
    def passed(self) -> bool:
        """Whether nothing is missing that the answers told."""
        return not (self.truncated or self.values_cut or self.dates_unread or self.lost)


def losses(connection: sa.Connection, database: Database, key: str) -> Losses:
    """Add up what the ledger notes of the batch's written records."""
    items = database.ledger.items
    written = sa.and_(items.c.batch_key == key, items.c.state == ItemState.succeeded)
    row = connection.execute(
        sa.select(
            sa.func.sum(sa.cast(items.c.truncated, sa.Integer)),
            sa.func.sum(items.c.values_cut),
            sa.func.sum(items.c.months_assumed),
            sa.func.sum(sa.case((items.c.unread.is_not(None), 1), else_=0)),
        ).where(written)
    ).one()
    truncated, values_cut, months_assumed, dates_unread = (int(value or 0) for value in row)
    found = Losses(truncated, values_cut, months_assumed, dates_unread)
    noted = sa.select(items.c.userid, items.c.position, items.c.changes).where(
        written, items.c.changes.is_not(None)
    )
    for userid, position, changes in connection.execute(noted.order_by(items.c.position)):
        found.add(shown(database, userid, position), orjson.loads(changes))
    return found
