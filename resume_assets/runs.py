"""What Dagster knows of our runs: those in progress, the run keys it ever had, and dead ones."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from resume_assets.batches.planning.runs import Run, Stage

_PARTITION, _RUN_KEY = "dagster/partition", "dagster/run_key"

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


class DagsterRuns:
    """The orchestrator that `batches.planning` asks, each time in one query."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance

    def unfinished(self, keys: Sequence[str]) -> list[Run]:
        """The runs of these batches that are queued or in progress."""
        if not keys:
            return []
        of_keys = dg.RunsFilter(statuses=_UNFINISHED, tags={_PARTITION: list(keys)})
        lost_before = datetime.now(UTC) - _STARTING
        return [
            _run(record)
            for record in self._instance.get_run_records(of_keys)
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
            if record.dagster_run.job_name in ours and _PARTITION in record.dagster_run.tags
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
        key=record.dagster_run.tags[_PARTITION],
        began_at=None if began is None else datetime.fromtimestamp(began, UTC).replace(tzinfo=None),
    )
