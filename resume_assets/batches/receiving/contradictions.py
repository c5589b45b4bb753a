"""A contradiction: what OpenAI says of a batch and what it has do not agree.

The batch is looked at again, and a contradiction is believed only once it has lasted.

Reported of OpenAI and of gateways, each for a moment: a batch that ended and counts answers, and
names no file; a file that is named and not there; a batch that was accepted and is unknown.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from resume_assets.batches.ledger.batches import Batch

if TYPE_CHECKING:
    from openai.types import Batch as RemoteBatch


class Contradiction(StrEnum):
    """What does not add up; kept with the batch, for each kind is counted by itself."""

    answers_unnamed = "answers_unnamed"  # counted, so paid: waited for until a person gives up
    nothing_named = "nothing_named"  # nothing is counted as answered, and there is no file
    batch_unknown = "batch_unknown"
    file_not_there = "file_not_there"
    file_not_whole = "file_not_whole"  # cut within a line, or empty though answers are counted


PATIENCE = timedelta(hours=1)
"""A contradiction that has lasted so long, and through LEAST_LOOKS looks, is no passing one."""

LEAST_LOOKS = 3
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(hours=1)
_DOUBLINGS = 10  # until the pause is the longest one

NONE: dict[str, Any] = {
    "contradiction": None,
    "contradiction_since": None,
    "contradiction_looks": None,
}
"""The columns of a batch that has no contradiction."""


def unnamed_file(remote: RemoteBatch) -> Contradiction | None:
    """The contradiction, if any, in the object of an ended batch: it names no file it should.

    Counts prove something only where they claim something: absent ones, or ones that do not come
    to what was sent, prove nothing either way.
    """
    if remote.output_file_id or remote.status == "failed":  # the latter at validation: nothing ran
        return None
    counts = remote.request_counts
    answered = counts.completed if counts is not None else None
    failed = counts.failed if counts is not None else None
    if _is_some(answered):
        return Contradiction.answers_unnamed
    explained = bool(remote.error_file_id)
    expects_a_file = remote.status == "completed" or _is_some(failed)
    if answered is None or (expects_a_file and not explained):
        return Contradiction.nothing_named
    return None


def _is_some(count: object) -> bool:
    return isinstance(count, int) and count > 0


def seen_again(batch: Batch, kind: Contradiction, now: datetime) -> dict[str, Any]:
    """The batch's columns after one more look that found a contradiction of that kind."""
    same = batch.contradiction == kind
    return {
        "contradiction": kind,
        "contradiction_since": batch.contradiction_since if same else now,
        "contradiction_looks": batch.contradiction_looks + 1 if same else 1,
    }


def has_lasted(batch: Batch, now: datetime) -> bool:
    """Whether the batch's contradiction has lasted so long that it is believed."""
    looks, since = batch.contradiction_looks, batch.contradiction_since
    return batch.contradiction is not None and looks >= LEAST_LOOKS and since + PATIENCE <= now


def is_for_a_person(batch: Batch, now: datetime) -> bool:
    """Whether nothing but a person's word, or OpenAI's, ends the batch's contradiction."""
    return batch.contradiction == Contradiction.answers_unnamed and has_lasted(batch, now)


def is_due(batch: Batch, now: datetime) -> bool:
    """Whether to look at the batch now: each pause is twice the last, up to an hour."""
    if batch.contradiction is None:
        return True
    looks = batch.contradiction_looks
    growing, longest = min(looks, _DOUBLINGS), max(0, looks - _DOUBLINGS)
    pauses = _FIRST_PAUSE * (2**growing - 1) + _LONGEST_PAUSE * longest
    return bool(batch.contradiction_since + pauses <= now)
