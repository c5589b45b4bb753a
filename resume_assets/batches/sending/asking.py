"""Requests that are sent one by one, each with its answer: what takes an upload's place for them.

The intent to send a request is committed before it is sent, as its item's state, and none of the
batch is sent twice; an answer is in the batch's output file, as a line of OpenAI's, before the next
is asked for. So what a crash can lose is the one answer that was on its way: that request counts as
sent, without a line. Whoever goes on sends those that were not sent yet.

However a run ends, but for being killed: what it has not sent goes back to the queue, unless there
is a record that was only to be read again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import orjson
import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.closing import drop_claims
from resume_assets.batches.ledger.forgotten import among, mark
from resume_assets.batches.ledger.states import BY_REQUEST, UNSENT, BatchState, ItemState
from resume_assets.batches.planning.dispatching import abandon
from resume_assets.batches.planning.quota import stop_planning
from resume_assets.batches.receiving.reading import read_answers
from resume_assets.batches.sending.attempt import Attempt
from resume_assets.batches.sending.restoring import restore
from resume_assets.batches.store import OUTPUT, REQUESTS
from resume_assets.errors import in_words
from resume_assets.models.prices import Service
from resume_assets.models.services import parameters_of
from resume_assets.openai_api import backoff
from resume_assets.openai_api.asking import Reply, post
from resume_assets.openai_api.errors import AccessRefused, ApiFailed, Doubtful, QueueFull
from resume_assets.progress import Unit, step
from resume_assets.words import counted, verb

_log = logging.getLogger(__name__)

PATIENCE = 120.0
"""Seconds that a request waits altogether for a server which has no room for it."""

_LONGEST = 15.0  # seconds between two tries, unless the server asks for more
_STANDARD = "`resume-assets now --standard` does not wait for room, at the standard price."


def ask_each(attempt: Attempt) -> batches.Batch:
    """Send each request of a built batch that was not sent yet; the batch has `ended` then.

    It is `abandoned` where none was sent at all. Raises AccessRefused, ApiRefused, ApiUnavailable,
    QueueFull, once that is noted; FilesGone, StoreFailed, OSError, LeaseLost, DatabaseFailed.
    """
    batch = attempt.get()
    why = _why_not(attempt, batch)
    if why is None:
        try:
            with step("asking", Unit.request, batch.requests) as asking:
                for line in _lines(attempt):
                    _ask(attempt, batch, line)
                    asking.advance(1)
        except BaseException as ended:  # Ctrl-C, and Dagster's own word for it, too
            told = in_words(ended, "asking") if isinstance(ended, Exception) else "Interrupted."
            _stop_for_all(attempt, ended)
            end(attempt, told)
            raise
    return end(attempt, why)


def end(attempt: Attempt, why: str | None = None) -> batches.Batch:
    """Nothing more of it is sent; what was not goes back to the queue. `why`: for people."""
    answers = _answers(attempt)
    return attempt.lease.write(lambda connection: _end(connection, attempt, answers, why))


def _why_not(attempt: Attempt, batch: batches.Batch) -> str | None:
    """Why nothing more is to be sent; None where it may go on."""
    if attempt.is_planning_stopped():
        return "Planning has stopped: `resume-assets unpause` goes on."
    if batch.endpoint not in (None, attempt.api.endpoint):
        return f"It was begun at {batch.endpoint}, and another endpoint is configured now."
    return None


def _lines(attempt: Attempt) -> Iterator[dict[str, Any]]:
    """The lines of the request file, but for those that were blanked."""
    with attempt.files.read(REQUESTS) as lines:
        for line in lines:
            if not line.isspace():
                yield orjson.loads(line)


def _ask(attempt: Attempt, batch: batches.Batch, line: dict[str, Any]) -> None:
    """Send one request, unless it was sent, or its person is to be forgotten."""
    custom_id = line["custom_id"]
    if not attempt.database.read(lambda connection: _is_unsent(connection, attempt, custom_id)):
        return
    if not attempt.lease.write(lambda connection: _intend(connection, attempt, custom_id)):
        return
    try:
        reply = _patiently(attempt, batch, line)
    except Doubtful as doubt:
        _log.warning("batch %s: %s It may be paid for.", batch.batch_key, doubt)
        return
    except ApiFailed:  # nothing ran
        _withdraw(attempt, custom_id)
        raise
    _keep(attempt, reply.line(custom_id))
    if reply.status == 200 and reply.tier == "default" and batch.service != Service.standard:
        _log.warning("batch %s: was served at the standard price", batch.batch_key)
        attempt.update(service=Service.standard)  # rather tell too much of the others


def _is_unsent(connection: sa.Connection, attempt: Attempt, custom_id: str) -> bool:
    state = sa.select(attempt.lease.items.c.state).where(_item(attempt, custom_id))
    return bool(connection.execute(state).scalar() == ItemState.claimed)


def _item(attempt: Attempt, custom_id: str) -> sa.ColumnElement[bool]:
    items = attempt.lease.items
    return sa.and_(items.c.batch_key == attempt.lease.key, items.c.custom_id == custom_id)


def _intend(connection: sa.Connection, attempt: Attempt, custom_id: str) -> bool:
    """Note that this request is sent from now on; False where its person is to be forgotten.

    Nobody else sends it, whose lease is ours: it may be noted already, by a commit whose answer was
    lost.
    """
    database, items, key = attempt.database, attempt.lease.items, attempt.lease.key
    this = _item(attempt, custom_id)
    userid = connection.execute(sa.select(items.c.userid).where(this)).scalar_one()
    now = database.dialect.utc_now(connection)
    if among(connection, database, items, key, [userid]):
        gone = {"state": ItemState.released, "reason": BY_REQUEST, "closed_at": now}
        connection.execute(items.update().where(this).values(gone))
        drop_claims(connection, attempt.lease, [userid])
        mark(connection, database, [key])
        return False
    connection.execute(items.update().where(this).values(state=ItemState.submitted))
    batch = batches.get(connection, database, key)
    batches.update(
        connection,
        database,
        key,
        state=BatchState.submitting,
        intent_at=now,
        submitted_at=batch.submitted_at or now,
        endpoint=attempt.api.endpoint,
        key_hash=attempt.api.key_hash,
        message=None,
    )
    return True


def _withdraw(attempt: Attempt, custom_id: str) -> None:
    """Note that the request did not run."""
    unsent = attempt.lease.items.update().where(_item(attempt, custom_id))
    attempt.lease.write(
        lambda connection: connection.execute(unsent.values(state=ItemState.claimed))
    )


def _patiently(attempt: Attempt, batch: batches.Batch, line: dict[str, Any]) -> Reply:
    """The reply; while there is no room it is asked for again, PATIENCE seconds at most."""
    service = batches.service_of(batch)
    body = line["body"] | parameters_of(service, attempt.settings)
    until, tries, pause = time.monotonic() + PATIENCE, 0, threading.Event()
    while True:
        try:
            return post(attempt.api, body)
        except QueueFull as full:
            wait = full.retry_after
            if wait is None:
                wait = min(backoff.SECONDS * 2**tries, _LONGEST)
            if time.monotonic() + wait > until:
                more = f" {_STANDARD}" if service is Service.flex else ""
                raise QueueFull(
                    f"{full} It had no room for {PATIENCE:.0f} seconds.{more}",
                    retry_after=full.retry_after,
                ) from None
            _log.info("batch %s: %s Waiting %.1f s.", batch.batch_key, full, wait)
            try:
                pause.wait(wait)
            except BaseException:  # an interrupt: nothing is on its way now
                _withdraw(attempt, line["custom_id"])
                raise
            tries += 1


def _keep(attempt: Attempt, line: bytes) -> None:
    """Add a line to the output file, which is written anew, whole: they are few."""
    before = b""
    if attempt.files.has(OUTPUT):
        with attempt.files.read(OUTPUT) as stream:
            before = stream.read()
    with attempt.files.write(OUTPUT) as stream:
        stream.write(before + line)


def _stop_for_all(attempt: Attempt, ended: BaseException) -> None:
    """A key that is refused, or an account without money, will do no better for any other."""
    if isinstance(ended, AccessRefused):
        reason = str(ended)
        attempt.database.write(
            lambda connection: stop_planning(connection, attempt.database, reason)
        )


def _end(
    connection: sa.Connection, attempt: Attempt, answers: tuple[int, int], why: str | None
) -> batches.Batch:
    database, lease = attempt.database, attempt.lease
    items = lease.items
    batch, now = batches.lock(connection, database, lease.key), database.dialect.utc_now(connection)
    ended = batches.count_items(connection, items, lease.key, only_sent=True)
    sent = ended.get(ItemState.submitted, 0)
    waiting = sa.and_(items.c.batch_key == lease.key, items.c.state == ItemState.claimed)
    unsent = sa.and_(waiting, items.c.same_text_as.is_(None))
    userids = list(connection.execute(sa.select(items.c.userid).where(unsent)).scalars())
    restored = restore(connection, database, batch, userids)
    if not sent and not any(answers) and not batch.reused:
        told = why or "No resume was left to be sent."
        if restored:
            told += " Whose record was to be read again keeps it."
        return abandon(connection, database, batch, UNSENT, told, now=now)
    # Whoever gets the answer to another's request has it, or is told that there is none.
    is_reused = sa.and_(waiting, items.c.same_text_as.is_not(None))
    connection.execute(items.update().where(is_reused).values(state=ItemState.submitted))
    given_back = {"state": ItemState.released, "reason": UNSENT, "closed_at": now}
    connection.execute(items.update().where(unsent).values(given_back))
    drop_claims(connection, lease, userids)
    message = why
    if waits := len(userids) - len(restored):
        went = verb(waits, "waits", "wait")
        message = f"{why or ''} {counted(waits, 'resume')} not sent {went} again.".strip()
    return batches.update(
        connection,
        database,
        lease.key,
        state=BatchState.ended,
        openai_status="completed",
        requests=sent,
        requests_completed=answers[0],
        requests_failed=answers[1],
        ended_at=now,
        run_requests=0,
        requested_at=None,
        message=message and message[:1000],
    )


def _answers(attempt: Attempt) -> tuple[int, int]:
    """How many requests have an answer in the output file, and how many an error."""
    if not attempt.files.has(OUTPUT):
        return 0, 0
    with attempt.files.read(OUTPUT) as lines:
        told = [answer.status_code == 200 for answer in read_answers(lines)]
    return sum(told), len(told) - sum(told)
