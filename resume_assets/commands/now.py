"""`now`: a few candidates at once, one by one; and the record that each has then."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import OPEN, UNSENT, WRITTEN, ItemState
from resume_assets.batches.planning.decision import NoPlan, Plan
from resume_assets.batches.planning.runs import is_due
from resume_assets.batches.upkeep.at_once import Beginning, begin
from resume_assets.batches.upkeep.naming import named
from resume_assets.commands.collecting import NOT_ENDED, carry_out
from resume_assets.commands.outcome import reason_in_words
from resume_assets.commands.output import answer, say, warn
from resume_assets.commands.session import Session
from resume_assets.commands.telling import describe, facts_of
from resume_assets.database.candidates import PROCESSED, USERID
from resume_assets.exports.reading import Records
from resume_assets.exports.selecting import Selection
from resume_assets.words import counted, dollars, verb


def now(
    session: Session, typed: Sequence[str], *, again: bool, standard: bool, dry_run: bool
) -> int:
    """Ask for these candidates, and show their records; the exit code.

    Without any: go on with what an earlier call left. Raises BadUserid, TooMany.
    """
    if not typed:
        return _go_on(session)
    found = named(session.database, typed)
    if found.told is not None:
        warn(found.told)
    userids = list(dict.fromkeys(found.userids))
    begun = begin(
        session.database,
        session.settings,
        userids,
        again=again,
        standard=standard,
        dry_run=dry_run,
    )
    for why in begun.chosen.refused.values():
        warn(why)
    why_none = begun.plan.why if isinstance(begun.plan, NoPlan) else None
    answer(stopped=why_none)
    if why_none is not None:
        warn(why_none)
    if dry_run:
        return _dry_run(session, begun)
    if isinstance(begun.plan, Plan):
        _say_plan(begun, begun.plan)
    keys = list(begun.chosen.at_work)
    done = [batch for key in keys if (batch := _carried_out(session, key)) is not None]
    if begun.key is not None:
        keys.append(begun.key)
        done.append(carry_out(session, begun.key))
    is_all = _show(session, userids, begun, done) and found.told is None
    answer(batches=[facts_of(batch) for batch in done], next=_next(session, userids))
    if len(done) < len(keys):
        return NOT_ENDED
    return 0 if is_all else 1


def _go_on(session: Session) -> int:
    """Finish what was begun and not ended: a process was killed, or is at work."""
    left = [batch for batch in session.in_states(OPEN) if batches.is_synchronous(batch)]
    done = [one for batch in left if (one := _carried_out(session, batch.batch_key)) is not None]
    answer(batches=[facts_of(batch) for batch in done], candidates=[], next=None)
    for batch in done:
        say(describe(batch))
    if not left:
        say("Nothing was left to be asked. `resume-assets now USERID` asks for a candidate.")
    return 0 if len(done) == len(left) else NOT_ENDED


def _carried_out(session: Session, key: str) -> batches.Batch | None:
    """Take the batch to its end; None where another process is at it."""
    batch, moment = session.database.read(
        lambda connection: (
            batches.get(connection, session.database, key),
            session.database.dialect.utc_now(connection),
        )
    )
    if batch.state in OPEN and not is_due(batch, moment, stopped=False):
        warn(
            f"Batch {key}: another process asks for it at this moment. Nothing is sent twice; "
            "try again when it is through."
        )
        return None
    return carry_out(session, key)


def _say_plan(begun: Beginning, plan: Plan) -> None:
    cost = dollars(plan.cost)
    told = cost if plan.cost is None else f"{cost} {begun.service.in_words}, estimated"
    say(f"{begun.key}  {counted(plan.rows, 'resume')}, {told}")


def _dry_run(session: Session, begun: Beginning) -> int:
    """Say what it would come to; nothing is claimed, written or sent."""
    rows = begun.chosen.rows
    answer(
        requests=len(rows),
        service=begun.service.value,
        candidates=[_fact(userid, "done") for userid in begun.chosen.done],
        refused=list(begun.chosen.refused.values()),
        next=None,
    )
    for userid in begun.chosen.done:
        say(_is_done(userid))
    if isinstance(begun.plan, NoPlan):
        return 1
    say(f"requests      {len(rows):,}")
    if begun.plan is not None:
        plan = begun.plan
        answer(input_tokens=plan.tokens, cost_usd=plan.cost)
        say(f"input tokens  {plan.tokens:,} (estimated)")
        priced = f"{dollars(plan.cost)} {begun.service.in_words} (estimated)"
        unpriced = f"no price known for {session.settings.model}"
        say(f"cost          {unpriced if plan.cost is None else priced}")
    more = " Next: the same without `--dry-run`." if rows else ""
    say(f"Nothing was sent and nothing claimed.{more}")
    return 1 if begun.chosen.refused else 0


def _show(
    session: Session, userids: Sequence[Any], begun: Beginning, done: Sequence[batches.Batch]
) -> bool:
    """Each candidate's record, or why there is none; whether all have one."""
    ends = _ends(session, userids, [batch.batch_key for batch in done])
    shown = [
        userid
        for userid in userids
        if userid in begun.chosen.done or (userid in ends and ends[userid].state in WRITTEN)
    ]
    records = _records(session, shown)
    facts = []
    for userid in userids:
        if userid in begun.chosen.done:
            say(_is_done(userid))
            facts.append(_fact(userid, "done", record=records.get(userid)))
        elif userid in shown:
            say(f"{userid}  written")
            facts.append(_fact(userid, "written", record=records.get(userid)))
        elif userid in ends:
            end = ends[userid]
            reason = f"{end.state}: {end.reason}" if end.reason else end.state
            more = ""
            if end.state == ItemState.released:
                keeps = userid in begun.chosen.anew and end.reason == UNSENT
                more = " Its record is as it was." if keeps else " It waits again."
            warn(f"{userid}  no new record: {reason_in_words(reason)}{more}")
            facts.append(_fact(userid, end.state, end.reason))
        elif userid in begun.chosen.refused:
            facts.append(_fact(userid, "refused", begun.chosen.refused[userid]))
        else:
            facts.append(_fact(userid, "not_sent"))
        for name, value in records.get(userid, {}).items():
            say(f"  {name:<24}  {value}")
    answer(candidates=facts)
    return len(shown) == len(userids)


def _is_done(userid: Any) -> str:
    return (
        f"{userid}  done: its record is from the resume that is there. `--again` has it read again."
    )


def _fact(
    userid: Any, outcome: str, reason: str | None = None, record: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {"userid": str(userid), "outcome": outcome, "reason": reason, "record": record}


def _ends(
    session: Session, userids: Sequence[Any], keys: Sequence[str]
) -> dict[Any, sa.Row[Any, str, str | None]]:
    """How the candidates' items of these batches ended, or stand."""
    items = session.database.ledger.items
    query = sa.select(items.c.userid, items.c.state, items.c.reason).where(
        items.c.batch_key.in_(keys), items.c.userid.in_(userids)
    )
    rows = session.database.read(lambda connection: connection.execute(query).all())
    return {row.userid: row for row in rows}


def _records(session: Session, userids: Sequence[Any]) -> dict[Any, dict[str, Any]]:
    """What stands in these candidates' extracted columns, NULL left out."""
    records = Records(session.database, Selection(userids=userids))
    left_out = (USERID, PROCESSED)
    return {
        row[0]: {
            name: value
            for name, value in zip(records.columns, row, strict=True)
            if value is not None and name not in left_out
        }
        for page in records.pages()
        for row in page
    }


def _next(session: Session, userids: Sequence[Any]) -> str | None:
    """The command for what is left open; None where nothing is."""
    claims = session.database.ledger.claims
    query = sa.select(sa.func.count()).where(claims.c.userid.in_(userids))
    left = session.database.read(lambda connection: connection.execute(query).scalar_one())
    if left:
        say(
            f"{counted(left, 'candidate')} {verb(left, 'is', 'are')} still in a batch: "
            "`resume-assets status` shows it."
        )
    return "resume-assets status" if left else None
