"""`status`: the queue, the batches, the money, and what waits for a person. Loads no Dagster."""

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa

from resume_assets.batches import costing
from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.attempts import given_up
from resume_assets.batches.ledger.queue import count_sendable
from resume_assets.batches.ledger.states import (
    AFTER_ENDED,
    BEFORE_SUBMITTED,
    CLOSED,
    OPEN,
    BatchState,
)
from resume_assets.batches.planning import planner
from resume_assets.batches.planning.outstanding import end_of_model
from resume_assets.commands.output import answer, say
from resume_assets.commands.telling import facts_of
from resume_assets.database.connect import Database
from resume_assets.database.setup import require_initialised
from resume_assets.notifying import outbox
from resume_assets.notifying.receivers import receivers_of
from resume_assets.settings import Settings
from resume_assets.trials import ledger
from resume_assets.trials.progress import state_of
from resume_assets.words import counted, dollars, verb

_RECENT = 5
_NAMED = 10


def overview(database: Database, settings: Settings) -> dict[str, Any]:
    """Everything `status` tells, as JSON can hold it; ids only, nothing else of a person."""
    return database.read(lambda connection: _overview(connection, database, settings))


def _overview(connection: sa.Connection, database: Database, settings: Settings) -> dict[str, Any]:
    installation = require_initialised(connection, database)
    most = settings.max_attempts
    people = [
        {"userid": str(one.userid), "state": one.state, "reason": one.reason}
        for one in given_up(connection, database, max_attempts=most)
    ]
    spent = costing.totals(connection, database)
    opened = batches.in_states(connection, database, OPEN, of_trials=False)
    closed = batches.in_states(connection, database, CLOSED, of_trials=False, latest=_RECENT)
    trials = ledger.open_trials(connection, database)
    stuck = planner.stuck_batches(connection, database, settings)
    return {
        "waiting": count_sendable(connection, database, max_attempts=most),
        "batches_open": [facts_of(batch) for batch in opened],
        "trials_open": [_trial(connection, database, one.trial_key) for one in trials],
        "batches_closed_last": [facts_of(batch) for batch in closed],
        "cost_usd": round(spent.cost, 6) if spent.is_price_known else None,
        "saving_usd": round(spent.saving, 6) if spent.is_price_known else None,
        "reused": spent.reused,
        "reuse_saving_usd": round(spent.reuse_saving, 6) if spent.is_price_known else None,
        "tokens": spent.tokens,
        "tokens_without_price": spent.without_price,
        "given_up": people,
        "stuck": [batch.batch_key for batch in stuck],
        "model_end": _model_end(connection, database, settings),
        "planning_stopped": planner.why_stopped(connection, database, settings, installation),
        "notices": _notices(connection, database, settings),
    }


def _notices(connection: sa.Connection, database: Database, settings: Settings) -> dict[str, Any]:
    """How far each receiver was told what came up; only the host of its address."""
    receivers = receivers_of(settings)
    standings = [
        (one.shown, outbox.standing(connection, database, one.key)) for one in receivers.found
    ]
    return {
        "receivers": [
            {
                "receiver": shown,
                "waiting": standing.waiting,
                "given_up": standing.given_up,
                "trouble": standing.trouble,
            }
            for shown, standing in standings
        ],
        "problems": receivers.problems,
    }


def _model_end(
    connection: sa.Connection, database: Database, settings: Settings
) -> dict[str, Any] | None:
    """When the configured model ends, if that is soon."""
    end = end_of_model(connection, database, settings)
    today = database.dialect.utc_now(connection).date()
    if end is None or not end.is_soon(today):
        return None
    return {
        "model": end.model,
        "shutdown_date": end.on.isoformat(),
        "days_left": end.days_left(today),
        "successor": end.successor,
        "line": end.in_words(today),
    }


def _trial(connection: sa.Connection, database: Database, key: str) -> dict[str, Any]:
    state = state_of(connection, database, key)
    unsent, out, answered = (
        sum(counts)
        for counts in zip(
            *((one.unsent, one.out, one.usable + one.unusable) for one in state.variants),
            strict=True,
        )
    )
    return {
        "trial_key": key,
        "not_sent": unsent,
        "out": out,
        "brought_in": answered,
        "batches_out": [batch.batch_key for batch in state.batches],
        "message": state.trial.message,
        "next": f"resume-assets trial {key}",
    }


def show(found: dict[str, Any], settings: Settings) -> None:
    """Print the overview."""
    answer(**found)
    say(f"Waiting         {counted(found['waiting'], 'resume')}")
    by_state = partial(_in_states, found["batches_open"])
    _show_batches("Not sent", unsent := by_state(BEFORE_SUBMITTED))
    _show_batches("Out", by_state({BatchState.submitted}), or_none=True)
    _show_batches("Ended", by_state(AFTER_ENDED))
    for one in found["trials_open"]:
        _tell(
            "Trial",
            f"{one['trial_key']}: {one['not_sent']:,} not sent yet, {one['out']:,} out, "
            f"{one['brought_in']:,} brought in{_because(one['message'])}",
            f"`{one['next']}` goes on with it.",
        )
    _show_batches("Last closed", found["batches_closed_last"], or_none=True)
    _tell("Spent", _spent(found))
    _show_given_up(found["given_up"])
    for key in found["stuck"]:
        more = planner.of_azure(settings)
        out = f"batch {key} has been out for longer than RESUME_STUCK_HOURS"
        _tell("Late" if more else "Stuck", f"{out}.{more}" if more else out)
    end = found["model_end"]
    if end and not (found["planning_stopped"] or "").startswith(end["line"]):
        _tell("Model", end["line"])
    if found["planning_stopped"]:
        _tell("Stopped", found["planning_stopped"])
    elif found["waiting"] and not unsent:
        _tell("Next", "`resume-assets submit` sends what waits.")
    _show_untold(found["notices"])


def _tell(title: str, *lines: str) -> None:
    """Lines of one subject, its title before the first of them."""
    for index, line in enumerate(lines):
        say(f"{'' if index else title:<15} {line}", hang=16)


def _show_given_up(people: Sequence[dict[str, Any]]) -> None:
    if not people:
        return
    told = counted(len(people), "candidate")
    named = [
        f"userid {one['userid']}: {one['state']}, {one['reason'] or '-'}" for one in people[:_NAMED]
    ]
    _tell(
        "For a person",
        f"{told} {verb(len(people), 'has', 'have')} no attempts left:",
        *named,
        "`resume-assets retry` sends them again.",
    )


def _show_untold(notices: dict[str, Any]) -> None:
    """Receivers that do not take what came up, and settings that name none."""
    for one in notices["receivers"]:
        if one["trouble"]:
            _tell(
                "Not told",
                f"{one['trouble']}: {counted(one['waiting'], 'notice')} wait, "
                f"{one['given_up']:,} given up",
                "`resume-assets notify --test` tries it.",
            )
    for problem in notices["problems"]:
        _tell("Not told", problem)


def _in_states(
    batches: Sequence[dict[str, Any]], states: Collection[BatchState]
) -> list[dict[str, Any]]:
    return [batch for batch in batches if batch["state"] in states]


def _because(message: str | None) -> str:
    return f"; {message}" if message else ""


def _spent(found: dict[str, Any]) -> str:
    """Dollars as far as they are known, and the tokens that no price is known for."""
    parts = []
    if found["cost_usd"] == 0:
        parts.append("$0")
    elif found["cost_usd"] is not None:
        parts.append(
            f"{dollars(found['cost_usd'])}; the standard price would have been "
            f"{dollars(found['cost_usd'] + found['saving_usd'])}"
        )
    parts += [
        f"{counted(tokens, 'token')} of {model}: no price known"
        for model, tokens in found["tokens_without_price"].items()
    ]
    if found["reused"]:
        saved = found["reuse_saving_usd"]
        told = f", {dollars(saved)} saved" if saved else ""
        parts.append(f"{counted(found['reused'], 'answer')} reused{told}")
    return "; ".join(parts)


def _show_batches(title: str, batches: Sequence[dict[str, Any]], *, or_none: bool = False) -> None:
    lines = []
    for batch in batches:
        lines.append(batch["line"])
        if batch["next"]:
            lines.append(f"`{batch['next']}` goes on with it.")
    if lines or or_none:
        _tell(title, *(lines or ["no batch"]))
