"""`reprocess`."""

import dagster as dg
from pydantic import Field

from resume_assets.assets.fields import DRY_RUN, required, within
from resume_assets.assets.safely import safely
from resume_assets.batches.upkeep import reprocessing
from resume_assets.by_hand.telling import tell
from resume_assets.resources import SettingsResource, SQLServerResource
from resume_assets.words import dollars


class ReprocessConfig(dg.Config):
    """Which records to have read again."""

    model_was: str = Field(
        default="", description="Records that this model read last, as in gpt-4o-mini-2024-07-18."
    )
    below_borne_out: float | None = Field(
        default=None,
        description="Only records of whose values a smaller share than this (0 to 1) stands in the "
        "resume.",
    )
    limit: int | None = Field(default=None, description="So many records, by id; none: all.")
    dry_run: bool = DRY_RUN


@dg.op(out=dg.Out(dg.Nothing))
def put_back_into_the_queue(
    context: dg.OpExecutionContext,
    config: ReprocessConfig,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
) -> None:
    """Puts the candidates of these records back into the queue; the records stay until then."""
    with safely("putting records back into the queue"):
        model = required("model_was", config.model_was, "the name of the model that read them")
        within("below_borne_out", config.below_borne_out, 0, 1)
        within("limit", config.limit, 1)
        database, values = sqlserver.database(), settings.load()
        found = reprocessing.readable(
            database, model, limit=config.limit, below=config.below_borne_out
        )
        lines = [f"{len(found.rows):,} records that {model} read are to be read by {values.model}."]
        figures: dict[str, float] = {"records": len(found.rows), "left_alone": found.changed}
        if found.changed:
            lines.append(
                f"{found.changed:,} are left alone: another program has set their LastProcessed "
                "since."
            )
        if found.rows:
            queue = reprocessing.estimated(database, values, found.rows)
            each = queue.cost_per_row
            cost = None if each is None else each * queue.waiting
            lines.append(f"That is estimated to cost {dollars(cost)} as batches.")
            if cost is not None:
                figures["estimated_cost_usd"] = cost
        if config.dry_run or not found.rows:
            lines.append("Nothing was changed: set dry_run to false to put them back.")
        else:
            userids = [row.userid for row in found.rows]
            count = reprocessing.put_back(database, model, userids)
            figures["put_back"] = count
            lines.append(f"{count:,} are in the queue again, and go with the next batches.")
    tell(context, lines, figures)


@dg.job(
    description="Have records of a former model read again by the present one. What people "
    "corrected is kept, and what is overwritten can be undone. With dry_run, the default, it only "
    "tells how many, and what they will cost."
)
def reprocess() -> None:
    """One step."""
    put_back_into_the_queue()
