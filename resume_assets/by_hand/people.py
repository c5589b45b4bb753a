"""`retry` and `cancel`."""

from typing import Any

import dagster as dg
from pydantic import Field

from resume_assets.assets.fields import USERIDS, required
from resume_assets.assets.safely import safely
from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import PATIENCE, leased
from resume_assets.batches.ledger.states import BatchState
from resume_assets.batches.upkeep import people
from resume_assets.batches.upkeep.naming import Named, named
from resume_assets.by_hand.candidates import ids_in
from resume_assets.by_hand.telling import tell
from resume_assets.database.connect import Database
from resume_assets.resources import (
    BatchStoreResource,
    OpenAIResource,
    SettingsResource,
    SQLServerResource,
)
from resume_assets.trials import ledger
from resume_assets.trials.ledger import leased_trial
from resume_assets.trials.upkeep import call_off


class RetryConfig(dg.Config):
    """Whom to send again."""

    userids: list[Any] = USERIDS


@dg.op(out=dg.Out(dg.Nothing))
def send_again(
    context: dg.OpExecutionContext,
    config: RetryConfig,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
) -> None:
    """Forgets the failed attempts of these candidates, or of all that are given up."""
    with safely("sending candidates again"):
        database, values = sqlserver.database(), settings.load()
        userids = ids_in(database, config.userids, "retry")
        found = named(database, userids) if userids else None
        forgiven = people.forgive(database, values, None if found is None else found.userids)
    lines = _unknown(found)
    lines.append(
        f"{forgiven:,} {'candidate is' if forgiven == 1 else 'candidates are'} in the "
        "queue again, and go with the next batch."
    )
    if found is not None and not forgiven:
        lines.append("Nothing that was sent for them failed, or it was forgiven before.")
    tell(context, lines, {"candidates": forgiven})


@dg.job(
    description="Send given-up candidates again: those whose attempts are used up, or the ids that "
    "you name. What failed so far no longer counts."
)
def retry() -> None:
    """One step."""
    send_again()


class CancelConfig(dg.Config):
    """What to call back."""

    batch: str = Field(
        default="", description="A batch's key, or its id at OpenAI; or the key of a trial."
    )


@dg.op(out=dg.Out(dg.Nothing))
def call_back(
    context: dg.OpExecutionContext,
    config: CancelConfig,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
    store: BatchStoreResource,
    openai: OpenAIResource,
) -> None:
    """Cancels a batch wherever it stands; of a trial, nothing more is sent."""
    with safely("cancelling"):
        name = required("batch", config.batch, "the key of a batch or of a trial")
        database, values = sqlserver.database(), settings.load()
        if _is_trial(database, name):
            with leased_trial(database, name) as lease:
                call_off(lease)
            tell(context, [f"Nothing more of trial {name} is sent; the sensor ends it."])
            return
        before = database.read(lambda connection: batches.get(connection, database, name))
        key = before.batch_key
        with openai.api() as api, leased(database, key, patience=PATIENCE) as lease:
            batch = people.cancel(lease, values, store.store(), api)
    tell(context, [_cancelled(before, batch)], {"state": str(batch.state)})


@dg.job(
    description="Call a batch back. Not sent yet: its resumes go back to the queue, nothing is "
    "paid. Out: OpenAI is asked to cancel it; what it has answered by then is paid and kept."
)
def cancel() -> None:
    """One step."""
    call_back()


def _is_trial(database: Database, name: str) -> bool:
    return database.read(lambda connection: ledger.find(connection, database, name)) is not None


def _cancelled(before: batches.Batch, batch: batches.Batch) -> str:
    key = batch.batch_key
    if batch.state == BatchState.submitted:
        return f"OpenAI is cancelling batch {key}; the sensor brings in what it has answered."
    if batch.state == before.state:
        return f"Batch {key} is {batch.state}: it has ended, and there is nothing to cancel."
    return f"Batch {key} is {batch.state}. {batch.message or ''}".strip()


def _unknown(found: Named | None) -> list[str]:
    return [] if found is None or found.told is None else [found.told]
