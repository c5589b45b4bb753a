"""The next batch of a trial, by the same decision, limits and lock as every other batch."""

from collections.abc import Sequence

import sqlalchemy as sa

from resume_assets.batches.ledger.lease import Lease
from resume_assets.batches.ledger.queue import Waiting
from resume_assets.batches.planning.decision import NoPlan, Plan
from resume_assets.batches.planning.outstanding import promised_rows, queue_with
from resume_assets.batches.planning.planner import Planned, decision_on, insert_planned
from resume_assets.database import rights
from resume_assets.database.connect import Database
from resume_assets.models.catalogue import model_for
from resume_assets.openai_api.limits import most_requests
from resume_assets.settings import Settings
from resume_assets.trials import ledger
from resume_assets.trials.sampling import remaining
from resume_assets.trials.variants import Variant, from_json


def plan_variant(lease: Lease, settings: Settings, variant: Variant) -> Planned | NoPlan | None:
    """Plan one batch of what a variant has still to be sent; None where that is nothing.

    Where a limit shrinks it, the variant has several. Raises RightsMissing, LeaseLost,
    DatabaseFailed.
    """
    database, key = lease.database, lease.key
    rights.require(database)

    def work(connection: sa.Connection) -> Planned | NoPlan | None:
        decision = _decided(connection, database, settings, key, variant)
        if not isinstance(decision, Plan):
            return decision
        values = dict(variant.columns) | {"trial_key": key, "variant": variant.number}
        before = ledger.batches_of(connection, database, key)
        number = 1 + sum(batch.variant == variant.number for batch in before)
        name = f"{key}-{variant.number + 1}-{number}"
        return insert_planned(connection, database, decision, values, origin="trial", key=name)

    return lease.write(work, planning=True)


def may_plan(
    connection: sa.Connection, database: Database, settings: Settings, trial: ledger.Trial
) -> bool:
    """Whether a batch of the trial could be planned now; nothing is."""
    return trial.called_off_at is None and any(
        isinstance(_decided(connection, database, settings, trial.trial_key, variant), Plan)
        for variant in from_json(trial.variants)
    )


def why_none(
    connection: sa.Connection, database: Database, settings: Settings, trial: ledger.Trial
) -> NoPlan | None:
    """What keeps the trial's next batch from being planned; None where nothing does, or none is."""
    for variant in from_json(trial.variants):
        decision = _decided(connection, database, settings, trial.trial_key, variant)
        if isinstance(decision, NoPlan):
            return decision
    return None


def _unplanned(
    connection: sa.Connection, database: Database, key: str, variant: Variant
) -> Sequence[Waiting]:
    table = database.ledger.batches
    of_variant = table.c.trial_key == key, table.c.variant == variant.number
    ahead = promised_rows(connection, database, *of_variant)
    return remaining(connection, database, key, variant.number)[ahead:]


def _decided(
    connection: sa.Connection,
    database: Database,
    settings: Settings,
    key: str,
    variant: Variant,
) -> Plan | NoPlan | None:
    rows = _unplanned(connection, database, key, variant)[: most_requests(settings)]
    if not rows:
        return None
    own = variant.settings(settings)
    model = model_for(own)
    queue = queue_with(connection, database, model, variant.asked(model), rows)
    return decision_on(
        connection,
        database,
        own,
        queue,
        len(rows),
        in_flight=settings.max_in_flight,
        of_trial=True,
    )
