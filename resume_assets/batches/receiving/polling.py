"""One look at every batch that is out at OpenAI: one call lists a hundred of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import BatchState
from resume_assets.batches.planning.quota import stop_planning
from resume_assets.batches.receiving.contradictions import is_due, is_for_a_person
from resume_assets.batches.receiving.tracking import TERMINAL, news, record, record_lost
from resume_assets.database.connect import Database
from resume_assets.database.retrying import DatabaseFailed, Refused
from resume_assets.openai_api.errors import AccessRefused, ApiFailed, NotThere
from resume_assets.settings import Settings

if TYPE_CHECKING:
    from openai.types import Batch as RemoteBatch

    from resume_assets.openai_api.client import BatchApi


_log = logging.getLogger(__name__)

ENDPOINT = ""
"""In `Poll.problems`, stands for the endpoint itself instead of a batch's key."""

_NOTED_AT_ONCE = 100  # batches whose progress is one transaction

# The client hands on what the server sent, unchecked.
_ODD_SHAPES = (AttributeError, TypeError, ValueError, OverflowError)

_SINGLE_LOOK_UPS = 10  # of batches that the list did not show, in one poll


@dataclass(slots=True)
class Poll:
    """What one look at OpenAI brought: batches that ended, by key; a sentence on each problem."""

    began: datetime  # by the database's clock
    out: int = 0
    ended: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)


def is_anything_out(database: Database) -> bool:
    """Whether OpenAI need be asked at all."""
    table = database.ledger.batches
    query = sa.select(table.c.batch_key).where(table.c.state == BatchState.submitted).limit(1)
    return database.read(lambda connection: connection.execute(query).first()) is not None


def poll(
    database: Database,
    api: BatchApi,
    settings: Settings,
    *,
    at_once: str | None = None,
    until: Callable[[], bool] = lambda: False,
) -> Poll:
    """Look at every batch that is out; one call lists a hundred of them.

    What was seen before a call failed counts; the failure and each odd batch become a sentence in
    `problems`, and keep no other waiting. `at_once`: the key of a batch that somebody asks for,
    which is looked at though it is not due again. `until`: whether to stop asking now, for a tick
    that must end. A key that is refused, or an account without money, stops the planning.
    """
    began, out = database.read(
        lambda connection: (
            database.dialect.utc_now(connection),
            batches.in_states(connection, database, [BatchState.submitted]),
        )
    )
    result = Poll(began)
    here: dict[str, batches.Batch] = {}
    for batch in out:
        if batch.endpoint != api.endpoint:
            result.problems[batch.batch_key] = _other_endpoint(batch)
        elif batch.batch_key == at_once or is_due(batch, began):
            here[batch.openai_batch_id] = batch
        else:
            _count(batch, result)
    if not here:
        return result
    looks = _look(database, api, here, result, until)
    while page := list(islice(looks, _NOTED_AT_ONCE)):
        _note_page(database, api, settings, page, result)
    return result


def _look(
    database: Database,
    api: BatchApi,
    here: dict[str, batches.Batch],
    result: Poll,
    until: Callable[[], bool],
) -> Iterator[tuple[batches.Batch, RemoteBatch | None]]:
    """Each batch with its batch object, or None where its own endpoint and key know none."""
    unseen = dict(here)
    try:
        for remote in api.batches_since(min(batch.submitted_at for batch in here.values())):
            if remote.id in unseen:
                yield unseen.pop(remote.id), remote
            if not unseen:
                return
            if until():
                result.problems[ENDPOINT] = f"{api.server} is slow; the next look goes on."
                return
    except ApiFailed as failed:
        _note_failure(database, failed, result)
        return
    for batch in list(unseen.values())[:_SINGLE_LOOK_UPS]:
        if until():
            return
        try:
            yield batch, api.retrieve(batch.openai_batch_id)
        except NotThere:
            if batch.key_hash == api.key_hash:
                yield batch, None
            else:
                result.problems[batch.batch_key] = (
                    f"Batch {batch.batch_key} is not known with this key; it was made with another "
                    "OPENAI_API_KEY and waits for it."
                )
        except ApiFailed as failed:
            result.problems[batch.batch_key] = f"Batch {batch.batch_key}: {failed}"


def _note_page(
    database: Database,
    api: BatchApi,
    settings: Settings,
    page: list[tuple[batches.Batch, RemoteBatch | None]],
    result: Poll,
) -> None:
    """Note what has changed: progress in one transaction, every end in one of its own."""
    progress: list[tuple[batches.Batch, RemoteBatch]] = []
    for batch, remote in page:
        if remote is None or remote.status in TERMINAL:
            _note(database, api, settings, batch, remote, result)
            continue
        try:
            changes = news(batch, remote, api.key_hash)
        except _ODD_SHAPES:
            _note(database, api, settings, batch, remote, result)
            continue
        if changes:
            progress.append((batch, remote))
        else:
            result.out += 1

    def work(connection: sa.Connection) -> list[batches.Batch]:
        return [
            record(connection, database, batch.batch_key, remote, settings, key_hash=api.key_hash)
            for batch, remote in progress
        ]

    if not progress:
        return
    try:
        noted = database.write(work)
    except (*_ODD_SHAPES, DatabaseFailed):  # one of them is odd, which shall keep no other waiting
        for batch, remote in progress:
            _note(database, api, settings, batch, remote, result)
        return
    for now in noted:
        _count(now, result)


def _note(
    database: Database,
    api: BatchApi,
    settings: Settings,
    batch: batches.Batch,
    remote: RemoteBatch | None,
    result: Poll,
) -> None:
    key = batch.batch_key

    def work(connection: sa.Connection) -> batches.Batch:
        if remote is None:
            return record_lost(connection, database, batch)
        return record(connection, database, key, remote, settings, key_hash=api.key_hash)

    try:
        now = database.write(work)
    except (*_ODD_SHAPES, Refused) as odd:  # the latter where the database finds what is odd
        result.problems[key] = (
            f"Batch {key}: {api.server} describes it in another shape than OpenAI's API "
            f"({type(odd).__name__}); looking again later."
        )
        return
    _count(now, result)


def _count(batch: batches.Batch, result: Poll) -> None:
    key = batch.batch_key
    if batch.state == BatchState.submitted:
        result.out += 1
        if is_for_a_person(batch, result.began):
            result.problems[key] = f"Batch {key}: {batch.message}"
        return
    if batch.state == BatchState.ended:
        result.ended.append(key)
    _log.info("batch %s: %s (%s at OpenAI)", key, batch.state, batch.openai_status or "waits")


def _note_failure(database: Database, failed: ApiFailed, result: Poll) -> None:
    result.problems[ENDPOINT] = reason = str(failed)
    if isinstance(failed, AccessRefused):
        database.write(lambda connection: stop_planning(connection, database, reason))


def _other_endpoint(batch: batches.Batch) -> str:
    return (
        f"Batch {batch.batch_key} is out at {batch.endpoint}; it waits until OPENAI_BASE_URL (or "
        "AZURE_OPENAI_ENDPOINT) names that endpoint again."
    )
