"""A sensor's tick always ends, in time and without an exception, whatever happens in it."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from resume_assets import sensors
from resume_assets.batches.ledger import counters
from resume_assets.batches.planning.dispatching import due_runs
from resume_assets.batches.planning.runs import Stage
from resume_assets.batches.receiving import polling
from resume_assets.resources import OpenAIResource
from resume_assets.sensors import batch_completion_sensor, continuous_submission_sensor
from resume_assets_tests.flow import resume
from resume_assets_tests.home import Platform, platform_at
from resume_assets_tests.local_openai.faults import Change, Faults, Hold, Respond

BATCHES = "/v1/batches"


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def ticking(home: Path, faults: Faults, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    """Two batches are out at a server that is reached by its address, as OpenAI is."""
    monkeypatch.setattr(sensors, "LOOKING_SECONDS", 2.0)
    monkeypatch.setattr(sensors, "DECIDING_SECONDS", 2.0)
    monkeypatch.setenv("RESUME_BATCH_SIZE", "1")
    with platform_at(home, wrap=faults.wrap) as platform:
        monkeypatch.setenv("OPENAI_BASE_URL", platform.server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", platform.server.api_key)
        platform.seed(2)
        for key in ("a", "b"):
            platform.plan(key, rows=1)
            assert platform.run(Stage.submit, key).success
        platform.until_the_server_has_ended("a", "b")
        yield platform


def tick(platform: Platform, sensor: dg.SensorDefinition = batch_completion_sensor) -> Any:
    """One evaluation; asserts that it took no longer than its parts may take together."""
    resources = platform.definitions.resources or {}
    began = time.monotonic()
    with dg.build_sensor_context(instance=platform.instance, resources=resources) as context:
        result = sensor(context)
    assert time.monotonic() - began < 10
    assert isinstance(result, dg.SensorResult)
    return result


def requested(result: Any) -> set[tuple[str | None, str | None]]:
    return {(run.job_name, run.partition_key) for run in result.run_requests or []}


def test_all_that_ended_are_requested(ticking: Platform) -> None:
    assert requested(tick(ticking)) == {("collect_batch", "a"), ("collect_batch", "b")}
    assert requested(tick(ticking)) == set()  # asked for once


@pytest.mark.parametrize(
    "fault",
    [
        Respond(500),
        Respond(429),
        Respond(200, body=b"<html>"),
        Respond(200, body=b"[]"),
        Respond(200, body=b'{"data": [null, 3, {}]}'),
        Change(lambda page: {**page, "data": [dict.fromkeys(one) for one in page["data"]]}),
    ],
    ids=["500", "429", "HTML", "list", "no batches", "all null"],
)
def test_an_answer_that_says_nothing(ticking: Platform, faults: Faults, fault: Any) -> None:
    rule = faults.add("GET", f"{BATCHES}(/.*)?", fault, times=None)
    assert rule is fault
    result = tick(ticking)
    assert requested(result) == set()
    assert "batch" in result.skip_reason.skip_message.lower()
    faults.clear()
    assert len(requested(tick(ticking))) == 2


def test_between_two_looks_openai_is_not_asked(
    ticking: Platform, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_CHECK_INTERVAL", "900")
    resources = ticking.definitions.resources or {}
    asked = []
    for cursor in (None, str(time.time() - 600), str(time.time() - 900), "by hand"):
        before = faults.count("GET", BATCHES)
        with dg.build_sensor_context(
            instance=ticking.instance, resources=resources, cursor=cursor
        ) as context:
            result = batch_completion_sensor(context)
        assert isinstance(result, dg.SensorResult)
        looked = result.cursor != cursor
        assert looked == (faults.count("GET", BATCHES) > before)
        asked.append(looked)
        for key in ("a", "b"):
            ticking.update(key, state="submitted")
    assert asked == [True, False, True, True]


def test_a_look_is_quick(ticking: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a run's time-outs and retries one slow endpoint would use up the tick."""
    opened: list[bool] = []
    api = OpenAIResource.api

    def noted(resource: OpenAIResource, *, quick: bool = False) -> Any:
        opened.append(quick)
        return api(resource, quick=quick)

    monkeypatch.setattr(OpenAIResource, "api", noted)
    tick(ticking)
    assert opened == [True]


def test_what_was_decided_in_time_counts(
    ticking: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database hangs at the second batch: the first is handed over, the second counts not."""
    for key in ("a", "b"):
        ticking.update(key, state="ended", openai_status="completed", requested_at=None)
    hang = threading.Event()
    runs = due_runs

    def slow(*given: Any, **options: Any) -> Iterator[Any]:
        for number, run in enumerate(runs(*given, **options)):
            if number:
                hang.wait(30)
            yield run

    with monkeypatch.context() as broken:
        broken.setattr(sensors, "due_runs", slow)
        result = tick(ticking)
    assert requested(result) == {("collect_batch", "a")}
    hang.set()
    ticking.update("b", requested_at=ticking.batch("b").requested_at - timedelta(minutes=5))
    first_time = f"b:collect_batch:{ticking.batch('b').try_number}:1"
    again = tick(ticking)
    assert [run.run_key for run in again.run_requests if run.partition_key == "b"] == [first_time]


def test_its_parts_leave_something_of_dagsters_minute() -> None:
    assert sensors.LOOKING_SECONDS + sensors.DECIDING_SECONDS < 60


def test_a_tick_that_is_late_leaves_the_rest_to_the_next(
    ticking: Platform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for key in ("a", "b"):
        ticking.update(key, state="ended", openai_status="completed", requested_at=None)
    with monkeypatch.context() as late:
        late.setattr(sensors, "within", lambda _seconds, _what, work: work())
        late.setattr(sensors, "DECIDING_SECONDS", 0.0)
        assert len(requested(tick(ticking))) == 1
    assert capsys.readouterr().err.count("There is more to run than this tick had time for.") == 1
    assert len(requested(tick(ticking))) == 1


def test_half_of_the_time_to_look_is_for_the_first_calls(
    ticking: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever comes then needs the other half to end."""
    monkeypatch.setattr(sensors, "LOOKING_SECONDS", 400.0)
    late: list[bool] = []
    real = time.monotonic

    def poll(*_: Any, until: Any) -> Any:
        for seconds in (0, 190, 210):
            with monkeypatch.context() as clock:
                clock.setattr(time, "monotonic", lambda: real() + seconds)  # noqa: B023
                late.append(until())
        return SimpleNamespace(problems={})

    monkeypatch.setattr(polling, "poll", poll)
    tick(ticking)
    assert late == [False, False, True]


def test_each_tick_that_comes_to_its_end_is_counted(ticking: Platform) -> None:
    def ticks() -> int:
        database = ticking.database
        return database.read(lambda c: counters.read(c, database)).get(counters.TICKS, (0,))[0]

    before = ticks()
    tick(ticking)
    assert ticks() == before + 1


def test_many_partitions_that_dagster_forgot(
    ticking: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of more than so many the whole list is asked for, once."""
    monkeypatch.setattr(sensors, "_ASKED_SINGLY", 1)
    assert not tick(ticking).dynamic_partitions_requests
    ticking.instance.delete_dynamic_partition("resume_batches", "b")
    (request,) = tick(ticking).dynamic_partitions_requests
    assert request.partition_keys == ["b"]


def test_so_many_plans_a_tick_are_enough(
    ticking: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensors, "_PLANS_A_TICK", 2)
    monkeypatch.setenv("RESUME_MAX_IN_FLIGHT", "50")
    ticking.seed({number: resume(number) for number in (101, 102, 103)})
    result = tick(ticking, continuous_submission_sensor)
    assert len(result.run_requests) == 2
    assert len(tick(ticking, continuous_submission_sensor).run_requests) == 1


def test_a_server_that_hangs(ticking: Platform, faults: Faults) -> None:
    hold = faults.add("GET", BATCHES, Hold(), times=None)
    result = tick(ticking)
    assert "took over 2 s" in result.skip_reason.skip_message
    hold.until.set()
    faults.clear()
    assert len(requested(tick(ticking))) == 2


def test_a_batch_that_ended_before_is_not_kept_waiting_by_a_server_that_hangs(
    ticking: Platform, faults: Faults
) -> None:
    ticking.update("a", state="ended", openai_status="completed", requested_at=None)
    hold = faults.add("GET", BATCHES, Hold(), times=None)
    assert requested(tick(ticking)) == {("collect_batch", "a")}
    hold.until.set()


def test_a_database_that_is_locked(ticking: Platform) -> None:
    path = ticking.settings.embedded_path
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        result = tick(ticking)
        assert requested(result) == set()
        assert "took over" in result.skip_reason.skip_message
        other.execute("ROLLBACK")


def test_an_unexpected_error_is_told_without_what_it_quotes(
    ticking: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("Ada Lovelace, ada@example.com")

    monkeypatch.setattr(polling, "poll", broken)
    result = tick(ticking)
    assert "Unexpected ValueError" in result.skip_reason.skip_message
    assert "Ada" not in result.skip_reason.skip_message
    monkeypatch.setattr(sensors, "plan_batch", broken)
    result = tick(ticking, continuous_submission_sensor)
    assert "Unexpected ValueError" in result.skip_reason.skip_message
    assert "Ada" not in result.skip_reason.skip_message


def test_wrong_settings_are_told(ticking: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESUME_MAX_ATTEMPTS", "many")
    for sensor in (batch_completion_sensor, continuous_submission_sensor):
        assert "RESUME_MAX_ATTEMPTS" in tick(ticking, sensor).skip_reason.skip_message


def test_a_stuck_batch_is_told(ticking: Platform, faults: Faults) -> None:
    def out(found: Any) -> Any:
        return {**found, "data": [{**one, "status": "in_progress"} for one in found["data"]]}

    faults.add("GET", BATCHES, Change(out), times=None)
    long_ago = ticking.batch("a").submitted_at - timedelta(hours=27)
    ticking.update("a", submitted_at=long_ago)
    message = tick(ticking).skip_reason.skip_message
    assert "Batch a has been out for over 26 hours" in message
    assert "resume-assets cancel a" in message
    assert "Batch b" not in message


def test_keys_that_dagster_forgot_are_registered_again(ticking: Platform) -> None:
    name = "resume_batches"
    ticking.instance.delete_dynamic_partition(name, "a")
    (request,) = tick(ticking).dynamic_partitions_requests
    assert request.partition_keys == ["a"]


def test_a_run_that_is_under_way_is_not_requested(ticking: Platform) -> None:
    ticking.update("a", state="ended", openai_status="completed", requested_at=None)
    job = ticking.definitions.resolve_job_def("collect_batch")
    run = ticking.instance.create_run_for_job(
        job, tags={"dagster/partition": "a"}, status=dg.DagsterRunStatus.STARTED
    )
    assert requested(tick(ticking)) == {("collect_batch", "b")}
    ticking.instance.report_run_canceled(run)
    assert requested(tick(ticking)) == {("collect_batch", "a")}
