"""A process that forks one child for each order it is given: quick, for all is loaded once.

Each line on standard input is an order as JSON: which way to go, in which home, with which server,
and at which boundary what shall strike. Each line of the answer is how the child ended. Once the
way was gone in this process itself ("warm"), a child finds every statement compiled.
"""

import gc
import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

import openai
import sqlalchemy as sa
from pydantic import SecretStr

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger import lease as lease_module
from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.ledger.states import AFTER_ENDED, OPEN, BatchState, ItemState
from resume_assets.batches.planning.decision import NoPlan, Stop
from resume_assets.batches.planning.dispatching import due_runs
from resume_assets.batches.planning.planner import Planned, plan_batch
from resume_assets.batches.planning.runs import Stage
from resume_assets.batches.receiving import contradictions
from resume_assets.batches.receiving.tracking import TERMINAL
from resume_assets.batches.records import applying
from resume_assets.batches.sending import building
from resume_assets.batches.upkeep import forgetting, people, reprocessing, undoing
from resume_assets.batches.upkeep.at_once import begin, finish
from resume_assets.batches.upkeep.housekeeping import tidy
from resume_assets.batches.upkeep.remote_files import delete_remote
from resume_assets.errors import PlatformError
from resume_assets.models.tokens import counter_for
from resume_assets.notifying import outbox
from resume_assets.notifying.receivers import receivers_of
from resume_assets.notifying.telling import tell
from resume_assets.openai_api import backoff
from resume_assets.openai_api.client import BatchApi
from resume_assets.trials.advancing import advance
from resume_assets.trials.creating import create
from resume_assets.trials.dispatching import due_trials, open_trial_keys
from resume_assets.trials.variants import variants_of
from resume_assets_tests.faults.boundaries import Boundaries
from resume_assets_tests.faults.invariants import (
    ASKED_NOW,
    FAILING_ONCE,
    FORGOTTEN,
    FORMER,
    RESUMES,
)
from resume_assets_tests.faults.orders import follow
from resume_assets_tests.faults.strikes import Strike
from resume_assets_tests.flow import ENDPOINT, Flow, settings_at

PATIENCE = 90.0
"""Seconds after which a life does not come to its end any more: a hundred times what it takes."""

T = TypeVar("T")

due_at_once = partial(due_runs, patience=timedelta(0))
due_trials_at_once = partial(due_trials, patience=timedelta(0))

TRIED = ("gpt-4.1-mini-2025-04-14", "gpt-5.4-nano-2026-03-17")
"""Models of a trial; another than the real work's, so that the server's book tells them apart."""

TRIED_ON = 4
"""Resumes of a trial's sample."""


def shorten() -> None:
    """So that a handful of resumes are several chunks and pages, and nothing waits."""
    applying.CHUNK = 2
    building._PAGE_ROWS = 2
    undoing.PAGE = reprocessing.PAGE = 2
    backoff.SECONDS = 0.001
    contradictions._FIRST_PAUSE = timedelta(0)
    outbox.SENDING = timedelta(seconds=10)  # of what was sent, and could not be noted
    outbox._FIRST_PAUSE = timedelta(0)
    outbox.AT_ONCE = 1
    lease_module.LEASE_SECONDS = 0.3  # type: ignore[assignment] # of one that could not be given back
    # Against a power cut, which nobody here means to survive.
    os.fsync = lambda _: None  # type: ignore[assignment]

    def relax(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA synchronous = OFF")

    sa.event.listen(sa.pool.Pool, "checkout", lambda connection, *_: relax(connection, _))


_WARM: dict[Path, Flow] = {}


@cache
def _spare() -> openai.OpenAI:
    """A client without a connection, which children make theirs.

    To load the certificates, which nobody here needs, would be a tenth of a life.
    """
    return openai.OpenAI(base_url="http://127.0.0.1/v1", api_key="-", max_retries=0, timeout=20)


def open_flow(order: dict[str, Any]) -> Flow:
    home = Path(order["home"])
    client = _spare().with_options(base_url=order["base_url"], api_key=order["api_key"])
    api = BatchApi(client, endpoint=ENDPOINT)
    if home in _WARM:
        _WARM[home].api = api
        return _WARM[home]
    settings = settings_at(
        home, max_attempts=1, usable_share=0.0, borne_out_share=0.0, keep_files_days=0.0
    )
    return Flow(home, settings, api)


@dataclass
class Life:
    """What the two sensors and `continuous` do, round after round; what fails is tried again."""

    flow: Flow
    rows: int
    in_flight: int
    finish_now: int | None = None
    problems: list[str] = field(default_factory=list)

    def go_on(self) -> None:
        """Until nothing is open, nothing waits, and the house is kept."""
        pause, end = threading.Event(), time.monotonic() + PATIENCE
        while not self.round():
            assert time.monotonic() < end, f"it never came to an end: {self.problems[-3:]}"
            pause.wait(0.005)

    def round(self) -> bool:
        """One look at everything; whether it was the last."""
        flow = self.flow
        plan = self.tried(lambda: self.plan())
        if isinstance(plan, Planned):
            due = plan.due
            self.tried(lambda: run(flow, due.stage, due.key))
        self.wait_for_server()
        self.tried(flow.poll)
        for due in self.tried(lambda: list(due_at_once(flow.database))) or ():
            self.tried(lambda: run(flow, due.stage, due.key))  # noqa: B023 (called at once)
        for due in self.tried(lambda: list(due_trials_at_once(flow.database, flow.settings))) or ():
            self.tried(lambda: self.bring_on(due.key))  # noqa: B023
        nothing_waits = isinstance(plan, NoPlan) and plan.stop is Stop.nothing_waiting
        if not nothing_waits or self.open_batches() or open_trial_keys(flow.database):
            return False
        # Here without the local files, which are needed as long as a test goes on with them.
        kept = flow.settings.model_copy(update={"keep_files_days": 1.0})
        tidied = self.tried(lambda: tidy(flow.database, kept, flow.store, flow.api))
        return tidied is not None and not tidied.problems

    def wait_for_server(self) -> None:
        """So that each life has the same number of rounds; no call, and no boundary."""
        end = time.monotonic() + PATIENCE
        while any(status not in TERMINAL for status in self.flow.book.batches().values()):
            assert time.monotonic() < end, "the server has not ended it"
            time.sleep(0.002)

    def plan(self) -> Planned | NoPlan:
        flow = self.flow
        return plan_batch(
            flow.database,
            flow.settings,
            rows=self.rows,
            origin="test",
            in_flight=self.in_flight,
            finish_now=self.finish_now,
        )

    def tried(self, work: Callable[[], T]) -> T | None:
        """What a sensor or `continuous` reports, and then goes on; anything else ends the child."""
        try:
            return work()
        except (PlatformError, OSError) as problem:
            self.problems.append(f"{type(problem).__name__}: {problem}")
            return None

    def open_batches(self) -> list[str]:
        database = self.flow.database
        opened = database.read(lambda connection: batches.in_states(connection, database, OPEN))
        return [batch.batch_key for batch in opened]

    def bring_on(self, key: str) -> None:
        """One run of a trial, as the job has it."""
        flow = self.flow
        self.problems += advance(flow.database, flow.settings, flow.store, flow.api, key).problems

    def trial(self) -> None:
        """A person tries two models beside the real work."""
        flow = self.flow
        variants = variants_of(flow.settings, TRIED, [])
        self.tried(lambda: create(flow.database, flow.settings, variants, size=TRIED_ON, seed=7))
        self.go_on()

    def again(self) -> None:
        """A person materializes every partition again, all six assets, and then goes on."""
        for batch in self.flow.batches():
            state, key = BatchState(batch.state), batch.batch_key
            if state in OPEN - AFTER_ENDED:
                self.tried(lambda: run(self.flow, Stage.submit, key))  # noqa: B023
            elif state in AFTER_ENDED or state == BatchState.done:
                self.tried(lambda: run(self.flow, Stage.collect, key))  # noqa: B023
        self.go_on()

    def twice(self) -> None:
        """To the end, everything once more from the kept files, and the files are removed."""
        self.go_on()
        self.again()
        flow = self.flow
        while (tidied := self.tried(lambda: self.tidy_all())) is None or tidied.problems:
            pass
        assert not [path for path in (flow.home / "batches").rglob("*") if path.is_file()]

    def tidy_all(self) -> Any:
        return tidy(self.flow.database, self.flow.settings, self.flow.store, self.flow.api)

    def undone(self) -> None:
        """To the end, over records in which something stands; then a person undoes all of it."""
        flow = self.flow
        if not flow.batches():
            statement = flow.database.candidates.table.update().values(FORMER)
            flow.database.write(lambda connection: connection.execute(statement))
        if not any(item.state == ItemState.undone for item in self.items()):
            self.go_on()  # from then on they wait, and would be sent again
        for batch in flow.batches():
            if batch.state == BatchState.done:
                while self.tried(lambda: self.undo(batch.batch_key)) is None:  # noqa: B023
                    pass
        assert not any(item.state == ItemState.succeeded for item in self.items())

    def put_back(self) -> None:
        """To the end; then a person puts every record back into the queue."""
        flow = self.flow
        if not any(item.put_back_at for item in self.items()):
            self.go_on()  # from then on they wait, and would be sent again
        userids, model = list(range(1, RESUMES + 1)), flow.settings.model
        work = partial(reprocessing.put_back, flow.database, model, userids)
        while self.tried(work) is None:
            pass
        assert not flow.written()

    def now(self) -> None:
        """A person asks for some candidates one by one, and the rest goes as ever."""
        flow = self.flow
        if not flow.batches():
            self.tried(lambda: begin(flow.database, flow.settings, ASKED_NOW))
        self.go_on()

    def finish(self) -> None:
        """What a batch leaves is asked again one by one."""
        self.finish_now = len(FAILING_ONCE)
        self.go_on()

    def forgotten(self) -> None:
        """One person is forgotten before their answer is there, another once it is written."""
        if isinstance(plan := self.tried(self.plan), Planned):
            self.tried(lambda: self.flow.claim(plan.key))
            self.tried(lambda: self.flow.build(plan.key))
            self.tried(lambda: self.flow.submit(plan.key))
        self.forget(FORGOTTEN[0])
        self.go_on()
        self.forget(FORGOTTEN[1], records=True)
        self.go_on()
        assert not self.flow.waiting()

    def forgotten_early(self) -> None:
        """The same of a batch that is not sent yet, and whose file is there."""
        if isinstance(plan := self.tried(self.plan), Planned):
            self.tried(lambda: self.flow.claim(plan.key))
            self.tried(lambda: self.flow.build(plan.key))
        self.forget(FORGOTTEN[0])
        self.go_on()

    def forget(self, userid: int, **more: Any) -> None:
        """As often as it takes until nothing is left for later."""
        flow = self.flow
        work = partial(
            forgetting.forget, flow.database, flow.settings, flow.store, flow.api, [userid], **more
        )
        while (receipt := self.tried(work)) is None or receipt.left:
            pass

    def told(self) -> None:
        """To the end; meanwhile, and until nothing is left to tell, what comes up is told."""
        url = SecretStr((self.flow.home / "receiver").read_text(encoding="utf-8"))
        told = self.flow.settings.model_copy(update={"notify_url": url})
        pause, end = threading.Event(), time.monotonic() + PATIENCE
        [receiver] = receivers_of(told).found
        database = self.flow.database
        self.tried(lambda: tell(database, told))
        self.go_on()
        while True:
            result = self.tried(lambda: tell(database, told))
            self.problems += result.problems if result else []
            left = database.read(lambda c: outbox.standing(c, database, receiver.key).waiting)
            if result is not None and not left:
                return
            assert time.monotonic() < end, f"not all is told: {self.problems[-3:]}"
            pause.wait(0.01)

    def items(self) -> Sequence[Any]:
        return self.flow.rows(sa.select(self.flow.database.ledger.items))

    def undo(self, key: str) -> undoing.Undone:
        with leased(self.flow.database, key) as lease:
            return undoing.undo(lease)

    def called_off(self) -> None:
        """A person calls back a batch before it is sent and one that is, and then goes on."""
        for is_sent in (False, True):
            plan = self.tried(lambda: self.plan())
            if isinstance(plan, Planned):
                key = plan.key
                self.tried(lambda: self.flow.claim(key))  # noqa: B023
                self.tried(lambda: self.flow.build(key))  # noqa: B023
                if is_sent:
                    self.tried(lambda: self.flow.submit(key))  # noqa: B023
            self.wait_for_server()
            for key in self.open_batches():
                self.tried(lambda: self.call_off(key))  # noqa: B023
        self.go_on()

    def call_off(self, key: str) -> None:
        flow = self.flow
        with leased(flow.database, key) as lease:
            people.cancel(lease, flow.settings, flow.store, flow.api)


def run(flow: Flow, stage: Stage, key: str) -> None:
    """One half of a batch's way, as the jobs have it."""
    if stage is Stage.submit:
        flow.claim(key)
        flow.build(key)
        flow.submit(key)
        return
    flow.collect(key)
    flow.apply(key)
    with leased(flow.database, key) as lease:
        delete_remote(lease, flow.api)
        finish(lease, flow.settings)
    flow.settle(key)


WAYS: dict[str, Callable[[Life], None]] = {
    "go_on": Life.go_on,
    "again": Life.again,
    "twice": Life.twice,
    "called_off": Life.called_off,
    "undone": Life.undone,
    "put_back": Life.put_back,
    "forgotten": Life.forgotten,
    "forgotten_early": Life.forgotten_early,
    "trial": Life.trial,
    "told": Life.told,
    "now": Life.now,
    "finish": Life.finish,
}


def go(flow: Flow, order: dict[str, Any]) -> Life:
    life = Life(flow, order["rows"], order["in_flight"])
    WAYS[order["way"]](life)
    return life


def obey(order: dict[str, Any]) -> None:
    """In the child: go that way, tell what was met."""
    flow = open_flow(order)
    at = order["at"] and tuple(order["at"])
    boundaries = Boundaries(flow.home, at, Strike(order["strike"]))
    boundaries.install()
    life = go(flow, order)
    boundaries.stop()
    told = {"names": boundaries.names, "problems": life.problems}
    Path(order["report"]).write_text(json.dumps(told), encoding="utf-8")


def warm_up(order: dict[str, Any]) -> None:
    """Go the way here, and leave nothing open that a child would share."""
    flow = open_flow(order)
    go(flow, order)
    flow.api.client.close()
    _spare.cache_clear()
    _spare()
    flow.database.dispose()
    _WARM[flow.home] = flow
    gc.collect()
    gc.freeze()


def serve() -> None:
    """Fork for each order, and wait for the child: it is never a corpse that looks alive."""
    counter_for("gpt-4o-mini-2024-07-18").count("loaded once")
    shorten()
    follow(obey, warm_up)


if __name__ == "__main__":
    serve()
