"""A batch's answers: every line of output and error file, and what each request came to.

The first usable line of a request counts; a request without one ends by its first line, and one
without any line by the way in which its batch ended.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import msgspec
import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import BY_REQUEST, NO_LINE, UNSHARED, ItemState
from resume_assets.batches.receiving.tracking import LOST
from resume_assets.batches.store import ERRORS, OUTPUT, REUSED, BatchFiles
from resume_assets.extraction.responses import Answer, Outcome

REUSED_ONES = "reused"
"""In a tally, those who were not sent and got the answer to another's request."""

_PAGE = 1_000  # rows


class Asked(msgspec.Struct, gc=False):
    """One request of the batch, as the ledger has it; there may be 50,000 of them."""

    userid: Any
    state: str
    text_hash: str | None
    last_processed: Any
    is_forgotten: bool = False  # its lines are blanked: see `blanking`
    is_sent: bool = True  # or it gets the answer to another's request: see `sharing`
    is_answered: bool = False  # a usable answer of it was read


@dataclass(slots=True)
class Results:
    """Takes a batch's answers once; memory holds one of them and a few words for each request.

    After `usable` is exhausted: `unusable` has the answer, without a candidate, of every request
    that got a line but no usable one; `unanswered` the custom_ids that got none; `unknown`
    counts lines of no request of the batch, `repeated` further lines of a request.
    """

    asked: dict[str, Asked]
    unusable: dict[str, Answer] = field(default_factory=dict)
    unknown: int = 0
    repeated: int = 0

    def usable(self, answers: Iterable[Answer]) -> Iterator[tuple[Asked, Answer]]:
        """Yield each request's first usable answer, in the order of the answers."""
        for answer in answers:
            asked = self.asked.get(answer.custom_id) if answer.custom_id is not None else None
            if asked is None or answer.custom_id is None:
                self.unknown += 1
                continue
            if asked.is_answered:
                self.repeated += 1
            elif answer.outcome is Outcome.succeeded:
                if self.unusable.pop(answer.custom_id, None) is not None:
                    self.repeated += 1
                asked.is_answered = True
                yield asked, answer
            elif answer.custom_id in self.unusable:
                self.repeated += 1
            else:
                self.unusable[answer.custom_id] = answer

    @property
    def unanswered(self) -> Iterator[str]:
        """The custom_ids of requests without any line, but for those of the forgotten."""
        for custom_id, asked in self.asked.items():
            is_answered = asked.is_answered or custom_id in self.unusable
            if not is_answered and not asked.is_forgotten:
                yield custom_id

    @property
    def forgotten(self) -> int:
        """Requests for people who are forgotten, whose answers count no more."""
        return sum(asked.is_forgotten for asked in self.asked.values())


def results_of(connection: sa.Connection, items: sa.Table, key: str) -> Results:
    """The requests of a batch that were sent, nothing read yet; `items` as `items_of` says.

    And who was to get another's answer: also once there was found to be none.
    """
    query = sa.select(
        items.c.custom_id,
        items.c.userid,
        items.c.state,
        items.c.text_hash,
        items.c.last_processed,
        items.c.forgotten_at,
        items.c.same_text_as,
    ).where(
        items.c.batch_key == key,
        sa.or_(items.c.state != ItemState.released, items.c.reason == UNSHARED),
    )
    asked = {}
    for page in connection.execute(query).partitions(_PAGE):  # one by one takes twice as long
        for custom_id, userid, state, text_hash, last_processed, gone, same_text_as in page:
            # One text for each state, not one for each of 50,000 rows.
            state = sys.intern(state)
            asked[custom_id] = Asked(
                userid, state, text_hash, last_processed, gone is not None, same_text_as is None
            )
    return Results(asked)


def result_files(batch: batches.Batch) -> tuple[str, ...]:
    """The names of the files with this batch's answers, and of what is used again in it."""
    made = [(OUTPUT, batch.output_file_id), (ERRORS, batch.error_file_id), (REUSED, batch.reused)]
    if batches.is_synchronous(batch):
        answered = (batch.requests_completed or 0) + (batch.requests_failed or 0)
        made = [(OUTPUT, answered), (REUSED, batch.reused)]
    return tuple(name for name, file_id in made if file_id)


def answers_of(
    files: BatchFiles, batch: batches.Batch, read: Callable[[BinaryIO], Iterator[Answer]]
) -> Iterator[Answer]:
    """What `read` makes of each line of the batch's files. Raises FilesGone."""
    for name in result_files(batch):
        with files.read(name) as stream:
            yield from read(stream)


def end_of_unanswered(batch: batches.Batch, *, is_sent: bool = True) -> tuple[ItemState, str]:
    """State and reason of a request that has no line, by the way its batch ended.

    Who was not sent (`Asked.is_sent`) is free to be asked for: nothing of it was theirs.
    """
    if not is_sent:
        return ItemState.released, UNSHARED
    match batch.openai_status:
        case "expired":
            return ItemState.expired, NO_LINE
        case "cancelled":
            return ItemState.cancelled, NO_LINE
        case "failed":
            return ItemState.released, "batch_failed"
        case status if status == LOST:
            return ItemState.missing, "batch_lost"
        case _:
            return ItemState.missing, NO_LINE


def tally_of(results: Results, batch: batches.Batch) -> Counter[str]:
    """Requests by outcome and reason, after `usable` is exhausted; lines that were no request's."""
    tally: Counter[str] = Counter()
    answered = Counter(asked.is_sent for asked in results.asked.values() if asked.is_answered)
    tally["succeeded"] = answered[True]
    if answered[False]:
        tally[REUSED_ONES] = answered[False]
    for answer in results.unusable.values():
        tally[f"{answer.outcome}: {answer.reason}" if answer.reason else answer.outcome.value] += 1
    unanswered = Counter(results.asked[custom_id].is_sent for custom_id in results.unanswered)
    for is_sent, number in unanswered.items():
        tally[": ".join(end_of_unanswered(batch, is_sent=is_sent))] += number
    if results.forgotten:
        tally[f"{ItemState.forgotten}: {BY_REQUEST}"] = results.forgotten
    if results.unknown:
        tally["lines unknown"] = results.unknown
    if results.repeated:
        tally["lines repeated"] = results.repeated
    return tally
