"""Where a trial stands: how many resumes of its sample each variant has sent and brought in."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from resume_assets.batches.ledger.batches import Batch
from resume_assets.batches.ledger.states import OPEN, ItemState
from resume_assets.database.connect import Database
from resume_assets.trials import ledger
from resume_assets.trials.sampling import SENT_LATER
from resume_assets.trials.variants import Variant, from_json


@dataclass(frozen=True, slots=True)
class VariantProgress:
    """Resumes of one variant: in all, not sent yet, out at the endpoint, usable, not usable."""

    variant: Variant
    resumes: int
    unsent: int
    out: int
    usable: int
    unusable: int


@dataclass(frozen=True, slots=True)
class TrialState:
    """Where a trial stands; `batches` are those that are not closed.

    `waits` says why no more is planned now, `problems` what went wrong in the last look, by batch.
    """

    trial: ledger.Trial
    variants: tuple[VariantProgress, ...]
    batches: Sequence[Batch]
    waits: str | None = None
    problems: tuple[str, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether its report is made."""
        return self.trial.done_at is not None

    @property
    def is_through(self) -> bool:
        """Whether nothing is out, and nothing is to be sent any more."""
        unsent = any(one.unsent for one in self.variants)
        return not self.batches and (not unsent or self.trial.called_off_at is not None)


def state_of(connection: sa.Connection, database: Database, key: str) -> TrialState:
    """Where the trial stands. Raises UnknownTrial."""
    trial = ledger.get(connection, database, key)
    counts = _counts(connection, database, key)
    batches = ledger.batches_of(connection, database, key)
    return TrialState(
        trial,
        tuple(_variant(one, trial, counts) for one in from_json(trial.variants)),
        [batch for batch in batches if batch.state in OPEN],
    )


def _variant(
    variant: Variant, trial: ledger.Trial, counts: Counter[tuple[int, str]]
) -> VariantProgress:
    of_variant = {state: n for (number, state), n in counts.items() if number == variant.number}
    claimed, out, usable = (
        of_variant.get(state, 0)
        for state in (ItemState.claimed, ItemState.submitted, ItemState.succeeded)
    )
    chosen = sum(of_variant.values())
    return VariantProgress(
        variant,
        resumes=trial.sample_size,
        unsent=trial.sample_size - chosen + claimed,
        out=out,
        usable=usable,
        unusable=chosen - claimed - out - usable,
    )


def _counts(connection: sa.Connection, database: Database, key: str) -> Counter[tuple[int, str]]:
    """Items by variant and state, without those that moved to a later batch, or are forgotten."""
    items, batches = database.ledger.trial_items, database.ledger.batches
    query = (
        sa.select(batches.c.variant, items.c.state, items.c.reason, sa.func.count())
        .join(batches, batches.c.batch_key == items.c.batch_key)
        .where(batches.c.trial_key == key, items.c.forgotten_at.is_(None))
        .group_by(batches.c.variant, items.c.state, items.c.reason)
    )
    counts: Counter[tuple[int, str]] = Counter()
    for variant, state, reason, number in connection.execute(query):
        if state != ItemState.released or reason not in SENT_LATER:
            counts[variant, state] += number
    return counts
