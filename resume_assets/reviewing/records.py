"""A batch's records as a reviewer sees them: each value, what was there before, and its signs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import orjson
import sqlalchemy as sa

from resume_assets.batches.ledger import digests
from resume_assets.batches.ledger.states import ItemState
from resume_assets.batches.records import journal, keeping
from resume_assets.database.connect import Database
from resume_assets.evaluation.equality import plain
from resume_assets.evidence.placing import Places
from resume_assets.extraction.values import ANSWER, Change
from resume_assets.reviewing.signs import NOT_BORNE_OUT, SIGN_OF, Sign, in_words, odd_dates

PAGE: Final = 500
"""Candidates that are read together; under 1,000, as everywhere."""

_ITEM: Final = (
    "userid",
    "custom_id",
    "text_hash",
    "truncated",
    "changes",
    "unread",
    "not_borne_out",
    "last_processed",
    "digests",
    "forgotten_at",
)


class Why(StrEnum):
    """Why a record that the batch wrote can't be shown."""

    undone = "undone: what stood there before was put back"
    gone = "no such candidate any more"
    later = "a later batch wrote the record"
    processed = "LastProcessed is no longer the batch's: they wait again, or others set it"
    forgotten = "forgotten by request, or older than RESUME_KEEP_LEDGER_DAYS"
    no_text = "the resume is another by now, and the one that was sent is no longer kept"


@dataclass(slots=True)
class Field:
    """One value; `value`, `told` and `before` as texts, None for NULL."""

    value: str | None
    told: str | None = None  # by the answer, where that is something else
    before: str | None = None  # what stood there before the batch
    signs: set[Sign] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    places: Places = ()  # in the resume's text

    def mark(self, sign: Sign, note: str) -> None:
        """Add a sign, with the reason."""
        self.signs.add(sign)
        if note not in self.notes:
            self.notes.append(note)


@dataclass(slots=True)
class Reviewed:
    """One record; `fields` by column as COLUMNS spells it: all that the table has."""

    userid: Any
    custom_id: str
    text_hash: str
    truncated: bool
    changes: Mapping[str, Change]
    fields: dict[str, Field]
    text: str = ""
    notes: list[str] = field(default_factory=list)
    signs: set[Sign] = field(default_factory=set)  # of the record, not of one of its values

    @property
    def all_signs(self) -> set[Sign]:
        """Those of the record and of its values."""
        return self.signs.union(*(each.signs for each in self.fields.values()))


def written(connection: sa.Connection, database: Database, key: str) -> list[Any]:
    """The candidates whose records the batch wrote, in its order."""
    items = database.ledger.items
    query = sa.select(items.c.userid).where(
        items.c.batch_key == key, items.c.state == ItemState.succeeded
    )
    return list(connection.execute(query.order_by(items.c.position)).scalars())


def look(
    connection: sa.Connection, database: Database, key: str, userids: Sequence[Any]
) -> tuple[list[Reviewed], dict[Why, list[Any]]]:
    """Return these candidates' records (a page of them), and those that can't be shown, by reason.

    A record is shown as it is now, where it is still the one that the batch wrote.
    """
    there, items = database.candidates, database.ledger.items
    columns = [there.table.c[target.name] for target in there.targets]
    query = sa.select(there.userid, there.processed, *columns).where(there.userid.in_(userids))
    standing = {userid: rest for userid, *rest in connection.execute(query)}
    entries = journal.look(connection, database, key, userids)
    later = keeping.written_later(connection, database, key, userids)
    this_month = f"{database.dialect.utc_now(connection):%Y-%m}"
    noted = sa.select(*(items.c[name] for name in _ITEM)).where(
        items.c.batch_key == key, items.c.userid.in_(userids)
    )
    by_userid = {item.userid: item for item in connection.execute(noted)}
    records: list[Reviewed] = []
    not_shown: dict[Why, list[Any]] = {}
    for userid in userids:
        item, present = by_userid[userid], standing.get(userid)
        if item.forgotten_at is not None:
            not_shown.setdefault(Why.forgotten, []).append(userid)
        elif present is None:
            not_shown.setdefault(Why.gone, []).append(userid)
        elif userid in later:
            not_shown.setdefault(Why.later, []).append(userid)
        elif present[0] is None or present[0] != item.last_processed:
            not_shown.setdefault(Why.processed, []).append(userid)
        else:
            raw = dict(zip(there.columns, present[1:], strict=True))
            stands = {
                column: None if value == there.stand_ins.get(column) else value
                for column, value in raw.items()
            }
            record = _reviewed(item, stands)
            entry = entries.get(userid)
            _mark_item(record, item)
            _mark_changed(record, digests.parts_of(item.digests), raw)
            _mark_former(record, entry.before if entry else {})
            for column, why in odd_dates(stands, this_month=this_month):
                record.fields[column].mark(Sign.odd, why)
            records.append(record)
    return records, not_shown


def _reviewed(item: sa.Row[Any], stands: Mapping[str, Any]) -> Reviewed:
    changes = orjson.loads(item.changes) if item.changes else {}
    return Reviewed(
        item.userid,
        item.custom_id,
        item.text_hash,
        bool(item.truncated),
        {column: Change(change) for column, change in changes.items()},
        {column: Field(plain(value)) for column, value in stands.items()},
    )


def _mark_item(record: Reviewed, item: sa.Row[Any]) -> None:
    """Add what the ledger has noted of the record."""
    fields = record.fields
    for column, change in record.changes.items():
        sign = SIGN_OF.get(change)
        if column == ANSWER:
            record.notes.append(f"the answer as a whole: {in_words(change)}")
            record.signs.add(Sign.odd)
        elif column in fields and sign is not None:
            fields[column].mark(sign, in_words(change))
    for column in orjson.loads(item.not_borne_out) if item.not_borne_out else ():
        if column in fields and record.changes.get(column) is not Change.invented:
            fields[column].mark(Sign.not_borne_out, NOT_BORNE_OUT)
    for column, told in (orjson.loads(item.unread) if item.unread else {}).items():
        if column in fields:
            fields[column].told = told
    if record.truncated:
        record.notes.append("the resume was too long for the model: its middle was not sent")
        record.signs.add(Sign.cut)


def _mark_changed(record: Reviewed, known: Sequence[str] | None, raw: Mapping[str, Any]) -> None:
    """Add where a value is not, or is no longer, what the batch wrote."""
    if known is None:
        return
    for column, value in raw.items():
        ours, there = known[digests.PLACES[column]], record.fields[column]
        if record.changes.get(column) in (Change.corrected, Change.refused):
            continue
        if ours == digests.UNKNOWN:
            if there.value is not None:
                there.notes.append("the answer tells nothing, so what was there stayed")
        elif digests.digest(value) != ours:
            there.mark(Sign.differs, "changed since the batch wrote it")


def _mark_former(record: Reviewed, before: Mapping[str, Any]) -> None:
    """Add what stood there before the batch, where that is something else."""
    for column, value in before.items():
        there = record.fields.get(column)
        former = plain(value)
        if there is not None and former is not None and former != there.value:
            there.before = former
            there.mark(Sign.differs, "something else was there before")
