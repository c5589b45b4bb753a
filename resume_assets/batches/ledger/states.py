"""The states of a batch and of an item, and what follows from each.

A batch moves down the list. It goes back only where nothing of it ran at OpenAI: to `quota` or
`built` to be created again, to `claimed` where its file is split, to `planned` where the key of an
`empty` or `abandoned` batch is planned anew. "Out" means `submitted`.

An item is open while `claimed` or `submitted` and ends in exactly one other state.
"""

from enum import StrEnum


class BatchState(StrEnum):
    """Where a batch stands in our own flow; OpenAI's status has a column of its own."""

    planned = "planned"  # the row exists; rows, tokens and money are reserved
    claimed = "claimed"  # its candidates are chosen and in no other open batch
    built = "built"  # its request file is complete
    submitting = "submitting"  # the intent to create it is noted; OpenAI may have it or not
    quota = "quota"  # OpenAI's queue is full; created again later
    submitted = "submitted"  # OpenAI has it and has not ended it
    ended = "ended"  # OpenAI ended it, in whatever way
    collected = "collected"  # output and error file are kept here, outcomes are counted
    applied = "applied"  # records are written, every item is closed
    done = "done"  # and the invoice is settled
    empty = "empty"  # nothing waited when it claimed
    abandoned = "abandoned"  # it could not be submitted; its claims were released


BEFORE_SUBMITTED = frozenset(
    {
        BatchState.planned,
        BatchState.claimed,
        BatchState.built,
        BatchState.submitting,
        BatchState.quota,
    }
)
"""Nothing is known to run at OpenAI yet; where its run died, another is requested."""

IN_FLIGHT = BEFORE_SUBMITTED | {BatchState.submitted}
"""Planned or out: counts against the batches and tokens that are allowed at once."""

AFTER_ENDED = frozenset({BatchState.ended, BatchState.collected, BatchState.applied})
"""Ended at OpenAI, not settled here: `collect_batch` has work to do."""

OPEN = IN_FLIGHT | AFTER_ENDED
"""Holds claims or has work left."""

APPLIED = frozenset({BatchState.applied, BatchState.done})
"""The records are written."""

CLOSED = frozenset({BatchState.done, BatchState.empty, BatchState.abandoned})


class ItemState(StrEnum):
    """One candidate's way through one batch."""

    claimed = "claimed"
    submitted = "submitted"
    succeeded = "succeeded"  # the record is written
    undone = "undone"  # it was written, and a person had put back what stood there before
    refused = "refused"  # the model declined
    cut = "cut"  # the answer hit its length limit
    invalid = "invalid"  # not the answer that was asked for
    failed = "failed"  # an error line
    missing = "missing"  # neither in the output nor in the error file
    expired = "expired"  # not run in time
    cancelled = "cancelled"  # not run before the batch was cancelled
    stale = "stale"  # the resume or its record changed while the answer was on its way
    unwritable = "unwritable"  # the candidate table does not take the record; the answer is kept
    released = "released"  # given back before anything ran
    forgotten = "forgotten"  # the person was to be forgotten before the answer was written


OPEN_ITEMS = frozenset({ItemState.claimed, ItemState.submitted})

SENT = frozenset(ItemState) - OPEN_ITEMS - {ItemState.released, ItemState.forgotten}
"""The request went to OpenAI: counts towards MAX_SENDINGS."""

WRITTEN = frozenset({ItemState.succeeded, ItemState.undone})
"""The answer was usable and became a record, be it put back since: no failure, no attempt."""

NO_LINE = "no_line"
"""The reason of a request that is in neither file, though the batch ended as it should."""

BLANK = "blank"
"""The reason of released items whose resume has nothing that can be seen."""

UNSENT = "not_sent"
"""The reason of released items whose requests were to be sent one by one, and were not."""

UNSHARED = "same_text_unanswered"
"""The reason of released items that were to get the answer to another's request, and got none."""

BY_REQUEST = "by_request"
"""The reason of items whose person was to be forgotten: of `forgotten` ones, and of `released`."""

MAX_SENDINGS = 10
"""However it ends, a resume is sent at most so often; then a person looks."""
