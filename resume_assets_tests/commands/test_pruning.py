"""`prune`: old batches leave Dagster's lists, and come back with all that was noted of them."""

import dagster as dg
import pytest
from click.testing import CliRunner

from resume_assets.assets import resume_batches, updated_candidate_records
from resume_assets.cli import cli
from resume_assets_tests.commands.calling import ok
from resume_assets_tests.home import QUIET, Platform


@pytest.fixture
def brought_in(platform: Platform) -> Platform:
    """Batch b1, closed, with its runs in the instance that the commands use."""
    platform.seed({1: "# Ada Lovelace", 2: "# Alan Turing"})
    ok("submit", "--batch", "b1")
    platform.until_the_server_has_ended("b1")
    ok("check", "b1")
    assert platform.written() == [1, 2]
    return platform


def partitions(instance: dg.DagsterInstance) -> set[str]:
    return set(instance.get_dynamic_partitions(resume_batches.name or ""))


def materialized(instance: dg.DagsterInstance) -> set[str]:
    return set(instance.get_materialized_partitions(updated_candidate_records.key))


def runs(instance: dg.DagsterInstance) -> list[str]:
    asked = dg.RunsFilter(tags={"dagster/partition": "b1"})
    return [run.run_id for run in instance.get_runs(asked)]


def test_a_young_batch_and_one_under_way_stay(
    brought_in: Platform, instance: dg.DagsterInstance
) -> None:
    brought_in.seed({7: "# Grace Hopper"})
    ok("submit", "--batch", "b2")
    assert "0 batches that closed 365 days ago or earlier left" in ok("prune")
    assert partitions(instance) == {"b1", "b2"}
    ok("prune", "--days", "0")
    assert partitions(instance) == {"b2"}


def test_it_comes_back_as_it_was(brought_in: Platform, instance: dg.DagsterInstance) -> None:
    before = partitions(instance), materialized(instance), runs(instance)
    assert before[0] == before[1] == {"b1"}
    assert "1 batch that closed 0 days ago or earlier left" in ok("prune", "--days", "0")
    assert partitions(instance) == set()
    assert brought_in.written() == [1, 2]
    assert "1 batch brought back" in ok("prune", "--back")
    assert (partitions(instance), materialized(instance), runs(instance)) == before
    assert "0 batches brought back" in ok("prune", "--back")


@pytest.mark.usefixtures("brought_in")
def test_runs_go_only_where_a_person_agrees(instance: dg.DagsterInstance) -> None:
    there = runs(instance)
    assert there
    asked = ("prune", "--days", "0", "--runs")
    declined = CliRunner().invoke(cli, asked, input="n\n")
    assert declined.exit_code == 1
    assert f"{len(there)} finished run" in declined.output
    assert runs(instance) == there
    assert partitions(instance) == {"b1"}
    agreed = CliRunner().invoke(cli, asked, input="y\n")
    assert agreed.exit_code == 0, agreed.output
    assert runs(instance) == []
    assert "b1" in ok("status")


def test_work_on_an_old_batch_brings_its_partition_back(
    brought_in: Platform, instance: dg.DagsterInstance
) -> None:
    ok("prune", "--days", "0")
    brought_in.update("b1", state="collected")
    ok("check", "b1")
    assert partitions(instance) == {"b1"}


def test_the_daily_job_takes_them_away_and_says_so(
    brought_in: Platform, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_KEEP_PARTITIONS_DAYS", "0")
    job = brought_in.definitions.resolve_job_def("housekeeping")
    result = job.execute_in_process(instance=instance, run_config=QUIET)
    (output,) = [event for event in result.all_events if event.is_successful_output]
    assert output.step_output_data.metadata["partitions_taken_away"].value == 1
    assert partitions(instance) == set()


def test_of_many_some_go_each_night_and_all_come_back(
    brought_in: Platform, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    for userid, key in ((7, "b2"), (8, "b3")):
        brought_in.seed({userid: f"# Grace Hopper {userid}"})
        ok("submit", "--batch", key)
        brought_in.until_the_server_has_ended(key)
        ok("check", key)
    there = {"b1", "b2", "b3"}
    assert partitions(instance) == there
    monkeypatch.setattr("resume_assets.schedules.MOST_PARTITIONS", 1)
    monkeypatch.setattr("resume_assets.assets.partitions._TOGETHER", 1)
    monkeypatch.setenv("RESUME_KEEP_PARTITIONS_DAYS", "0")
    job = brought_in.definitions.resolve_job_def("housekeeping")
    for left in ({"b2", "b3"}, {"b3"}, set()):  # the oldest first
        assert job.execute_in_process(instance=instance, run_config=QUIET).success
        assert partitions(instance) == left
    ok("prune", "--back")
    assert partitions(instance) == there
