"""`continuous`: keep batches going until N are in; safe to stop and start again."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from types import FrameType
from typing import Any

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import IN_FLIGHT, OPEN, BatchState
from resume_assets.batches.planning.decision import WAITS_FOR_A_PERSON, NoPlan, Stop
from resume_assets.batches.planning.dispatching import due_runs
from resume_assets.batches.planning.planner import plan_batch
from resume_assets.batches.planning.runs import Stage
from resume_assets.batches.receiving import polling
from resume_assets.commands.collecting import bring_in, poll
from resume_assets.commands.notices import Teller
from resume_assets.commands.outcome import outcome_of, say_next, say_outcome
from resume_assets.commands.output import describe, say, warn
from resume_assets.commands.session import RunFailed, Session
from resume_assets.commands.submitting import send
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.trials.dispatching import due_trials

_MOST_BAD_ROUNDS = 3  # rounds in a row in which nothing went well: then it can't go on
_UNRUN = ("failed", "lost")
"""How a batch ends that does not count: nothing of it ran."""


def continuous(
    session: Session, *, batches: int, rows: int, interval: float, in_flight: int
) -> int:
    """Bring in what is out, then plan and bring in until `batches` are done; the exit code.

    `interval`: seconds between two looks at OpenAI. SIGINT and SIGTERM end it, in the middle of a
    run too: the next run of that batch goes on from there.
    """
    loop, teller = _Loop(session, batches=batches, rows=rows, in_flight=in_flight), Teller(session)
    # A local server runs as long as this does, and not only while it is looked at.
    with session.openai.api(), told_to_stop() as stop:
        try:
            while not loop.go(stop):
                teller.tell()
                stop.wait(interval)
                if stop.is_set():
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            say("Stopped. What is out stays out; start again to bring it in.")
            return 0
    teller.tell(is_last=True)
    return loop.exit_code


@contextmanager
def told_to_stop() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set; a second signal ends the process as ever."""
    stop = threading.Event()
    before: dict[signal.Signals, Any] = {}

    def set_stop(_: int, __: FrameType | None) -> None:
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


class _Loop:
    """What has been counted so far."""

    def __init__(self, session: Session, *, batches: int, rows: int, in_flight: int) -> None:
        self.session = session
        self.wanted = batches
        self.rows = rows
        self.in_flight = in_flight
        self.done = 0
        self.last_refusal: NoPlan | None = None
        self.bad_rounds = 0
        self.is_blind = False  # whether the endpoint could not be asked
        self.waited_for: set[str] = set()  # batches whose contradiction was told
        self.stopped: str | None = None
        self.records = 0
        self.is_useless = False  # whether a batch came in without one usable answer
        self.progress = ""

    def go(self, stop: threading.Event) -> bool:
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
        if attempts:
            self.bad_rounds = 0 if any(attempts) else self.bad_rounds + 1
        return finished or self.bad_rounds >= _MOST_BAD_ROUNDS

    @property
    def exit_code(self) -> int:
        """1 only where it could not go on, or where no answer at all was usable."""
        if self.bad_rounds >= _MOST_BAD_ROUNDS:
            warn(
                f"Nothing went well in {self.bad_rounds} rounds, one after the other. What is "
                "claimed or out stays as it is; start again once the cause is mended."
            )
            return 1
        if self.stopped is not None:
            warn(f"{self.stopped} What is out stays out; `resume-assets resume` goes on.")
            return 1
        refusal = self.last_refusal
        if refusal is not None and refusal.stop in WAITS_FOR_A_PERSON | {Stop.money_today}:
            warn(refusal.why)
            return 1
        if refusal is not None:
            say(refusal.why)
        records = f" {self.records:,} records are written." if self.done else ""
        say(f"{self.done} {'batch is' if self.done == 1 else 'batches are'} in.{records}")
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
        self.last_refusal = None
        while self.done + len(self._in(OPEN)) < self.wanted:
            decision = plan_batch(
                self.session.database,
                self.session.settings,
                rows=self.rows,
                origin="continuous",
                in_flight=self.in_flight,
            )
            if isinstance(decision, NoPlan):
                self.last_refusal = decision
                return
            went_well = self._went_well(lambda: send(self.session, decision))  # noqa: B023
            # What came to nothing must not be planned again at once, and again for ever.
            went_well &= self.session.batch(decision.key).state != BatchState.empty
            yield went_well
            if not went_well:
                return

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
        """What is out, where that has changed since it was shown last."""
        out = self._in({BatchState.submitted})
        if not out:
            return
        if len(out) == 1:
            progress = describe(out[0])
        else:
            answered = sum((b.requests_completed or 0) + (b.requests_failed or 0) for b in out)
            asked = sum(batch.requests for batch in out)
            progress = f"{len(out)} batches are out, {answered:,} of {asked:,} answered"
        if progress != self.progress:
            say(progress)
        self.progress = progress

    def _bring_in(self, key: str) -> None:
        try:
            batch = bring_in(self.session, key)
        except RunFailed as failed:
            # A contradiction at OpenAI passes, or is settled within an hour: this is no bad round.
            if self.session.batch(key).contradiction is None:
                raise
            if key not in self.waited_for:
                say(str(failed))
            self.waited_for.add(key)
            return
        say(describe(batch))
        outcome = outcome_of(self.session.database, self.session.settings, batch)
        say_outcome(outcome)
        self.records += batch.succeeded or 0
        self.is_useless |= outcome.nothing_usable
        self.done += batch.openai_status not in _UNRUN

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

    def _in(self, states: "set[BatchState] | frozenset[BatchState]") -> list[batches.Batch]:
        return list(self.session.in_states(states))
