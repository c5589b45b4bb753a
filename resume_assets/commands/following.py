"""`continuous --launch`: plan, hand the runs to Dagster's workers, and tell what came of them.

Nothing is waited for but time: each round looks what has ended. The sensor may hand runs over as
well, and is not waited for either: a batch counts by what the ledger says of it, whoever was at it.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from resume_assets.batches.ledger.states import OPEN, BatchState
from resume_assets.batches.planning.dispatching import due_runs
from resume_assets.batches.planning.runs import Due, Stage
from resume_assets.batches.receiving import polling
from resume_assets.commands.collecting import poll, say_cost
from resume_assets.commands.continuous import Loop
from resume_assets.commands.output import say, warn
from resume_assets.commands.session import RunFailed, Session
from resume_assets.commands.submitting import say_planned
from resume_assets.commands.telling import describe
from resume_assets.commands.web_server import NotLaunched, Unreachable
from resume_assets.trials.dispatching import due_trials


class Following(Loop):
    """What was handed over, and the batches whose end is still to be told."""

    def __init__(self, session: Session, **wanted: Any) -> None:
        super().__init__(session, **wanted)
        if session.workers is None:
            raise TypeError("a session with workers")
        self._workers = session.workers
        self._at_work: dict[tuple[Stage, str], Due] = {}
        self._not_taken: list[Due] = []  # runs that nobody was there to be handed to
        self._open = [batch.batch_key for batch in self._in(OPEN)]

    def _look(self) -> Iterator[bool]:
        """Look at OpenAI, and at the runs; hand over what is due."""
        self.is_blind = polling.ENDPOINT in poll(self.session).problems
        self._show_progress()
        for due in list(self._at_work.values()):
            yield from self._ended(due)
        database, settings = self.session.database, self.session.settings
        not_taken, self._not_taken = self._not_taken, []
        batches = due_runs(database, self._workers)
        trials = due_trials(database, settings, self._workers)
        yield from self._hand_over(chain(not_taken, batches, trials))
        self._tell_of_ends()

    def _submit(self) -> Iterator[bool]:
        """Plan as long as more are wanted and the limits allow it, each for the workers."""
        if self._not_taken:
            return
        for planned in self._plans():
            say_planned(planned)
            self._open.append(planned.key)
            problems = self._hand_over([planned.due])
            yield from problems
            if problems:
                return

    def _hand_over(self, runs: Iterable[Due]) -> list[bool]:
        """Begin these; [False] where that went wrong: then no more is tried in this round."""
        try:
            for due in runs:
                self._not_taken.append(due)
                self._workers.begin(due)
                self._not_taken.remove(due)
                self._at_work[due.stage, due.key] = due
        except NotLaunched as problem:  # of a query, too, that finds out what is due
            warn(str(problem))
            return [False]
        return []

    def _ended(self, due: Due) -> Iterator[bool]:
        """Whether the run went well, where it has ended."""
        try:
            if not self._workers.has_ended(due.stage, due.key):
                return
        except NotLaunched as problem:
            if not isinstance(problem, Unreachable):  # somebody deleted the run
                del self._at_work[due.stage, due.key]
            warn(str(problem))
            yield False
            return
        del self._at_work[due.stage, due.key]
        if due.stage is Stage.trial:
            yield self._went_well(lambda: self._bring_trial_on(due.key))
        else:
            yield self._went_well(lambda: self._tell_of_run(due))

    def _tell_of_run(self, due: Due) -> None:
        try:
            batch = self.session.run(due.stage, due.key)
        except RunFailed as failed:
            if due.stage is Stage.submit or not self._is_waited_for(due.key, failed):
                raise
            return
        if due.stage is Stage.submit:
            say(describe(batch))

    def _tell_of_ends(self) -> None:
        """Tell of those that are closed, whoever was at them, and count those that are in."""
        for key in list(self._open):
            batch = self.session.batch(key)
            if batch.state in OPEN:
                continue
            self._open.remove(key)
            if batch.state == BatchState.done:
                say_cost(batch)
                self._count(batch)
            else:
                say(describe(batch))
