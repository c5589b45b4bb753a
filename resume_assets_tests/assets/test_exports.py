"""`exported_records`: a partition is a day, its schedule is off."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from resume_assets.assets.partitions import days
from resume_assets.schedules import daily_export
from resume_assets_tests.home import QUIET, Platform, failure_of, metadata_of


def run(platform: Platform, day: str) -> dg.ExecuteInProcessResult:
    return platform.definitions.resolve_job_def("export_day").execute_in_process(
        instance=platform.instance, partition_key=day, run_config=QUIET, raise_on_error=False
    )


def test_a_day_is_a_file(done: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESUME_EXPORT_FORMAT", "csv")
    done.change(1, LastProcessed=datetime(2026, 11, 2, 23, 59))  # noqa: DTZ001 (without zone)
    done.change(2, LastProcessed=datetime(2026, 11, 3))  # noqa: DTZ001
    for day, userid in (("2026-11-02", "1"), ("2026-11-03", "2")):
        result = run(done, day)
        assert result.success
        found = metadata_of(result, "exported_records")
        file = Path(str(found["file"].value))
        assert file.name == f"records-{day}.csv"
        rows = [*csv.DictReader(file.read_text("utf-8-sig").splitlines())]
        assert [row["userid"] for row in rows] == [userid]
        assert (found["format"].value, found["bytes"].value) == ("csv", file.stat().st_size)


def test_a_day_without_records_is_a_file_without_any(done: Platform) -> None:
    result = run(done, "2026-11-01")
    assert Path(str(metadata_of(result, "exported_records")["file"].value)).read_bytes() == b""


def test_what_goes_wrong_is_told_without_a_value(
    done: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_EXPORT_STORE", "nosuch://u:secret@x/y")
    told = failure_of(run(done, "2026-11-01"))
    assert "RESUME_EXPORT_STORE takes a folder" in told
    assert "secret" not in told


def test_the_schedule_waits_until_the_day_has_ended_everywhere(
    done: Platform,
) -> None:
    schedule = done.definitions.resolve_schedule_def("daily_export")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    assert schedule.cron_schedule == "40 12 * * *"
    assert daily_export.name == schedule.name
    at = datetime(2026, 11, 28, 12, 40, tzinfo=UTC)
    context = dg.build_schedule_context(instance=done.instance, scheduled_execution_time=at)
    data = schedule.evaluate_tick(context)
    assert [request.partition_key for request in data.run_requests or ()] == ["2026-11-27"]


def test_its_days_are_of_no_batch() -> None:
    assert days.get_first_partition_key() == "2026-11-01"
