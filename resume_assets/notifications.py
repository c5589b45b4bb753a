"""The sensor that tells people what came up, and what Dagster alone knows of that: failed runs."""

import time
from datetime import UTC, datetime, timedelta

import dagster as dg

from resume_assets import assets
from resume_assets.deadlines import within
from resume_assets.errors import in_words
from resume_assets.jobs import (
    collect_batch,
    export_day,
    import_delivery,
    run_model_trial,
    submit_batch,
)
from resume_assets.notifying.matters import Matter
from resume_assets.notifying.reported import failed_run
from resume_assets.notifying.telling import Told, report, tell
from resume_assets.resources import SettingsResource, SQLServerResource
from resume_assets.runs import partition_of

# Of the 60 seconds that Dagster gives a tick; a message that is under way ends within ten more.
TELLING_SECONDS = 30.0
MOST_SECONDS = 50.0

_LOOKED_BACK = timedelta(days=1)  # by a sensor that has no cursor yet, or lost it
_OVERLAP = timedelta(minutes=10)  # a run's time may be older than its row
_MOST_RUNS = 200
_JOBS = frozenset(
    {
        job.name
        for job in (submit_batch, collect_batch, run_model_trial, export_day, import_delivery)
    }
    | {"housekeeping"}
)
_ASSETS = frozenset(asset.key for asset in assets.OURS)


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells the receivers in RESUME_NOTIFY_URL what came up: once each, later where one "
    "does not answer. Without that setting it does nothing.",
)
def notifications(
    context: dg.SensorEvaluationContext,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
) -> dg.SensorResult:
    """Notes what came up in the ledger, and tells it as far as time allows; requests no run."""
    cursor, now = context.cursor, time.time()

    def work() -> Told | None:
        values = settings.load()
        if values.notify_url is None:
            return None
        database, ends = sqlserver.database(), time.monotonic() + TELLING_SECONDS
        report(database, failed_runs(context.instance, _since(cursor)))
        return tell(database, values, until=lambda: time.monotonic() > ends)

    try:
        told = within(MOST_SECONDS, "Telling what came up", work)
    except Exception as error:  # noqa: BLE001 (told below, without what it might quote)
        said = in_words(error, "telling what came up")
        context.log.warning(said)
        return dg.SensorResult(skip_reason=said, cursor=cursor)
    if told is None:
        return dg.SensorResult(skip_reason="Nobody is told: RESUME_NOTIFY_URL is not set.")
    for problem in told.problems:
        context.log.warning(problem)
    return dg.SensorResult(skip_reason=str(told), cursor=str(now))


def failed_runs(instance: dg.DagsterInstance, since: datetime) -> list[Matter]:
    """Those of our runs that failed since then (UTC), oldest first; asked in one query."""
    failed = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=since)
    records = instance.get_run_records(failed, limit=_MOST_RUNS)
    return [
        failed_run(run.run_id, run.job_name, partition_of(run.tags))
        for run in (record.dagster_run for record in reversed(records))
        if _is_ours(run)
    ]


def _is_ours(run: dg.DagsterRun) -> bool:
    """Whether it is of one of our jobs, or somebody materialized our assets by hand."""
    return run.job_name in _JOBS or not _ASSETS.isdisjoint(run.asset_selection or ())


def _since(cursor: str | None) -> datetime:
    try:
        return datetime.fromtimestamp(float(cursor or "-"), UTC) - _OVERLAP
    except (ValueError, OverflowError, OSError):  # none, or set by hand
        return datetime.now(UTC) - _LOOKED_BACK
