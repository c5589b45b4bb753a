"""A backfill's runs: for a range of one partition each, told by other tags than those of a job."""

import dagster as dg
import pytest

from resume_assets.batches.ledger.states import BatchState
from resume_assets.commands.pruning import _finished_runs
from resume_assets.jobs import submit_batch
from resume_assets.runs import DagsterRuns, partition_of
from resume_assets_tests.home import RANGE, Platform

SUBMIT = ("unprocessed_resumes", "batch_requests", "submitted_batch")
COLLECT = ("batch_output", "updated_candidate_records", "batch_cost")


def test_a_batch_goes_all_the_way_by_backfills(platform: Platform) -> None:
    platform.seed(2)
    assert platform.backfill("b1", *SUBMIT).success
    assert platform.batch("b1").state == BatchState.submitted
    platform.until_the_server_has_ended("b1")
    assert platform.backfill("b1", *COLLECT).success
    assert platform.written() == [1, 2]
    assert platform.instance.get_materialized_partitions(dg.AssetKey("batch_cost")) == {"b1"}
    assert len(_finished_runs(platform.instance, ["b1", "b2"])) == 2


def test_its_empty_batch_leaves_no_partition_behind(platform: Platform) -> None:
    assert platform.backfill("b1", *SUBMIT).success
    assert platform.batch("b1").state == BatchState.empty
    assert platform.instance.get_dynamic_partitions("resume_batches") == []


@pytest.mark.parametrize(
    ("tags", "partition"),
    [
        ({"dagster/partition": "b1"}, "b1"),
        (dict.fromkeys(RANGE, "b1"), "b1"),
        (dict(zip(RANGE, ("b1", "b2"), strict=True)), None),
        ({"dagster/backfill": "x"}, None),
    ],
)
def test_a_run_tells_its_one_partition(tags: dict[str, str], partition: str | None) -> None:
    assert partition_of(tags) == partition


def test_its_runs_in_progress_are_seen_so_that_no_other_is_asked_for(platform: Platform) -> None:
    for key, tags in (("b1", dict.fromkeys(RANGE, "b1")), ("b2", {"dagster/partition": "b2"})):
        platform.know(key)
        job = platform.definitions.resolve_job_def(submit_batch.name)
        platform.instance.create_run_for_job(job, tags=tags)
    runs = DagsterRuns(platform.instance).unfinished(["b1", "b2", "b3"])
    assert sorted(run.key for run in runs) == ["b1", "b2"]
