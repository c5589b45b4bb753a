"""The daily housekeeping is a job of its own, whose counts are seen in the UI."""

import dagster as dg
import pytest

from resume_assets.schedules import daily_housekeeping
from resume_assets_tests.home import QUIET, Platform


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
        "journal_entries_deleted": 0,
        "ledger_rows_pruned": 0,
        "ledger_rows_forgotten": 0,
        "records_of_trials_deleted": 0,
        "problems": 0,
    }
    assert not folder.exists()
    assert done.written() == [1, 2]


def test_it_runs_every_day_without_being_turned_on() -> None:
    assert daily_housekeeping.cron_schedule == "40 3 * * *"
    assert daily_housekeeping.default_status is dg.DefaultScheduleStatus.RUNNING
    assert daily_housekeeping.job_name == "housekeeping"
