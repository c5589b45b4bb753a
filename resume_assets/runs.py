"""What Dagster knows of our runs: those in progress, the run keys it ever had, and dead ones."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from resume_assets.batches.planning.runs import Run, Stage

_PARTITION, _RUN_KEY = "dagster/partition", "dagster/run_key"
_FIRST, _LAST = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
"""In place of the partition, in the runs of a backfill: each is a range of one."""

_BEGUN = [dg.DagsterRunStatus.STARTED]
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]
_STARTING = timedelta(minutes=10)
"""A run that has been STARTING for so long has no process, and never gets one."""

_MOST_BEGUN = 500  # runs that are looked at in one tick


def partition_of(tags: Mapping[str, str]) -> str | None:
    """The one partition that a run is for, told by its tags; None where there is no such."""
    first = tags.get(_FIRST)
    return tags.get(_PARTITION) or (first if first == tags.get(_LAST) else None)


def runs_of(
    keys: Sequence[str], statuses: Sequence[dg.DagsterRunStatus]
) -> Iterator[dg.RunsFilter]:
    """The filters that find all runs of these partitions: of jobs, and of backfills."""
    for tag in (_PARTITION, _FIRST):
        yield dg.RunsFilter(statuses=statuses, tags={tag: list(keys)})


class DagsterRuns:
    """The orchestrator that `batches.planning` asks, each time in one query."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance

    def unfinished(self, keys: Sequence[str]) -> list[Run]:
        """The runs of these batches that are queued or in progress."""
        if not keys:
            return []
        lost_before = datetime.now(UTC) - _STARTING
        return [
            _run(record)
            for asked in runs_of(keys, _UNFINISHED)
            for record in self._instance.get_run_records(asked)
            if record.dagster_run.status != dg.DagsterRunStatus.STARTING
            or record.update_timestamp > lost_before
        ]

    def known(self, run_keys: Sequence[str]) -> frozenset[str]:
        """Those of these run keys that Dagster has ever had a run of."""
        if not run_keys:
            return frozenset()
        runs = self._instance.get_runs(dg.RunsFilter(tags={_RUN_KEY: list(run_keys)}))
        return frozenset(run.tags[_RUN_KEY] for run in runs)

    def begun(self) -> list[Run]:
        """The oldest runs of our jobs that are in progress, as far as Dagster knows."""
        ours = {stage.value for stage in Stage}
        records = self._instance.get_run_records(
            dg.RunsFilter(statuses=_BEGUN), limit=_MOST_BEGUN, ascending=True
        )
        return [
            _run(record)
            for record in records
            if record.dagster_run.job_name in ours and partition_of(record.dagster_run.tags)
        ]

    def fail(self, run: Run) -> None:
        """Mark a run as failed whose worker died; that frees its place among Dagster's runs."""
        there = self._instance.get_run_by_id(run.run_id)
        if there is not None and not there.is_finished:
            what = "trial" if there.job_name == Stage.trial else "batch"
            self._instance.report_run_failed(there, _killed(f"{what} {run.key}"))


def _killed(what: str) -> str:
    return (
        f"The worker of this run is gone: {what} has no lease any more, and nobody renews it. "
        "Nothing is lost; the sensor asks for another run, which goes on from the ledger."
    )


def _run(record: dg.RunRecord) -> Run:
    began = None
    if record.dagster_run.status in _BEGUN:
        began = record.start_time or record.create_timestamp.timestamp()
    return Run(
        run_id=record.dagster_run.run_id,
        key=partition_of(record.dagster_run.tags) or "",
        began_at=None if began is None else datetime.fromtimestamp(began, UTC).replace(tzinfo=None),
    )
