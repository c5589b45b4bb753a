"""Before a record is overwritten: what a person put there stays, the rest goes to the journal.

Only records in which something stands are looked at. A column that is no longer as we left it was
changed by a person; where nothing tells how we left it, RESUME_KEEP_EXISTING decides alone.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import sqlalchemy as sa

from resume_assets.batches.ledger import digests
from resume_assets.batches.ledger.states import ItemState
from resume_assets.batches.records.journal import Entry
from resume_assets.batches.records.rows import Row
from resume_assets.database.candidates import CandidateTable
from resume_assets.database.connect import Database
from resume_assets.extraction.values import Change, note


class Former(NamedTuple):
    """The last record that we wrote for a candidate, as the ledger has it."""

    batch_key: str
    digests: str | None
    text_hash: str | None
    last_processed: Any
    put_back_at: Any
    overwrote: bool | None


class Policy(NamedTuple):
    """What the settings say."""

    keep_existing: bool
    overwrite_corrections: bool


def kept(
    connection: sa.Connection,
    database: Database,
    rows: Sequence[Row],
    condition: sa.ColumnElement[bool],
    *,
    batch_key: str,
) -> list[Row]:
    """Those of these rows whose candidate meets the condition, as they are to be written.

    Their candidates are locked until the transaction ends.
    """
    there = database.candidates
    asked = {row.asked.userid: row for row in rows}
    columns = [there.table.c[target.name] for target in there.targets]
    query = sa.select(there.userid, *columns).where(there.userid.in_(list(asked)), condition)
    found = connection.execute(database.dialect.locking(query, there.table)).all()
    formers = formers_of(connection, database, [userid for userid, *_ in found])
    policy = Policy(database.keep_existing, database.overwrite_corrections)
    return [
        keep(asked[userid], standing, formers.get(userid), there, policy, batch_key=batch_key)
        for userid, *standing in found
    ]


def formers_of(
    connection: sa.Connection, database: Database, userids: Sequence[Any]
) -> dict[Any, Former]:
    """The last record that we wrote for each of these candidates (a page of them)."""
    items = database.ledger.items
    query = (
        sa.select(items.c.userid, *(items.c[name] for name in Former._fields))
        .where(items.c.userid.in_(userids), items.c.state == ItemState.succeeded)
        .order_by(items.c.closed_at)
    )
    return {userid: Former(*rest) for userid, *rest in connection.execute(query)}


def written_later(
    connection: sa.Connection, database: Database, key: str, userids: Sequence[Any]
) -> set[Any]:
    """Those of these candidates (a page of them) whose record another batch wrote after this one.

    Be it within the same second, so that LastProcessed does not tell.
    """
    ours = database.ledger.items
    later = ours.alias("later")
    query = (
        sa.select(ours.c.userid)
        .join(later, later.c.userid == ours.c.userid)
        .where(
            ours.c.batch_key == key,
            ours.c.userid.in_(userids),
            later.c.batch_key != ours.c.batch_key,
            later.c.state == ItemState.succeeded,
            later.c.closed_at > ours.c.closed_at,
        )
    )
    return set(connection.execute(query).scalars())


def keep(
    row: Row,
    standing: Sequence[Any],
    former: Former | None,
    there: CandidateTable,
    policy: Policy,
    *,
    batch_key: str,
) -> Row:
    """The row as it is to be written over what stands there, in the order of the table's columns.

    A correction is written back as it is, and how we left that column stays known. `batch_key`: of
    the batch that writes; where the former record is its own, that one is written again.
    """
    known = digests.parts_of(former.digests) if former else None
    left = [digests.NULL] * len(digests.PLACES)
    values, changes = list(row.values), dict(row.changes)
    overwritten: list[str] = []  # corrections
    kept_where_null = set(there.kept_where_null(keep_existing=policy.keep_existing))
    for place, (column, target) in enumerate(there.by_column.items()):
        present, value = standing[place], values[place]
        ours = known[target.index] if known else digests.UNKNOWN
        is_left = column in row.refused or (value is None and target.name in kept_where_null)
        if ours != digests.UNKNOWN and digests.digest(present) != ours:
            if not policy.overwrite_corrections:
                is_left, values[place] = True, present
                note(changes, column, Change.corrected)
            elif not is_left:
                overwritten.append(column)
        elif is_left and digests.is_blank(present):
            ours = digests.NULL
        left[target.index] = ours if is_left else digests.digest(value)
    before = dict(zip(there.by_column, standing, strict=True))
    own = former if former is not None and former.batch_key == batch_key else None
    if own is not None and known is not None:
        # What stood there before this batch is kept already, but for what a person did since.
        before = {column: before[column] for column in overwritten}
    else:
        before = {column: value for column, value in before.items() if _tells(there, column, value)}
    return replace(
        row,
        values=values,
        changes=changes,
        digests=digests.joined(left),
        overwrote=bool(before) or bool(own is not None and own.overwrote),
        entry=Entry(row.asked.userid, before, _processed_before(row, former)) if before else None,
    )


def _tells(there: CandidateTable, column: str, value: Any) -> bool:
    """Whether it is more than what stands for NULL."""
    return not digests.is_blank(value) and value != there.stand_ins.get(column)


def _processed_before(row: Row, former: Former | None) -> Any:
    """What LastProcessed becomes if this batch is undone; None: the candidate waits again.

    It is restored where `resume-assets reprocess` made it NULL: not where somebody else did, who
    wants the resume to be read again, nor where the resume is another one now.
    """
    if former is None or former.put_back_at is None or former.text_hash != row.asked.text_hash:
        return None
    return former.last_processed
