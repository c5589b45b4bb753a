"""The two jobs of a batch, one run each; between them OpenAI takes up to a day.

And those of what stands apart: trials, imports, exports.
"""

import dagster as dg

from resume_assets.assets import (
    batch_cost,
    batch_output,
    batch_requests,
    exported_records,
    imported_resumes,
    model_trial,
    submitted_batch,
    unprocessed_resumes,
    updated_candidate_records,
)
from resume_assets.batches.planning.runs import Stage

# A run that failed is asked for again by the ledger's own rules, never by Dagster's as well.
_NO_RETRIES = {"dagster/max_retries": "0"}

submit_batch = dg.define_asset_job(
    Stage.submit.value,
    selection=[unprocessed_resumes, batch_requests, submitted_batch],
    tags=_NO_RETRIES,
    description="Claim resumes, build their request file, hand it to OpenAI. Each partition is a "
    "batch; the job `submit` begins a new one.",
)

collect_batch = dg.define_asset_job(
    Stage.collect.value,
    selection=[batch_output, updated_candidate_records, batch_cost],
    tags=_NO_RETRIES,
    description="Download the answers of a batch that ended, write the records, add up the cost.",
)

run_model_trial = dg.define_asset_job(
    Stage.trial.value,
    selection=[model_trial],
    tags=_NO_RETRIES,
    description="Bring a trial as far as it gets: send what may be sent, bring in what ended, "
    "compare once all is in.",
)

export_day = dg.define_asset_job(
    "export_day",
    selection=[exported_records],
    tags=_NO_RETRIES,
    description="Write the records of a day into a file. Each partition is a day; the job `export` "
    "writes all, or some, at once.",
)

import_delivery = dg.define_asset_job(
    "import_delivery",
    selection=[imported_resumes],
    tags=_NO_RETRIES,
    description="Import what is new in RESUME_IMPORT_FOLDER. Each partition is a delivery, which "
    "import_sensor makes; the job `import_resumes` takes any folder.",
)
