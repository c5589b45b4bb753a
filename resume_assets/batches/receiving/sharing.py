"""A text that comes twice in a batch is asked about once: its answer is for the others as well.

Once the answers are here they are copied into the file of those that are used again, each as an
answer to the other candidate, so that it is read, blanked and kept like any other. Where there was
no usable answer there is none for the others either, and they are free to be asked for.
"""

from collections import defaultdict
from functools import partial
from typing import BinaryIO

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import Lease
from resume_assets.batches.ledger.states import ItemState
from resume_assets.batches.store import OUTPUT, REUSED, BatchFiles
from resume_assets.extraction.responses import (
    Outcome,
    custom_id_of,
    may_be_of,
    read_line,
    readdressed,
)


def share(lease: Lease, files: BatchFiles, batch: batches.Batch) -> int:
    """Give each usable answer to the others of its batch with that text, too; returns how many.

    Once those who are forgotten are blanked, so that nobody gets an answer of theirs. Safe to
    repeat. Raises StoreFailed, OSError.
    """
    if not batch.reused or not files.has(OUTPUT):
        return 0
    waiting = lease.database.read(partial(_waiting, lease=lease))
    if not waiting:
        return 0
    twins = {custom_id for of_text in waiting.values() for custom_id in of_text}
    shared = 0
    with files.read(REUSED) as before, files.write(REUSED) as stream:
        for line in before:
            if custom_id_of(line) not in twins:  # of those, an earlier try may have written some
                stream.write(line)
        with files.read(OUTPUT) as answers:
            shared = _copy(answers, stream, waiting)
    return shared


def _waiting(connection: sa.Connection, *, lease: Lease) -> dict[str, list[str]]:
    """By custom_id of a request, those of whoever waits for its answer."""
    items = lease.items
    query = sa.select(items.c.text_hash, items.c.custom_id).where(
        items.c.batch_key == lease.key, items.c.forgotten_at.is_(None)
    )
    twins = query.where(items.c.same_text_as == lease.key, items.c.state == ItemState.submitted)
    of_text: dict[str, list[str]] = defaultdict(list)
    for text_hash, custom_id in connection.execute(twins):
        of_text[text_hash].append(custom_id)
    if not of_text:
        return {}
    sent = connection.execute(query.where(items.c.same_text_as.is_(None)))
    # Where two requests are about one text, the list is the same: the first answer empties it.
    return {custom_id: of_text[text_hash] for text_hash, custom_id in sent if text_hash in of_text}


def _copy(answers: BinaryIO, stream: BinaryIO, waiting: dict[str, list[str]]) -> int:
    shared = 0
    for line in answers:
        if not may_be_of(line, waiting) or line.isspace():
            continue
        answer = read_line(line)
        others = waiting.get(answer.custom_id or "")
        if not others or answer.outcome is not Outcome.succeeded:
            continue
        for custom_id in others:
            stream.write(readdressed(line, custom_id))
            shared += 1
        others.clear()
    return shared
