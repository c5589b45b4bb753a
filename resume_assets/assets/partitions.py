"""One partition is one batch, with one request file; of `model_trial`, one trial.

`aicandidate` alone has none.
"""

from collections.abc import Callable
from typing import Any

import dagster as dg

GROUP = "resume_batches"
OWNERS = ["team:recruiting-data"]

resume_batches = dg.DynamicPartitionsDefinition(name="resume_batches")

TRIALS = "model_trials"
model_trials = dg.DynamicPartitionsDefinition(name=TRIALS)


ONE_BY_ONE = dg.BackfillPolicy.multi_run(max_partitions_per_run=1)
"""A run is for one partition, so that a backfill of many is as many runs as were chosen."""


def batch_asset(
    *kinds: str, after: dg.AssetsDefinition | dg.AssetSpec, code_version: str | None = None
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Decorate an asset of a batch; where it yields nothing, Dagster skips those downstream.

    `code_version`: of what it depends on besides the data, see `versions`.
    """
    return dg.asset(
        partitions_def=resume_batches,
        backfill_policy=ONE_BY_ONE,
        code_version=code_version,
        group_name=GROUP,
        owners=OWNERS,
        kinds=set(kinds),
        deps=[after],
        output_required=False,
    )
