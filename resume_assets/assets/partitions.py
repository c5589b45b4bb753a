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


def batch_asset(
    *kinds: str, after: dg.AssetsDefinition | dg.AssetSpec
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Decorate an asset of a batch; where it yields nothing, Dagster skips those downstream."""
    return dg.asset(
        partitions_def=resume_batches,
        group_name=GROUP,
        owners=OWNERS,
        kinds=set(kinds),
        deps=[after],
        output_required=False,
    )
