"""The sensor `notifications`, and what Dagster's edge reports: runs, checks, housekeeping."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from resume_assets import notifications as module
from resume_assets.batches.planning.runs import Stage
from resume_assets.batches.upkeep import housekeeping
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.notifications import failed_runs, notifications
from resume_assets.notifying import outbox
from resume_assets_tests.home import QUIET, Platform
from resume_assets_tests.notifying.servers import Answer, Hook, hook
from resume_assets_tests.test_checks import check, failed


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Any:
    with hook() as made:
        yield made


def tick(platform: Platform, cursor: str | None = None) -> Any:
    resources = platform.definitions.resources or {}
    with dg.build_sensor_context(
        instance=platform.instance, resources=resources, cursor=cursor
    ) as context:
        result = notifications(context)
    assert isinstance(result, dg.SensorResult)
    assert not result.run_requests
    return result


def said(result: Any) -> str:
    message: str = result.skip_reason.skip_message
    return message


def kinds(platform: Platform) -> list[str]:
    table = platform.database.ledger.notices
    rows = platform.rows(sa.select(table).order_by(table.c.came_up_at, table.c.notice_id))
    return [row.kind for row in rows if row.kind != "model_ends"]  # which depends on the day


def boom(*_: Any, **__: Any) -> None:
    raise ValueError("ada@example.com")


def test_without_the_setting_it_says_so(platform: Platform) -> None:
    assert said(tick(platform)) == "Nobody is told: RESUME_NOTIFY_URL is not set."


def test_a_run_that_failed_is_told_once_also_after_a_restart(
    platform: Platform, receiver: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.seed(1)
    platform.plan("b1")
    with monkeypatch.context() as broken:
        broken.setattr("resume_assets.assets.requests.build", boom)
        assert not platform.run(Stage.submit, "b1").success
    monkeypatch.setenv("RESUME_NOTIFY_URL", receiver.url)
    first = tick(platform)
    assert "was told" in said(first)
    [run] = [one for one in receiver.took() if one["kind"] == "run_failed"]
    assert run["batch"] == "b1"
    assert run["command"] == "resume-assets submit --batch b1"
    assert "ada@" not in str(receiver.received)
    for cursor in (first.cursor, None, "by hand", str(1e300)):
        assert said(tick(platform, cursor)) == "Nothing came up."


def test_runs_of_others_are_theirs(platform: Platform) -> None:
    @dg.op
    def fails() -> None:
        boom()

    @dg.job
    def theirs() -> None:
        fails()

    theirs.execute_in_process(instance=platform.instance, raise_on_error=False, run_config=QUIET)
    assert failed_runs(platform.instance, datetime.now(UTC) - timedelta(hours=1)) == []
    platform.seed(1)
    assert not platform.materialize("b2", "batch_output").success  # by hand, much too early
    [matter] = failed_runs(platform.instance, datetime.now(UTC) - timedelta(hours=1))
    assert matter.batch_key == "b2"
    assert failed_runs(platform.instance, datetime.now(UTC) + timedelta(hours=1)) == []


def test_a_check_in_error_is_noted_as_it_is_found(done: Platform) -> None:
    assert "check_failed" not in kinds(done)
    check(done, "b1")
    assert "check_failed" not in kinds(done)
    done.change(2, MostRecentStartDate="2019-13", MostRecentEndDate="2001-01")
    for _ in range(2):
        assert {"date_formats"} <= failed(check(done, "b1"))
    # Once, and of what is an error: a start after its end is a warning.
    assert kinds(done) == ["check_failed"]
    [row] = done.rows(sa.select(done.database.ledger.notices))
    assert "Check date_formats failed for batch b1" in row.what
    assert "2019" not in row.what


def test_a_check_goes_on_where_it_can_not_be_noted(
    done: Platform, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: Any, **__: Any) -> int:
        raise DatabaseFailed("The disk is full.")

    monkeypatch.setattr(outbox, "note", full)
    done.change(2, MostRecentStartDate="2019-13")
    assert "date_formats" in failed(check(done, "b1"))
    assert "not noted, and so told to nobody: The disk is full." in caplog.text


def test_housekeepings_problems_are_noted(done: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    def tidy(*_: Any) -> housekeeping.Tidied:
        return housekeeping.Tidied(problems=["Batch b1: its files are not known with this key."])

    monkeypatch.setattr("resume_assets.schedules.tidy", tidy)
    for _ in range(2):
        job = done.definitions.resolve_job_def("housekeeping")
        assert job.execute_in_process(instance=done.instance, run_config=QUIET).success
    assert kinds(done) == ["housekeeping"]


def test_a_tick_ends_in_time_though_the_receiver_hangs(
    platform: Platform, receiver: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_SECONDS", 0.5)
    monkeypatch.setenv("RESUME_NOTIFY_URL", receiver.url)
    hang = threading.Event()
    receiver.then = Answer(until=hang)
    platform.set(stopped=True)
    table = platform.database.ledger.installation
    platform.database.write(
        lambda c: c.execute(table.update().values(stopped_reason="The account has no money."))
    )
    result = tick(platform, "17")
    assert "took over" in said(result)
    assert result.cursor == "17"  # looked at again from there
    hang.set()


def test_what_is_wrong_is_said_without_what_it_quotes(
    platform: Platform, receiver: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_NOTIFY_URL", f"nonsense/S3CRET {receiver.url}")
    assert "RESUME_NOTIFY_URL: address 1" in said(tick(platform))
    monkeypatch.setattr(module, "tell", boom)
    assert "Unexpected ValueError" in said(tick(platform))
    assert "ada@" not in said(tick(platform))
    monkeypatch.setenv("RESUME_MAX_ATTEMPTS", "many")
    assert "RESUME_MAX_ATTEMPTS" in said(tick(platform))
