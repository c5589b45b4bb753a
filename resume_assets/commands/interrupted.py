"""What Ctrl-C leaves behind: what goes on without you, what is kept, and the next command."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import BEFORE_SUBMITTED, OPEN, BatchState
from resume_assets.commands.telling import how_to_send
from resume_assets.database.connect import Database
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.trials import ledger
from resume_assets.words import counted, verb

_NAMED = 5  # batches that are told one by one
_LOCAL = "local_openai"


_AT_WORKERS = (
    "What was handed to Dagster's workers goes on there, and batch_completion_sensor sees to the "
    "rest. The ledger as it is now:\n"
)


@contextmanager
def telling(database: Database, *, at_workers: bool = False) -> Iterator[None]:
    """Give an interrupt of the block the words that `goes_on` finds."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        if interrupt.args:  # it has its words already
            raise
        raise KeyboardInterrupt(
            f"Interrupted. {goes_on(database, at_workers=at_workers)}"
        ) from None


def goes_on(database: Database, *, at_workers: bool = False) -> str:
    """A sentence on each open batch and trial, by what the ledger says now.

    `at_workers`: the command only followed Dagster's workers.
    """
    return (_AT_WORKERS if at_workers else "") + _as_it_is(database)


def _as_it_is(database: Database) -> str:
    try:
        opened, trials, written = database.read(lambda connection: _open(connection, database))
    except DatabaseFailed:
        return "What is claimed or out stays so. Next: `resume-assets status` shows it."
    if not opened and not trials:
        return "Nothing is claimed and nothing is out. Next: `resume-assets status`."
    told = [_batch_in_words(batch, written.get(batch.batch_key, 0)) for batch in opened[-_NAMED:]]
    told += [
        f"Trial {one.trial_key} is kept: `resume-assets trial {one.trial_key}` goes on with it."
        for one in trials[-_NAMED:]
    ]
    if (more := len(opened) + len(trials) - len(told)) > 0:
        told.append(f"And {more:,} more: `resume-assets status` shows them.")
    return "\n".join(told)


def _open(
    connection: sa.Connection, database: Database
) -> tuple[list[batches.Batch], list[ledger.Trial], dict[str, int]]:
    """Open batches (a trial's are told by the trial), open trials, and records written by batch."""
    found = list(batches.in_states(connection, database, OPEN, of_trials=False))
    written = {
        batch.batch_key: sum(
            count
            for state, count in batches.count_items(
                connection, database.ledger.items, batch.batch_key
            ).items()
            if state == "succeeded"
        )
        for batch in found[-_NAMED:]
        if batch.state == BatchState.collected
    }
    return found, list(ledger.open_trials(connection, database)), written


def _batch_in_words(batch: batches.Batch, written: int) -> str:
    key = batch.batch_key
    if batches.is_synchronous(batch) and batch.state in BEFORE_SUBMITTED:
        number = batch.rows_claimed or 0
        held = f"{counted(number, 'resume')} {verb(number, 'stays', 'stay')} claimed for it"
        return f"Batch {key} is asked one by one, and not through; {held}. {how_to_send(batch)}"
    if batch.state == BatchState.submitted:
        return f"Batch {key} {_where(batch)}; `resume-assets check {key}` brings it in."
    if batch.state == BatchState.submitting:
        return (
            f"Batch {key} may have reached OpenAI: the next try finds out first, and nothing is "
            f"sent twice. {how_to_send(batch)}"
        )
    if batch.state in BEFORE_SUBMITTED:
        kept = counted(batch.rows_claimed or 0, "resume")
        held = f"{kept} {verb(batch.rows_claimed or 0, 'stays', 'stay')} claimed for it"
        what = held if batch.rows_claimed else "nothing is claimed yet"
        return f"Batch {key} is not sent; {what}. {how_to_send(batch)}"
    ended = "has ended at OpenAI" if batch.openai_batch_id else "has all its answers"
    if batches.is_synchronous(batch):
        ended = "has ended"
    what = f"{ended}{f'; {written:,} of its records are written' if written else ''}"
    return f"Batch {key} {what}; `resume-assets check {key}` goes on with it. All is kept."


def _where(batch: batches.Batch) -> str:
    if batch.endpoint == _LOCAL:
        return "is at the local server, which works on while any command or `ui` runs"
    return "is at OpenAI, which goes on without you"
