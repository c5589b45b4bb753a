"""How the commands speak: short lines on standard output, problems on standard error."""

from typing import Any

import click

from resume_assets.batches.ledger import batches


def say(line: str = "") -> None:
    """A line of the answer."""
    click.echo(line)


def warn(line: str) -> None:
    """A line about a problem."""
    click.echo(line, err=True)


def dollars(amount: float | None) -> str:
    """An amount as people read it: cents are too coarse for a resume."""
    if amount is None:
        return "no price known"
    return f"${amount:,.2f}" if amount >= 1 else f"${amount:.4f}"


def describe(batch: batches.Batch) -> str:
    """One line on a batch: key, state, OpenAI's id and status, and counts."""
    parts = [f"{batch.batch_key}  {batch.state}"]
    if batch.openai_batch_id:
        parts.append(f"{batch.openai_batch_id} ({batch.openai_status})")
    parts.append(_counts(batch))
    if batch.message:
        parts.append(str(batch.message))
    return "  ".join(part for part in parts if part)


def how_to_send(batch: batches.Batch) -> str:
    """The command that sends a batch which is not at OpenAI yet, or settles whether it is."""
    if batch.trial_key is not None:
        return f"`resume-assets trial {batch.trial_key}` goes on with it."
    return f"`resume-assets submit --batch {batch.batch_key}` goes on with it."


def _counts(batch: Any) -> str:
    if batch.succeeded is not None:
        return f"{batch.succeeded} of {batch.requests} records written"
    if batch.requests_completed is not None:
        done = batch.requests_completed + (batch.requests_failed or 0)
        return f"{done} of {batch.requests} answered"
    if batch.requests is not None:
        return f"{batch.requests} requests"
    return f"{batch.rows_claimed} resumes" if batch.rows_claimed is not None else ""
