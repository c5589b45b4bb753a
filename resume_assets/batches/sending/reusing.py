"""A text that was answered before is not paid for again: the answer is copied.

That is, from the result file of the batch that asked about it, into a file of the batch that would
ask again, as an answer to the other candidate. So all that reads answers reads it like any other.
Where the file is gone, or what it has is not usable, the resume is sent.

Two batches that are built at the same time know nothing of each other: both may ask.
"""

import logging
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.forgotten import is_forgotten
from resume_assets.batches.ledger.lease import Lease
from resume_assets.batches.ledger.states import WRITTEN, ItemState
from resume_assets.batches.planning.estimates import asked_the_same
from resume_assets.batches.sending.lines import Copies, Item, Source
from resume_assets.batches.store import OUTPUT, REUSED, BatchFiles, BatchStore, FilesGone
from resume_assets.batches.store_errors import StoreFailed
from resume_assets.database.connect import Database
from resume_assets.extraction.requests import RequestSettings
from resume_assets.extraction.responses import Outcome, may_be_of, read_line, readdressed

_log = logging.getLogger(__name__)

_USABLE = frozenset({ItemState.succeeded, ItemState.stale})
"""Ends of items whose answer is good. Not `undone`: perhaps it was put back for being wrong."""

_PAGE = 500


def is_anything_answered(
    connection: sa.Connection, database: Database, asked: RequestSettings, endpoint: str
) -> bool:
    """Whether there is an earlier batch to look into: a first fill need not look for each page."""
    table = database.ledger.batches
    query = sa.select(table.c.batch_key).where(*_has_answers(table, asked, endpoint)).limit(1)
    return connection.execute(query).first() is not None


def _has_answers(
    table: sa.Table, asked: RequestSettings, endpoint: str
) -> tuple[sa.ColumnElement[bool], ...]:
    """Of a batch: it asked the same of the same endpoint, and what came back is kept."""
    asked_one_by_one = table.c.service.is_not(None)
    return (
        table.c.endpoint == endpoint,
        sa.or_(table.c.output_file_id.is_not(None), asked_one_by_one),
        table.c.local_deleted_at.is_(None),
        asked_the_same(table, asked),
    )


def sources(
    connection: sa.Connection,
    database: Database,
    asked: RequestSettings,
    endpoint: str,
    hashes: Mapping[Any, str],
) -> dict[Any, Source]:
    """Where each of these candidates' texts (a page, by userid) was answered already, if it was.

    By the same endpoint, model, prompt and schema. Nobody gets their own record once more: who
    waits again with the same text is to be asked about again.
    """
    items, table = database.ledger.items, database.ledger.batches
    query = (
        sa.select(
            items.c.text_hash,
            table.c.batch_key,
            sa.func.min(items.c.custom_id),
            items.c.truncated,
        )
        .join(table, table.c.batch_key == items.c.batch_key)
        .where(
            items.c.text_hash.in_(sorted(set(hashes.values()))),
            items.c.state.in_(sorted(_USABLE)),
            items.c.same_text_as.is_(None),
            items.c.forgotten_at.is_(None),
            sa.not_(is_forgotten(connection, database, items.c.userid)),
            *_has_answers(table, asked, endpoint),
        )
        .group_by(items.c.text_hash, table.c.batch_key, items.c.truncated, table.c.planned_at)
        .order_by(table.c.planned_at)
    )
    found = {digest: Source(*source) for digest, *source in connection.execute(query)}
    if not found:
        return {}  # nearly always
    theirs = {who: found[digest] for who, digest in hashes.items() if digest in found}
    own = sa.select(items.c.userid, items.c.text_hash).where(
        items.c.userid.in_(list(theirs)), items.c.state.in_(sorted(WRITTEN))
    )
    for userid, digest in connection.execute(own):
        if hashes[userid] == digest:
            theirs.pop(userid, None)
    return theirs


def copy_answers(
    lease: Lease, store: BatchStore, files: BatchFiles, copies: Copies
) -> tuple[int, list[Item]]:
    """Write the file of answers that were there before; it is there, if empty, even without any.

    Each earlier batch's file is read once. Returns how many candidates got an answer, and those
    for whom there was none after all. Raises StoreFailed, OSError where it can't be written.
    """
    copied, left_over = 0, []
    with files.write(REUSED) as stream:
        for key, wanted in copies.items():
            waiting = dict(wanted)
            for custom_id, line in _usable_lines(lease, store, key, waiting):
                for item in waiting.pop(custom_id):
                    stream.write(readdressed(line, item.custom_id))
                    copied += 1
            left_over += [item for items in waiting.values() for item in items]
    return copied, left_over


def _usable_lines(
    lease: Lease, store: BatchStore, key: str, wanted: Collection[str]
) -> Iterator[tuple[str, bytes]]:
    """The usable answers to requests of an earlier batch that are wanted when they come."""
    database = lease.database
    batch, installation = database.read(
        lambda connection: (
            batches.get(connection, database, key),
            batches.installation_of(connection, database),
        )
    )
    try:
        with store.find(key, batch.store_url, installation).read(OUTPUT) as lines:
            for line in lines:
                if not wanted:
                    return
                if not may_be_of(line, wanted) or line.isspace():
                    continue
                answer = read_line(line)
                custom_id = answer.custom_id or ""
                if custom_id in wanted and answer.outcome is Outcome.succeeded:
                    yield custom_id, line
    except (FilesGone, StoreFailed, OSError) as gone:
        _log.info("batch %s: answers of %s are not used again: %s", lease.key, key, gone)


def are_all_known(connection: sa.Connection, database: Database, copies: Copies) -> bool:
    """Whether nobody whose answer was copied is to be forgotten by now."""
    items = database.ledger.items
    for key, wanted in copies.items():
        custom_ids = list(wanted)
        for start in range(0, len(custom_ids), _PAGE):
            page = custom_ids[start : start + _PAGE]
            known = sa.select(sa.func.count()).where(
                items.c.batch_key == key,
                items.c.custom_id.in_(page),
                items.c.forgotten_at.is_(None),
                sa.not_(is_forgotten(connection, database, items.c.userid)),
            )
            if connection.execute(known).scalar_one() != len(page):
                return False
    return True
