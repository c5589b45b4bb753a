"""A trial in a test: created, brought on and looked at, beside the real work of a flow."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.ledger.batches import Batch
from resume_assets.batches.planning.runs import REQUEST_PATIENCE, Due
from resume_assets.trials import ledger
from resume_assets.trials.advancing import advance
from resume_assets.trials.creating import create
from resume_assets.trials.dispatching import due_trials
from resume_assets.trials.gathering import gather
from resume_assets.trials.progress import TrialState
from resume_assets.trials.report import TrialReport, from_json
from resume_assets.trials.results import TrialResult
from resume_assets.trials.sampling import SENT_LATER
from resume_assets.trials.variants import variants_of
from resume_assets_tests.flow import Flowing

MINI, NANO = "gpt-4.1-mini-2025-04-14", "gpt-5.4-nano-2026-03-17"
"""Models of a trial that the server knows; the real work has another."""


class Trying:
    """A flow, and what is done with trials in it."""

    def __init__(self, flow: Flowing) -> None:
        self.flow = flow

    def create(
        self, *models: str, size: int = 4, seed: int = 7, prompts: Sequence[str] = ()
    ) -> str:
        variants = variants_of(self.flow.settings, models or (MINI, NANO), prompts)
        key, _ = create(self.flow.database, self.flow.settings, variants, size=size, seed=seed)
        return key

    def advance(self, key: str) -> TrialState:
        flow = self.flow
        return advance(flow.database, flow.settings, flow.store, flow.api, key)

    def to_the_end(self, key: str) -> TrialReport:
        """Bring it on until its report is there, as the sensor would; nothing may go wrong."""
        for _ in range(20):
            state = self.advance(key)
            assert not state.problems, state.problems
            if state.is_done:
                return from_json(state.trial.report)
            self.wait_for_server(key)
        raise AssertionError("it never came to its end")

    def wait_for_server(self, key: str) -> None:
        """Until the server has ended what is out of it; the ledger is not told."""
        for batch in self.batches(key):
            if batch.state == "submitted":
                self.flow.wait_for_server(batch.openai_batch_id)

    def due(self, patience: timedelta = REQUEST_PATIENCE) -> list[Due]:
        return list(due_trials(self.flow.database, self.flow.settings, patience=patience))

    def trial(self, key: str) -> ledger.Trial:
        return self.flow.database.read(lambda c: ledger.get(c, self.flow.database, key))

    def update(self, key: str, **values: Any) -> ledger.Trial:
        return self.flow.database.write(
            lambda c: ledger.update(c, self.flow.database, key, **values)
        )

    def result(self, key: str, *gold: Any) -> TrialResult:
        database = self.flow.database
        return database.read(lambda c: gather(c, database, self.trial(key), gold))

    def batches(self, key: str) -> Sequence[Batch]:
        return self.flow.database.read(lambda c: ledger.batches_of(c, self.flow.database, key))

    def sample(self, key: str) -> list[Any]:
        drawn = self.flow.database.ledger.trial_candidates
        query = sa.select(drawn.c.userid).where(drawn.c.trial_key == key)
        return [row.userid for row in self.flow.rows(query.order_by(drawn.c.position))]

    def items(self, key: str) -> Sequence[sa.Row[Any]]:
        """With the number of the variant, in the order of the batches."""
        tables = self.flow.database.ledger
        query = (
            sa.select(tables.trial_items, tables.batches.c.variant)
            .join(tables.batches, tables.batches.c.batch_key == tables.trial_items.c.batch_key)
            .where(tables.batches.c.trial_key == key)
            .order_by(tables.batches.c.planned_at, tables.trial_items.c.position)
        )
        return self.flow.rows(query)

    def ends(self, key: str) -> Counter[tuple[int, Any]]:
        """How often each resume ended in each variant, moves to a later batch left out."""
        return Counter(
            (item.variant, item.userid)
            for item in self.items(key)
            if item.closed_at is not None and item.reason not in SENT_LATER
        )

    def each_once(self, key: str) -> bool:
        """Whether each resume of the sample ended once in each variant."""
        variants = {item.variant for item in self.items(key)}
        wanted = {(variant, userid) for variant in variants for userid in self.sample(key)}
        return self.ends(key) == Counter(wanted) and len(self.items(key)) > 0

    def untouched(self) -> bool:
        """Whether no candidate has been claimed or written."""
        return not self.flow.claims() and not self.flow.written()
