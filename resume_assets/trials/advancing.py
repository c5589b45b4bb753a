"""One step of a trial, as far as it gets now; killed anywhere, the next one goes on from there.

What is open is taken up first, each batch from the state that the ledger has it in, by the very
stages of every other batch; then what the limits allow is planned and sent; and once every variant
is through, the report is made. A batch that can't go on keeps none of the others waiting.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from resume_assets.batches.costing import settle
from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.forgotten import are_personal
from resume_assets.batches.ledger.lease import Lease, leased
from resume_assets.batches.ledger.states import AFTER_ENDED, OPEN, BatchState
from resume_assets.batches.planning.decision import NoPlan
from resume_assets.batches.planning.planner import Planned
from resume_assets.batches.receiving import polling
from resume_assets.batches.receiving.collecting import collect
from resume_assets.batches.sending.building import build
from resume_assets.batches.sending.noting import noted
from resume_assets.batches.sending.submission import submit
from resume_assets.batches.upkeep.people import cancel
from resume_assets.batches.upkeep.remote_files import delete_remote
from resume_assets.errors import PlatformError, in_words
from resume_assets.openai_api.errors import ApiFailed
from resume_assets.trials import ledger
from resume_assets.trials.claiming import choose
from resume_assets.trials.gathering import gather
from resume_assets.trials.planning import plan_variant
from resume_assets.trials.progress import TrialState, state_of
from resume_assets.trials.recording import record
from resume_assets.trials.report import as_json, report_of, without_names
from resume_assets.trials.variants import from_json

if TYPE_CHECKING:
    from resume_assets.batches.store import BatchStore
    from resume_assets.database.connect import Database
    from resume_assets.openai_api.client import BatchApi
    from resume_assets.settings import Settings

_log = logging.getLogger(__name__)

_SENDABLE = frozenset({BatchState.built, BatchState.submitting, BatchState.quota})


def advance(
    database: Database, settings: Settings, store: BatchStore, api: BatchApi, key: str
) -> TrialState:
    """Bring a trial as far as it gets now; one that is done is left as it is.

    Raises UnknownTrial, BatchBusy where another worker is at it, LeaseLost, DatabaseFailed.
    """
    with ledger.leased_trial(database, key) as lease, lease.kept_alive():
        return _Advancing(lease, settings, store, api).go()


class _Advancing:
    """One worker at one trial, under its lease."""

    def __init__(self, lease: Lease, settings: Settings, store: BatchStore, api: BatchApi) -> None:
        self.lease = lease
        self.database = lease.database
        self.settings = settings
        self.store = store
        self.api = api
        self.trial = self._read_trial()
        self.waits: str | None = None
        self.problems: list[str] = []

    def go(self) -> TrialState:
        """Take up what is open, send what may be sent, report once all is through."""
        if self.trial.done_at is None:
            self._look()
            for batch in self._open():
                with self._carrying_on(batch.batch_key):
                    self._bring_on(batch.batch_key)
            if self.trial.called_off_at is None:
                self._send_more()
            if self._state().is_through:
                self._report()
            self._note()
        return self._state()

    def _look(self) -> None:
        """See which batches have ended."""
        if any(batch.state == BatchState.submitted for batch in self._open()):
            found = polling.poll(self.database, self.api, self.settings)
            ours = {polling.ENDPOINT, *(batch.batch_key for batch in self._open())}
            self.problems += [told for key, told in found.problems.items() if key in ours]

    def _send_more(self) -> None:
        """Plan and send for each variant in turn, until the limits allow no more."""
        for variant in from_json(self.trial.variants):
            while True:
                decision = plan_variant(self.lease, self.settings, variant)
                if not isinstance(decision, Planned):
                    break
                key = decision.key
                with self._carrying_on(key):
                    self._bring_on(key)
                if self._batch(key).state in OPEN - {BatchState.submitted}:
                    break  # in doubt, refused, or waiting for room: the next batch would be too
            if isinstance(decision, NoPlan):
                self.waits = decision.why

    @contextmanager
    def _carrying_on(self, key: str) -> Iterator[None]:
        """Note what stops one batch, and go on with the others."""
        try:
            yield
        except (PlatformError, OSError) as problem:
            told = in_words(problem, f"taking batch {key} on")
            self.problems.append(told if key in told else f"Batch {key}: {told}")

    def _bring_on(self, key: str) -> None:
        """Take one batch from its state as far as it gets."""
        with leased(self.database, key) as lease:
            batch = self._batch(key)
            if self.trial.called_off_at is not None:
                batch = cancel(lease, self.settings, self.store, self.api)
            elif batch.state == BatchState.planned:
                batch = choose(lease, self.settings)
            while batch.state in _SENDABLE | {BatchState.claimed} and self._may_send(batch):
                with noted(lease, "building the request file"):
                    batch = build(lease, self.settings, self.store)
                if batch.state not in _SENDABLE:
                    return
                with noted(lease, "submitting the batch"):
                    batch = submit(lease, self.settings, self.store, self.api)
            if batch.state in AFTER_ENDED:
                self._bring_in(lease, batch)

    def _may_send(self, batch: batches.Batch) -> bool:
        """Not while it waits for room, nor, but to settle a doubt, while planning is stopped."""

        def look(connection: sa.Connection) -> tuple[bool, str | None]:
            now = self.database.dialect.utc_now(connection)
            stopped = sa.select(self.database.ledger.installation.c.stopped_reason)
            waits = batch.quota_until is not None and batch.quota_until > now
            return waits, connection.execute(stopped).scalar()

        waits, stopped = self.database.read(look)
        if stopped is not None:
            self.waits = f"{stopped} `resume-assets unpause` goes on."
        if waits:
            self.waits = f"Batch {batch.batch_key}: {batch.message}"
        return not waits and (stopped is None or batch.state == BatchState.submitting)

    def _bring_in(self, lease: Lease, batch: batches.Batch) -> None:
        if batch.state == BatchState.ended:
            collect(lease, self.store, self.api)
        record(lease, self.store, today=self.trial.created_at.date())
        with lease.kept_alive():
            try:
                delete_remote(lease, self.api)
            except ApiFailed as failed:  # the housekeeping does it
                _log.warning("batch %s: files not deleted yet: %s", lease.key, failed)
        settle(lease, self.settings)

    def _report(self) -> None:
        """Make the report, once; whoever comes second finds it done."""
        result = self.database.read(
            lambda connection: gather(connection, self.database, self.trial)
        )
        made = report_of(result)
        report = as_json(without_names(made) if are_personal(self.database) else made).decode()

        def finish(connection: sa.Connection) -> ledger.Trial:
            now = self.database.dialect.utc_now(connection)
            values = {"report": report, "done_at": now, "message": None}
            return ledger.update(connection, self.database, self.lease.key, **values)

        self.trial = self.lease.write(finish)
        _log.info("trial %s: done", self.lease.key)

    def _note(self) -> None:
        """Note what stands in the way; where nothing does, the next run is due at the next event.

        Until then another one after a problem waits ever longer: see `dispatching`.
        """
        told = [*self.problems, *([self.waits] if self.waits else [])]
        values: dict[str, Any] = {"message": told[0][:1000] if told else None}
        if not self.problems:
            tries = self.trial.try_number + 1
            values |= {"try_number": tries, "run_requests": 0, "requested_at": None}
        self.trial = self.lease.write(
            lambda connection: ledger.update(connection, self.database, self.lease.key, **values)
        )

    def _read_trial(self) -> ledger.Trial:
        return self.database.read(
            lambda connection: ledger.get(connection, self.database, self.lease.key)
        )

    def _state(self) -> TrialState:
        state = self.database.read(
            lambda connection: state_of(connection, self.database, self.lease.key)
        )
        return TrialState(
            state.trial, state.variants, state.batches, self.waits, tuple(self.problems)
        )

    def _open(self) -> tuple[batches.Batch, ...]:
        return tuple(self._state().batches)

    def _batch(self, key: str) -> batches.Batch:
        return self.database.read(lambda connection: batches.get(connection, self.database, key))
