"""Days in seconds: the real planner, with its ledger, against the model of OpenAI's quotas.

`plan_batch` is the planner that `continuous_submission_sensor` and `resume-assets continuous` run.
It sees the ledger as ever; the queue, the clock, the workers and OpenAI are models. A site has an
account or several, each an installation with a ledger and a part of the resumes of its own, and
workers that serve them all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import BatchState
from resume_assets.batches.planning import planner
from resume_assets.batches.planning.asked import asked_now
from resume_assets.batches.planning.decision import NoPlan, Queue
from resume_assets.batches.planning.estimates import Estimate, estimate_for
from resume_assets.batches.planning.planner import Planned, plan_batch
from resume_assets.batches.planning.quota import wait_for_quota
from resume_assets.database.connect import Database
from resume_assets.database.setup import initialise
from resume_assets.database.sqlite import SQLiteDialect
from resume_assets.extraction.requests import RequestSettings
from resume_assets.models.catalogue import Model, find_model
from resume_assets.openai_api.limits import MAX_FILE_BYTES, rows_per_batch
from resume_assets.settings import Settings
from resume_assets_tests.benchmarks import data
from resume_assets_tests.benchmarks.chart import draw
from resume_assets_tests.benchmarks.figures import FOLDER, Figure, figure
from resume_assets_tests.benchmarks.quotas import TIERS, Clock, OpenAI, Resumes
from resume_assets_tests.benchmarks.workers import Workers

_TICK = 60.0
_PLANS_A_TICK = 20
_SECONDS_A_ROW, _BYTES_A_SECOND, _SECONDS_A_RUN = 0.000_5, 20e6, 5.0  # to build, upload, start
_SECONDS_A_RECORD, _BYTES_AN_ANSWER = 0.000_5, 2_500  # to write; twice what SQLite takes
_START = datetime(2026, 1, 1)  # noqa: DTZ001 (the ledger's times have no zone)


class _Dialect(SQLiteDialect):
    """SQLite with the simulation's clock."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(FOLDER)  # the database is in memory; this is there, as a file would be
        self._clock = clock

    def utc_now(self, connection: sa.Connection) -> datetime:
        del connection
        return _START + timedelta(seconds=self._clock.now)


@dataclass
class _Batch:
    key: str
    rows: int
    size: float
    tokens: float


class Simulation:
    """One installation at work; `in_flight` batches at most.

    `clock` and `workers`: those of the site, where it is not alone; else it has two workers.
    """

    def __init__(
        self,
        resumes: int,
        quota: int,
        in_flight: int,
        *,
        clock: Clock | None = None,
        workers: Workers | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.workers = workers or Workers(self.clock, 2)
        self.openai = OpenAI(self.clock, quota)
        self.resumes = Resumes(resumes)
        self.settings: Settings = data.settings(
            batch_size=50_000, max_in_flight=in_flight, enqueued_token_limit=quota
        )
        engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
        self.database = Database(engine, _Dialect(self.clock), table="aicandidate")
        initialise(self.database)
        self.table = self.database.ledger.batches  # looked at before the first transaction
        model = find_model(self.settings.model)
        asked = asked_now(self.settings, model)
        self.estimate: Estimate = self.database.read(
            lambda connection: estimate_for(connection, self.database, model, asked)
        )
        self.waits: dict[str, _Batch] = {}  # for OpenAI's queue
        self.batches = 0
        self.open = 0  # batches whose records are not written yet
        self.written = 0  # records
        self.filled_at: float | None = None
        self.emptied_at: float | None = None
        self._stirred = True

    def start(self) -> None:
        """Let the clock do the rest: once it stands still, every resume has been answered."""
        self.clock.at(0.0, self._tick)

    def run(self) -> "Simulation":
        """Alone, until every resume has been answered."""
        self.start()
        self.clock.run()
        self.database.dispose()
        return self

    @property
    def use(self) -> float:
        """The share of the quota in use from the first fill on, while resumes waited."""
        return self.openai.use(self.filled_at or 0.0, self.emptied_at or self.clock.now)

    @property
    def use_with_ramp(self) -> float:
        """The same from the very first tick."""
        return self.openai.use(0.0, self.emptied_at or self.clock.now)

    def _queue(
        self,
        _c: sa.Connection,
        _d: Database,
        _s: Settings,
        _m: Model,
        _a: RequestSettings,
        rows: int,
    ) -> Queue:
        there, first = self.resumes, self.resumes.taken
        rows = min(rows, there.waiting)
        if not rows:
            return Queue(waiting=0)
        size = there.bytes_of(first, rows) / rows
        tokens = self.estimate.input_tokens(round(size))
        cost = self.estimate.cost([tokens])
        return Queue(rows, self.estimate.line_bytes(round(size)), tokens, cost)

    def _tick(self) -> None:
        """The sensor: plan what has room, ask again for what waited long enough."""
        for _ in range(_PLANS_A_TICK if self._stirred else 0):
            decision = self._plan()
            if not isinstance(decision, Planned):
                self._stirred = False  # the same until something happens
                self.filled_at = self.filled_at or self.clock.now
                break
            self._claim(decision)
        now = _START + timedelta(seconds=self.clock.now)
        for key in [key for key in self.waits if self._ledger(key).quota_until <= now]:
            self._create(self.waits.pop(key))
        if not self.resumes.waiting and self.emptied_at is None:
            self.emptied_at = self.clock.now
        if self.resumes.waiting or self.open:
            self.clock.at(self._next_tick(), self._tick)

    def _plan(self) -> Planned | NoPlan:
        with patch.object(planner, "queue_of", self._queue):
            return plan_batch(
                self.database,
                self.settings,
                rows=rows_per_batch(self.settings),
                origin="sensor",
                in_flight=self.settings.max_in_flight,
            )

    def _next_tick(self) -> float:
        """In a minute; where nothing can happen before the next event, the first after that."""
        soonest = self.clock.now
        if not (self._stirred or self.waits) and self.clock.events:
            soonest = max(soonest, self.clock.events[0][0])
        return (soonest // _TICK + 1) * _TICK

    def _claim(self, planned: Planned) -> None:
        rows = min(planned.plan.rows, self.resumes.waiting)
        most = (MAX_FILE_BYTES - rows * self.estimate.line_bytes(0)) / 1.05
        rows = max(1, min(rows, self.resumes.fitting(self.resumes.taken, most)))
        first = self.resumes.take(rows)
        size = self.resumes.bytes_of(first, rows) + rows * self.estimate.fixed_bytes
        tokens = self.resumes.tokens_of(first, rows) + rows * self.estimate.overhead_tokens
        batch = _Batch(planned.key, rows, size, tokens)
        self._update(planned.key, state=BatchState.claimed, rows_claimed=rows)
        self.batches += 1
        self.open += 1
        seconds = _SECONDS_A_RUN + batch.rows * _SECONDS_A_ROW + batch.size / _BYTES_A_SECOND
        self.workers.do(seconds, partial(self._built, batch))

    def _built(self, batch: _Batch) -> None:
        tokens = round(batch.tokens)
        self._update(batch.key, state=BatchState.built, estimated_input_tokens=tokens)
        self._create(batch)

    def _create(self, batch: _Batch) -> None:
        self._stirred = True
        if not self.openai.may_create():
            self.clock.at(self.clock.now + _TICK, partial(self._create, batch))
        elif self.openai.create(batch.tokens, partial(self._ended, batch)):
            self._update(batch.key, state=BatchState.submitted)
        else:
            self.waits[batch.key] = batch
            row = self._ledger(batch.key)
            self.database.write(
                lambda connection: wait_for_quota(
                    connection, self.database, row, self.settings, "full", self.openai.quota
                )
            )

    def _ended(self, batch: _Batch, share: float) -> None:
        self._stirred = True
        self._update(batch.key, state=BatchState.ended)
        answers = round(batch.rows * share)
        seconds = answers * (_SECONDS_A_RECORD + _BYTES_AN_ANSWER / _BYTES_A_SECOND)
        written = partial(self._written, batch, answers)
        self.workers.do(_SECONDS_A_RUN + seconds, written, goes_on=True)

    def _written(self, batch: _Batch, answers: int) -> None:
        self._stirred = True
        self._update(batch.key, state=BatchState.done, low_share=None)
        self.open -= 1
        self.written += answers
        self.resumes.waiting += batch.rows - answers

    def _update(self, key: str, **values: Any) -> None:
        self.database.write(
            lambda connection: batches.update(connection, self.database, key, **values)
        )

    def _ledger(self, key: str) -> batches.Batch:
        return self.database.read(lambda connection: batches.get(connection, self.database, key))


def measure(rows: int, rounds: int) -> Iterator[Figure]:
    """`quota_use` with ten million resumes in tier 4; the other tiers with fewer."""
    del rounds
    many = 10_000_000 if rows >= 50_000 else 1_000_000
    ours = Simulation(many, TIERS["tier 4"], 1_000).run()
    one = Simulation(many, TIERS["tier 4"], 1).run()
    FOLDER.mkdir(exist_ok=True)
    days = one.clock.now / 86_400
    (FOLDER / "quota_use.svg").write_text(draw(ours.openai, one.openai), encoding="utf-8")
    what = f"{many:,} resumes, {TIERS['tier 4']:,} enqueued tokens, while resumes wait"
    yield figure("quota_use", [ours.use], "share", what, at_least=0.95)
    yield figure("quota_use_with_ramp", [ours.use_with_ramp], "share", "the first fill included")
    yield figure("quota_use_one_by_one", [one.use], "share", "one batch after the other")
    yield figure("days", [ours.clock.now / 86_400], "days", f"one after the other: {days:.0f}")
    yield figure("batches", [ours.batches], "", f"one after the other: {one.batches:,}")
    yield figure("refused_for_quota", [ours.openai.refused], "", "creations that had to wait")
    for tier, fewer in (("tier 1", 20_000), ("tier 2", 200_000), ("tier 3", 400_000)):
        small = Simulation(fewer, TIERS[tier], 1_000).run()
        name = f"quota_use_{tier.replace(' ', '_')}"
        yield figure(name, [small.use], "share", f"{fewer:,} resumes in {small.batches:,} batches")
