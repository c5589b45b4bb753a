"""`submit`: batches on their way to OpenAI."""

from itertools import count

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import BatchState
from resume_assets.batches.planning.decision import NoPlan, Stop
from resume_assets.batches.planning.planner import Planned, plan_batch, preview
from resume_assets.batches.planning.runs import Stage
from resume_assets.commands.output import describe, dollars, say, warn
from resume_assets.commands.session import Session

_LONGEST_KEY = 64
_NOT_SENT = (BatchState.empty, BatchState.abandoned)


def submit(session: Session, *, rows: int, key: str | None) -> int:
    """Submit as many batches as the limits demand for `rows` resumes; returns the exit code."""
    if key is not None:
        batches.check_key(key)
        batch = session.find(key)
        if batch is not None and batch.state not in _NOT_SENT:
            say(describe(session.run(Stage.submit, batch.batch_key)))
            return 0
    sent = 0
    left = rows
    while left > 0:
        name = _numbered(session, key) if key is not None and sent else key
        decision = plan_batch(
            session.database, session.settings, rows=left, origin="submit", key=name
        )
        if isinstance(decision, NoPlan):
            return _no_more(decision, sent)
        batch = send(session, decision)
        sent += 1
        left -= max(batch.rows_claimed or 0, 1)
        if batch.state == BatchState.empty:
            break  # somebody else was faster
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
    """Run a planned batch's first half, and say what came of it. Raises RunFailed."""
    say(f"{planned.key}  planned for {planned.plan.rows} resumes")
    batch = session.run(Stage.submit, planned.key)
    say(describe(batch))
    return batch


def dry_run(session: Session, *, rows: int) -> int:
    """Say what `submit` would come to; nothing is claimed, written or sent."""
    queue = preview(session.database, session.settings, rows)
    if not queue.waiting:
        say("No resume is waiting.")
        return 0
    tokens = round(queue.tokens_per_row * queue.waiting)
    cost = None if queue.cost_per_row is None else queue.cost_per_row * queue.waiting
    say(f"requests      {queue.waiting:,}")
    say(f"input tokens  {tokens:,} (estimated from the texts' length, instructions included)")
    say(f"file          {queue.bytes_per_row * queue.waiting / 1e6:,.1f} MB")
    standard = None if cost is None else 2 * cost
    say(f"cost          {dollars(cost)} as a batch, {dollars(standard)} at the standard price")
    say("Nothing was sent and nothing claimed.")
    return 0


def _no_more(decision: NoPlan, sent: int) -> int:
    if decision.stop is Stop.nothing_waiting:
        say(decision.why if not sent else "No more resumes are waiting.")
        return 0
    (say if sent else warn)(decision.why)
    return 0 if sent or decision.stop in (Stop.tokens, Stop.in_flight) else 1
