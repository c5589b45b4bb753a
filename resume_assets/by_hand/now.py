"""`now`."""

from typing import Any

import dagster as dg
from pydantic import Field

from resume_assets.assets import OF_A_BATCH
from resume_assets.assets.fields import BadField
from resume_assets.assets.partitions import resume_batches
from resume_assets.assets.safely import safely
from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import BatchState
from resume_assets.batches.planning.decision import NoPlan
from resume_assets.batches.upkeep.at_once import begin, carry_out
from resume_assets.batches.upkeep.naming import typed_userids
from resume_assets.by_hand.candidates import ids_in
from resume_assets.by_hand.telling import tell
from resume_assets.resources import (
    BatchStoreResource,
    OpenAIResource,
    SettingsResource,
    SQLServerResource,
)
from resume_assets.words import counted, dollars


class NowConfig(dg.Config):
    """Whom to ask for."""

    userids: list[Any] = Field(
        default=[], description="Ids (userid) of candidates, as in [4711, 4712]; 50 at most."
    )


@dg.op(out=dg.Out(dg.Nothing))
def ask_now(
    context: dg.OpExecutionContext,
    config: NowConfig,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
    store: BatchStoreResource,
    openai: OpenAIResource,
) -> None:
    """Asks for these candidates one by one and writes their records; no value is shown here."""
    with safely("asking for candidates"):
        database, values = sqlserver.database(), settings.load()
        ids = ids_in(database, config.userids, "now")
        if not ids:
            raise BadField("userids is empty: it takes ids, as in [4711, 4712]. Nothing was done.")
        begun = begin(database, values, typed_userids(database, ids))
        lines = list(begun.chosen.refused.values())
        lines += [
            f"{userid} is done: the record is from the resume that is there."
            for userid in begun.chosen.done
        ]
        lines += [f"Batch {key} is asking for some of them." for key in begun.chosen.at_work]
        if isinstance(begun.plan, NoPlan):
            lines.append(begun.plan.why)
        figures: dict[str, Any] = {"records_written": 0}
        if begun.key is not None:
            context.instance.add_dynamic_partitions(resume_batches.name or "", [begun.key])
            with openai.api() as api:
                batch = carry_out(database, values, store.store(), api, begun.key)
            lines.append(_in_words(batch))
            if batch.state == BatchState.done:
                _tell_of_assets(context, batch.batch_key)
            figures = {"batch": batch.batch_key, "records_written": batch.succeeded or 0}
            if batch.batch_cost is not None:
                figures["cost_usd"] = float(batch.batch_cost)
    tell(context, lines, figures)


def _tell_of_assets(context: dg.OpExecutionContext, key: str) -> None:
    """Note with each asset that its partition is there, though no run of its own made it."""
    for asset in OF_A_BATCH:
        made = dg.AssetMaterialization(
            asset.key, partition=key, metadata={"in_words": "Made by the job `now`."}
        )
        context.log_event(made)


def _in_words(batch: batches.Batch) -> str:
    told = f"{counted(batch.succeeded or 0, 'record')} of {batch.rows_claimed:,} written"
    cost = "no price known" if batch.batch_cost is None else dollars(float(batch.batch_cost))
    if batch.batch_cost is not None:
        cost += f" {batches.service_of(batch).in_words}"
    return f"Batch {batch.batch_key}: {told}, {cost}. {batch.message or ''}".strip()


@dg.job(
    description="Ask for a few candidates at once, each by a request of its own instead of a batch "
    "(at the flex price where the model has it, else at the standard price), and write their "
    "records."
)
def now() -> None:
    """One step."""
    ask_now()
