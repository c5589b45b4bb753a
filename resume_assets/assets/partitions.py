"""One partition is one batch is one request file; every asset but the users' table has them."""

from collections.abc import Callable
from typing import Any

import dagster as dg

GROUP = "resume_batches"
OWNERS = ["team:recruiting-data"]

resume_batches = dg.DynamicPartitionsDefinition(name="resume_batches")


def batch_asset(
    *kinds: str, after: dg.AssetsDefinition | dg.AssetSpec
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Decorate a step of a batch; where it yields nothing, what comes after it is skipped."""
    return dg.asset(
        partitions_def=resume_batches,
        group_name=GROUP,
        owners=OWNERS,
        kinds=set(kinds),
        deps=[after],
        output_required=False,
    )
