"""`retry` and `cancel`: what only a person decides."""

from collections.abc import Sequence
from typing import Any

import click

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import PATIENCE, leased
from resume_assets.batches.ledger.states import AFTER_ENDED, BEFORE_SUBMITTED, CLOSED, BatchState
from resume_assets.batches.upkeep import people
from resume_assets.commands.collecting import poll
from resume_assets.commands.outcome import say_next
from resume_assets.commands.output import describe, say, warn
from resume_assets.commands.session import Session
from resume_assets.database.connect import Database
from resume_assets.errors import WrongUseError
from resume_assets.resources import BatchStoreResource
from resume_assets.settings import Settings, SettingsError
from resume_assets.trials.ledger import leased_trial
from resume_assets.trials.upkeep import call_off

LARGEST = 2**63 - 1
"""The largest integer that a database takes."""


class BadUserid(WrongUseError):
    """No id of the candidate table could look like this, or none of its candidates has it."""


def retry(database: Database, settings: Settings, userids: Sequence[str]) -> int:
    """Forget the failed attempts of these candidates, of all that are given up if none is named."""
    known = known_userids(database, userids)
    forgiven = people.forgive(database, settings, known)
    say(f"{forgiven} {'candidate is' if forgiven == 1 else 'candidates are'} in the queue again.")
    if known is not None and not forgiven:
        say("Nothing that was sent for them failed, or it was forgiven before.")
    return 0


def known_userids(database: Database, userids: Sequence[str]) -> list[Any] | None:
    """The ids that a person typed, in the table's own type; None where none is named.

    Those that no candidate has are warned of. Raises BadUserid for what is no id, or where nobody
    has any of them.
    """
    return _known(database, typed_userids(database, userids)) if userids else None


def typed_userids(database: Database, userids: Sequence[str]) -> list[Any]:
    """The ids that a person typed, in the table's own type. Raises BadUserid for what is no id."""
    kind = database.candidates.userid.type.python_type
    chosen: list[Any] = []
    for userid in userids:
        try:
            chosen.append(kind(userid))
        except (ValueError, ArithmeticError):
            raise BadUserid(
                f"{userid!r} is no id of this table: it takes {kind.__name__}."
            ) from None
    return chosen


def _known(database: Database, userids: Sequence[Any]) -> list[Any]:
    """The ids that candidates have; the others are warned of. Raises BadUserid if none is left."""
    possible = [one for one in userids if not isinstance(one, int) or abs(one) <= LARGEST]
    unknown = set(userids) - set(possible) | set(people.unknown_userids(database, possible))
    known = [userid for userid in possible if userid not in unknown]
    if unknown:
        named = ", ".join(str(userid) for userid in userids if userid in unknown)
        told = f"{database.candidates.table.fullname} has no candidate {named}."
        if not known:
            raise BadUserid(told)
        warn(told)
    return known


def cancel(session: Session, name: str) -> int:
    """Cancel a batch, or all of a trial, in whatever state it is; the exit code."""
    if session.is_trial(name):
        return _call_off(session, name)
    before = session.batch(name)
    key = before.batch_key
    with session.openai.api() as api, leased(session.database, key, patience=PATIENCE) as lease:
        store = BatchStoreResource(settings=session.resource).store()
        batch = people.cancel(lease, session.settings, store, api)
    say(describe(batch))
    if batch.state == before.state != BatchState.submitted:
        say("It has ended; there is nothing to cancel.")
    elif batch.state == BatchState.submitted:
        named = f"check {key}" if batch.trial_key is None else f"trial {batch.trial_key}"
        say(f"OpenAI is cancelling it; `resume-assets {named}` brings in what it has answered.")
    return 0


def _call_off(session: Session, key: str) -> int:
    """Send nothing more of a trial, and cancel what is open of it. Raises RunFailed."""
    with leased_trial(session.database, key) as lease:
        call_off(lease)
    state = session.run_trial(key)
    for batch in state.batches:
        say(describe(batch))
    ended = "has ended" if state.is_done else "ends"
    say(f"Trial {key} {ended} with what was answered: `resume-assets trial {key}` shows it.")
    return 0


def give_up(session: Session, name: str, *, sure: bool) -> int:
    """Free the resumes of a batch whose server does not end it; the exit code.

    `sure`: do not ask. Raises UnknownBatch, BatchBusy, click.Abort where the person declines.
    """
    before = session.batch(name)
    if before.state == BatchState.submitted:
        try:
            poll(session)  # it may have ended by now
        except SettingsError as unset:  # the endpoint may be gone for good
            warn(str(unset))
        before = session.batch(before.batch_key)
        if before.state in AFTER_ENDED:
            say(describe(before))
            say(f"It has ended: `resume-assets check {before.batch_key}` brings it in.")
            return 0
    if before.state not in people.MAY_BE_GIVEN_UP:
        say(describe(before))
        say(_why_not(before))
        return 0
    say(describe(before))
    say(_what_it_means(before))
    if not sure:
        click.confirm(f"Give up {before.batch_key}?", abort=True)
    with leased(session.database, before.batch_key, patience=PATIENCE) as lease:
        batch = people.give_up(lease)
    say(describe(batch))
    say_next(session.database, session.settings)
    return 0


def _what_it_means(batch: batches.Batch) -> str:
    """What a batch's giving up comes to, to be told before."""
    if batch.trial_key is not None:
        return (
            f"To give it up leaves its {batch.requests or 0:,} resumes out of the trial. The "
            "server may still run it: then it is paid for, and what it answers is not used."
        )
    return (
        f"To give it up frees its {batch.requests or 0:,} resumes for other batches. The server "
        "may still run it: then they are paid for twice, and what it answers is not used."
    )


def _why_not(batch: batches.Batch) -> str:
    if batch.state in CLOSED:
        return "It has ended; there is nothing to give up."
    if batch.state in BEFORE_SUBMITTED:
        return f"Nothing of it was sent: `resume-assets cancel {batch.batch_key}` gives it back."
    return f"Its answers are here: `resume-assets check {batch.batch_key}` writes them."
