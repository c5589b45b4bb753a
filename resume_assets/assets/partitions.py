"""One partition is one batch, with one request file; of `model_trial`, one trial.

Of `imported_resumes`, one delivery; of `exported_records`, one day.

`aicandidate` alone has none.
"""

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import dagster as dg

from resume_assets.batches.planning.runs import Stage

GROUP = "resume_batches"
OWNERS = ["team:recruiting-data"]

resume_batches = dg.DynamicPartitionsDefinition(name="resume_batches")

_TOGETHER = 1_000  # keys that go into one statement of Dagster's: databases limit its parameters

TRIALS = "model_trials"
model_trials = dg.DynamicPartitionsDefinition(name=TRIALS)


DELIVERIES = "resume_deliveries"
deliveries = dg.DynamicPartitionsDefinition(name=DELIVERIES)
"""Of `imported_resumes`."""

days = dg.DailyPartitionsDefinition(start_date="2026-11-01")
"""Of `exported_records`: not by batch, for a record may be written again, corrected or put back.

From the month of our first release. An asset that has no partitions would have no place here: above
those of a batch it makes all of them stale, below them it is stale with each new one.
"""


def partitions_of(stage: Stage) -> dg.DynamicPartitionsDefinition:
    """The partitions that the job of this stage has."""
    return model_trials if stage is Stage.trial else resume_batches


def take_away(
    instance: dg.DagsterInstance, keys: Iterable[str], most: int | None = None
) -> list[str]:
    """Take these batches' partitions, at most so many, out of Dagster's lists; those that went.

    What Dagster noted of them stays in its storage, and is shown again after `bring_back`.
    """
    name = resume_batches.name or ""
    there = set(instance.get_dynamic_partitions(name))
    gone = [key for key in keys if key in there][:most]
    for key in gone:
        instance.delete_dynamic_partition(name, key)
    return gone


def bring_back(instance: dg.DagsterInstance, keys: Iterable[str]) -> list[str]:
    """Add the partitions of these batches; those that were not there."""
    name = resume_batches.name or ""
    there = set(instance.get_dynamic_partitions(name))
    back = [key for key in keys if key not in there]
    for start in range(0, len(back), _TOGETHER):
        instance.add_dynamic_partitions(name, back[start : start + _TOGETHER])
    return back


def drop_empty(context: dg.AssetExecutionContext) -> None:
    """Take the partition of an empty batch away: nothing will ever be materialized for it.

    It would stay missing, and grey, at six assets. Where it is added again, it is planned anew.
    """
    key = context.partition_key
    take_away(context.instance, [key])
    context.log.info(f"Batch {key} is empty: no resume was waiting. Its partition is taken away.")


def batch_asset(
    *kinds: str, after: dg.AssetsDefinition | dg.AssetSpec, code_version: str | None = None
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Decorate an asset of a batch; where it yields nothing, Dagster skips those downstream.

    `code_version`: of what it depends on besides the data, see `versions`.
    """
    return partitioned_asset(
        partitions_def=resume_batches,
        code_version=code_version,
        group_name=GROUP,
        kinds=set(kinds),
        deps=[after],
    )


def partitioned_asset(**what: Any) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """`dg.asset` as ours are: nothing may come of a run, and a run is for one partition.

    A backfill of many partitions is so many runs, and the UI does not offer a single one.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # the policy: it says what is so anyway
        decorator: Callable[[Callable[..., Any]], dg.AssetsDefinition] = dg.asset(
            owners=OWNERS,
            output_required=False,
            backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=1),
            **what,
        )
    return decorator
