"""The six assets of a batch, and the candidate table that they start from, by stage.

They hold no logic of their own: the work is done in `batches`, and reported here.
"""

from resume_assets.assets.answers import batch_cost, batch_output, updated_candidate_records
from resume_assets.assets.candidates import aicandidate
from resume_assets.assets.partitions import resume_batches
from resume_assets.assets.requests import batch_requests, submitted_batch, unprocessed_resumes

__all__ = [
    "aicandidate",
    "batch_cost",
    "batch_output",
    "batch_requests",
    "resume_batches",
    "submitted_batch",
    "unprocessed_resumes",
    "updated_candidate_records",
]
