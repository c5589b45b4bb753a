"""`check`, and what other commands share with it: looking at batches, and bringing them in."""

from typing import Any

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import AFTER_ENDED, BEFORE_SUBMITTED, BatchState
from resume_assets.batches.planning.runs import Stage
from resume_assets.batches.receiving import polling
from resume_assets.batches.upkeep.at_once import FINISHING
from resume_assets.commands.outcome import outcome_of, say_next, say_outcome
from resume_assets.commands.output import answer, say, warn
from resume_assets.commands.session import RunFailed, Session
from resume_assets.commands.telling import describe, facts_of, how_to_send, next_for
from resume_assets.models.prices import Service
from resume_assets.trials.progress import TrialState
from resume_assets.words import counted, dollars

NOT_ENDED = 3
"""Exit code of `check` for a batch that OpenAI has not ended."""


def check(session: Session, name: str) -> int:
    """Look at one batch, or one trial; its results go into the database once it has ended.

    Returns the exit code: NOT_ENDED while it has not, 1 where it could not be looked at, or where
    none of its answers was usable.
    """
    if session.is_trial(name):
        return _check_trial(session, name)
    batch = session.batch(name)
    if batch.trial_key is not None:
        say(f"{batch.batch_key} belongs to trial {batch.trial_key}.")
        return _check_trial(session, batch.trial_key)
    seen = True
    if batch.state == BatchState.submitted:
        problems = poll(session, at_once=batch.batch_key).problems
        seen = not problems.keys() & {polling.ENDPOINT, batch.batch_key}
        batch = session.batch(batch.batch_key)
    if batch.state in AFTER_ENDED:
        batch = bring_in(session, batch.batch_key)
    say(describe(batch))
    answer(batch=facts_of(batch), next=next_for(batch))
    if batch.state in BEFORE_SUBMITTED:
        say(how_to_send(batch))
        return NOT_ENDED
    if batch.state == BatchState.submitted:
        again = f"resume-assets check {batch.batch_key}"
        answer(next=again)
        say(f"Next: `{again}` again later; `continuous` and the sensor of `ui` look by themselves.")
        return NOT_ENDED if seen else 1
    if batch.state != BatchState.done:
        return 0
    outcome = outcome_of(session.database, session.settings, batch)
    answer(
        not_written=outcome.reasons,
        waiting_again=outcome.back,
        given_up=outcome.given_up,
        nothing_usable=outcome.nothing_usable,
    )
    say_outcome(outcome)
    _finish(session)
    say_next(session.database, session.settings)
    return 1 if outcome.nothing_usable else 0


def _check_trial(session: Session, key: str) -> int:
    """The same for a trial, which alone brings its batches in."""
    state = session.trial(key)
    if not state.is_done:
        state = session.run_trial(key)
    for batch in state.batches:
        say(describe(batch))
    answer(**trial_facts(state))
    say(f"{key}  {'done' if state.is_done else 'under way'}: `resume-assets trial {key}` shows it.")
    return 0 if state.is_done else NOT_ENDED


def trial_facts(state: TrialState) -> dict[str, Any]:
    """Where a trial stands, for programs: see docs/json.md."""
    key = state.trial.trial_key
    return {
        "trial_key": key,
        "done": state.is_done,
        "batches": [facts_of(batch) for batch in state.batches],
        "next": f"resume-assets trial {key}",
    }


def poll(session: Session, *, at_once: str | None = None) -> polling.Poll:
    """Look at all batches that are out (see `polling.poll`); problems go to standard error."""
    with session.openai.api() as api:
        result = polling.poll(session.database, api, session.settings, at_once=at_once)
    for problem in result.problems.values():
        warn(problem)
    return result


def bring_in(session: Session, key: str) -> batches.Batch:
    """Run `collect_batch` for an ended batch, and say what it cost."""
    batch = session.run(Stage.collect, key)
    say_cost(batch)
    return batch


def carry_out(session: Session, key: str) -> batches.Batch:
    """Take a batch whose requests are sent one by one to its end; what stops it is warned of."""
    batch = session.batch(key)
    if batch.state in BEFORE_SUBMITTED:
        try:
            batch = session.run(Stage.submit, key)
        except RunFailed as failed:
            warn(str(failed))
            batch = session.batch(key)
    return bring_in(session, key) if batch.state in AFTER_ENDED else batch


def _finish(session: Session) -> None:
    """Ask for what a batch left, where that is planned: see `at_once.finish`."""
    for batch in session.in_states(BEFORE_SUBMITTED):
        if batch.origin == FINISHING and batch.requested_at is None:
            say(describe(carry_out(session, batch.batch_key)))


def say_cost(batch: batches.Batch) -> None:
    """Say what a batch cost, where its tokens are known."""
    if batch.input_tokens is None:
        return
    tokens = f"{batch.batch_key}  {counted(batch.input_tokens + batch.output_tokens, 'token')}"
    if batch.batch_cost is None:
        say(f"{tokens}, no price known for {batch.model}")
    else:
        service, standard = batches.service_of(batch), dollars(float(batch.standard_cost))
        more = f", {standard} at the standard price" * (service is not Service.standard)
        say(f"{tokens}, {dollars(float(batch.batch_cost))} {service.in_words}{more}")
    if batch.reuse_saving:
        say(
            f"{batch.batch_key}  {counted(batch.reused, 'answer')} reused for the same text, "
            f"{dollars(float(batch.reuse_saving))} saved"
        )
