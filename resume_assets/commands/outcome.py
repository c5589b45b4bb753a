"""What became of a batch's resumes, why some gave no record, and which command comes next."""

from dataclasses import dataclass

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.attempts import given_up
from resume_assets.batches.ledger.queue import count_back, count_sendable
from resume_assets.batches.ledger.states import OPEN
from resume_assets.batches.planning import planner
from resume_assets.commands.output import answer, say
from resume_assets.commands.telling import next_for
from resume_assets.database.connect import Database
from resume_assets.database.setup import require_initialised
from resume_assets.settings import Settings
from resume_assets.words import counted, verb

_NAMED = 10
_TRY_IT = "`resume-assets doctor --ask` tries one request"
_NAMES_NOBODY = "invalid: empty"
_ADVICE = {
    "cut": "The answers did not fit: raise RESUME_MAX_OUTPUT_TOKENS.",
    "invalid": f"The model does not answer in the shape that is asked for: {_TRY_IT}; "
    "RESUME_MODEL names another model.",
    _NAMES_NOBODY: f"No answer names anybody: is there a person in these resumes? {_TRY_IT}.",
    "refused": f"The model declines: {_TRY_IT}; RESUME_MODEL names another model.",
    "failed": f"The server turned the requests down or failed: {_TRY_IT}.",
    "expired": "The server did not come to them in time; smaller batches (RESUME_BATCH_SIZE) may.",
    "missing": "The server gave no line for them.",
    "released": "The server ran none of it: see the message above, and `resume-assets doctor`.",
}
"""What to look at, by how most of the requests ended: the reason as a whole, or its state."""


def reason_in_words(reason: str) -> str:
    """A reason as the ledger has it, with what it means where its own words leave one guessing."""
    return f"{reason} (the answer names nobody)" if reason == _NAMES_NOBODY else reason


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """Of one batch: how many requests gave no record, by `state: reason`, and what is next.

    `back`: candidates that wait again; `given_up`: those without attempts left.
    """

    batch: batches.Batch
    reasons: dict[str, int]
    back: int
    given_up: int

    @property
    def nothing_usable(self) -> bool:
        """Whether requests were answered for, and not one became a record."""
        return batches.nothing_usable(self.batch, self.reasons)


def outcome_of(database: Database, settings: Settings, batch: batches.Batch) -> BatchOutcome:
    """Count how a batch's requests ended."""
    key, most = batch.batch_key, settings.max_attempts

    def count(connection: sa.Connection) -> BatchOutcome:
        people = given_up(connection, database, max_attempts=most, batch_key=key)
        return BatchOutcome(
            batch,
            batches.count_reasons(connection, database.ledger.items, key),
            count_back(connection, database, key, max_attempts=most),
            sum(1 for _ in people),
        )

    return database.read(count)


def say_outcome(outcome: BatchOutcome) -> None:
    """The reasons with their counts, most first, and what becomes of those candidates."""
    reasons = sorted(outcome.reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    if not reasons:
        return
    say(f"  {sum(outcome.reasons.values()):,} not written:")
    for reason, count in reasons[:_NAMED]:
        say(f"  {count:>7,}  {reason_in_words(reason)}")
    if len(reasons) > _NAMED:
        say(f"  {sum(count for _, count in reasons[_NAMED:]):>7,}  for other reasons")
    if outcome.nothing_usable:
        most = reasons[0][0]
        advice = _ADVICE.get(most) or _ADVICE.get(most.partition(":")[0], f"{_TRY_IT}.")
        say(f"  Nothing of it is usable. {advice}")
    if outcome.back:
        waits = verb(outcome.back, "waits", "wait")
        say(f"  {outcome.back:,} of them {waits} again, for the next batch.")
    if outcome.given_up:
        say(
            f"  {outcome.given_up:,} of them {verb(outcome.given_up, 'has', 'have')} no attempts "
            "left: `resume-assets retry` sends them again."
        )


def say_next(database: Database, settings: Settings) -> None:
    """Say which command comes next."""

    def look(connection: sa.Connection) -> tuple[int, str | None]:
        installation = require_initialised(connection, database)
        stopped = planner.why_stopped(connection, database, settings, installation)
        return count_sendable(connection, database, max_attempts=settings.max_attempts), stopped

    waiting, stopped = database.read(look)
    answer(waiting=waiting, stopped=stopped if waiting else None)
    if not waiting:
        _say_next_of_batches(database)
    elif stopped:
        answer(next=None)
        say(f"Next: {stopped}")
    else:
        answer(next="resume-assets submit")
        told = counted(waiting, "resume")
        say(f"Next: `resume-assets submit` for the {told} that {verb(waiting, 'waits', 'wait')}.")


def _say_next_of_batches(database: Database) -> None:
    """No resume waits: but a batch may be on its way."""
    there = database.read(lambda c: batches.in_states(c, database, OPEN, of_trials=False))
    if not there:
        answer(next=None)
        say("Next: nothing; no resume waits.")
        return
    first = there[0]
    following = next_for(first) or f"resume-assets check {first.batch_key}"
    answer(next=following)
    more = f"; {counted(len(there), 'batch')} {verb(len(there), 'is', 'are')} on the way"
    say(f"Next: `{following}`{more}.")
