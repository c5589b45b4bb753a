"""Candidates that a person names: who of them can be sent now, and why the others are not."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.forgotten import is_forgotten
from resume_assets.batches.ledger.queue import Waiting, chosen, is_blank
from resume_assets.batches.ledger.states import BEFORE_SUBMITTED, ItemState
from resume_assets.database.connect import Database
from resume_assets.extraction.text import text_hash


@dataclass(slots=True)
class Chosen:
    """What becomes of each candidate that was named.

    `rows` can be sent, in the order of the queue; of them, `anew` have a record by our hand, whose
    LastProcessed has to become NULL first. `done`: whose record is from the very text that is
    there. `at_work`: by batch, who is in one that is sent one by one. `refused`: why, a sentence.
    """

    rows: list[Waiting] = field(default_factory=list)
    anew: list[Any] = field(default_factory=list)
    done: list[Any] = field(default_factory=list)
    at_work: dict[str, list[Any]] = field(default_factory=dict)
    refused: dict[Any, str] = field(default_factory=dict)


def choose(
    connection: sa.Connection,
    database: Database,
    userids: Sequence[Any],
    *,
    again: bool,
    max_attempts: int,
) -> Chosen:
    """Look at a page of candidates, each once; `again`: also for whose record is written."""
    found, wanted = Chosen(), []
    there, read_from = (
        _look(connection, database, userids),
        _read_from(connection, database, userids),
    )
    for userid in dict.fromkeys(userids):
        row = there.get(userid)
        if row is None:
            found.refused[userid] = f"There is no candidate {userid}."
        elif (why := _why_never(userid, row)) is not None:
            found.refused[userid] = why
        elif row.batch_key is not None:
            _in_batch(connection, database, userid, row.batch_key, found)
        elif row.processed is None:
            wanted.append(userid)
        elif (userid, row.processed) not in read_from:
            found.refused[userid] = left_alone(userid)
        elif read_from[userid, row.processed] == text_hash(row.text) and not again:
            found.done.append(userid)
        else:
            found.anew.append(userid)
            found.rows.append(Waiting(userid, len(row.text.encode("utf-8", "replace"))))
    waits = chosen(connection, database, wanted, max_attempts=max_attempts) if wanted else []
    found.rows += waits
    for userid in set(wanted) - {row.userid for row in waits}:
        found.refused[userid] = (
            f"{userid} has no attempts left: `resume-assets retry {userid}` allows more."
        )
    return found


def _look(connection: sa.Connection, database: Database, userids: Sequence[Any]) -> dict[Any, Any]:
    there, claims = database.candidates, database.ledger.claims
    gone = is_forgotten(connection, database, there.userid)
    is_anybody = not isinstance(gone, sa.False_)  # T-SQL has no false in a CASE
    query = (
        sa.select(
            there.userid.label("userid"),
            there.text.label("text"),
            there.processed.label("processed"),
            claims.c.batch_key.label("batch_key"),
            (sa.case((gone, 1), else_=0) if is_anybody else sa.literal_column("0")).label("gone"),
        )
        .select_from(there.table.outerjoin(claims, claims.c.userid == there.userid))
        .where(there.userid.in_(userids))
    )
    return {row.userid: row for row in connection.execute(query)}


def _read_from(
    connection: sa.Connection, database: Database, userids: Sequence[Any]
) -> dict[tuple[Any, Any], str | None]:
    """The hashes of the texts that records are from: by candidate and the LastProcessed we set."""
    items = database.ledger.items
    query = sa.select(items.c.userid, items.c.last_processed, items.c.text_hash).where(
        items.c.userid.in_(userids), items.c.state == ItemState.succeeded
    )
    return {(userid, processed): hashed for userid, processed, hashed in connection.execute(query)}


def _why_never(userid: Any, row: Any) -> str | None:
    if row.gone:
        return (
            f"{userid} is to be forgotten, and is not sent: `resume-assets forget {userid} "
            "--allow-again` allows it."
        )
    if not row.text:
        return f"{userid} has no resume."
    return f"The resume of {userid} is blank." if is_blank(row.text) else None


def left_alone(userid: Any) -> str:
    """Why a candidate whose LastProcessed is not the one that we set last is not sent."""
    return (
        f"{userid} is left alone: another program has set LastProcessed. Set it to NULL to have "
        "the resume read."
    )


def _in_batch(
    connection: sa.Connection, database: Database, userid: Any, key: str, found: Chosen
) -> None:
    batch = batches.get(connection, database, key)
    if batches.is_synchronous(batch):
        found.at_work.setdefault(key, []).append(userid)
    elif batch.state in BEFORE_SUBMITTED:
        found.refused[userid] = (
            f"{userid} is claimed for batch {key}, which is {batch.state}: `resume-assets cancel "
            f"{key}` gives all of its resumes back."
        )
    else:
        found.refused[userid] = (
            f"{userid} is in batch {key}, which is {batch.state}: the answer is paid for already. "
            f"`resume-assets check {key}` brings it in."
        )
