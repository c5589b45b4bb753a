"""What is wrong with a batch that is not closed; decided by its row, the time and the settings."""

from datetime import datetime, timedelta
from typing import Any

from resume_assets.batches.ledger.batches import Batch, is_synchronous
from resume_assets.batches.ledger.states import AFTER_ENDED, BEFORE_SUBMITTED, BatchState
from resume_assets.batches.planning.planner import is_stuck, of_azure
from resume_assets.batches.receiving.contradictions import is_for_a_person
from resume_assets.notifying.matters import Kind, Matter
from resume_assets.settings import Settings

LATE = timedelta(hours=3)
"""So long after it was due, what nobody has brought on is not merely waiting for its turn."""


def of_open(batch: Batch, now: datetime, settings: Settings, *, stopped: bool) -> Matter | None:
    """What people are to be told of a batch that is planned, out, or ended and not brought in.

    `stopped`: whether planning is; then what is not sent yet waits for that, and is not late.
    """
    if batch.state == BatchState.submitted:
        return _out(batch, now, settings)
    if batch.state in AFTER_ENDED:
        if batch.ended_at is None or batch.ended_at > now - LATE:
            return None
        return _matter(
            Kind.batch_late,
            batch,
            f"ended at {_server(batch)} {_since(batch.ended_at)} and is not brought in. Its "
            "answers are kept there or here; nothing is sent again.",
            _bring_on(batch),
            "not_in",
        )
    if batch.state in BEFORE_SUBMITTED and not stopped:
        return _unsent(batch, now, settings)
    return None


def _out(batch: Batch, now: datetime, settings: Settings) -> Matter | None:
    cancel = f"resume-assets cancel {batch.batch_key}"
    if is_for_a_person(batch, now):
        return _matter(
            Kind.batch_stuck,
            batch,
            f"has answers by the count of {_server(batch)}, which names no file with them "
            f"{_since(batch.contradiction_since)}. Nothing is sent again; `resume-assets check "
            f"{batch.batch_key}` looks again, the command below gives its resumes back, to be "
            "paid for again.",
            f"{cancel} --give-up",
            "answers_unnamed",
        )
    if is_stuck(batch, now, settings):
        return _matter(
            Kind.batch_late if settings.is_azure else Kind.batch_stuck,
            batch,
            f"has been out for over {settings.stuck_hours:g} hours ({batch.openai_status} at "
            f"{_server(batch)}).{of_azure(settings)} Its {batch.requests or 0:,} resumes stay "
            "claimed; what is answered by then comes in when it is called back.",
            cancel,
            "out",
        )
    return None


def _unsent(batch: Batch, now: datetime, settings: Settings) -> Matter | None:
    if batch.state == BatchState.submitting and not is_synchronous(batch):
        doubt = timedelta(seconds=settings.doubt_seconds)
        if batch.intent_at is None or batch.intent_at > now - LATE - doubt:
            return None
        return _matter(
            Kind.batch_in_doubt,
            batch,
            f"may or may not have been accepted: its creation has had no answer "
            f"{_since(batch.intent_at)}. It is not created again before that is settled.",
            _bring_on(batch),
            "doubt",
        )
    if batch.state == BatchState.quota or batch.quota_tries:
        waits = timedelta(hours=settings.stuck_hours)
        if batch.planned_at > now - waits:
            return None
        why = f"has waited for room in the server's queue {_since(batch.planned_at)}"
    else:
        asked = max(batch.planned_at, batch.requested_at or batch.planned_at)
        if asked > now - LATE:
            return None
        why = f"is planned {_since(batch.planned_at)} and not sent"
    if is_synchronous(batch):
        why = f"was to be asked one by one {_since(batch.planned_at)}, and is not through"
    paid = "what was answered is kept" if batch.submitted_at else "nothing is paid yet"
    return _matter(
        Kind.batch_late,
        batch,
        f"{why}. Its resumes stay claimed, and {paid}.",
        _bring_on(batch),
        "unsent",
    )


def _matter(kind: Kind, batch: Batch, what: str, command: str, which: str) -> Matter:
    about = (batch.batch_key, str(batch.try_number), which)
    return Matter(kind, about, f"Batch {batch.batch_key} {what}", command, batch.batch_key)


def _bring_on(batch: Batch) -> str:
    if batch.trial_key is not None:
        return f"resume-assets trial {batch.trial_key}"
    if batch.state in BEFORE_SUBMITTED and is_synchronous(batch):
        return "resume-assets now"
    if batch.state in BEFORE_SUBMITTED:
        return f"resume-assets submit --batch {batch.batch_key}"
    return f"resume-assets check {batch.batch_key}"


def _server(batch: Batch) -> str:
    """What people call the batch's server."""
    endpoint: Any = batch.endpoint
    return "OpenAI" if endpoint is None or "api.openai.com" in endpoint else str(endpoint)


def _since(when: datetime) -> str:
    return f"since {when:%Y-%m-%d %H:%M} UTC"
