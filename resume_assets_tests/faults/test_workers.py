"""Workers that die, stall, or meet: a lease, and what was decided on a row that has changed."""

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger import lease as lease_module
from resume_assets.batches.ledger.lease import BatchBusy, leased
from resume_assets.batches.planning import runs
from resume_assets.batches.planning.decision import NoPlan, Stop
from resume_assets.batches.planning.dispatching import due_runs
from resume_assets.batches.planning.planner import Planned, plan_batch
from resume_assets.commands.continuous import Loop
from resume_assets_tests.batches.planning.orchestrators import Told
from resume_assets_tests.flow import KEY, Flow, Flowing, settings_at


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="told by /proc")
def test_a_corpse_that_nobody_buried_holds_no_lease(flow: Flowing) -> None:
    flow.plan()
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as process:
        started = lease_module._started(process.pid)
        owner = "|".join([*lease_module._here(), str(process.pid), started, "random"])
        now = flow.database.read(flow.database.dialect.utc_now)
        flow.update(lease_owner=owner, lease_until=now + timedelta(seconds=60))
        with pytest.raises(BatchBusy), leased(flow.database, KEY):
            pass
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with leased(flow.database, KEY):
            pass


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="told by /proc")
def test_another_process_of_the_same_number_is_another(flow: Flowing) -> None:
    flow.plan()
    host, namespace = lease_module._here()
    now = flow.database.read(flow.database.dialect.utc_now)
    owner = f"{host}|{namespace}|{os.getpid()}|before it began|x"
    flow.update(lease_owner=owner, lease_until=now + timedelta(seconds=60))
    assert lease_module.is_free(flow.batch(), now)


def test_a_lease_that_was_kept_though_the_commits_answer_was_lost(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow.plan()
    write = flow.database.write

    def lost_once(work: Any) -> Any:
        write(work)
        return write(work)  # the whole transaction again, as after every lost connection

    monkeypatch.setattr(flow.database, "write", lost_once)
    with leased(flow.database, KEY):
        assert flow.batch().lease_owner is not None
    assert flow.batch().lease_owner is None


def test_a_worker_that_begins_in_between_is_not_abandoned(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look found the batch free; by the time of the decision somebody works on it."""
    flow.plan()
    flow.update(run_requests=runs.MOST_REQUESTS, requested_at=None)
    with leased(flow.database, KEY):
        monkeypatch.setattr(runs, "is_free", free_at_first())
        assert list(due_runs(flow.database)) == []
        assert flow.batch().state == "planned"
    monkeypatch.undo()
    assert list(due_runs(flow.database)) == []
    assert flow.batch().state == "abandoned"


def free_at_first() -> object:
    answers = iter([True])

    def is_free(batch: batches.Batch, now: object) -> bool:
        return next(answers, False)

    return is_free


def test_a_batch_that_went_on_in_between_is_not_requested(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow.plan()
    flow.update(requested_at=None)

    class Meanwhile(Told):
        def unfinished(self, keys: Sequence[str]) -> list[runs.Run]:
            flow.claim()
            flow.build()
            flow.submit()
            return []

    assert list(due_runs(flow.database, Meanwhile())) == []
    assert flow.batch().run_requests == 1


def test_two_planners_at_once_never_exceed_a_limit(tmp_path: Path) -> None:
    """Each in a thread with a database of its own, as two processes have."""
    flow = Flow(tmp_path, settings_at(tmp_path, max_cost_usd=0.02), None)  # type: ignore[arg-type]
    flow.seed(200)
    planned: list[Planned] = []
    barrier = threading.Barrier(2)

    def plan() -> None:
        mine = Flow(tmp_path, flow.settings, None)  # type: ignore[arg-type]
        barrier.wait(10)
        for _ in range(20):
            decision = plan_batch(mine.database, mine.settings, rows=3, origin="t", in_flight=5)
            if isinstance(decision, NoPlan):
                break
            planned.append(decision)
        mine.database.dispose()

    workers = [threading.Thread(target=plan) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert len(planned) == 5
    assert sum(one.plan.cost or 0 for one in planned) <= 0.02
    assert len({one.key for one in planned}) == 5
    flow.database.dispose()


@pytest.mark.parametrize("stop", [Stop.in_flight, Stop.tokens])
def test_another_process_that_brings_the_last_batch_in_does_not_end_continuous(
    monkeypatch: pytest.MonkeyPatch, stop: Stop
) -> None:
    """What stood in the way of a plan was out, and came in before this one looked again."""
    loop = Loop(None, batches=5, rows=1, in_flight=1)  # type: ignore[arg-type] # asked nothing
    monkeypatch.setattr(Loop, "_in", lambda *_: [])
    loop.last_refusal = NoPlan(stop, "as many as are allowed")
    assert not loop._is_finished()
    loop.last_refusal = NoPlan(Stop.nothing_waiting, "nothing waits")
    assert loop._is_finished()


def test_two_claims_at_once_share_nobody(tmp_path: Path) -> None:
    flow = Flow(tmp_path, settings_at(tmp_path), None)  # type: ignore[arg-type]
    flow.seed(40)
    for key in ("a", "b"):
        flow.plan(key, rows=20)
    barrier = threading.Barrier(2)

    def claim(key: str) -> None:
        mine = Flow(tmp_path, flow.settings, None)  # type: ignore[arg-type]
        barrier.wait(10)
        mine.claim(key)
        mine.database.dispose()

    workers = [threading.Thread(target=claim, args=(key,)) for key in ("a", "b")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert len(flow.claims()) == 40
    assert set(flow.items("a")).isdisjoint(flow.items("b"))
    assert len(flow.items("a")) == len(flow.items("b")) == 20
    flow.database.dispose()
