"""`continuous`: keep batches going until N are in; safe to stop and start again."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import chain
from types import FrameType
from typing import Any

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.batches import is_synchronous
from resume_assets.batches.ledger.states import IN_FLIGHT, OPEN, BatchState
from resume_assets.batches.planning.decision import WAITS_FOR_A_PERSON, NoPlan, Stop
from resume_assets.batches.planning.dispatching import due_runs
from resume_assets.batches.planning.planner import Planned, plan_batch
from resume_assets.batches.planning.runs import Stage
from resume_assets.batches.receiving import polling
from resume_assets.commands.collecting import bring_in, poll
from resume_assets.commands.interrupted import goes_on
from resume_assets.commands.notices import Teller
from resume_assets.commands.outcome import outcome_of, say_next, say_outcome
from resume_assets.commands.output import answer, say, warn
from resume_assets.commands.session import RunFailed, Session
from resume_assets.commands.submitting import send
from resume_assets.commands.telling import describe
from resume_assets.commands.waiting import Waiting
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.trials.dispatching import due_trials
from resume_assets.words import counted, verb

_MOST_BAD_ROUNDS = 3  # rounds in a row in which nothing went well: then it can't go on,
_PATIENCE = 120.0  # where they lasted so many seconds: a disk or a server may be away for a minute
_UNRUN = ("failed", "lost")
"""How a batch ends that does not count: nothing of it ran."""


def continuous(
    session: Session,
    *,
    batches: int,
    rows: int,
    interval: float,
    in_flight: int,
    finish_now: int | None = None,
    kind: "Callable[..., Loop] | None" = None,
) -> int:
    """Bring in what is out, then plan and bring in until `batches` are done; the exit code.

    `interval`: seconds between two looks at OpenAI. SIGINT and SIGTERM end it, in the middle of a
    run too: the next run of that batch goes on from there. The latter is how a service is told to
    stop, and no fault: 0. `kind`: `Following`, where the session has workers.
    """
    loop = (kind or Loop)(
        session, batches=batches, rows=rows, in_flight=in_flight, finish_now=finish_now
    )
    return keep_going(loop, interval)


def keep_going(loop: "Loop", interval: float) -> int:
    """Round after round, `interval` seconds apart, until the last; the exit code. As above."""
    session, teller = loop.session, Teller(loop.session)
    # A local server runs as long as this does, and not only while it is looked at.
    with session.openai.api(), told_to_stop() as stop:
        try:
            while not loop.go(stop):
                teller.tell()
                with loop.waiting():
                    stop.wait(interval)
                if stop.is_set():
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            if stop.number != signal.SIGTERM:
                raise
            told = goes_on(session.database, at_workers=session.workers is not None)
            say(f"Stopped. {told}")
            return 0
    teller.tell(is_last=True)
    return loop.exit_code


class Stopping(threading.Event):
    """Is set by a signal; `number` says which."""

    number: int | None = None


@contextmanager
def told_to_stop() -> Iterator[Stopping]:
    """An event that SIGINT and SIGTERM set; a second signal ends the process as ever."""
    stop = Stopping()
    before: dict[signal.Signals, Any] = {}

    def set_stop(number: int, _: FrameType | None) -> None:
        stop.number = number
        stop.set()
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, set_stop)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Loop:
    """What has been counted so far."""

    def __init__(
        self,
        session: Session,
        *,
        batches: int,
        rows: int,
        in_flight: int,
        finish_now: int | None = None,
    ) -> None:
        self.session = session
        self.wanted = batches
        self.rows = rows
        self.in_flight = in_flight
        self.finish_now = finish_now
        self.done = 0
        self.last_refusal: NoPlan | None = None
        self.bad_rounds = 0
        self._bad_since: float | None = None
        self.is_blind = False  # whether the endpoint could not be asked
        self.waited_for: set[str] = set()  # batches whose contradiction was told
        self.stopped: str | None = None
        self.records = 0
        self.is_useless = False  # whether a batch came in without one usable answer
        self.progress: object = None  # what was told last of what is out
        self._waiting = Waiting()

    def go(self, stop: Stopping) -> bool:
        """One round: bring in, plan; whether it was the last."""
        attempts: list[bool] = []
        try:
            for attempt in chain(self._look(), self._submit()):
                attempts.append(attempt)
                if stop.is_set():
                    raise KeyboardInterrupt
            finished = self._is_finished()
        except DatabaseFailed as problem:
            warn(str(problem))
            attempts, finished = [False], False
        self._remember(attempts)
        return finished or self._is_hopeless()

    def _remember(self, attempts: list[bool]) -> None:
        """A round without attempts says nothing."""
        if any(attempts):
            self.bad_rounds, self._bad_since = 0, None
        elif attempts:
            self.bad_rounds += 1
            self._bad_since = self._bad_since or time.monotonic()

    def _is_hopeless(self) -> bool:
        """Whether nothing went well for too many rounds, and for too long."""
        began = self._bad_since
        lasted = 0.0 if began is None else time.monotonic() - began
        return self.bad_rounds >= _MOST_BAD_ROUNDS and lasted >= _PATIENCE

    def waiting(self) -> AbstractContextManager[None]:
        """Shows how far those that are out have come, as long as the block lasts."""
        return self._waiting.shown(self._in({BatchState.submitted}))

    @property
    def exit_code(self) -> int:
        """1 only where it could not go on, or where no answer at all was usable."""
        answer(batches_in=self.done, records_written=self.records, next=None)
        if self._is_hopeless():
            warn(
                f"Nothing went well in {self.bad_rounds} rounds, one after the other. What is "
                "claimed or out stays as it is; start again once the cause is mended."
            )
            return 1
        if self.stopped is not None:
            answer(next="resume-assets unpause")
            warn(f"{self.stopped} What is out stays out; `resume-assets unpause` goes on.")
            return 1
        refusal = self.last_refusal
        if refusal is not None and refusal.stop in WAITS_FOR_A_PERSON | {Stop.money_today}:
            warn(refusal.why)
            return 1
        if refusal is not None:
            say(refusal.why)
        written = f"{counted(self.records, 'record')} {verb(self.records, 'is', 'are')} written."
        told = f"{counted(self.done, 'batch')} {verb(self.done, 'is', 'are')} in."
        say(f"{told} {written}" if self.done else told)
        say_next(self.session.database, self.session.settings)
        return 1 if self.is_useless and not self.records else 0

    def _look(self) -> Iterator[bool]:
        """See what has ended and bring it in; take up what a crash left half done.

        Yields whether a run went well, after each; so does `_submit`.
        """
        self.is_blind = polling.ENDPOINT in poll(self.session).problems
        self._show_progress()
        for batch in self._in(OPEN - IN_FLIGHT):
            yield self._went_well(lambda: self._bring_in(batch.batch_key))  # noqa: B023
        for run in due_runs(self.session.database):
            if run.stage is Stage.submit:
                yield self._went_well(lambda: say(describe(self.session.run(run.stage, run.key))))  # noqa: B023
        for run in due_trials(self.session.database, self.session.settings):
            yield self._went_well(lambda: self._bring_trial_on(run.key))  # noqa: B023

    def _submit(self) -> Iterator[bool]:
        """Plan as long as more are wanted and the limits allow it."""
        for planned in self._plans():
            went_well = self._went_well(lambda: send(self.session, planned))  # noqa: B023
            # What came to nothing must not be planned again at once, and again for ever.
            went_well &= self.session.batch(planned.key).state != BatchState.empty
            yield went_well
            if not went_well:
                return

    def _plans(self) -> Iterator[Planned]:
        """Plan the next batch, and the next, each as it is asked for."""
        self.last_refusal = None
        while self.done + self._open_batches() < self.wanted:
            decision = plan_batch(
                self.session.database,
                self.session.settings,
                rows=self.rows,
                origin="continuous",
                in_flight=self.in_flight,
                finish_now=self.finish_now,
            )
            if isinstance(decision, NoPlan):
                self.last_refusal = decision
                return
            yield decision

    def _is_finished(self) -> bool:
        """Whether there is nothing left to do here, or no way to go on."""
        if self._in(OPEN):
            # A key that is refused, an account without money: what is out can still come in, as
            # long as the endpoint lets us look.
            self.stopped = self.session.why_stopped()
            out = self._in({BatchState.submitted})
            return self.stopped is not None and (self.is_blind or not out)
        # Once nothing is out, a limit on what is out ends nothing: another process brought it in.
        refusal = self.last_refusal
        ends = refusal is not None and refusal.stop not in (Stop.in_flight, Stop.tokens)
        return self.done >= self.wanted or ends

    def _show_progress(self) -> None:
        """What is out, where that is news; how far it has come is shown by `waiting`."""
        out = self._in({BatchState.submitted})
        progress = [(batch.batch_key, batch.openai_status, batch.message) for batch in out]
        if out and progress != self.progress:
            asked = sum(batch.requests for batch in out)
            several = f"{len(out)} batches are out, of {counted(asked, 'request')}"
            say(describe(out[0]) if len(out) == 1 else several)
        self.progress = progress

    def _bring_in(self, key: str) -> None:
        try:
            batch = bring_in(self.session, key)
        except RunFailed as failed:
            if not self._is_waited_for(key, failed):
                raise
            return
        self._count(batch)

    def _count(self, batch: batches.Batch) -> None:
        """Tell what came of a batch that is in, and count it."""
        say(describe(batch))
        outcome = outcome_of(self.session.database, self.session.settings, batch)
        say_outcome(outcome)
        self.records += batch.succeeded or 0
        if is_synchronous(batch):  # of a few candidates, beside the batches
            return
        self.is_useless |= outcome.nothing_usable
        self.done += batch.openai_status not in _UNRUN

    def _is_waited_for(self, key: str, failed: RunFailed) -> bool:
        """Whether a contradiction at OpenAI is why it failed: that passes, or is settled.

        So it is no bad round, and told once.
        """
        if self.session.batch(key).contradiction is None:
            return False
        if key not in self.waited_for:
            say(str(failed))
        self.waited_for.add(key)
        return True

    def _bring_trial_on(self, key: str) -> None:
        state = self.session.run_trial(key)
        ended = "is done" if state.is_done else "goes on"
        say(f"{key}  {ended}: `resume-assets trial {key}` shows it")

    def _went_well(self, work: Callable[[], object]) -> bool:
        try:
            work()
        except RunFailed as failed:
            warn(str(failed))
            return False
        return True

    def _open_batches(self) -> int:
        return sum(not is_synchronous(batch) for batch in self._in(OPEN))

    def _in(self, states: "set[BatchState] | frozenset[BatchState]") -> list[batches.Batch]:
        return list(self.session.in_states(states))
