"""`model_trial`: the same resumes through several models and prompts, apart from the real work."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from resume_assets.assets.candidates import aicandidate
from resume_assets.assets.partitions import GROUP, model_trials, partitioned_asset
from resume_assets.assets.reporting import Metadata, percent, table, timestamp
from resume_assets.assets.requests import Materialized
from resume_assets.assets.safely import safely
from resume_assets.errors import PlatformError
from resume_assets.resources import (
    BatchStoreResource,
    OpenAIResource,
    SettingsResource,
    SQLServerResource,
)
from resume_assets.trials.advancing import advance
from resume_assets.trials.pages import page_path, write_page
from resume_assets.trials.progress import TrialState, state_of
from resume_assets.trials.report import TrialReport, VariantReport, from_json
from resume_assets.trials.report_text import lines_of
from resume_assets.trials.statistics import Figure


class HeldUp(PlatformError):
    """Something of the trial could not go on; the rest of it did."""


@partitioned_asset(
    partitions_def=model_trials, group_name=GROUP, kinds={"openai"}, deps=[aicandidate]
)
def model_trial(
    context: dg.AssetExecutionContext,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
    store: BatchStoreResource,
    openai: OpenAIResource,
) -> Materialized:
    """Sends one sample of resumes through several models and prompts, and compares the answers.

    `resume-assets trial` draws the sample and creates the partition. A run brings the trial as far
    as it gets; nothing is materialized before all of it is in. No candidate is claimed or changed.
    """
    key = context.partition_key
    with safely("advancing the trial"):
        database, values = sqlserver.database(), settings.load()
        state = database.read(lambda connection: state_of(connection, database, key))
        if not state.is_done:
            with openai.api() as api:
                state = advance(database, values, store.store(), api, key)
        if state.problems:
            raise HeldUp("\n".join(state.problems))
    if not state.is_done:
        context.log.info("Trial %s is under way. %s", key, state.waits or "")
        return
    report = from_json(state.trial.report)
    page = page_path(values, key)
    with safely("writing the trial's page"):
        write_page(page, report)
    yield dg.MaterializeResult(metadata=_metadata(report, state, page))


def _metadata(report: TrialReport, state: TrialState, page: Path) -> Metadata:
    metadata: Metadata = {
        "resumes": report.resumes,
        "resumes_changed": report.changed,
        "variants": table(
            (_row(variant) for variant in report.variants),
            variant="string",
            usable="string",
            coverage="string",
            borne_out="string",
            f1="string",
            usd_per_thousand="string",
            input_tokens="int",
            output_tokens="int",
        ),
        "report": dg.MetadataValue.md("```\n" + "\n".join(lines_of(report)) + "\n```"),
        "page": dg.MetadataValue.path(str(page)),
        "created_at": timestamp(state.trial.created_at),
    }
    for variant in report.variants:
        metadata |= {f"{variant.name}: {what}": value for what, value in _figures(variant)}
    return metadata


def _figures(variant: VariantReport) -> Iterator[tuple[str, float | str]]:
    """What plots, by its name."""
    for what, figure in (
        ("usable, percent", variant.usable),
        ("coverage, percent", variant.coverage),
        ("values borne out, percent", variant.borne_out),
        ("F1, percent", _f1(variant)),
    ):
        if figure is not None:
            yield what, percent(figure.value)
    yield (
        "USD per thousand resumes",
        "no price known"
        if variant.cost_per_thousand_usd is None
        else variant.cost_per_thousand_usd,
    )
    if variant.seconds is not None:
        yield "seconds to the end", variant.seconds


def _row(variant: VariantReport) -> dict[str, str | int]:
    cost = variant.cost_per_thousand_usd
    return {
        "variant": variant.name,
        "usable": _percent(variant.usable),
        "coverage": _percent(variant.coverage),
        "borne_out": _percent(variant.borne_out),
        "f1": _percent(_f1(variant)),
        "usd_per_thousand": "no price known" if cost is None else f"{cost:,.2f}",
        "input_tokens": variant.input_tokens,
        "output_tokens": variant.output_tokens,
    }


def _f1(variant: VariantReport) -> Figure | None:
    return None if variant.quality is None else variant.quality.f1


def _percent(figure: Figure | None) -> str:
    return "-" if figure is None else f"{figure.value:.1%}"
