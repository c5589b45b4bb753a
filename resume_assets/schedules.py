"""The daily job: what is no longer needed is deleted, and the counts are reported."""

import dagster as dg

from resume_assets.assets.safely import safely
from resume_assets.batches.upkeep.housekeeping import tidy
from resume_assets.resources import (
    BatchStoreResource,
    OpenAIResource,
    SettingsResource,
    SQLServerResource,
)
from resume_assets.trials.upkeep import forget_records


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
    for problem in tidied.problems:
        context.log.warning(problem)
    context.add_output_metadata(
        {
            "files_deleted_at_openai": tidied.remote_files,
            "unused_uploads_deleted": tidied.unused_uploads,
            "batches_cleared_here": tidied.local_batches,
            "files_deleted_here": tidied.local_files,
            "journal_entries_deleted": tidied.journal_entries,
            "ledger_rows_pruned": tidied.ledger_rows,
            "ledger_rows_forgotten": tidied.forgotten,
            "records_of_trials_deleted": forgotten,
            "problems": len(tidied.problems),
        }
    )


@dg.job(
    name="housekeeping",
    description="Delete files at OpenAI once their records are written, uploads that nobody used, "
    "our own files and the records of trials after RESUME_KEEP_FILES_DAYS, and what is in the "
    "journal after RESUME_KEEP_JOURNAL_DAYS. What is personal goes from old rows of the ledger "
    "after RESUME_KEEP_LEDGER_DAYS, and what `forget` had to leave for later is done.",
)
def housekeeping() -> None:
    """One step, so that its counts are one line in the UI."""
    delete_what_is_not_needed()


daily_housekeeping = dg.ScheduleDefinition(
    job=housekeeping,
    cron_schedule="40 3 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
