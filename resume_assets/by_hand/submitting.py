"""`submit`."""

import dagster as dg
from pydantic import Field

from resume_assets.assets.fields import within
from resume_assets.assets.partitions import resume_batches
from resume_assets.assets.requests import MOST_ROWS, PlanRefused, usual_size
from resume_assets.assets.safely import safely
from resume_assets.batches.planning.decision import NoPlan, Stop
from resume_assets.batches.planning.planner import plan_batch
from resume_assets.batches.upkeep.at_once import MOST
from resume_assets.by_hand.telling import tell
from resume_assets.resources import SettingsResource, SQLServerResource
from resume_assets.words import counted

_NEXT = (
    "batch_completion_sensor requests its run, of submit_batch, within three minutes, and brings "
    "it in once it has ended."
)


class SubmitConfig(dg.Config):
    """How many to send."""

    batch_size: int = Field(
        default=usual_size(),
        description="Resumes to send, at most: 1 to 10,000,000, in one file of 50,000 at most.",
    )
    finish_now: int = Field(
        default=0,
        description="So many of its unusable ones are asked again at once, by a request each, when "
        "it has come back: 0 to 50.",
    )


@dg.op(out=dg.Out(dg.Nothing))
def plan_a_batch(
    context: dg.OpExecutionContext,
    config: SubmitConfig,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
) -> None:
    """Plans a batch of the newest resumes that wait; the sensor takes it from there."""
    with safely("planning a batch"):
        within("batch_size", config.batch_size, 1, MOST_ROWS)
        within("finish_now", config.finish_now, 0, MOST)
        decision = plan_batch(
            sqlserver.database(),
            settings.load(),
            rows=config.batch_size,
            origin="manual",
            finish_now=config.finish_now or None,
        )
        if isinstance(decision, NoPlan):
            if decision.stop is not Stop.nothing_waiting:
                raise PlanRefused(f"No batch is planned: {decision.why}")
            tell(context, [decision.why])
            return
        context.instance.add_dynamic_partitions(resume_batches.name or "", [decision.key])
    planned = f"Batch {decision.key} is planned for {counted(decision.plan.rows, 'resume')}."
    tell(context, [planned, _NEXT], {"batch": decision.key, "resumes": decision.plan.rows})


@dg.job(
    description="Send a batch of so many waiting resumes, the newest first. It has no partition to "
    "choose: a new one is made, and its run is on the page of submit_batch within three minutes."
)
def submit() -> None:
    """One step."""
    plan_a_batch()
