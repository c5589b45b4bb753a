"""`retry` and `cancel`: what only a person decides."""

from collections.abc import Sequence
from typing import Any

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import PATIENCE, leased
from resume_assets.batches.ledger.states import AFTER_ENDED, BEFORE_SUBMITTED, CLOSED, BatchState
from resume_assets.batches.planning.quota import resume_planning
from resume_assets.batches.upkeep import people
from resume_assets.batches.upkeep.naming import named
from resume_assets.commands.collecting import poll, trial_facts
from resume_assets.commands.outcome import say_next
from resume_assets.commands.output import answer, confirm, say, warn
from resume_assets.commands.session import Session
from resume_assets.commands.telling import describe, facts_of
from resume_assets.database.connect import Database
from resume_assets.resources import BatchStoreResource
from resume_assets.settings import Settings, SettingsError
from resume_assets.trials.ledger import leased_trial
from resume_assets.trials.upkeep import call_off
from resume_assets.words import counted, verb


def unpause(database: Database) -> None:
    """Plan again, whatever it was stopped for."""
    database.write(lambda connection: resume_planning(connection, database))
    answer(next="resume-assets submit")
    say("Planning goes on; money and usable shares are counted from now.")
    say("Next: `resume-assets submit` sends what waits.")


def retry(database: Database, settings: Settings, userids: Sequence[str]) -> int:
    """Forget the failed attempts of these candidates, of all that are given up if none is named."""
    known = known_userids(database, userids)
    forgiven = people.forgive(database, settings, known)
    answer(forgiven=forgiven, next="resume-assets submit" if forgiven else None)
    say(f"{counted(forgiven, 'candidate')} {verb(forgiven, 'is', 'are')} in the queue again.")
    if forgiven:
        say("Next: `resume-assets submit` sends what waits.")
    if known is not None and not forgiven:
        say("Nothing that was sent for them failed, or it was forgiven before.")
    return 0


def known_userids(database: Database, userids: Sequence[str]) -> list[Any] | None:
    """The ids that a person typed, in the table's own type; None where none is named.

    Those that no candidate has are warned of. Raises BadUserid.
    """
    if not userids:
        return None
    found = named(database, userids)
    if found.told is not None:
        warn(found.told)
    return found.userids


def cancel(session: Session, name: str) -> int:
    """Cancel a batch, or all of a trial, in whatever state it is; the exit code."""
    if session.is_trial(name):
        return _call_off(session, name)
    before = session.batch(name)
    key = before.batch_key
    with session.openai.api() as api, leased(session.database, key, patience=PATIENCE) as lease:
        store = BatchStoreResource(settings=session.resource).store()
        batch = people.cancel(lease, session.settings, store, api)
    named = f"check {key}" if batch.trial_key is None else f"trial {batch.trial_key}"
    is_out = batch.state == BatchState.submitted
    following = f"resume-assets {named if is_out else 'status'}"
    answer(batch=facts_of(batch), next=following)
    say(describe(batch))
    if is_out:
        say(f"OpenAI is cancelling it. Next: `{following}` brings in what it has answered.")
        return 0
    if batch.state == before.state:
        say("It has ended; there is nothing to cancel.")
    say(f"Next: `{following}` shows what waits now.")
    return 0


def _call_off(session: Session, key: str) -> int:
    """Send nothing more of a trial, and cancel what is open of it. Raises RunFailed."""
    with leased_trial(session.database, key) as lease:
        call_off(lease)
    state = session.run_trial(key)
    answer(**trial_facts(state))
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
            answer(batch=facts_of(before), next=f"resume-assets check {before.batch_key}")
            say(describe(before))
            say(f"It has ended: `resume-assets check {before.batch_key}` brings it in.")
            return 0
    if not people.may_be_given_up(before):
        answer(batch=facts_of(before), next=None)
        say(describe(before))
        say(_why_not(before))
        return 0
    say(describe(before))
    say(_what_it_means(before))
    if not sure:
        confirm(f"Give up {before.batch_key}?")
    with leased(session.database, before.batch_key, patience=PATIENCE) as lease:
        batch = people.give_up(lease)
    answer(batch=facts_of(batch))
    say(describe(batch))
    say_next(session.database, session.settings)
    return 0


def _what_it_means(batch: batches.Batch) -> str:
    """What a batch's giving up comes to, to be told before."""
    its = counted(batches.to_be_written(batch), "resume")
    if batch.trial_key is not None:
        return (
            f"To give it up leaves its {its} out of the trial. The "
            "server may still run it: then it is paid for, and what it answers is not used."
        )
    return (
        f"To give it up frees its {its} for other batches. The server "
        "may still run it: then they are paid for twice, and what it answers is not used."
    )


def _why_not(batch: batches.Batch) -> str:
    if batch.state in CLOSED:
        return "It has ended; there is nothing to give up."
    if batch.state in BEFORE_SUBMITTED:
        return f"Nothing of it was sent: `resume-assets cancel {batch.batch_key}` gives it back."
    return f"Its answers are here: `resume-assets check {batch.batch_key}` writes them."
