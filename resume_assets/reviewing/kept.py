"""What the batch's kept files tell of some of its requests: resumes as sent, answers as read."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from functools import partial
from io import BytesIO
from typing import BinaryIO

import orjson

from resume_assets.batches.ledger.batches import Batch
from resume_assets.batches.receiving.reading import read_records
from resume_assets.batches.receiving.results import Asked, Results, answers_of
from resume_assets.batches.store import REQUESTS, BatchFiles
from resume_assets.extraction.responses import Answer, may_be_of
from resume_assets.extraction.values import Record


def sent_texts(files: BatchFiles, custom_ids: Iterable[str]) -> dict[str, str]:
    """The resumes as they were sent, by custom_id. Raises FilesGone, StoreFailed, OSError."""
    wanted = set(custom_ids)
    found: dict[str, str] = {}
    with files.read(REQUESTS) as stream:
        for line in stream:
            if line.isspace():  # of somebody who is forgotten
                continue
            request = orjson.loads(line)
            if request["custom_id"] in wanted:
                found[request["custom_id"]] = request["body"]["messages"][-1]["content"]
                if len(found) == len(wanted):
                    break
    return found


def told_records(
    files: BatchFiles, batch: Batch, custom_ids: Iterable[str], today: date
) -> dict[str, Record]:
    """The records as the answers tell them, by custom_id, before anything of them was cleared.

    `today` ends current positions. Raises FilesGone, StoreFailed, OSError.
    """
    # The first usable answer counts, as it did when they were written.
    results = Results({custom_id: Asked(custom_id, "", None, None) for custom_id in custom_ids})
    read = partial(_read, wanted=results.asked.keys(), today=today)
    return {
        asked.userid: answer.record
        for asked, answer in results.usable(answers_of(files, batch, read))
        if answer.record is not None
    }


def _read(stream: BinaryIO, wanted: Collection[str], today: date) -> Iterator[Answer]:
    """Read the answers to these requests alone: most of a large batch's are of no interest."""
    lines = (line for line in stream if may_be_of(line, wanted))
    return read_records(BytesIO(b"".join(lines)), today)
