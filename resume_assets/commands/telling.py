"""A batch in one line, for people, and as facts, for programs."""

from typing import Any

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import AFTER_ENDED, BEFORE_SUBMITTED
from resume_assets.words import counted


def describe(batch: batches.Batch) -> str:
    """One line on a batch: key, state, OpenAI's id and status, and counts."""
    parts = [f"{batch.batch_key}  {batch.state}"]
    if batch.openai_batch_id:
        parts.append(f"{batch.openai_batch_id} ({batch.openai_status})")
    parts.append(_counts(batch))
    if batch.message:
        parts.append(str(batch.message))
    return "  ".join(part for part in parts if part)


def facts_of(batch: batches.Batch) -> dict[str, Any]:
    """What `describe` tells and a little more, as JSON can hold it: see docs/json.md."""
    return {
        "batch_key": batch.batch_key,
        "trial_key": batch.trial_key,
        "state": batch.state,
        "openai_batch_id": batch.openai_batch_id,
        "openai_status": batch.openai_status,
        "service": batches.service_of(batch).value,
        "resumes": batch.rows_claimed,
        "requests": batch.requests,
        "reused": batch.reused,
        "answered": _answered(batch),
        "succeeded": batch.succeeded,
        "cost_usd": None if batch.batch_cost is None else float(batch.batch_cost),
        "reuse_saving_usd": None if batch.reuse_saving is None else float(batch.reuse_saving),
        "message": batch.message,
        "line": describe(batch),
        "next": next_for(batch),
    }


def how_to_send(batch: batches.Batch) -> str:
    """The command that sends a batch which is not at OpenAI yet, or settles whether it is."""
    return f"`{_send(batch)}` goes on with it."


def next_for(batch: batches.Batch) -> str | None:
    """The command that goes on with the batch; None where it is OpenAI's turn, or nobody's."""
    if batch.state in BEFORE_SUBMITTED:
        return _send(batch)
    return f"resume-assets check {batch.batch_key}" if batch.state in AFTER_ENDED else None


def _send(batch: batches.Batch) -> str:
    if batches.is_synchronous(batch):
        return "resume-assets now"
    if batch.trial_key is not None:
        return f"resume-assets trial {batch.trial_key}"
    return f"resume-assets submit --batch {batch.batch_key}"


def _answered(batch: batches.Batch) -> int | None:
    if batch.requests_completed is None:
        return None
    return int(batch.requests_completed + (batch.requests_failed or 0))


def _reused(batch: Any) -> str:
    return f", {counted(batch.reused, 'answer')} reused" if batch.reused else ""


def _counts(batch: Any) -> str:
    if batch.succeeded is not None:
        wanted = batches.to_be_written(batch)
        return f"{batch.succeeded:,} of {counted(wanted, 'record')} written{_reused(batch)}"
    answered = _answered(batch)
    if answered is not None:
        return f"{answered:,} of {batch.requests:,} answered{_reused(batch)}"
    if batch.requests is not None:
        return f"{counted(batch.requests, 'request')}{_reused(batch)}"
    return "" if batch.rows_claimed is None else counted(batch.rows_claimed, "resume")
