"""What came of a batch that is closed now: looked at once, when it is."""

from collections.abc import Iterator

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.attempts import given_up
from resume_assets.batches.ledger.batches import Batch
from resume_assets.batches.ledger.states import BatchState
from resume_assets.batches.receiving.tracking import LOST
from resume_assets.batches.records.auditing import borne_out
from resume_assets.batches.upkeep.people import CALLED_OFF
from resume_assets.database.connect import Database
from resume_assets.notifying.matters import Kind, Matter
from resume_assets.settings import Settings


def of_closed(
    connection: sa.Connection, database: Database, settings: Settings, batch: Batch
) -> Iterator[Matter]:
    """What people are to be told of it; nothing of what they did themselves."""
    key, items = batch.batch_key, batches.items_of(database, batch.trial_key)
    reasons = batches.count_reasons(connection, items, key)
    # Of a few candidates that a person asks for, it is that person who is told.
    failure = None if batches.is_synchronous(batch) else why_failed(batch, reasons)
    if failure is not None:
        look = f"check {key}" if batch.trial_key is None else f"trial {batch.trial_key}"
        yield _matter(Kind.batch_failed, batch, f"Batch {key} {failure}", f"resume-assets {look}")
    if batch.trial_key is not None or batch.state != BatchState.done:
        return
    if batch.low_borne_out:
        share = borne_out(connection, database, key).share or 0.0
        yield _matter(
            Kind.little_borne_out,
            batch,
            f"Of the values that batch {key} wrote, {share:.1%} stand in the resumes, less than "
            f"RESUME_BORNE_OUT_SHARE ({settings.borne_out_share:.0%}). The records are written; "
            "the check values_borne_out names columns. This puts back what stood there before:",
            f"resume-assets undo {key}",
        )
    people = sum(
        1 for _ in given_up(connection, database, max_attempts=settings.max_attempts, batch_key=key)
    )
    if people:
        yield _matter(
            Kind.given_up,
            batch,
            f"{people:,} {'candidate' if people == 1 else 'candidates'} of batch {key} used up "
            "the attempts and will not be sent again by themselves; `resume-assets status` names "
            "them. What the table refused is kept: mend the table and materialize "
            "updated_candidate_records again. All others are sent again by:",
            "resume-assets retry",
        )


def why_failed(batch: Batch, reasons: dict[str, int]) -> str | None:
    """How a closed batch failed, and what became of its resumes; None where it did not.

    `reasons`: of its requests that gave no record, as `batches.count_reasons` counts them.
    """
    back = batches.fate_of_unsent(batch, batches.to_be_written(batch) or batch.rows_planned)
    if batch.state == BatchState.abandoned:
        if (batch.message or "").startswith(CALLED_OFF):
            return None
        return f"could not be sent and was given up; nothing is paid, its resumes {back}."
    if batch.state != BatchState.done:
        return None
    requests, written = batch.requests or 0, batch.succeeded or 0
    wanted = batches.to_be_written(batch)
    if batch.openai_status == "failed":
        return f"was turned down as a whole; nothing of it ran, its {requests:,} resumes {back}."
    if batch.openai_status == LOST:
        return f"is no longer known to its server; its {requests:,} resumes {back}."
    if batches.nothing_usable(batch, reasons):
        return f"brought {requests:,} answers of which none is usable. They are kept and paid."
    if batch.openai_status == "expired":
        return (
            f"was not ended in time: {written:,} of {wanted:,} records are written, the "
            "requests that were not run wait again."
        )
    if batch.low_share:
        return (
            f"brought few usable answers: {written:,} of {wanted:,} records are written, less "
            "than RESUME_USABLE_SHARE."
        )
    return None


def _matter(kind: Kind, batch: Batch, what: str, command: str) -> Matter:
    about = (batch.batch_key, str(batch.try_number))
    return Matter(kind, about, what, command, batch.batch_key)
