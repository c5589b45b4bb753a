"""Retry, cancel, undo, reprocess, trial and audit from the UI: what they do, and what they refuse.

What the functions below them do in full is tested beside those.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from resume_assets.batches.planning.dispatching import due_runs
from resume_assets.batches.planning.runs import Stage
from resume_assets.by_hand import JOBS
from resume_assets_tests.home import QUIET, Platform, failure_of


def started(platform: Platform, name: str, **config: Any) -> dg.ExecuteInProcessResult:
    """Launch the job with these fields, as the launchpad does."""
    job = platform.definitions.resolve_job_def(name)
    [node] = job.graph.nodes
    return job.execute_in_process(
        instance=platform.instance,
        run_config={**QUIET, "ops": {node.name: {"config": config}}},
        raise_on_error=False,
    )


def told(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """What stands beside its step."""
    assert result.success, failure_of(result)
    [event] = [one for one in result.all_events if one.is_successful_output]
    return {name: value.value for name, value in event.step_output_data.metadata.items()}


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_each_says_what_it_does_and_what_its_fields_are(job: dg.JobDefinition) -> None:
    assert job.description
    [node] = job.graph.nodes
    schema: Any = node.definition.config_schema
    fields = schema.config_type.fields
    assert fields
    for name, field in fields.items():
        assert field.description, name
        assert not field.is_required, "the launchpad would not show it, but ask for it"


@pytest.mark.parametrize(
    ("name", "config", "why"),
    [
        ("cancel", {}, "batch is empty"),
        ("cancel", {"batch": "nobody"}, "nobody"),
        ("undo", {"batch": "  "}, "batch is empty"),
        ("undo", {"batch": "nobody", "dry_run": False}, "nobody"),
        ("undo", {"batch": "b1", "userids": ["one"]}, "'one' is no id of this table"),
        ("retry", {"userids": ["one"]}, "'one' is no id of this table"),
        ("retry", {"userids": [4711]}, "no candidate 4711"),
        ("retry", {"userids": [[1]]}, "userids takes a list of names or numbers"),
        ("retry", {"userids": [True]}, "userids takes a list of names or numbers"),
        ("reprocess", {}, "model_was is empty"),
        ("reprocess", {"model_was": "gpt-0"}, "No record was read by 'gpt-0'"),
        ("reprocess", {"model_was": "m", "below_borne_out": 80.0}, "below_borne_out is 80.0: it"),
        ("reprocess", {"model_was": "m", "limit": 0}, "limit is 0: it takes 1 or more"),
        ("trial", {}, "name the one you have and the one to try"),
        ("trial", {"models": ["m"], "sample": 0}, "sample is 0: it takes 1 to 50,000"),
        ("trial", {"models": ["m"], "seed": -1}, "seed is -1: it takes 0 to 2,147,483,647"),
        ("trial", {"models": [""]}, "models takes a list of names"),
        ("now", {}, "userids is empty"),
        ("now", {"userids": ["one"]}, "'one' is no id of this table"),
        ("audit", {"batch": "nobody"}, "nobody"),
        ("submit", {"batch_size": 0}, "batch_size is 0: it takes 1 to 10,000,000"),
        ("export", {"format": "xlsx"}, "format takes one of jsonresume, csv, parquet"),
        ("export", {"since": "yesterday"}, "since takes a day, as in 2026-11-27"),
        ("export", {"batch": "b1", "since": "2026-11-27"}, "one of the three"),
        ("export", {"userids": [4711]}, "no candidate 4711"),
        ("import_resumes", {}, "RESUME_IMPORT_FOLDER is not set"),
        ("import_resumes", {"folder": "nowhere"}, "nowhere is neither a file nor a folder"),
        ("import_resumes", {"folder": ".", "first_userid": -1}, "first_userid is -1: it takes 0"),
        ("forget", {"dry_run": False}, "userids is empty: whom?"),
        ("forget", {"userids": ["one"]}, "'one' is no id of this table"),
        ("forget", {"userids": [10**30]}, "larger than any id of a database"),
    ],
)
def test_a_wrong_field_is_refused_in_a_sentence(
    done: Platform, name: str, config: dict[str, Any], why: str
) -> None:
    before = [tuple(row) for row in done.batches()]
    result = started(done, name, **config)
    assert not result.success
    assert why in failure_of(result)
    assert "Traceback" not in failure_of(result)
    assert [tuple(row) for row in done.batches()] == before


def test_retry_sends_those_again_that_are_given_up(done: Platform) -> None:
    assert told(started(done, "retry"))["candidates"] == 0
    one = told(started(done, "retry", userids=[1, "4711"]))
    assert one["candidates"] == 0
    assert "no candidate 4711" in one["in_words"]


def test_cancel_calls_a_batch_off_and_says_where_it_has_ended(platform: Platform) -> None:
    platform.seed(2)
    platform.plan("b1")
    assert "cancelled" in told(started(platform, "cancel", batch="b1"))["in_words"].lower()
    assert platform.batch("b1").state == "abandoned"
    assert "nothing to cancel" in told(started(platform, "cancel", batch="b1"))["in_words"]


def test_submit_plans_a_batch_that_the_sensor_then_runs(platform: Platform) -> None:
    assert "No resume is waiting" in told(started(platform, "submit"))["in_words"]
    platform.seed(3)
    found = told(started(platform, "submit", batch_size=2))
    key = found["batch"]
    assert (found["resumes"], platform.batch(key).state) == (2, "planned")
    assert platform.instance.get_dynamic_partitions("resume_batches") == [key]
    [run] = due_runs(platform.database, patience=timedelta(0))
    assert (run.key, run.stage) == (key, Stage.submit)


def test_now_writes_the_records_and_shows_no_value(platform: Platform) -> None:
    platform.seed(3)
    found = told(started(platform, "now", userids=[1, "3"]))
    [batch] = platform.batches()
    assert (found["batch"], found["records_written"]) == (batch.batch_key, 2)
    assert platform.written() == [1, 3]
    assert "ada1@" not in str(found)
    made = platform.instance.get_materialized_partitions(dg.AssetKey("updated_candidate_records"))
    assert made == {batch.batch_key}
    again = told(started(platform, "now", userids=[1]))["in_words"]
    assert "1 is done" in again
    assert len(platform.batches()) == 1


def test_a_run_for_no_batch_is_told_which_job_makes_one(platform: Platform) -> None:
    platform.seed(1)
    result = platform.definitions.resolve_job_def("submit_batch").execute_in_process(
        instance=platform.instance, run_config=QUIET, raise_on_error=False
    )
    assert not result.success
    assert "The job `submit` makes a new batch" in failure_of(result)
    assert platform.batches() == []


def test_undo_tells_before_it_does(done: Platform) -> None:
    first = told(started(done, "undo", batch="b1"))
    assert (first["put_back"], done.written()) == (2, [1, 2])
    assert "set dry_run to false" in first["in_words"]
    assert told(started(done, "undo", batch="b1", userids=[2], dry_run=False))["put_back"] == 1
    assert done.written() == [1]


def test_reprocess_tells_the_cost_before_it_puts_back(done: Platform) -> None:
    model = done.batch("b1").model
    first = told(started(done, "reprocess", model_was=model))
    assert first["records"] == 2
    assert first["estimated_cost_usd"] > 0
    assert done.written() == [1, 2]
    then = told(started(done, "reprocess", model_was=model, limit=1, dry_run=False))
    assert then["put_back"] == 1
    assert done.written() == [2]


def test_a_trial_is_told_first_and_then_written_down(done: Platform) -> None:
    fields = {"models": [done.batch("b1").model, "gpt-4.1-mini"], "sample": 2, "seed": 7}
    first = told(started(done, "trial", **fields))
    assert "trial" not in first
    assert done.instance.get_dynamic_partitions("model_trials") == []
    key = told(started(done, "trial", **fields, dry_run=False))["trial"]
    assert done.instance.get_dynamic_partitions("model_trials") == [key]


@pytest.mark.parametrize("batch", ["b1", ""])
def test_an_audit_evaluates_each_check_for_its_batch(done: Platform, batch: str) -> None:
    result = started(done, "audit", batch=batch)
    assert not told(result)["failed"].records
    found = result.get_asset_check_evaluations()
    assert len(found) == 10
    assert {one.partition for one in found} == {"b1"}
    assert all(one.passed for one in found)


def test_an_audit_sees_what_is_in_the_database_now(done: Platform) -> None:
    done.wrote(1, "b1", MostRecentStartDate="soon")
    failed = told(started(done, "audit"))["failed"]
    assert {"batch": "b1", "check": "date_formats", "is": "ERROR"} in [
        dict(one.data) for one in failed.records
    ]


def test_there_is_nothing_to_audit_before_records_are_written(platform: Platform) -> None:
    platform.seed(1)
    assert "nothing to audit" in failure_of(started(platform, "audit"))
    platform.plan("b1")
    assert "b1 is planned" in failure_of(started(platform, "audit", batch="b1"))


def test_forget_does_nothing_until_it_is_told_to(done: Platform) -> None:
    first = told(started(done, "forget", userids=[1]))
    assert "set dry_run to false" in first["in_words"]
    assert [item.text_hash for item in done.items("b1").values()].count(None) == 0
    receipt = told(started(done, "forget", userids=[1], dry_run=False))["receipt"]
    assert receipt["people"] == 1
    assert done.items("b1")[1].custom_id.startswith("gone-")


def test_export_writes_a_file_of_all_or_of_some(done: Platform) -> None:
    everything = told(started(done, "export"))
    assert everything["records"] == 2
    assert everything["file"] == str(done.home / "exports" / "records.jsonl")
    chosen = told(started(done, "export", format="csv", userids=[2, 99], out="two.csv"))
    assert chosen["records"] == 1
    assert "no candidate 99" in chosen["in_words"]


def test_import_tells_before_it_writes(done: Platform, tmp_path: Path) -> None:
    (tmp_path / "cvs").mkdir()
    (tmp_path / "cvs" / "grace.md").write_text("Grace Hopper, admiral in Arlington, VA")
    first = told(started(done, "import_resumes", folder=str(tmp_path / "cvs")))
    assert (first["readable"], first["imported"], done.waiting()) == (1, 0, [])
    then = told(started(done, "import_resumes", folder=str(tmp_path / "cvs"), dry_run=False))
    assert (then["imported"], done.waiting()) == (1, [3])
    assert "grace" not in str(then)
