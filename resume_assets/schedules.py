"""What is done by the clock: each hour the queue is looked at, each day old things are deleted."""

import dagster as dg

from resume_assets.assets.candidates import aicandidate
from resume_assets.assets.partitions import take_away
from resume_assets.assets.reporting import ROW_COUNT, Metadata, usd
from resume_assets.assets.safely import safely
from resume_assets.batches.upkeep.housekeeping import tidy
from resume_assets.batches.upkeep.observing import Standing, observe
from resume_assets.batches.upkeep.old_batches import old_batches
from resume_assets.jobs import export_day
from resume_assets.notifying import upkeep
from resume_assets.notifying.reported import of_housekeeping
from resume_assets.notifying.telling import report
from resume_assets.resources import (
    BatchStoreResource,
    OpenAIResource,
    SettingsResource,
    SQLServerResource,
)
from resume_assets.trials.upkeep import forget_records
from resume_assets.words import counted, dollars

MOST_PARTITIONS = 5_000
"""That leave the lists in one night: Dagster takes them one by one."""


@dg.op(out=dg.Out(dg.Nothing))
def delete_what_is_not_needed(
    context: dg.OpExecutionContext,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
    store: BatchStoreResource,
    openai: OpenAIResource,
) -> None:
    """Deletes files at OpenAI whose results are safe, unused uploads, and what is old here."""
    with safely("keeping house"):
        database, values = sqlserver.database(), settings.load()
        with openai.api() as api:
            tidied = tidy(database, values, store.store(), api)
        forgotten = forget_records(database, values)
        upkeep.prune(database)
        old = old_batches(database, values.keep_partitions_days)
        taken_away = take_away(context.instance, old, MOST_PARTITIONS)
        report(database, [*of_housekeeping(tidied.problems)])
    if taken_away:
        context.log.info(
            f"{counted(len(taken_away), 'closed batch')} left Dagster's lists, being older than "
            "RESUME_KEEP_PARTITIONS_DAYS. The ledger keeps them; `resume-assets prune --back` "
            "brings them back."
        )
    for problem in tidied.problems:
        context.log.warning(problem)
    context.add_output_metadata(
        {
            "files_deleted_at_openai": tidied.remote_files,
            "unused_uploads_deleted": tidied.unused_uploads,
            "batches_cleared_here": tidied.local_batches,
            "files_deleted_here": tidied.local_files,
            "broken_uploads_ended": tidied.broken_uploads,
            "journal_entries_deleted": tidied.journal_entries,
            "ledger_rows_pruned": tidied.ledger_rows,
            "ledger_rows_forgotten": tidied.forgotten,
            "records_of_trials_deleted": forgotten,
            "partitions_taken_away": len(taken_away),
            "problems": len(tidied.problems),
        }
    )


@dg.job(
    name="housekeeping",
    description="Delete files at OpenAI once their records are written, uploads that nobody used, "
    "our own files and the records of trials after RESUME_KEEP_FILES_DAYS, and what is in the "
    "journal after RESUME_KEEP_JOURNAL_DAYS. What is personal goes from old rows of the ledger "
    "after RESUME_KEEP_LEDGER_DAYS, and what `forget` had to leave for later is done. Batches that "
    "closed RESUME_KEEP_PARTITIONS_DAYS ago leave Dagster's lists; `resume-assets prune --back` "
    "brings them back.",
)
def housekeeping() -> None:
    """One step, so that its counts are one line in the UI."""
    delete_what_is_not_needed()


daily_housekeeping = dg.ScheduleDefinition(
    job=housekeeping,
    cron_schedule="40 3 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Deletes each night what is no longer needed.",
)


@dg.op(out=dg.Out(dg.Nothing))
def look_at_the_queue(
    context: dg.OpExecutionContext, settings: SettingsResource, sqlserver: SQLServerResource
) -> None:
    """Notes at `aicandidate` who waits, since when, who is given up, and what was spent."""
    with safely("looking at the queue"):
        standing = observe(sqlserver.database(), settings.load())
    # Without a data version: no batch is out of date because somebody waits.
    context.log_event(dg.AssetObservation(aicandidate.key, metadata=_metadata(standing)))


def _metadata(standing: Standing) -> Metadata:
    oldest, spent = standing.oldest_waiting_days, standing.spent_usd
    since = "" if oldest is None else f", the oldest for {oldest:,g} days"
    metadata: Metadata = {
        "in_words": f"{counted(standing.waiting, 'resume')} waiting{since}; "
        f"{standing.given_up:,} given up; {counted(standing.batches_out, 'batch')} under way; "
        f"{dollars(spent)} spent in all.",
        ROW_COUNT: standing.candidates,
        "waiting": standing.waiting,
        "oldest_waiting_days": 0.0 if oldest is None else oldest,
        "given_up": standing.given_up,
        "batches_out": standing.batches_out,
    }
    return metadata if spent is None else metadata | {"spent_usd": usd(spent)}


@dg.job(
    description="Look at the queue: waiting, oldest waiting, given up and spent are noted at the "
    "asset aicandidate, where they plot. Changes nothing.",
)
def observe_aicandidate() -> None:
    """One step."""
    look_at_the_queue()


hourly_observation = dg.ScheduleDefinition(
    job=observe_aicandidate,
    cron_schedule="5 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Notes each hour how the queue stands: plots at the asset aicandidate.",
)

daily_export = dg.build_schedule_from_partitioned_job(
    export_day,
    name="daily_export",
    # A day has ended everywhere twelve hours later: LastProcessed is in the database's own clock.
    hour_of_day=12,
    minute_of_hour=40,
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Writes each day the records of the day before into a file; off until you turn it "
    "on.",
)
