"""`trial`."""

import secrets
from typing import Any

import dagster as dg
from pydantic import Field

from resume_assets.assets.fields import DRY_RUN, texts, within
from resume_assets.assets.partitions import model_trials
from resume_assets.assets.reporting import table
from resume_assets.assets.safely import safely
from resume_assets.by_hand.telling import tell
from resume_assets.resources import SettingsResource, SQLServerResource
from resume_assets.trials import creating
from resume_assets.trials.variants import variants_of
from resume_assets.words import counted, dollars

_MOST = 50_000
_SEEDS = 2**31
_NEXT = "The sensor requests its first run within a minute; so does materializing model_trial."


class TrialConfig(dg.Config):
    """What to compare, and on how many resumes."""

    models: list[Any] = Field(
        default=[],
        description="Models to compare, as in [gpt-4o-mini-2024-07-18, gpt-6-luna]; none: "
        "RESUME_MODEL alone.",
    )
    prompts: list[Any] = Field(
        default=[],
        description="Prompts to compare, by name or path, as in [lean, detailed]; none: "
        "RESUME_PROMPT alone.",
    )
    sample: int = Field(default=200, description="Resumes, drawn at random: 1 to 50,000.")
    seed: int | None = Field(
        default=None, description="For the same sample again; made up if not given."
    )
    dry_run: bool = DRY_RUN


@dg.op(out=dg.Out(dg.Nothing))
def begin_a_trial(
    context: dg.OpExecutionContext,
    config: TrialConfig,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
) -> None:
    """Draws the sample and writes the trial down; the sensor takes it from there."""
    with safely("beginning a trial"):
        within("sample", config.sample, 1, _MOST)
        within("seed", config.seed, 0, _SEEDS - 1)
        models, prompts = texts("models", config.models), texts("prompts", config.prompts)
        database, values = sqlserver.database(), settings.load()
        variants = variants_of(values, models, prompts)
        seed = secrets.randbelow(_SEEDS) if config.seed is None else config.seed
        found = creating.estimates(database, values, variants, size=config.sample, seed=seed)
        tried = counted(len(variants), "variant")
        figures: dict[str, Any] = {"seed": seed, "variants": _table(found)}
        if config.dry_run:
            lines = [
                f"{found[0].requests:,} resumes, drawn with seed {seed}; {tried}.",
                "Nothing was sent, written or claimed: set dry_run to false to begin.",
            ]
        else:
            key, size = creating.create(database, values, variants, size=config.sample, seed=seed)
            context.instance.add_dynamic_partitions(model_trials.name or "", [key])
            figures["trial"] = key
            lines = [
                f"Trial {key} has begun: {size:,} resumes, {tried}.",
                _NEXT,
            ]
    tell(context, lines, figures)


def _table(found: list[creating.Estimate]) -> dg.TableMetadataValue:
    return table(
        (
            {
                "variant": one.variant.name,
                "requests": one.requests,
                "input_tokens": one.input_tokens,
                "cost": dollars(one.cost),
            }
            for one in found
        ),
        variant="string",
        requests="int",
        input_tokens="int",
        cost="string",
    )


@dg.job(
    description="Compare models or prompts on the same random resumes, apart from the real work: "
    "no candidate is claimed or changed. With dry_run, the default, it only tells what each "
    "variant will cost. The results stand at the asset model_trial."
)
def trial() -> None:
    """One step."""
    begin_a_trial()
