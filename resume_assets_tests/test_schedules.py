"""The daily housekeeping is a job of its own, whose counts are seen in the UI."""

from typing import Any

import dagster as dg
import pytest

from resume_assets.schedules import daily_housekeeping, hourly_observation
from resume_assets_tests.home import QUIET, Platform

NOTED = {"waiting", "given_up", "batches_out", "dagster/row_count"}


def run(platform: Platform) -> dict[str, object]:
    result = platform.definitions.resolve_job_def("housekeeping").execute_in_process(
        instance=platform.instance, run_config=QUIET
    )
    assert result.success
    (output,) = [event for event in result.all_events if event.is_successful_output]
    metadata = output.step_output_data.metadata
    return {name: value.value for name, value in metadata.items()}


def test_it_clears_what_is_old_and_says_so(done: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = done.store.batch("b1").folder
    assert run(done)["files_deleted_here"] == 0
    assert folder.exists()
    monkeypatch.setenv("RESUME_KEEP_FILES_DAYS", "0")
    assert run(done) == {
        "files_deleted_at_openai": 0,  # that was done with the records
        "unused_uploads_deleted": 0,
        "batches_cleared_here": 1,
        "files_deleted_here": 2,
        "broken_uploads_ended": 0,
        "journal_entries_deleted": 0,
        "ledger_rows_pruned": 0,
        "ledger_rows_forgotten": 0,
        "records_of_trials_deleted": 0,
        "partitions_taken_away": 0,
        "problems": 0,
    }
    assert not folder.exists()
    assert done.written() == [1, 2]


def test_it_runs_every_day_without_being_turned_on() -> None:
    assert daily_housekeeping.cron_schedule == "40 3 * * *"
    assert daily_housekeeping.default_status is dg.DefaultScheduleStatus.RUNNING
    assert daily_housekeeping.job_name == "housekeeping"


def test_the_queue_is_noted_at_the_table_each_hour(done: Platform) -> None:
    done.seed({7: "# Grace Hopper"})
    result = done.definitions.resolve_job_def("observe_aicandidate").execute_in_process(
        instance=done.instance, run_config=QUIET
    )
    assert result.success
    [event] = result.get_asset_observation_events()
    metadata: Any = event.asset_observation_data.asset_observation.metadata
    assert {name: value.value for name, value in metadata.items() if name in NOTED} == {
        "waiting": 1,
        "given_up": 0,
        "batches_out": 0,
        "dagster/row_count": 3,
    }
    assert metadata["oldest_waiting_days"].value > 0
    assert metadata["spent_usd"].value > 0
    assert hourly_observation.default_status is dg.DefaultScheduleStatus.RUNNING
    assert str(hourly_observation.cron_schedule) == "5 * * * *"
