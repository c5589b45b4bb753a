"""`trial`: several models and prompts on the same resumes, and where such a trial stands."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resume_assets.batches.planning.decision import Stop
from resume_assets.commands.collecting import NOT_ENDED, poll
from resume_assets.commands.continuous import told_to_stop
from resume_assets.commands.output import answer, say, wants_json, warn
from resume_assets.commands.session import RunFailed, Session
from resume_assets.commands.waiting import Waiting, between_looks
from resume_assets.errors import WrongUseError
from resume_assets.evaluation.gold import Known
from resume_assets.trials import creating
from resume_assets.trials.dispatching import due_trials
from resume_assets.trials.gathering import FORGOTTEN, gather
from resume_assets.trials.pages import write_page
from resume_assets.trials.planning import why_none
from resume_assets.trials.progress import TrialState, VariantProgress
from resume_assets.trials.report import TrialReport, as_json, from_json, report_of
from resume_assets.trials.report_text import lines_of
from resume_assets.trials.results import TrialResult
from resume_assets.trials.variants import Variant, variants_of
from resume_assets.words import counted, dollars

_SEEDS = 2**31
_PASSES = (Stop.in_flight, Stop.tokens)
"""Limits that other batches free again."""


class RecordsForgotten(WrongUseError):
    """What is asked for needs records that are no longer kept."""


@dataclass(frozen=True)
class Shown:
    """How the report is shown: with known answers, as a page at that path."""

    gold: Sequence[Known] = ()
    page: Path | None = None


def start(
    session: Session,
    *,
    models: Sequence[str],
    prompts: Sequence[str],
    sample: int,
    seed: int | None,
    dry_run: bool,
    wait: bool,
    shown: Shown,
) -> int:
    """Draw the sample and send it through every variant; the exit code.

    Raises BadVariants, PromptError, NothingToTry, RightsMissing.
    """
    variants = variants_of(session.settings, models, prompts)
    seed = secrets.randbelow(_SEEDS) if seed is None else seed
    if dry_run:
        return _dry_run(session, variants, sample, seed)
    key, size = creating.create(
        session.database, session.settings, variants, size=sample, seed=seed
    )
    variants_told = counted(len(variants), "variant")
    say(f"{key}  {counted(size, 'resume')}, drawn with seed {seed}, for {variants_told}")
    return go_on(session, key, wait=wait, shown=shown)


def go_on(session: Session, key: str, *, wait: bool = False, shown: Shown | None = None) -> int:
    """Bring a trial as far as it gets now, and show it; the exit code, NOT_ENDED if it has not.

    `wait`: until its end, or until nothing but a person's word lets it go on. Raises UnknownTrial.
    """
    shown = shown or Shown()
    state, failed = session.trial(key), False
    if wait and not state.is_done:
        state, failed = _wait(session, key)
    elif not state.is_done:
        state, failed = _step(session, key)
    if state.is_done:
        return _show_report(session, state, shown)
    answer(**_as_dict(state))
    show_state(state)
    return 1 if failed else NOT_ENDED


def _step(session: Session, key: str) -> tuple[TrialState, bool]:
    """One run; where the trial stands then, and whether something of it could not go on."""
    try:
        return session.run_trial(key), False
    except RunFailed as failed:
        warn(str(failed))
        return session.trial(key), True


def _wait(session: Session, key: str) -> tuple[TrialState, bool]:
    """Look and bring it on until its end; whether it can't go on. Raises KeyboardInterrupt."""
    # A local server runs as long as this does, and not only while it is looked at.
    with session.openai.api(), told_to_stop() as stop:
        state, _ = _step(session, key)
        told, waiting = "", Waiting()
        while not state.is_done:
            if (line := "; ".join(_counts(one) for one in state.variants)) != told:
                warn(f"{key}  {line}")
                told = line
            if (why := _stopped(session, state)) is not None:
                warn(why)
                return state, True
            with waiting.shown(state.batches):
                stop.wait(between_looks(session.settings))
            if stop.is_set():
                raise KeyboardInterrupt
            poll(session)
            for due in due_trials(session.database, session.settings):
                _step(session, due.key)
            state = session.trial(key)
    return state, False


def _stopped(session: Session, state: TrialState) -> str | None:
    """Why nothing of it can go on by itself; None while something is out, or a limit passes."""
    if state.batches or state.is_through:
        return None
    database = session.database
    decision = database.read(
        lambda connection: why_none(connection, database, session.settings, state.trial)
    )
    return None if decision is None or decision.stop in _PASSES else decision.why


def _dry_run(session: Session, variants: Sequence[Variant], sample: int, seed: int) -> int:
    found = creating.estimates(session.database, session.settings, variants, size=sample, seed=seed)
    answer(
        seed=seed,
        variants=[
            {
                "name": one.variant.name,
                "requests": one.requests,
                "input_tokens": one.input_tokens,
                "cost_usd": one.cost,
            }
            for one in found
        ],
        next=None,
    )
    say(f"{counted(found[0].requests, 'resume')}, drawn with seed {seed}, for each variant")
    for one in found:
        cost = "no price known" if one.cost is None else f"{dollars(one.cost)} as a batch"
        say(f"{one.variant.name}")
        requests, tokens = (
            counted(one.requests, "request"),
            counted(one.input_tokens, "input token"),
        )
        say(f"  {requests}, {tokens}, {cost}")
    if all(one.cost is not None for one in found):
        say(f"In all {dollars(sum(one.cost or 0 for one in found))}, estimated.")
    say("Nothing was sent, written or claimed. Next: the same without `--dry-run`.")
    return 0


def show_state(state: TrialState) -> None:
    """Where each variant stands, why it waits, and the next command."""
    key = state.trial.trial_key
    say(f"{key}  {counted(state.trial.sample_size, 'resume')}, seed {state.trial.seed}")
    width = max(len(one.variant.name) for one in state.variants)
    for one in state.variants:
        say(f"  {one.variant.name:<{width}}  {_counts(one)}")
    if state.trial.message:
        say(f"  {state.trial.message}")
    say(
        f"Next: `resume-assets trial {key}` brings it on; so do `continuous`, and the sensor of "
        "`ui`."
    )


def _counts(one: VariantProgress) -> str:
    told = (
        (one.unsent, "not sent yet"),
        (one.out, "out"),
        (one.usable, "usable"),
        (one.unusable, "not usable"),
    )
    return ", ".join(f"{count:,} {what}" for count, what in told if count)


def _as_dict(state: TrialState) -> dict[str, Any]:
    key = state.trial.trial_key
    return {
        "trial_key": key,
        "done": False,
        "seed": state.trial.seed,
        "resumes": state.trial.sample_size,
        "variants": [
            {
                "name": one.variant.name,
                "model": one.variant.model,
                "prompt": one.variant.prompt,
                "not_sent": one.unsent,
                "out": one.out,
                "usable": one.usable,
                "not_usable": one.unusable,
            }
            for one in state.variants
        ],
        "message": state.trial.message,
        "next": f"resume-assets trial {key}",
    }


def _show_report(session: Session, state: TrialState, shown: Shown) -> int:
    report, result = from_json(state.trial.report), None
    if shown.gold or shown.page is not None:
        result = _gathered(session, state, shown.gold)
        report = report_of(result)
    if wants_json():
        answer(done=True, **json.loads(as_json(report)), next=None)
    for line in lines_of(report):
        say(line)
    if shown.page is not None:
        write_page(shown.page, report, result)
        warn(f"{shown.page} has values of resumes in it: keep it as private as they are.")
    return 0 if _is_anything_usable(report) else 1


def _gathered(session: Session, state: TrialState, gold: Sequence[Known]) -> TrialResult:
    """The trial's records, once more. Raises RecordsForgotten."""
    database = session.database
    result = database.read(lambda connection: gather(connection, database, state.trial, gold))
    are_gone = len(result.sample) < state.trial.sample_size  # RESUME_KEEP_LEDGER_DAYS
    if are_gone or any(FORGOTTEN in variant.reasons for variant in result.variants):
        raise RecordsForgotten(
            f"The records of trial {state.trial.trial_key} are no longer kept "
            "(RESUME_KEEP_FILES_DAYS), its figures are: ask without --gold and --page."
        )
    return result


def _is_anything_usable(report: TrialReport) -> bool:
    return any(one.usable is not None and one.usable.value > 0 for one in report.variants)
