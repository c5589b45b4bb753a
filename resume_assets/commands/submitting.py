"""`submit`: batches on their way to OpenAI."""

from itertools import count

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import is_free
from resume_assets.batches.ledger.states import AFTER_ENDED, APPLIED, BEFORE_SUBMITTED, BatchState
from resume_assets.batches.planning.asked import asked_now
from resume_assets.batches.planning.decision import NoPlan, Stop
from resume_assets.batches.planning.estimates import estimate_for
from resume_assets.batches.planning.planner import KeyTaken, Planned, plan_batch, preview
from resume_assets.batches.planning.runs import Stage
from resume_assets.commands.output import answer, say, warn
from resume_assets.commands.session import RunFailed, Session
from resume_assets.commands.telling import describe, facts_of
from resume_assets.models.caching import caching_in_words
from resume_assets.models.catalogue import model_for
from resume_assets.models.prices import Service, Usage, price
from resume_assets.words import counted, dollars, size, verb

_LONGEST_KEY = 64
_NOT_SENT = (BatchState.empty, BatchState.abandoned)


def submit(session: Session, *, rows: int, key: str | None, finish_now: int | None = None) -> int:
    """Submit as many batches as the limits demand for `rows` resumes; returns the exit code.

    What an earlier try left unsent goes first, and counts. With a `key` it does not: that batch
    goes on alone, or new ones are named `key`, `key-2` and so on. `finish_now`: of each, so many
    unusable requests are sent again at once when it has come back. Raises RunFailed.
    """
    answer(stopped=None)
    if key is not None:
        batches.check_key(key)
        batch = session.find(key)
        if batch is not None and batch.trial_key is not None:
            raise KeyTaken(batches.belongs_to_trial(batch))
        if batch is not None and batch.state not in _NOT_SENT:
            return _ending([_taken_up(session, batch, finish_now)])
    sent: list[batches.Batch] = []
    for batch in _unsent(session) if key is None else ():
        if _rows(sent) < rows:
            sent.append(_taken_up(session, batch, finish_now))
    return _new_ones(session, rows, key, sent, finish_now)


def _new_ones(
    session: Session,
    rows: int,
    key: str | None,
    sent: list[batches.Batch],
    finish_now: int | None,
) -> int:
    """Plan and send what is left to be sent; with workers all at once, else one after the other."""
    begun: list[Planned] = []
    refusal: NoPlan | None = None
    while (left := rows - _rows(sent) - sum(one.plan.rows for one in begun)) > 0:
        name = _numbered(session, key) if key is not None and (sent or begun) else key
        decision = plan_batch(
            session.database,
            session.settings,
            rows=left,
            origin="submit",
            key=name,
            in_flight=session.settings.max_in_flight,
            finish_now=finish_now,
        )
        if isinstance(decision, NoPlan):
            refusal = decision
            break
        if session.begin(decision.due):
            begun.append(decision)
            continue
        sent.append(send(session, decision))
        if sent[-1].state == BatchState.empty:
            break  # somebody else was faster
    sent += [send(session, one) for one in begun]
    return _ending(sent) if refusal is None else _no_more(refusal, sent)


def _unsent(session: Session) -> list[batches.Batch]:
    """Batches to go on with, that no process works on; none while planning is stopped."""
    if session.why_stopped() is not None:
        return []
    now = session.database.read(session.database.dialect.utc_now)
    return [
        batch
        for batch in session.in_states(BEFORE_SUBMITTED)
        if is_free(batch, now)
        and (batch.quota_until is None or batch.quota_until <= now)
        and not batches.is_synchronous(batch)
    ]


def _taken_up(session: Session, batch: batches.Batch, finish_now: int | None) -> batches.Batch:
    if finish_now is not None and batch.state not in APPLIED:
        key, database = batch.batch_key, session.database
        database.write(
            lambda connection: batches.update(connection, database, key, finish_now=finish_now)
        )
    say(f"{batch.batch_key}  {batch.state}: goes on from there")
    return _run(session, batch.batch_key)


def _run(session: Session, key: str) -> batches.Batch:
    """Run `submit_batch`, and say what came of it. Raises RunFailed, with the next command."""
    try:
        batch = session.run(Stage.submit, key)
    except RunFailed as failed:
        raise RunFailed(
            f"{failed}\nBatch {key} is kept, with its claims: once the cause is mended, "
            f"`resume-assets submit --batch {key}` goes on with it. `resume-assets doctor` looks "
            "for the cause."
        ) from None
    say(describe(batch))
    return batch


def _rows(sent: list[batches.Batch]) -> int:
    return sum(max(batch.rows_claimed or 0, 1) for batch in sent)


def _ending(sent: list[batches.Batch]) -> int:
    """Say which command comes next; the exit code."""
    out = [batch.batch_key for batch in sent if batch.state == BatchState.submitted]
    # Where every answer was there already, nothing was sent, and they are to be written.
    here = [batch.batch_key for batch in sent if batch.state in AFTER_ENDED]
    following = f"resume-assets check {(out or here)[-1]}" if out or here else None
    answer(batches=[facts_of(batch) for batch in sent], next=following)
    if out:
        say(
            f"Next: `{following}` brings it in once it has ended; so do "
            "`continuous`, and the sensor of `ui`."
        )
    elif here:
        say(f"Next: `{following}` writes the records; nothing had to be sent for them.")
    return 0


def _numbered(session: Session, key: str) -> str:
    """`key-2` or the first number after it that is no batch yet."""
    for number in count(2):
        suffix = f"-{number}"
        name = key[: _LONGEST_KEY - len(suffix)] + suffix
        if session.find(name) is None:
            return name
    raise AssertionError("numbers do not end")


def send(session: Session, planned: Planned) -> batches.Batch:
    """Run `submit_batch` for a planned batch, and say what came of it. Raises RunFailed."""
    say_planned(planned)
    return _run(session, planned.key)


def say_planned(planned: Planned) -> None:
    """Say for how many resumes a batch is planned."""
    say(f"{planned.key}  planned for {counted(planned.plan.rows, 'resume')}")


def dry_run(session: Session, *, rows: int) -> int:
    """Say what `submit` would come to; nothing is claimed, written or sent."""
    queue = preview(session.database, session.settings, rows)
    if not queue.waiting:
        answer(requests=0, next=None)
        say("No resume is waiting.")
        return 0
    tokens = round(queue.tokens_per_row * queue.waiting)
    cost = None if queue.cost_per_row is None else queue.cost_per_row * queue.waiting
    model = model_for(session.settings)
    asked = asked_now(session.settings, model)
    estimate = session.database.read(
        lambda connection: estimate_for(connection, session.database, model, asked)
    )
    usage = Usage(tokens, output_tokens=round(estimate.output_tokens * queue.waiting))
    standard = price(estimate.model, usage, on=estimate.on, service=Service.standard, is_long=False)
    say(f"requests      {queue.waiting:,}")
    say(f"input tokens  {tokens:,} (estimated from the texts' length, instructions included)")
    file_bytes = queue.bytes_per_row * queue.waiting
    say(f"file          {size(file_bytes)}")
    if cost is None or standard is None:
        say(f"cost          no price known for {session.settings.model}")
    else:
        say(
            f"cost          {dollars(cost)} as a batch, {dollars(float(standard.total))} at the "
            f"standard price (of {standard.on}, by {standard.source})"
        )
    caching = caching_in_words(estimate.model, estimate.overhead_tokens, estimate.on)
    if caching is not None:
        say(f"caching       {caching}")
    command = "resume-assets submit"
    if rows != session.settings.batch_size:
        command += f" --batch-size {rows}"
    answer(
        requests=queue.waiting,
        input_tokens=tokens,
        file_bytes=round(file_bytes),
        cost_usd=None if standard is None else cost,
        standard_cost_usd=None if standard is None else float(standard.total),
        next=command,
    )
    say("Nothing was sent and nothing claimed.")
    sends = f"sends {verb(queue.waiting, 'it', 'them')}"
    say(f"Next: `{command}` {sends}.")
    return 0


def _no_more(decision: NoPlan, sent: list[batches.Batch]) -> int:
    answer(stopped=None if decision.stop is Stop.nothing_waiting else decision.why)
    if decision.stop is Stop.nothing_waiting:
        say(decision.why if not sent else "No more resumes are waiting.")
        return _ending(sent)
    (say if sent else warn)(decision.why)
    return _ending(sent) if sent or decision.stop in (Stop.tokens, Stop.in_flight) else 1
