"""The users' own table: where resumes come from and records go. We never materialize it."""

import dagster as dg

from resume_assets.assets.partitions import GROUP, OWNERS

aicandidate = dg.AssetSpec(
    "aicandidate",
    group_name=GROUP,
    owners=OWNERS,
    kinds={"sqlserver", "table"},
    description=(
        "The recruiters' table of candidates: a resume as text, and some ninety columns that the "
        "platform fills. `updated_candidate_records` writes back into it."
    ),
    metadata={"dagster/table_name": "dbo.aicandidate"},
)
