"""The sensors against a persisted instance, and the runs that they request: issue 2, point 6.

`Daemon` does with a tick's result what Dagster's daemon does: it registers the partitions, and
launches each run key once, for ever. (What a tick makes of faults is in `faults.test_tick`.)
"""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from resume_assets.assets import resume_batches
from resume_assets.batches.planning.runs import MOST_REQUESTS, REQUEST_PATIENCE
from resume_assets.batches.receiving.contradictions import LEAST_LOOKS
from resume_assets.local_openai.settings import Limits, Pace
from resume_assets_tests.home import NEVER, QUIET, Platform, platform_at
from resume_assets_tests.local_openai.support import ManualClock
from resume_assets_tests.ticks import tick

COMPLETION, CONTINUOUS = "batch_completion_sensor", "continuous_submission_sensor"
BY_HAND = Pace(1, 100, 0, 2, 5)


class Daemon:
    """Ticks sensors, and launches what they request, in this process."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.launched: list[dg.ExecuteInProcessResult] = []

    def tick(self, name: str) -> Any:
        """Evaluate as the code server does; nothing is carried out."""
        return tick(self.platform.definitions, self.platform.instance, name)

    def register(self, tick: Any) -> list[str]:
        """Carry out the tick's requests for partitions; returns the new keys."""
        keys: list[str] = []
        for request in tick.dynamic_partitions_requests or []:
            self.platform.instance.add_dynamic_partitions(
                request.partitions_def_name, request.partition_keys
            )
            keys += request.partition_keys
        return keys

    def launch(self, tick: Any) -> list[str]:
        """Run what is requested, unless its run key was run before; returns the partitions."""
        launched = []
        for request in tick.run_requests or []:
            tags = {**request.tags, "dagster/run_key": request.run_key}
            known = dg.RunsFilter(tags={"dagster/run_key": request.run_key})
            if self.platform.instance.get_runs_count(known):
                continue
            job = self.platform.definitions.resolve_job_def(request.job_name)
            result = job.execute_in_process(
                instance=self.platform.instance,
                partition_key=request.partition_key,
                run_config=QUIET,
                tags=tags,
                raise_on_error=False,
            )
            self.launched.append(result)
            launched.append(request.partition_key)
        return launched

    def go(self, name: str) -> list[str]:
        """One tick of the daemon."""
        tick = self.tick(name)
        self.register(tick)
        return self.launch(tick)


@pytest.fixture
def by_hand(home: Path) -> Iterator[tuple[Platform, ManualClock]]:
    """Four resumes are sent in one batch; the server's time is moved by hand."""
    clock = ManualClock()
    with platform_at(home, persisted=True, pace=BY_HAND, clock=clock) as platform:
        platform.seed(4)
        assert platform.run("submit_batch", "b1").success
        clock.settle()
        yield platform, clock


@pytest.fixture
def ended(home: Path) -> Iterator[Platform]:
    """A batch that the server has ended, which the ledger does not know yet."""
    with platform_at(home, persisted=True) as platform:
        platform.seed(1)
        platform.sent("b1")
        yield platform


def age(platform: Platform, key: str, by: timedelta = REQUEST_PATIENCE) -> None:
    """Let the time pass after which a run is asked for again."""
    platform.update(key, requested_at=platform.batch(key).requested_at - by)


# Every way in which a batch ends


def collected(platform: Platform, status: str) -> dict[str, int]:
    """Tick, run what is requested; the batch must be `done`. Returns its items by end."""
    daemon = Daemon(platform)
    tick = daemon.tick(COMPLETION)
    [request] = tick.run_requests
    assert (request.job_name, request.partition_key) == ("collect_batch", "b1")
    assert platform.batch("b1").openai_status == status
    assert daemon.launch(tick) == ["b1"]
    assert daemon.launched[0].success
    assert platform.batch("b1").state == "done"
    assert platform.is_balanced()
    assert daemon.go(COMPLETION) == []
    ends = list(platform.ends("b1").values())
    return {end: ends.count(end) for end in ends}


def test_completed(by_hand: tuple[Platform, ManualClock]) -> None:
    platform, clock = by_hand
    daemon = Daemon(platform)
    for seconds, status in ((0, "validating"), (1, "in_progress"), (100, "finalizing")):
        clock.advance(seconds)
        tick = daemon.tick(COMPLETION)
        assert not tick.run_requests
        assert tick.skip_message == "No batch has ended."
        assert platform.batch("b1").openai_status == status
    clock.advance(2)
    assert collected(platform, "completed") == {"succeeded": 4}
    assert platform.written() == [1, 2, 3, 4]


def test_failed_at_validation(home: Path) -> None:
    limits = Limits(exact_tokens=False, requests_per_batch=1)
    with platform_at(home, persisted=True, limits=limits) as platform:
        platform.seed(2)
        platform.sent("b1")
        assert collected(platform, "failed") == {"released: batch_failed": 2}
        assert platform.waiting() == [1, 2]
        assert "failed" in platform.batch("b1").message
        assert float(platform.batch("b1").batch_cost) == 0


def test_expired_with_a_part_of_the_answers(home: Path) -> None:
    clock = ManualClock()
    pace = Pace(1, 100, 0, 2, 5, expire_after_seconds=60)
    with platform_at(home, persisted=True, pace=pace, clock=clock) as platform:
        platform.seed(4)
        assert platform.run("submit_batch", "b1").success
        clock.settle()
        for seconds in (1, 60, 5):
            clock.advance(seconds)
        ends = collected(platform, "expired")
        assert ends["succeeded"] == 2
        assert sum(ends.values()) == 4
        assert sum(count for end, count in ends.items() if end.startswith("expired")) == 2
        assert len(platform.waiting()) == 2
        assert platform.batch("b1").batch_cost > 0


def test_cancelled_with_a_part_of_the_answers(by_hand: tuple[Platform, ManualClock]) -> None:
    platform, clock = by_hand
    clock.advance(1)
    clock.advance(55)
    platform.api.cancel(platform.batch("b1").openai_batch_id)
    clock.advance(5)
    ends = collected(platform, "cancelled")
    assert ends["succeeded"] == 2
    assert sum(count for end, count in ends.items() if end.startswith("cancelled")) == 2
    assert len(platform.waiting()) == 2


def test_lost(by_hand: tuple[Platform, ManualClock]) -> None:
    platform, _ = by_hand
    with sqlite3.connect(platform.server_folder / "state.db") as state:
        state.execute("DELETE FROM batches")
    for _ in range(LEAST_LOOKS - 1):  # one 404 may pass
        assert not Daemon(platform).tick(COMPLETION).run_requests
        platform.later("b1", hours=1)
    assert collected(platform, "lost") == {"missing: batch_lost": 4}
    assert platform.waiting() == [1, 2, 3, 4]


def test_one_that_ended_while_nobody_looked(ended: Platform) -> None:
    """Days later."""
    ended.update("b1", submitted_at=ended.batch("b1").submitted_at - timedelta(days=9))
    assert Daemon(ended).go(COMPLETION) == ["b1"]
    assert ended.batch("b1").state == "done"


# What may go wrong between a tick and its runs


def test_a_lost_tick_is_harmless(ended: Platform) -> None:
    """However many: the same run is asked for again, and nothing is counted against the batch."""
    daemon = Daemon(ended)
    [lost] = daemon.tick(COMPLETION).run_requests
    assert daemon.tick(COMPLETION).run_requests == []  # it may be under way
    for _ in range(MOST_REQUESTS + 1):
        age(ended, "b1", timedelta(hours=1))
        [again] = daemon.tick(COMPLETION).run_requests
        assert again.run_key == lost.run_key
    age(ended, "b1", timedelta(hours=2))
    assert daemon.go(COMPLETION) == ["b1"]
    assert ended.batch("b1").state == "done"


def test_a_tick_that_is_carried_out_twice_is_harmless(ended: Platform) -> None:
    daemon = Daemon(ended)
    tick = daemon.tick(COMPLETION)
    assert daemon.launch(tick) == ["b1"]
    assert daemon.launch(tick) == []
    again = ended.run("collect_batch", "b1")
    assert again.success
    assert ended.batch("b1").succeeded == 1


def test_a_batch_whose_run_is_under_way_is_not_asked_for_again(ended: Platform) -> None:
    daemon = Daemon(ended)
    daemon.tick(COMPLETION)
    job = ended.definitions.resolve_job_def("collect_batch")
    run = ended.instance.create_run_for_job(
        job, status=dg.DagsterRunStatus.STARTED, tags={"dagster/partition": "b1"}
    )
    age(ended, "b1", timedelta(hours=2))
    assert not daemon.tick(COMPLETION).run_requests
    ended.instance.delete_run(run.run_id)
    assert len(daemon.tick(COMPLETION).run_requests) == 1


def test_a_run_that_was_killed_is_failed_and_followed(ended: Platform) -> None:
    """Its process could not tell Dagster, which believes for ever that it goes on."""
    daemon = Daemon(ended)
    daemon.tick(COMPLETION)
    job = ended.definitions.resolve_job_def("collect_batch")
    run = ended.instance.create_run_for_job(
        job, status=dg.DagsterRunStatus.STARTED, tags={"dagster/partition": "b1"}
    )
    began = datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=10)
    ended.instance.report_dagster_event(
        dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, job.name),
        run.run_id,
        timestamp=began.replace(tzinfo=UTC).timestamp(),
    )
    killed = {"lease_owner": "elsewhere|-|1|1|x", "requested_at": began - timedelta(seconds=70)}
    ended.update("b1", **killed, lease_until=began + timedelta(minutes=9, seconds=45))
    assert not daemon.tick(COMPLETION).run_requests  # it may be between two steps
    ended.update("b1", **killed, lease_until=began + timedelta(minutes=9))
    tick = daemon.tick(COMPLETION)
    there = ended.instance.get_run_by_id(run.run_id)
    assert there is not None
    assert there.status is dg.DagsterRunStatus.FAILURE
    [failure] = [
        record.event_log_entry.message
        for record in ended.instance.get_records_for_run(run.run_id).records
        if record.event_log_entry.dagster_event_type is dg.DagsterEventType.RUN_FAILURE
    ]
    assert "worker of this run is gone: batch b1" in failure
    assert daemon.launch(tick) == ["b1"]
    assert ended.batch("b1").state == "done"


def test_a_run_that_fails_is_asked_for_again_for_as_long_as_it_takes(
    ended: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = Daemon(ended)
    keys = set()
    with monkeypatch.context() as broken:
        broken.setattr("resume_assets.assets.answers.apply", None)
        for _ in range(MOST_REQUESTS + 1):
            tick = daemon.tick(COMPLETION)
            [request] = tick.run_requests
            keys.add(request.run_key)
            assert daemon.launch(tick) == ["b1"]
            assert not daemon.launched[-1].success
            age(ended, "b1", timedelta(hours=2))
    assert len(keys) == MOST_REQUESTS + 1
    assert ended.batch("b1").state == "collected"
    assert daemon.go(COMPLETION) == ["b1"]
    assert ended.batch("b1").state == "done"


def test_a_partition_that_dagster_forgot_is_registered_before_its_run(ended: Platform) -> None:
    name = resume_batches.name or ""
    ended.instance.delete_dynamic_partition(name, "b1")
    daemon = Daemon(ended)
    tick = daemon.tick(COMPLETION)
    assert daemon.register(tick) == ["b1"]
    assert daemon.launch(tick) == ["b1"]
    assert daemon.launched[0].success


def test_a_planned_batch_whose_runs_all_fail_goes_back_visibly(
    queue: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.plan("b1", rows=1)
    daemon = Daemon(queue)
    monkeypatch.setattr("resume_assets.assets.requests.claim", None)
    keys = set()
    for _ in range(MOST_REQUESTS):
        assert not daemon.tick(COMPLETION).run_requests
        age(queue, "b1")
        tick = daemon.tick(COMPLETION)
        [request] = tick.run_requests
        assert request.job_name == "submit_batch"
        keys.add(request.run_key)
        daemon.register(tick)
        assert daemon.launch(tick) == ["b1"]
        assert not daemon.launched[-1].success
    assert len(keys) == MOST_REQUESTS
    age(queue, "b1")
    assert not daemon.tick(COMPLETION).run_requests
    assert queue.batch("b1").state == "abandoned"
    assert f"{MOST_REQUESTS} runs" in queue.batch("b1").message
    assert len(queue.waiting()) == 5


def test_of_many_that_are_due_the_oldest_are_handed_over_and_none_is_given_up(
    ended: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tick has an end; what it did not come to is asked for by the next, and none twice."""
    monkeypatch.setattr("resume_assets.sensors.RUNS_A_TICK", 4)
    states = ["claimed", "built", "collected", "applied", "ended"]
    keys = [f"k{number}" for number in range(10)]
    copy_batch(ended, keys, states)
    daemon = Daemon(ended)
    handed: list[str] = []
    for _ in range(4):
        tick = daemon.tick(COMPLETION)
        requests = tick.run_requests or []
        assert len(requests) <= 4
        handed += [request.partition_key for request in requests]
        for request in requests:
            job = ended.definitions.resolve_job_def(request.job_name)
            ended.instance.create_run_for_job(
                job,
                status=dg.DagsterRunStatus.NOT_STARTED,
                tags={
                    "dagster/run_key": request.run_key,
                    "dagster/partition": request.partition_key,
                },
            )
        for key in keys:
            if ended.batch(key).requested_at is not None:
                age(ended, key, timedelta(hours=3))
    assert sorted(handed) == sorted([*keys, "b1"])
    assert [key for key in handed if key != "b1"] == keys  # oldest first


def copy_batch(platform: Platform, keys: list[str], states: list[str]) -> None:
    """More batches like b1, the first the oldest, in these states in turn."""
    table = platform.database.ledger.batches
    like = platform.batch("b1")._asdict()
    rows = [
        {
            **like,
            "batch_key": key,
            "state": states[number % len(states)],
            "openai_batch_id": f"batch_{key}",
            "planned_at": like["planned_at"] - timedelta(hours=len(keys) - number),
            "requested_at": None,
            "run_requests": 0,
        }
        for number, key in enumerate(keys)
    ]
    platform.database.write(lambda connection: connection.execute(table.insert(), rows))


# Keeping batches out


@pytest.fixture
def queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    """Five resumes wait, one a batch, two batches at once; none ends by itself."""
    monkeypatch.setenv("RESUME_BATCH_SIZE", "1")
    monkeypatch.setenv("RESUME_MAX_IN_FLIGHT", "2")
    with platform_at(home, persisted=True, pace=NEVER) as platform:
        platform.seed(5)
        yield platform


def states(platform: Platform) -> list[str]:
    return [batch.state for batch in platform.batches()]


def test_as_many_are_kept_out_as_allowed_and_as_many_in_all(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_BATCH_SIZE", "1")
    monkeypatch.setenv("RESUME_MAX_IN_FLIGHT", "2")
    monkeypatch.setenv("RESUME_CONTINUOUS_BATCHES", "3")
    with platform_at(home, persisted=True) as platform:
        platform.seed(4)
        daemon = Daemon(platform)
        first = daemon.go(CONTINUOUS)
        assert len(first) == 2
        full = daemon.tick(CONTINUOUS)
        assert not full.run_requests
        assert full.skip_message == "2 batches are out, as many as RESUME_MAX_IN_FLIGHT allows."
        platform.until_the_server_has_ended(*first)
        assert set(daemon.go(COMPLETION)) == set(first)
        assert len(daemon.go(CONTINUOUS)) == 1
        ended = daemon.tick(CONTINUOUS)
        assert not ended.run_requests
        assert ended.skip_message == "3 batches are planned: RESUME_CONTINUOUS_BATCHES."
        assert all(run.success for run in daemon.launched)
        assert sorted(states(platform)) == ["done", "done", "submitted"]
        assert platform.written() == [1, 2]
        assert platform.waiting() == [4]


def test_with_nothing_waiting_it_says_so(home: Path) -> None:
    with platform_at(home, persisted=True) as platform:
        assert Daemon(platform).tick(CONTINUOUS).skip_message == "No resume is waiting."


def test_its_run_keys_and_partitions_are_new_ones(queue: Platform) -> None:
    daemon = Daemon(queue)
    tick = daemon.tick(CONTINUOUS)
    keys = [request.partition_key for request in tick.run_requests]
    assert len({request.run_key for request in tick.run_requests}) == 2
    assert {request.job_name for request in tick.run_requests} == {"submit_batch"}
    assert daemon.register(tick) == keys
    assert [batch.origin for batch in queue.batches()] == ["sensor", "sensor"]


@pytest.mark.parametrize(
    ("variable", "value"), [("RESUME_MAX_IN_FLIGHT", "2"), ("RESUME_CONTINUOUS_BATCHES", "2")]
)
def test_two_at_once_never_exceed_a_limit(
    home: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv("RESUME_BATCH_SIZE", "1")
    monkeypatch.setenv("RESUME_MAX_IN_FLIGHT", "20")
    monkeypatch.setenv(variable, value)
    with platform_at(home, persisted=True, pace=NEVER) as platform:
        platform.seed(8)
        daemons = [Daemon(platform) for _ in range(4)]
        together = threading.Barrier(len(daemons))

        def tick(daemon: Daemon) -> int:
            together.wait(30)
            return len(daemon.tick(CONTINUOUS).run_requests or [])

        with ThreadPoolExecutor(len(daemons)) as pool:
            assert sum(pool.map(tick, daemons)) == 2
        assert states(platform) == ["planned", "planned"]


def test_a_tick_that_is_lost_after_planning_is_asked_for_again(queue: Platform) -> None:
    daemon = Daemon(queue)
    lost = daemon.tick(CONTINUOUS)  # rows, but neither partitions nor runs
    assert len(lost.run_requests) == 2
    assert not daemon.tick(CONTINUOUS).run_requests
    for batch in queue.batches():
        age(queue, batch.batch_key)
    tick = daemon.tick(COMPLETION)
    assert len(daemon.register(tick)) == 2
    assert len(daemon.launch(tick)) == 2
    assert states(queue) == ["submitted", "submitted"]


def test_a_money_limit_is_its_reason_to_skip(
    queue: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_MAX_COST_USD", "0")
    tick = Daemon(queue).tick(CONTINUOUS)
    assert not tick.run_requests
    assert "RESUME_MAX_COST_USD" in tick.skip_message


def test_tables_that_are_missing_are_a_reason_to_skip(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with platform_at(home, persisted=True) as platform:
        monkeypatch.setenv("RESUME_DATABASE_URL", f"sqlite:///{home.with_name('bare.db')}")
        with sqlite3.connect(home.with_name("bare.db")) as bare:
            bare.execute(
                "CREATE TABLE aicandidate (userid INTEGER PRIMARY KEY, markdownResume TEXT,"
                " datelastmodified DATETIME, LastProcessed DATETIME)"
            )
        for name in (COMPLETION, CONTINUOUS):
            tick = Daemon(platform).tick(name)
            assert not tick.run_requests
            assert "resume-assets init-db" in tick.skip_message
