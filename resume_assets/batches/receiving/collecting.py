"""`batch_output`: bring the result files to our side, whole, and tick every request off."""

from __future__ import annotations

import json
import logging
from collections import Counter
from typing import TYPE_CHECKING

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import Lease
from resume_assets.batches.ledger.states import AFTER_ENDED, BatchState
from resume_assets.batches.receiving.reading import read_answers
from resume_assets.batches.receiving.results import answers_of, results_of, tally_of
from resume_assets.batches.receiving.tracking import LOST
from resume_assets.batches.store import ERRORS, OUTPUT, BatchFiles, BatchStore
from resume_assets.errors import PlatformError
from resume_assets.openai_api.backoff import backoff
from resume_assets.openai_api.errors import ApiUnavailable, NotThere, OtherEndpoint

if TYPE_CHECKING:
    from resume_assets.openai_api.client import BatchApi


_log = logging.getLogger(__name__)

_TRIES = 3  # of one download


class NotEnded(PlatformError):
    """The batch is not through at OpenAI; nothing can be collected yet."""


def collect(lease: Lease, store: BatchStore, api: BatchApi | None) -> batches.Batch:
    """Download what is not here yet, and count what came.

    A batch collected before is only counted again, from the kept files, by today's rules; it needs
    no `api`. Raises NotEnded, ApiFailed, FilesGone, OtherEndpoint where the files are elsewhere.
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
        if batch.state == BatchState.ended:
            if api is None:
                raise NotEnded(f"Batch {lease.key} has ended, but no endpoint is configured.")
            batch = _download_all(lease, files, api, batch)
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
    """Read every line once, by today's rules; writes nothing."""
    database = lease.database
    results = database.read(lambda connection: results_of(connection, database, lease.key))
    for _ in results.usable(answers_of(files, batch, read_answers)):
        pass
    return tally_of(results, batch)


def _download_all(
    lease: Lease, files: BatchFiles, api: BatchApi, batch: batches.Batch
) -> batches.Batch:
    """Both files, each kept only once it is whole; returns the batch with those there are.

    A file that its own endpoint and key no longer know is lost: its requests are `missing`, and go
    back to the queue.
    """
    if batch.openai_status == LOST:
        return batch
    if batch.endpoint != api.endpoint:
        raise OtherEndpoint(
            f"Batch {lease.key}: its results are at {batch.endpoint}. It waits until "
            "OPENAI_BASE_URL and OPENAI_API_KEY name that endpoint again."
        )
    database = lease.database
    for name, column in ((OUTPUT, "output_file_id"), (ERRORS, "error_file_id")):
        file_id = getattr(batch, column)
        if not file_id or files.has(name):
            continue
        try:
            _download(files, api, name, file_id)
        except NotThere:
            if batch.key_hash != api.key_hash:
                raise OtherEndpoint(
                    f"Batch {lease.key}: its {name} is not known with this key; it was made with "
                    "another OPENAI_API_KEY and waits for it."
                ) from None
            _log.error("batch %s: OpenAI no longer has its %s", lease.key, name)
            message = f"OpenAI no longer has its {name} (it keeps results for two weeks)."
            values = {column: None, "message": message}
            batch = lease.write(
                lambda connection: batches.update(connection, database, lease.key, **values)  # noqa: B023 (called at once)
            )
    return batch


def _download(files: BatchFiles, api: BatchApi, name: str, file_id: str) -> None:
    for remaining in reversed(range(_TRIES)):
        try:
            with files.write(name) as stream:
                api.download(file_id, stream)
        except ApiUnavailable:
            if not remaining:
                raise
            backoff(_TRIES - remaining)
        else:
            return
