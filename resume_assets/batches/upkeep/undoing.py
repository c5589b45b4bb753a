"""`resume-assets undo`: what a batch overwrote is put back, where nobody changed it since.

Of each candidate the columns become what the journal has, or NULL, and LastProcessed what it was
before. A page is one transaction, together with the items' state and the journal's entries: safe to
repeat, and to go on with after it was interrupted.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.ledger import batches, digests
from resume_assets.batches.ledger.lease import BatchBusy, Lease
from resume_assets.batches.ledger.states import BatchState, ItemState
from resume_assets.batches.records import journal, keeping
from resume_assets.database.candidates import CandidateTable
from resume_assets.database.connect import Database
from resume_assets.database.retrying import Refused
from resume_assets.errors import PlatformError
from resume_assets.progress import Unit, step

_log = logging.getLogger(__name__)

PAGE = 500
"""Candidates a transaction; under 1,000, so that SQL Server locks rows and never the table."""


class NotWritten(PlatformError):
    """The batch has not written its records yet, or not all of them."""


class Why(StrEnum):
    """Why a record is left alone."""

    gone = "no such candidate any more"
    processed = "LastProcessed is no longer the batch's: they wait again, or others set it"
    later = "a later batch wrote them: undo that one first"
    changed = "a value was changed since"
    pruned = "what stood there before is no longer in the journal (RESUME_KEEP_JOURNAL_DAYS)"
    older = "an older version of this program wrote them, and kept nothing"
    refused = "the table refuses what stood there before"
    forgotten = "what the ledger knew of them is gone (`forget`, RESUME_KEEP_LEDGER_DAYS)"


@dataclass(slots=True)
class Undone:
    """What is put back, or can be; `waiting`: those of them that wait again; others by reason."""

    put_back: int = 0
    waiting: int = 0
    left_alone: Counter[Why] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Record:
    """A record that the batch wrote: its item, what stands there now, what stood there before."""

    userid: Any
    present: Sequence[Any] | None  # in the order of the table's columns; None: it is gone
    is_its_own: bool  # LastProcessed is still what the batch set
    is_last: bool  # no later batch wrote it
    digests: Sequence[str] | None
    is_forgotten: bool
    overwrote: bool
    entry: journal.Entry | None

    def why_not(self, there: CandidateTable) -> Why | None:
        """Why it is left alone; None where it can be put back."""
        if self.is_forgotten:
            return Why.forgotten
        if self.present is None:
            return Why.gone
        if not self.is_last:
            return Why.later
        if not self.is_its_own:
            return Why.processed
        if self.digests is None:
            return Why.older
        if self.overwrote and self.entry is None:
            return Why.pruned
        for (column, target), value in zip(there.by_column.items(), self.present, strict=True):
            # What the batch itself left to a person stands there as it stood before.
            known = self.digests[target.index], digests.digest(self.before.get(column))
            if digests.digest(value) not in known:
                return Why.changed
        return None

    @property
    def before(self) -> Mapping[str, Any]:
        """What stood there before, by column."""
        return self.entry.before if self.entry is not None else {}

    @property
    def last_processed(self) -> Any:
        """What LastProcessed becomes; None: the candidate waits again."""
        return self.entry.last_processed if self.entry is not None else None

    def restored(self, there: CandidateTable) -> list[Any]:
        """The values of the table's columns, and LastProcessed."""
        values = []
        for column, target in there.by_column.items():
            value = self.before.get(column)
            values.append(target.default if value is None else value)
        return [*values, self.last_processed]


def look(database: Database, key: str, userids: Sequence[Any] | None = None) -> Undone:
    """What `undo` would come to now; nothing is changed. Raises NotWritten, UnknownBatch."""
    undone = Undone()
    pages = _pages(database, key, userids)
    with step("looking at the records", Unit.record, sum(map(len, pages))) as looking:
        for page in pages:
            records = database.read(partial(_records, database=database, key=key, userids=page))
            _split(records, database.candidates, undone)
            looking.advance(len(page))
    return undone


def undo(lease: Lease, userids: Sequence[Any] | None = None) -> Undone:
    """Put back what the batch overwrote: of these candidates, or of all.

    Raises NotWritten, BatchBusy, LeaseLost, DatabaseFailed.
    """
    undone = Undone()
    pages = _pages(lease.database, lease.key, userids)
    with step("putting back", Unit.record, sum(map(len, pages))) as putting_back:
        for page in pages:
            _undo_page(lease, page, undone)
            putting_back.advance(len(page))
    _log.info("batch %s: %d records put back", lease.key, undone.put_back)
    return undone


def _pages(database: Database, key: str, userids: Sequence[Any] | None) -> list[list[Any]]:
    """The candidates whose records the batch wrote and that are not undone, in pages."""
    items, chosen = database.ledger.items, None if userids is None else set(userids)
    query = (
        sa.select(items.c.userid)
        .where(items.c.batch_key == key, items.c.state == ItemState.succeeded)
        .order_by(items.c.position)
    )

    def work(connection: sa.Connection) -> list[Any]:
        batch = batches.get(connection, database, key)
        if batch.state not in (BatchState.applied, BatchState.done):
            raise NotWritten(
                f"Batch {key} is {batch.state}: there is nothing to undo before its records are "
                f"written. `resume-assets check {key}` brings it in."
            )
        found = connection.execute(query).scalars()
        return [userid for userid in found if chosen is None or userid in chosen]

    wanted = database.read(work)
    return [wanted[start : start + PAGE] for start in range(0, len(wanted), PAGE)]


def _undo_page(lease: Lease, userids: list[Any], undone: Undone) -> None:
    """One page, in halves where the table refuses one of its rows."""
    try:
        records = lease.write(partial(_commit, lease=lease, userids=userids))
    except Refused:
        if len(userids) == 1:
            undone.left_alone[Why.refused] += 1
            return
        half = len(userids) // 2
        _undo_page(lease, userids[:half], undone)
        _undo_page(lease, userids[half:], undone)
    else:
        _split(records, lease.database.candidates, undone)


def _split(records: Sequence[_Record], there: CandidateTable, undone: Undone) -> list[_Record]:
    """Count the records; returns those that can be put back."""
    able = []
    for record in records:
        why = record.why_not(there)
        if why is not None:
            undone.left_alone[why] += 1
            continue
        able.append(record)
        undone.put_back += 1
        undone.waiting += record.last_processed is None
    return able


def _commit(connection: sa.Connection, *, lease: Lease, userids: list[Any]) -> list[_Record]:
    """One transaction: candidates, items, journal. Returns what it found."""
    database, key = lease.database, lease.key
    there, dialect = database.candidates, database.dialect
    records = _records(connection, database=database, key=key, userids=userids, is_locking=True)
    able = _split(records, there, Undone())
    hit = dialect.update_rows(
        connection,
        there.table,
        (there.userid.name,),
        (*there.names, there.processed.name),
        [(*record.restored(there), record.userid) for record in able],
        keep_existing=there.kept_where_null(keep_existing=False),
    )
    if hit != len(able):
        raise BatchBusy(
            f"Batch {key}: another program is changing the same candidates. What is put back stays "
            f"so; `resume-assets undo {key}` goes on."
        )
    items, done = database.ledger.items, [record.userid for record in able]
    dialect.update_rows(
        connection,
        items,
        ("batch_key", "userid"),
        ("state",),
        [(ItemState.undone.value, key, userid) for userid in done],
    )
    journal.drop(connection, database, key, done)
    _tell(connection, database, key)
    return records


def _tell(connection: sa.Connection, database: Database, key: str) -> None:
    """The batch's message, for whoever looks at it later."""
    count = batches.count_items(connection, database.ledger.items, key).get(ItemState.undone, 0)
    if count:
        told = f"Undone by a person: {count:,} of its records were put back as they were before."
        batches.update(connection, database, key, message=told)


def _records(
    connection: sa.Connection,
    *,
    database: Database,
    key: str,
    userids: list[Any],
    is_locking: bool = False,
) -> list[_Record]:
    """These candidates (a page of them) as ledger, table and journal have them."""
    there, items = database.candidates, database.ledger.items
    columns = [there.table.c[target.name] for target in there.targets]
    query = sa.select(there.userid, there.processed, *columns).where(there.userid.in_(userids))
    if is_locking:
        query = database.dialect.locking(query, there.table)
    standing = {userid: rest for userid, *rest in connection.execute(query)}
    entries = journal.look(connection, database, key, userids)
    later = keeping.written_later(connection, database, key, userids)
    written = sa.select(
        items.c.userid,
        items.c.last_processed,
        items.c.digests,
        items.c.forgotten_at,
        items.c.overwrote,
    ).where(
        items.c.batch_key == key,
        items.c.userid.in_(userids),
        items.c.state == ItemState.succeeded,
    )
    records = []
    for item in connection.execute(written):
        processed, *present = standing.get(item.userid, [None])
        records.append(
            _Record(
                item.userid,
                present if item.userid in standing else None,
                processed is not None and processed == item.last_processed,
                item.userid not in later,
                digests.parts_of(item.digests),
                item.forgotten_at is not None,
                bool(item.overwrote),
                entries.get(item.userid),
            )
        )
    return records
