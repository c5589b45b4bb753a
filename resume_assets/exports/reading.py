"""Records out of the candidate table, page by page, whatever their number."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.ledger.forgotten import is_forgotten
from resume_assets.database.candidates import PROCESSED, USERID
from resume_assets.database.connect import Database
from resume_assets.exports.selecting import Selection

PAGE = 1_000
"""Records a query: each is a transaction of its own, so that nobody waits for a long one."""

_IDS = 500
"""Ids a query: SQL Server takes 2,100 parameters."""


@dataclass(slots=True)
class Records:
    """The records of a selection; read once, from the first to the last by id.

    Each is a tuple in the order of `columns`. A page is as it was when it was read: what is
    written meanwhile may be in a later page. People who are to be forgotten are left out, and
    counted.
    """

    database: Database
    selection: Selection
    forgotten: int = field(default=0, init=False)

    @property
    def columns(self) -> list[str]:
        """The id, the extracted columns that the table has, and LastProcessed; as COLUMNS says."""
        return [USERID, *self.database.candidates.columns, PROCESSED]

    @property
    def types(self) -> list[sa.types.TypeEngine[Any]]:
        """The type of each column in the table that is there."""
        return [column.type for column in self._selected()]

    def count(self) -> int:
        """How many there are now, roughly: those who are to be forgotten are counted too."""
        if self.selection.userids is not None:
            return len(self.selection.userids)
        there = self.database.candidates
        query = sa.select(sa.func.count()).select_from(there.table)
        query = query.where(*self.selection.conditions(self.database))
        found: int = self.database.read(lambda connection: connection.execute(query).scalar_one())
        return found

    def pages(self) -> Iterator[list[tuple[Any, ...]]]:
        """The records in pages of at most PAGE. Raises DatabaseFailed."""
        if self.selection.userids is None:
            yield from self._by_key()
            return
        userids = self.selection.userids
        for start in range(0, len(userids), _IDS):
            ids = self.database.candidates.userid.in_(userids[start : start + _IDS])
            yield self._without_forgotten(self._page([ids]))

    def _by_key(self) -> Iterator[list[tuple[Any, ...]]]:
        """By ranges of the key: each page is sought where the last one ended."""
        after: list[sa.ColumnElement[bool]] = []
        while rows := self._page(after):
            yield self._without_forgotten(rows)
            last = sa.literal(rows[-1][0], self.database.candidates.userid.type)
            after = [self.database.candidates.userid > last]

    def _page(self, more: Sequence[sa.ColumnElement[bool]]) -> Sequence[Sequence[Any]]:
        return self.database.read(partial(self._read, more=more))

    def _read(
        self, connection: sa.Connection, *, more: Sequence[sa.ColumnElement[bool]]
    ) -> Sequence[Sequence[Any]]:
        there = self.database.candidates
        gone = is_forgotten(connection, self.database, there.userid)
        is_anybody = not isinstance(gone, sa.False_)  # T-SQL has no false in a CASE
        told = sa.case((gone, 1), else_=0) if is_anybody else sa.literal_column("0")
        query = (
            sa.select(*self._selected(), told.label("resume_gone"))
            .where(*self.selection.conditions(self.database), *more)
            .order_by(there.userid)
            .limit(PAGE)
        )
        return connection.execute(query).all()

    def _selected(self) -> list[sa.Column[Any]]:
        there = self.database.candidates
        return [there.userid, *(there.table.c[name] for name in there.names), there.processed]

    def _without_forgotten(self, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
        kept = [tuple(row[:-1]) for row in rows if not row[-1]]
        self.forgotten += len(rows) - len(kept)
        return kept
