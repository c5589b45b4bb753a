"""A process that forks one child for each order it is given: quick, for all is loaded once.

Each line on standard input is an order as JSON: which way to go, in which home, with which server,
and at which boundary to be killed. Each line of the answer is how the child ended.
"""

import json
import os
import sys
import threading
import traceback
from datetime import timedelta
from pathlib import Path
from typing import Any

import openai

from resume_assets.batches import applying, batch_api, building, dispatching, ledger
from resume_assets.batches.batch_api import BatchApi
from resume_assets.batches.dispatching import Stage, due_runs
from resume_assets.batches.housekeeping import delete_remote, tidy
from resume_assets.batches.lease import leased
from resume_assets.batches.planner import Planned, plan_batch
from resume_assets.batches.states import AFTER_ENDED, OPEN, BatchState
from resume_assets.batches.tokens import counter_for
from resume_assets_tests.faults.boundaries import Boundaries
from resume_assets_tests.flow import ENDPOINT, Flow, settings_at

AT_NOTHING = timedelta(0)


def shorten() -> None:
    """So that a handful of resumes are several chunks and pages, and nothing waits."""
    applying.CHUNK = 2
    building._PAGE_ROWS = 2
    batch_api.BACKOFF_SECONDS = 0.001
    dispatching.REQUEST_PATIENCE = AT_NOTHING


def open_flow(order: dict[str, Any]) -> Flow:
    home = Path(order["home"])
    client = openai.OpenAI(
        base_url=order["base_url"], api_key=order["api_key"], max_retries=0, timeout=20
    )
    settings = settings_at(home, max_attempts=1, usable_share=0.0)
    return Flow(home, settings, BatchApi(client, endpoint=ENDPOINT))


def go_on(flow: Flow) -> None:
    """What the two sensors and `continuous` do, until nothing is open and nothing waits."""
    pause = threading.Event()
    for _ in range(600):
        plan = plan_batch(flow.database, flow.settings, rows=6, origin="test", in_flight=1)
        if isinstance(plan, Planned):
            run(flow, plan.due.stage, plan.key)
        flow.poll()
        for due in due_runs(flow.database):
            run(flow, due.stage, due.key)
        if not isinstance(plan, Planned) and not open_batches(flow):
            tidied = tidy(flow.database, flow.settings, flow.store, flow.api)
            assert not tidied.problems, tidied.problems
            return
        pause.wait(0.005)
    raise AssertionError("it never came to an end")


def open_batches(flow: Flow) -> list[str]:
    batches = flow.database.read(
        lambda connection: ledger.in_states(connection, flow.database, OPEN)
    )
    return [batch.batch_key for batch in batches]


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
    flow.settle(key)


def again(flow: Flow) -> None:
    """A person materializes every partition again, all six assets, and then goes on."""
    for batch in flow.batches():
        state = BatchState(batch.state)
        if state in OPEN - AFTER_ENDED:
            run(flow, Stage.submit, batch.batch_key)
        elif state in AFTER_ENDED or state == BatchState.done:
            run(flow, Stage.collect, batch.batch_key)
    go_on(flow)


WAYS = {"go_on": go_on, "again": again}


def obey(order: dict[str, Any]) -> None:
    """In the child: go that way, tell the boundaries that were met."""
    shorten()
    flow = open_flow(order)
    boundaries = Boundaries(flow.home, order.get("kill_at"))
    boundaries.install()
    try:
        WAYS[order["way"]](flow)
    finally:
        boundaries._on = False
        Path(order["report"]).write_text(json.dumps(boundaries.names), encoding="utf-8")


def serve() -> None:
    """Fork for each order, and wait for the child: it is never a corpse that looks alive."""
    counter_for("gpt-4o-mini-2024-07-18").count("loaded once")
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            os.dup2(2, 1)  # what a command prints is no answer of ours
            try:
                obey(order)
            except BaseException:  # noqa: BLE001 (told, and the child ends)
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 (the answer)


if __name__ == "__main__":
    serve()
