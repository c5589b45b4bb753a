"""Records, as they are in the database, against known answers."""

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce
from itertools import islice
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.ledger.attempts import PAGE
from resume_assets.batches.ledger.states import ItemState
from resume_assets.database.connect import Database
from resume_assets.evaluation import Report, score
from resume_assets.evaluation.gold import Known
from resume_assets.extraction.text import text_hash

_LARGEST = 2**63 - 1  # the largest integer that a database takes


class Unjudged(StrEnum):
    """Why known answers have no record to be compared with."""

    unknown = "not found by id or by text"
    unprocessed = "not processed yet"
    changed = "their resume is another text now"


@dataclass(slots=True)
class Judgement:
    """The scores of the records that were there, and how many were not, by reason."""

    report: Report = field(default_factory=Report)
    unjudged: Counter[Unjudged] = field(default_factory=Counter)


def judge(database: Database, gold: Sequence[Known]) -> Judgement:
    """Compare the records of the candidates that are known.

    A candidate that is known by its text only is looked for among those that a batch has written.
    """
    return database.read(lambda connection: _judge(connection, database, gold))


def judge_batch(
    connection: sa.Connection, database: Database, gold: Sequence[Known], key: str
) -> Report:
    """Compare the records that a batch wrote, and that are still as it left them.

    Candidates are known by their texts here, whatever their ids.
    """
    items = database.ledger.items
    by_hash = {known.text_hash: known for known in gold if known.text_hash is not None}
    wanted = sa.select(items.c.userid, items.c.text_hash, items.c.last_processed).where(
        items.c.batch_key == key,
        items.c.state == ItemState.succeeded,
        items.c.text_hash.in_(sa.bindparam("hashes", expanding=True)),
    )
    asked = {
        userid: (by_hash[found], processed)
        for page in _pages([*by_hash])
        for userid, found, processed in connection.execute(wanted, {"hashes": page})
    }
    pairs = []
    for row in _rows(connection, database, [*asked]):
        known, processed = asked.get(row.userid, (None, None))
        if known is not None and row.processed == processed:
            pairs.append(_pair(database, known, row))
    return score(pairs)


def _judge(connection: sa.Connection, database: Database, gold: Sequence[Known]) -> Judgement:
    found = Judgement()
    asked, lost = _by_userid(connection, database, gold)
    pairs = []
    for row in _rows(connection, database, [*asked]):
        # None where it was found under another spelling of its id.
        known = asked.pop(row.userid, [])
        if row.processed is None:
            found.unjudged[Unjudged.unprocessed] += len(known)
            continue
        now = text_hash(row.text or "")
        current = [one for one in known if one.text_hash in (None, now)]
        found.unjudged[Unjudged.changed] += len(known) - len(current)
        if current:
            pairs.append(_pair(database, reduce(Known.then, current), row))
    found.report = score(pairs)
    found.unjudged[Unjudged.unknown] = lost + sum(map(len, asked.values()))
    found.unjudged = +found.unjudged  # without the zeros
    return found


def _by_userid(
    connection: sa.Connection, database: Database, gold: Sequence[Known]
) -> tuple[dict[Any, list[Known]], int]:
    """Return the known answers by id, as the table's column has it, and how many have none."""
    kind = database.candidates.userid.type.python_type
    found: defaultdict[Any, list[Known]] = defaultdict(list)
    by_hash: dict[str | None, Known] = {}
    lost = 0
    for known in gold:
        if known.userid is None:
            by_hash[known.text_hash] = known
            continue
        try:
            userid = kind(known.userid)
        except (ValueError, ArithmeticError):
            lost += 1  # no id of this table looks so
            continue
        if isinstance(userid, int) and abs(userid) > _LARGEST:
            lost += 1
        else:
            found[userid].append(known)
    written = set()
    for hashed, userid in _written(connection, database, [*by_hash]):
        written.add(hashed)
        found[userid].append(by_hash[hashed])
    return found, lost + len(by_hash) - len(written)


def _written(
    connection: sa.Connection, database: Database, hashes: Sequence[str | None]
) -> Iterator[tuple[str, Any]]:
    """Yield hash and candidate where a batch wrote the record of a text with that hash."""
    items = database.ledger.items
    written = sa.select(items.c.text_hash, items.c.userid).where(
        items.c.state == ItemState.succeeded,
        items.c.text_hash.in_(sa.bindparam("hashes", expanding=True)),
    )
    for page in _pages(hashes):
        rows = connection.execute(written.distinct(), {"hashes": page})
        yield from ((row.text_hash, row.userid) for row in rows)


def _pair(database: Database, known: Known, row: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what is known and the record, both as far as the table has the columns for it."""
    there = database.candidates
    record = {
        column: None if column in there.stand_ins and value == there.stand_ins[column] else value
        for column, value in zip(there.columns, row[-len(there.columns) :], strict=True)
    }
    answers = known.about(record, _day(row.processed))
    for column, target in zip(there.columns, there.targets, strict=True):
        value = answers.get(column)
        if isinstance(value, str) and target.fitter is not None:
            answers[column], _ = target.fitter(value)  # nobody can expect more than it can hold
    return {column: answers[column] for column in there.columns if column in answers}, record


def _day(processed: Any) -> datetime.date | None:
    """Return the day of `LastProcessed`, whatever type the column has."""
    if isinstance(processed, datetime.date):
        return processed
    try:
        return datetime.date.fromisoformat(str(processed)[:10])
    except ValueError:
        return None


def _pages(values: Sequence[Any]) -> Iterator[list[Any]]:
    rest = iter(values)
    while page := list(islice(rest, PAGE)):
        yield page


def _rows(connection: sa.Connection, database: Database, userids: Sequence[Any]) -> Iterator[Any]:
    there = database.candidates
    query = sa.select(
        there.userid.label("userid"),
        there.text.label("text"),
        there.processed.label("processed"),
        *(there.table.c[name] for name in there.names),
    ).where(there.userid.in_(sa.bindparam("userids", expanding=True)))
    for page in _pages(userids):
        yield from connection.execute(query, {"userids": page})
