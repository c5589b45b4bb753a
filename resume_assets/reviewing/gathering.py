"""Everything that a batch's review page shows, gathered from database, ledger and kept files."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import ItemState
from resume_assets.batches.store import BatchFiles, FilesGone
from resume_assets.database.connect import Database
from resume_assets.errors import PlatformError
from resume_assets.evaluation.equality import plain
from resume_assets.evidence.placing import in_utf16, places_of
from resume_assets.extraction.candidate import COLUMNS
from resume_assets.extraction.mojibake import unmangled
from resume_assets.extraction.text import text_hash, without_surrogates
from resume_assets.reviewing.kept import sent_texts, told_records
from resume_assets.reviewing.records import PAGE, Reviewed, Why, look, written
from resume_assets.reviewing.signs import Sign

MOST: Final = 500
"""Records of a page, at most; of more so many are drawn at random."""


class NothingToReview(PlatformError):
    """The batch has no record that could be shown."""


Unshown = defaultdict[str, list[Any]]
"""The ids of candidates that can't be shown, by the reason."""


@dataclass(frozen=True, slots=True)
class Review:
    """A batch's records for a page, in its order.

    `flagged`: only records with a sign were wanted. `drawn`: they were drawn at random from `of`,
    and `not_shown` are then those that were drawn and can't be shown.
    """

    batch: batches.Batch
    installation: str
    columns: tuple[str, ...]
    records: list[Reviewed]
    of: int
    drawn: bool
    flagged: bool
    not_shown: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    answers_gone: bool = False


def gather(
    database: Database,
    key: str,
    files: BatchFiles | None,
    *,
    flagged: bool = False,
    sample: int = MOST,
) -> Review:
    """Gather what a page shows: all of the batch's records, or so many drawn at random.

    The same ones each time, as long as the same are there to be drawn from. `files`: None where
    none are kept. Raises RecordsNotWritten, OfTrial, UnknownBatch, StoreFailed, DatabaseFailed.
    """
    batch = database.read(lambda connection: batches.get(connection, database, key))
    batches.require_written(batch)
    userids = database.read(partial(written, database=database, key=key))
    order = {userid: place for place, userid in enumerate(userids)}
    random.Random(key).shuffle(userids)  # noqa: S311 (no secret: the same ones again)
    not_shown: Unshown = defaultdict(list)
    records: list[Reviewed] = []
    while userids and len(records) < sample:
        page, userids = userids[:PAGE], userids[PAGE:]
        shown, left_out = database.read(partial(look, database=database, key=key, userids=page))
        records += [record for record in shown if not flagged or record.all_signs]
        for why, ids in left_out.items():
            not_shown[why] += ids
    drawn = bool(userids) or len(records) > sample
    records = sorted(records[:sample], key=lambda record: order[record.userid])
    answers_gone = not _add_told(batch, files, records)
    shown = _with_texts(database, files, records, not_shown)
    for record in shown:
        _add_places(record)
    ends = database.read(partial(_ends, database=database, key=key))
    return Review(
        batch=batch,
        installation=database.read(lambda c: batches.installation_of(c, database)),
        columns=tuple(database.candidates.columns),
        records=shown,
        of=len(order),
        drawn=drawn,
        flagged=flagged,
        not_shown={**not_shown, **ends},
        answers_gone=answers_gone,
    )


def _ends(connection: sa.Connection, *, database: Database, key: str) -> Unshown:
    """The batch's candidates whose record was undone, and those without one, by their end."""
    items = database.ledger.items
    query = sa.select(items.c.userid, items.c.state, items.c.reason).where(
        items.c.batch_key == key, items.c.state != ItemState.succeeded
    )
    ends: Unshown = defaultdict(list)
    for userid, state, reason in connection.execute(query.order_by(items.c.position)):
        end = f"no record, {state}: {reason}" if reason else f"no record, {state}"
        ends[Why.undone if state == ItemState.undone else end].append(userid)
    return ends


def _add_told(batch: batches.Batch, files: BatchFiles | None, records: list[Reviewed]) -> bool:
    """Add what the answers tell where it is not what stands there; False where they are gone."""
    if files is None:
        return False
    custom_ids = [record.custom_id for record in records]
    try:
        told = told_records(files, batch, custom_ids, batch.claimed_at.date())
    except FilesGone:
        return False
    for record in records:
        values = told.get(record.custom_id)
        if values is None:
            continue
        for column, value in zip(COLUMNS, values.values, strict=True):
            there = record.fields.get(column.name)
            if there is None or value is None or plain(value) == there.value:
                continue
            if there.signs & {Sign.cut, Sign.differs, Sign.not_borne_out}:
                there.told = there.told or plain(value)
    return True


def _with_texts(
    database: Database,
    files: BatchFiles | None,
    records: list[Reviewed],
    not_shown: Unshown,
) -> list[Reviewed]:
    """Add the resumes that were sent; returns the records whose resume is known.

    Where the table still has the resume, it is the one that was sent, and whole where that was cut.
    """
    others: list[Reviewed] = []
    for start in range(0, len(records), PAGE):
        page = records[start : start + PAGE]
        userids = [record.userid for record in page]
        texts = database.read(partial(database.candidates.texts, userids=userids))
        for record in page:
            text = texts.get(record.userid)
            if text and text_hash(text) == record.text_hash:
                record.text = without_surrogates(unmangled(text))
            else:
                others.append(record)
    if others:
        sent = _sent(files, others)
        for record in others:
            record.text = sent.get(record.custom_id, "")
            if record.text:
                record.notes.append("the resume is another by now; this is the one that was sent")
            else:
                not_shown[Why.no_text].append(record.userid)
    return [record for record in records if record.text]


def _sent(files: BatchFiles | None, records: list[Reviewed]) -> dict[str, str]:
    try:
        return sent_texts(files, [record.custom_id for record in records]) if files else {}
    except FilesGone:
        return {}


def _add_places(record: Reviewed) -> None:
    values = {column: each.value for column, each in record.fields.items()}
    for column, places in places_of(values, record.changes, record.text).items():
        record.fields[column].places = in_utf16(record.text, places)
