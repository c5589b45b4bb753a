"""`batch_output`: download the result files, whole, and count the outcomes of all requests."""

from __future__ import annotations

import json
import logging
from collections import Counter
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import Lease
from resume_assets.batches.ledger.states import AFTER_ENDED, BatchState
from resume_assets.batches.receiving.blanking import blank
from resume_assets.batches.receiving.contradictions import (
    NONE,
    Contradiction,
    has_lasted,
    seen_again,
)
from resume_assets.batches.receiving.reading import read_answers
from resume_assets.batches.receiving.results import (
    answers_of,
    end_of_unanswered,
    result_files,
    results_of,
    tally_of,
)
from resume_assets.batches.receiving.sharing import share
from resume_assets.batches.receiving.tracking import LOST
from resume_assets.batches.store import ERRORS, OUTPUT, BatchFiles, BatchStore
from resume_assets.errors import PlatformError
from resume_assets.openai_api.backoff import backoff
from resume_assets.openai_api.errors import (
    ApiFailed,
    ApiUnavailable,
    NotThere,
    NotWhole,
    OtherEndpoint,
)
from resume_assets.openai_api.limits import OUTPUT_FILE_SECONDS
from resume_assets.progress import Unit, step

if TYPE_CHECKING:
    from resume_assets.openai_api.client import BatchApi


_log = logging.getLogger(__name__)

_TRIES = 3  # of one download
_TOLD_AT_ONCE = 500  # answers that are counted together
_COLUMNS = {OUTPUT: "output_file_id", ERRORS: "error_file_id"}


class NotEnded(PlatformError):
    """The batch is not through at OpenAI; nothing can be collected yet."""


def collect(lease: Lease, store: BatchStore, api: BatchApi | None) -> batches.Batch:
    """Download what is not here yet, and count what came.

    A batch collected before is only counted again, from the kept files, by the present rules; it
    needs no `api`. Raises NotEnded, also where OpenAI does not have a file yet that it names;
    ApiFailed, FilesGone, OtherEndpoint where the files are elsewhere.
    """
    database = lease.database
    batch = database.read(lambda connection: batches.get(connection, database, lease.key))
    if batch.state not in AFTER_ENDED | {BatchState.done}:
        raise NotEnded(
            f"Batch {lease.key} is {batch.state}"
            f"{f' ({batch.openai_status} at OpenAI)' if batch.openai_status else ''}; "
            "its output is there once OpenAI has ended it."
        )
    installation = database.read(lambda connection: batches.installation_of(connection, database))
    files = store.find(lease.key, batch.store_url, installation)
    with lease.kept_alive():
        if batch.state == BatchState.ended and batches.is_synchronous(batch):
            blank(lease, files)  # its answers came one by one, and are here
            share(lease, files, batch)
            tally = count(lease, files, batch)
        elif batch.state == BatchState.ended:
            if api is None:
                raise NotEnded(f"Batch {lease.key} has ended, but no endpoint is configured.")
            batch, tally = _bring_here(lease, files, api, batch)
        else:
            tally = count(lease, files, batch)
    summary = json.dumps(tally, sort_keys=True)
    _log.info("batch %s: collected, %s", lease.key, summary)
    first_time = batch.state == BatchState.ended

    def finish(connection: sa.Connection) -> batches.Batch:
        if not first_time:
            return batches.update(connection, database, lease.key, tally=summary)
        return batches.update(
            connection,
            database,
            lease.key,
            state=BatchState.collected,
            collected_at=database.dialect.utc_now(connection),
            tally=summary,
        )

    return lease.write(finish)


def count(lease: Lease, files: BatchFiles, batch: batches.Batch) -> Counter[str]:
    """Read every line once, by the present rules; writes nothing."""
    database = lease.database
    results = database.read(lambda connection: results_of(connection, lease.items, lease.key))
    usable = results.usable(answers_of(files, batch, read_answers))
    with step("reading the answers", Unit.request, batches.to_be_written(batch)) as reading:
        while read := sum(1 for _ in islice(usable, _TOLD_AT_ONCE)):
            reading.advance(read)
    return tally_of(results, batch)


def _bring_here(
    lease: Lease, files: BatchFiles, api: BatchApi, batch: batches.Batch
) -> tuple[batches.Batch, Counter[str]]:
    """Download both files and count; where a request has no line, look for a file named late."""
    named = result_files(batch)
    batch = _download_all(lease, files, api, batch)
    blank(lease, files)
    share(lease, files, batch)
    tally = count(lease, files, batch)
    is_short = ": ".join(end_of_unanswered(batch)) in tally
    nothing_more = result_files(batch) != named or batch.openai_status in (LOST, "failed")
    if nothing_more or not is_short:
        return batch, tally
    batch = _look_once_more(lease, api, batch)
    if result_files(batch) == named:
        return batch, tally
    batch = _download_all(lease, files, api, batch)
    blank(lease, files)
    share(lease, files, batch)
    return batch, count(lease, files, batch)


def _download_all(
    lease: Lease, files: BatchFiles, api: BatchApi, batch: batches.Batch
) -> batches.Batch:
    """Both files, each kept only once it is whole; returns the batch with those there are.

    A file that its own endpoint and key do not know for long is lost: its requests are `missing`,
    and go back to the queue.
    """
    if batch.openai_status == LOST:
        return batch
    if batch.endpoint != api.endpoint:
        raise OtherEndpoint(
            f"Batch {lease.key}: its results are at {batch.endpoint}. It waits until "
            "OPENAI_BASE_URL (or AZURE_OPENAI_ENDPOINT) names that endpoint again."
        )
    for name, column in _COLUMNS.items():
        if getattr(batch, column) and not files.has(name):
            batch = _fetch(lease, files, api, batch, name)
    return batch if batch.contradiction is None else _update(lease, **NONE, message=None)


def _fetch(
    lease: Lease, files: BatchFiles, api: BatchApi, batch: batches.Batch, name: str
) -> batches.Batch:
    """Download one file; returns the batch without it where it is lost.

    Raises NotEnded while it may still come, whole.
    """
    now = lease.database.read(lease.database.dialect.utc_now)
    is_always_so = batch.contradiction == Contradiction.file_not_whole and has_lasted(batch, now)
    try:
        _download(files, api, batch, name, as_it_is=is_always_so)
    except NotThere:
        if batch.key_hash != api.key_hash:
            raise OtherEndpoint(
                f"Batch {lease.key}: its {name} is not known with this key; it was made with "
                "another OPENAI_API_KEY and waits for it."
            ) from None
        kind, what = Contradiction.file_not_there, f"names its {name} and does not have it"
    except NotWhole:
        kind, what = Contradiction.file_not_whole, f"gives its {name} empty or cut"
    else:
        return batch
    batch = _update(
        lease, **seen_again(batch, kind, now), message=f"OpenAI {what}; looked at again."
    )
    is_past_its_expiry = batch.ended_at + timedelta(seconds=OUTPUT_FILE_SECONDS) <= now
    is_lost = has_lasted(batch, now) or is_past_its_expiry
    if kind is Contradiction.file_not_whole or not is_lost:
        raise NotEnded(
            f"Batch {lease.key}: OpenAI {what}. That may pass: nothing is lost or sent again, and "
            f"it is looked at again by itself, or by `resume-assets check {lease.key}`."
        ) from None
    _log.error("batch %s: OpenAI no longer has its %s", lease.key, name)
    message = f"OpenAI no longer has its {name} (it keeps results for two weeks)."
    return _update(lease, **NONE, **{_COLUMNS[name]: None}, message=message)


def _download(
    files: BatchFiles, api: BatchApi, batch: batches.Batch, name: str, *, as_it_is: bool
) -> None:
    """Keep a file that is whole. Raises NotWhole too for an empty one, where answers are counted.

    `as_it_is`: whatever of it there is.
    """
    file_id = getattr(batch, _COLUMNS[name])
    may_be_empty = as_it_is or name != OUTPUT or not batch.requests_completed
    for remaining in reversed(range(_TRIES)):
        try:
            with files.write(name) as stream:
                if not api.download(file_id, stream, as_it_is=as_it_is) and not may_be_empty:
                    raise NotWhole(f"The {name} is empty, though answers are counted.")
        except (ApiUnavailable, NotThere):  # NotThere may pass, too, for a new file
            if not remaining:
                raise
            backoff(_TRIES - remaining)
        else:
            return


def _look_once_more(lease: Lease, api: BatchApi, batch: batches.Batch) -> batches.Batch:
    """Note files that OpenAI names by now; how the batch ended stays as it was noted."""
    try:
        remote = api.retrieve(batch.openai_batch_id)
    except ApiFailed as failed:
        _log.info("batch %s: not looked at once more: %s", lease.key, failed)
        return batch
    named = {
        column: file_id
        for column in _COLUMNS.values()
        if not getattr(batch, column) and (file_id := getattr(remote, column, None))
    }
    return _update(lease, **named) if named else batch


def _update(lease: Lease, **values: Any) -> batches.Batch:
    return lease.write(
        lambda connection: batches.update(connection, lease.database, lease.key, **values)
    )
