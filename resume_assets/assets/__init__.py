"""The six assets of a batch, the candidate table that they start from; apart, trials and doors.

They hold no logic of their own: the work is done in `batches`, and reported here.
"""

from resume_assets.assets.answers import batch_cost, batch_output, updated_candidate_records
from resume_assets.assets.candidates import aicandidate
from resume_assets.assets.documents import imported_resumes
from resume_assets.assets.exports import exported_records
from resume_assets.assets.partitions import model_trials, resume_batches
from resume_assets.assets.requests import batch_requests, submitted_batch, unprocessed_resumes
from resume_assets.assets.trials import model_trial

OF_A_BATCH = (
    unprocessed_resumes,
    batch_requests,
    submitted_batch,
    batch_output,
    updated_candidate_records,
    batch_cost,
)
"""The way of a batch, from its resumes to its bill."""

OURS = (
    *OF_A_BATCH,
    model_trial,
    imported_resumes,
    exported_records,
)
"""The assets that this platform materializes, in their order; those apart last."""

__all__ = [
    "OF_A_BATCH",
    "OURS",
    "aicandidate",
    "batch_cost",
    "batch_output",
    "batch_requests",
    "exported_records",
    "imported_resumes",
    "model_trial",
    "model_trials",
    "resume_batches",
    "submitted_batch",
    "unprocessed_resumes",
    "updated_candidate_records",
]
