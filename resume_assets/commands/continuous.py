"""`continuous`: keep batches going until N are in; safe to stop and start again."""

import threading

from resume_assets.batches import ledger
from resume_assets.batches.api_errors import ApiUnavailable
from resume_assets.batches.dispatching import Stage, due_runs
from resume_assets.batches.planner import Planned, plan_batch
from resume_assets.batches.planning import WAITS_FOR_A_PERSON, NoPlan, Stop
from resume_assets.batches.states import IN_FLIGHT, OPEN, BatchState
from resume_assets.commands.collecting import bring_in, poll
from resume_assets.commands.output import describe, say, warn
from resume_assets.commands.session import RunFailed, Session
from resume_assets.commands.submitting import send

_MOST_FAILURES = 3  # runs in a row that fail: then it can't go on
_UNRUN = ("failed", "lost")
"""How a batch ends that does not count: nothing of it ran."""


def continuous(
    session: Session,
    *,
    batches: int,
    rows: int,
    interval: float,
    in_flight: int,
    stop: threading.Event | None = None,
) -> int:
    """Bring in what is out, then plan and bring in until `batches` are done; the exit code.

    `interval`: seconds between two looks at OpenAI.
    """
    stop = stop or threading.Event()
    loop = _Loop(session, batches=batches, rows=rows, in_flight=in_flight)
    while True:
        loop.look()
        loop.submit()
        if loop.is_finished:
            return loop.exit_code
        if stop.wait(interval):
            say("Stopped. What is out stays out; start again to bring it in.")
            return 0


class _Loop:
    """What has been counted so far."""

    def __init__(self, session: Session, *, batches: int, rows: int, in_flight: int) -> None:
        self.session = session
        self.wanted = batches
        self.rows = rows
        self.in_flight = in_flight
        self.done = 0
        self.last_refusal: NoPlan | None = None
        self.failures = 0

    def look(self) -> None:
        """See what has ended and bring it in; take up what a crash left half done."""
        try:
            poll(self.session)
        except ApiUnavailable as problem:
            warn(f"{problem} Looking again later.")
        for batch in self._in(OPEN - IN_FLIGHT):
            self._bring_in(batch.batch_key)
        for run in due_runs(self.session.database):
            if run.stage is Stage.submit:
                self._submit_again(run.key)

    def submit(self) -> None:
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
            if not self._attempt(decision):
                return

    @property
    def is_finished(self) -> bool:
        """Whether there is nothing left to do here, or no way to go on."""
        if self.failures >= _MOST_FAILURES:
            return True
        if self._in(OPEN):
            return bool(
                self.last_refusal
                and self.last_refusal.stop is Stop.stopped
                and not self._in({BatchState.submitted})
            )
        return self.done >= self.wanted or self.last_refusal is not None

    @property
    def exit_code(self) -> int:
        """1 only where it could not go on."""
        if self.failures >= _MOST_FAILURES:
            warn(f"{self.failures} runs in a row failed; what is claimed or out stays as it is.")
            return 1
        refusal = self.last_refusal
        if refusal is not None and refusal.stop in WAITS_FOR_A_PERSON | {Stop.money_today}:
            warn(refusal.why)
            return 1
        if refusal is not None:
            say(refusal.why)
        say(f"{self.done} batches are in.")
        return 0

    def _bring_in(self, key: str) -> None:
        try:
            batch = bring_in(self.session, key)
        except RunFailed as failed:
            self._failed(failed)
            return
        self.failures = 0
        say(describe(batch))
        self.done += batch.openai_status not in _UNRUN

    def _attempt(self, planned: Planned) -> bool:
        try:
            send(self.session, planned)
        except RunFailed as failed:
            self._failed(failed)
            return False
        self.failures = 0
        return True

    def _submit_again(self, key: str) -> None:
        try:
            say(describe(self.session.run(Stage.submit, key)))
        except RunFailed as failed:
            self._failed(failed)

    def _failed(self, failed: RunFailed) -> None:
        warn(str(failed))
        self.failures += 1

    def _in(self, states: "set[BatchState] | frozenset[BatchState]") -> list[ledger.Batch]:
        database = self.session.database
        return list(
            database.read(lambda connection: ledger.in_states(connection, database, states))
        )
