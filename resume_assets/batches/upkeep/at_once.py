"""A few candidates whose requests are sent one by one, with no batch of OpenAI's: planned, claimed.

Both in one transaction, under the planning lock: who they are stands nowhere but in their items.
What follows is a batch's own way; `sending.asking` takes the place of upload and poll.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import sqlalchemy as sa

from resume_assets.batches.costing import settle
from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.attempts import are_repeats_held
from resume_assets.batches.ledger.lease import PATIENCE, Lease, leased, myself
from resume_assets.batches.ledger.queue import Waiting, back_from
from resume_assets.batches.ledger.states import AFTER_ENDED, BatchState
from resume_assets.batches.planning.asked import asked_now, columns_of
from resume_assets.batches.planning.decision import NoPlan, Plan, Stop, TimeLeft, decide
from resume_assets.batches.planning.outstanding import (
    end_of_model,
    limits_of,
    outstanding_of,
    queue_with,
)
from resume_assets.batches.planning.planner import insert_planned
from resume_assets.batches.receiving.collecting import collect
from resume_assets.batches.records.applying import apply
from resume_assets.batches.sending.building import build
from resume_assets.batches.sending.claiming import insert_items
from resume_assets.batches.sending.submission import submit
from resume_assets.batches.store import BatchStore
from resume_assets.batches.upkeep.choosing import Chosen, choose, left_alone
from resume_assets.batches.upkeep.reprocessing import put_back_in
from resume_assets.database import rights
from resume_assets.database.connect import Database
from resume_assets.database.retrying import DuplicateKey
from resume_assets.database.setup import require_initialised
from resume_assets.errors import WrongUseError
from resume_assets.extraction.requests import RequestSettings
from resume_assets.models.catalogue import Model, model_for
from resume_assets.models.prices import Service
from resume_assets.models.services import service_for
from resume_assets.settings import Settings

if TYPE_CHECKING:
    from resume_assets.openai_api.client import BatchApi

_log = logging.getLogger(__name__)

MOST: Final = 50
"""Candidates at once: they are asked one after the other, and a batch costs half."""

NOW, FINISHING = "now", "finishing"
"""The origins of such batches: a person named the candidates, or a batch left them."""

_LOST_RACES = 5


class TooMany(WrongUseError):
    """More candidates than are asked one by one."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What became of the candidates; `key` is their batch, None where there is none to be sent.

    `plan` says what it comes to, or why a limit allows none.
    """

    chosen: Chosen
    service: Service
    plan: Plan | NoPlan | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class _Asking:
    """What is asked of which model, how."""

    settings: Settings
    model: Model
    asked: RequestSettings
    service: Service


def begin(
    database: Database,
    settings: Settings,
    userids: Sequence[Any],
    *,
    again: bool = False,
    standard: bool = False,
    dry_run: bool = False,
) -> Beginning:
    """Plan and claim a batch of those of these candidates that can be sent.

    `again`: also whose record is written; `standard`: at the standard price, where flex is cheaper.
    Money that is spent and a key that is refused stop it, as they stop batches; poor answers do
    not. Raises TooMany, RightsMissing, PromptError, NotInitialised, DatabaseFailed.
    """
    if len(userids) > MOST:
        raise TooMany(
            f"{len(userids):,} candidates are too many to be asked one by one: {MOST} at most. "
            "`resume-assets submit` sends any number, at the batch price."
        )
    asking = _asking(database, settings, standard=standard)
    look = partial(choose, userids=userids, again=again, max_attempts=settings.max_attempts)
    if dry_run:
        return database.read(lambda connection: _look(connection, database, asking, look))
    rights.require(database)

    def work(connection: sa.Connection) -> Beginning:
        database.dialect.lock(connection, database.ledger.installation)
        found = _look(connection, database, asking, look)
        if not isinstance(found.plan, Plan):
            return found
        # One time for both: by it `sending.restoring` knows whom this batch put back.
        now = database.dialect.utc_now(connection)
        _put_back(connection, database, found.chosen, now)
        if not found.chosen.rows:
            return replace(found, plan=None)
        key = _claim(connection, database, asking, found.chosen.rows, found.plan, NOW, now)
        return replace(found, key=key)

    return _unless_raced(lambda: database.write(work))


def _look(
    connection: sa.Connection, database: Database, asking: _Asking, look: Callable[..., Chosen]
) -> Beginning:
    found = look(connection, database)
    plan = _decide(connection, database, asking, found.rows) if found.rows else None
    return Beginning(found, asking.service, plan)


def _put_back(connection: sa.Connection, database: Database, found: Chosen, now: datetime) -> None:
    """Have whose record is to be read anew wait; who was changed since is refused, and no row."""
    if not found.anew:
        return
    lost = set(found.anew) - set(put_back_in(connection, database, found.anew, now=now))
    found.rows = [row for row in found.rows if row.userid not in lost]
    found.anew = [userid for userid in found.anew if userid not in lost]
    found.refused |= {userid: left_alone(userid) for userid in lost}


def carry_out(
    database: Database, settings: Settings, store: BatchStore, api: BatchApi, key: str
) -> batches.Batch:
    """Take such a batch from where it stands to its end, as the two jobs of a batch do.

    Raises what `submit` raises, and what writing the records does.
    """
    with leased(database, key, patience=PATIENCE) as lease:
        build(lease, settings, store)
        try:
            submit(lease, settings, store, api)
        finally:  # whatever stopped it: what was answered by then is paid for
            batch = database.read(lambda connection: batches.get(connection, database, key))
            if batch.state in AFTER_ENDED:
                collect(lease, store, None)
                apply(lease, store)
                batch = settle(lease, settings).batch
    return batch


def finish(lease: Lease, settings: Settings) -> str | None:
    """Plan that what an applied batch left is asked again at once, where its plan wanted that.

    So many of its candidates as wait again and have attempts left, at most as many as were wanted.
    Once: then it is no longer wanted. Returns the key of their batch. Raises what `begin` does.
    """
    database = lease.database
    batch = database.read(lambda connection: batches.get(connection, database, lease.key))
    if not batch.finish_now or batch.state != BatchState.applied or batch.trial_key is not None:
        return None
    asking = _asking(database, settings)
    work = partial(_finish, lease=lease, asking=asking, most=min(batch.finish_now, MOST))
    return _unless_raced(lambda: lease.write(work, planning=True))


def _finish(connection: sa.Connection, *, lease: Lease, asking: _Asking, most: int) -> str | None:
    database, attempts = lease.database, asking.settings.max_attempts
    rows: list[Waiting] = []
    if not are_repeats_held(connection, database):
        rows = list(back_from(connection, database, lease.key, max_attempts=attempts))[:most]
    key = None
    values: dict[str, Any] = {"finish_now": None}
    if rows:
        plan = _decide(connection, database, asking, rows, by_itself=True)
        if isinstance(plan, NoPlan):
            _log.warning("batch %s: not finished at once: %s", lease.key, plan.why)
            values["message"] = f"What it left is not asked again at once: {plan.why}"[:1000]
        else:
            now = database.dialect.utc_now(connection)
            key = _claim(connection, database, asking, rows, plan, FINISHING, now)
            # Nobody has asked for its first run yet: it is due at once.
            batches.update(connection, database, key, run_requests=0, requested_at=None)
    batches.update(connection, database, lease.key, **values)
    return key


T = TypeVar("T")


def _unless_raced(work: Callable[[], T]) -> T:
    """Do it again where somebody claims without our lock; what is theirs no longer waits."""
    for _ in range(_LOST_RACES):
        try:
            return work()
        except DuplicateKey:
            continue
    return work()


def _asking(database: Database, settings: Settings, *, standard: bool = False) -> _Asking:
    model = model_for(settings)
    today = database.read(database.dialect.utc_now).date()
    service = service_for(settings, model, today, standard=standard)
    return _Asking(settings, model, asked_now(settings, model), service)


def _decide(
    connection: sa.Connection,
    database: Database,
    asking: _Asking,
    rows: Sequence[Waiting],
    *,
    by_itself: bool = False,
) -> Plan | NoPlan:
    """All of them or none, within the limits on money; those on OpenAI's queue are not for them.

    `by_itself`: no person is there, whom poor answers need not stop.
    """
    settings = asking.settings
    installation = require_initialised(connection, database)
    now = database.dialect.utc_now(connection)
    outstanding = outstanding_of(connection, database, installation, now)
    outstanding = replace(outstanding, batches=0, tokens=0)
    if not by_itself:
        outstanding = replace(outstanding, low_share=False, low_borne_out=False)
    limits = replace(limits_of(settings, installation), enqueued_tokens=None)
    queue = queue_with(connection, database, asking.model, asking.asked, rows, asking.service)
    left = TimeLeft(end_of_model(connection, database, settings), now, timedelta(0))
    plan = decide(queue, outstanding, limits, len(rows), left)
    if isinstance(plan, Plan) and plan.rows < len(rows):
        return NoPlan(
            Stop.money,
            f"The limit on money leaves room for {plan.rows} of these {len(rows)} candidates: name "
            "fewer of them.",
        )
    return plan


def _claim(
    connection: sa.Connection,
    database: Database,
    asking: _Asking,
    rows: Sequence[Waiting],
    plan: Plan,
    origin: str,
    now: datetime,
) -> str:
    values = columns_of(asking.settings, asking.asked.prompt)
    values["service"] = asking.service.value
    key = insert_planned(connection, database, plan, values, origin=origin).key
    claims = [(row.userid, key) for row in rows]
    database.dialect.insert_rows(
        connection, database.ledger.claims, ("userid", "batch_key"), claims
    )
    insert_items(connection, Lease(database, key, myself()), list(rows))
    batches.update(
        connection,
        database,
        key,
        state=BatchState.claimed,
        rows_claimed=len(rows),
        claimed_at=now,
    )
    return key
