"""From OpenAI to the records: `batch_output`, `updated_candidate_records`, `batch_cost`.

Materialized again, they work anew from the kept result files and by the rules of the code as it is
now: no model is asked, no attempt is used, nothing is paid.
"""

import json
from typing import Any

import dagster as dg
import sqlalchemy as sa

from resume_assets.assets.candidates import DATABASE
from resume_assets.assets.partitions import batch_asset, resume_batches
from resume_assets.assets.reporting import (
    ROW_COUNT,
    Metadata,
    changes_table,
    counts_table,
    facts,
    percent,
    usd,
)
from resume_assets.assets.requests import Materialized, submitted_batch
from resume_assets.assets.safely import safely
from resume_assets.assets.versions import rules
from resume_assets.batches.costing import Settlement, settle
from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.attempts import given_up
from resume_assets.batches.ledger.lease import PATIENCE, Lease, leased
from resume_assets.batches.ledger.queue import count_back
from resume_assets.batches.ledger.states import AFTER_ENDED, BatchState
from resume_assets.batches.receiving import polling
from resume_assets.batches.receiving.collecting import collect
from resume_assets.batches.receiving.results import REUSED_ONES
from resume_assets.batches.records.applying import apply
from resume_assets.batches.store import REVIEW, BatchStore
from resume_assets.batches.upkeep.at_once import finish
from resume_assets.batches.upkeep.remote_files import delete_remote, has_remote_files
from resume_assets.database.connect import Database
from resume_assets.openai_api.errors import ApiFailed
from resume_assets.resources import (
    BatchStoreResource,
    OpenAIResource,
    SettingsResource,
    SQLServerResource,
)
from resume_assets.settings import Settings, SettingsError
from resume_assets.words import counted, dollars, verb


@batch_asset("openai", "jsonl", after=submitted_batch, code_version=rules())
def batch_output(
    context: dg.AssetExecutionContext,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
    store: BatchStoreResource,
    openai: OpenAIResource,
) -> Materialized:
    """Downloads output and error file, whole, and counts what came of every request.

    While the batch has not ended at OpenAI, nothing is materialized; the sensor requests a run
    once it has.
    """
    key = context.partition_key
    with safely("collecting the output"):
        database, values = sqlserver.database(), settings.load()
        batch = database.read(lambda connection: batches.get(connection, database, key))
        if batch.state in (BatchState.submitted, BatchState.ended):
            with openai.api() as api:
                if batch.state == BatchState.submitted:
                    polling.poll(database, api, values, at_once=key)
                    batch = database.read(lambda connection: batches.get(connection, database, key))
                if batch.state == BatchState.ended:
                    with leased(database, key, patience=PATIENCE) as lease:
                        batch = collect(lease, store.store(), api)
        elif batch.state in AFTER_ENDED | {BatchState.done}:
            with leased(database, key, patience=PATIENCE) as lease:
                batch = collect(lease, store.store(), None)
    if batch.state not in AFTER_ENDED | {BatchState.done}:
        context.log.info("Batch %s is %s; its output is not there yet.", key, batch.state)
        return
    tally: dict[str, int] = json.loads(batch.tally)
    succeeded, reused = tally.pop("succeeded", 0), tally.pop(REUSED_ONES, 0)
    usable = succeeded / batch.requests if batch.requests else 0.0
    yield dg.MaterializeResult(
        metadata={
            "in_words": f"{succeeded:,} of {counted(batch.requests or 0, 'answer')} can be used "
            f"({usable:.1%})." + (f" {counted(reused, 'answer')} reused." if reused else ""),
            ROW_COUNT: sum(tally.values()) + succeeded + reused,
            "succeeded": succeeded,
            "reused": reused,
            "not_usable": sum(tally.values()),
            "usable_percent": percent(usable),
            "not_usable_by_reason": counts_table(tally, "reason"),
            **facts(
                batch,
                "openai_status",
                "openai_batch_id",
                "output_file_id",
                "error_file_id",
                "requests",
                "ended_at",
                "collected_at",
            ),
        }
    )


@batch_asset(DATABASE, after=batch_output, code_version=rules())
def updated_candidate_records(
    context: dg.AssetExecutionContext,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
    store: BatchStoreResource,
    openai: OpenAIResource,
) -> Materialized:
    """Writes the answers into `aicandidate`, sets LastProcessed, and gives back what failed.

    A record, its item in the ledger and the release of its claim are one transaction. Once all are
    written, the batch's files at OpenAI are deleted.
    """
    key = context.partition_key
    with safely("writing the records"):
        database, values = sqlserver.database(), settings.load()
        with leased(database, key, patience=PATIENCE) as lease:
            kept = store.store()
            applied = apply(lease, kept)
            with lease.kept_alive():
                deleted = _delete_remote(context, lease, openai)
                given_back, waiting_for_a_person = _back(database, values, key)
                review = _review_page(database, kept, key)
        left_out = database.candidates.left_out
    metadata: Metadata = {
        "in_words": f"{counted(applied.written, 'record')} written; {given_back:,} "
        f"{verb(given_back, 'waits', 'wait')} again, for the next batch; {waiting_for_a_person:,} "
        f"{verb(waiting_for_a_person, 'is', 'are')} given up. Of the values that must stand in "
        f"their resumes, {applied.share_borne_out:.1%} do.",
        ROW_COUNT: applied.written,
        "rows_written": applied.written,
        "rows_superseded": applied.superseded,
        "rows_given_back": given_back,
        "rows_given_up": waiting_for_a_person,
        "months_assumed": applied.months_assumed,
        "dates_unread": applied.dates_unread,
        "values_not_whole": applied.values_cut,
        "corrections_kept": applied.corrections_kept,
        "rows_journaled": applied.journaled,
        "values_checked": applied.values_checked,
        "borne_out_percent": percent(applied.share_borne_out),
        "not_borne_out_by_column": counts_table(applied.not_borne_out, "column", "values"),
        "changes_by_column": changes_table(applied.changes),
        "files_deleted_at_openai": deleted,
        "not_written_by_reason": counts_table(applied.ends, "reason"),
        "review_page": review,
    }
    if left_out:
        named = (f"{name} ({why})" for name, why in left_out.items())
        metadata["columns_left_out"] = ", ".join(named)
    yield dg.MaterializeResult(metadata=metadata)


@batch_asset(DATABASE, after=updated_candidate_records)
def batch_cost(
    context: dg.AssetExecutionContext,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
) -> Materialized:
    """What the batch cost, by the usage of every answer, against the standard price.

    Where that was wanted, its last unusable ones are planned to be asked again at once, before.
    """
    key = context.partition_key
    with (
        safely("adding up the cost"),
        leased(sqlserver.database(), key, patience=PATIENCE) as lease,
    ):
        values = settings.load()
        finishing = finish(lease, values)
        settled = settle(lease, values)
    if finishing is not None:
        context.instance.add_dynamic_partitions(resume_batches.name or "", [finishing])
        context.log.info("Its last ones are asked again at once: batch %s.", finishing)
    yield dg.MaterializeResult(metadata=_money(settled))


def _delete_remote(context: dg.AssetExecutionContext, lease: Lease, openai: OpenAIResource) -> int:
    """Delete the batch's files at OpenAI; what can't be deleted now is left to the housekeeping."""
    try:
        if not has_remote_files(lease):
            return 0
        with openai.api() as api:
            return delete_remote(lease, api)
    except (ApiFailed, SettingsError) as failed:
        context.log.warning("Files at OpenAI are not deleted yet: %s", failed)
        return 0


def _review_page(database: Database, store: BatchStore, key: str) -> Any:
    """Where the batch's review page is; the command that writes it where there is none."""
    batch, installation = database.read(
        lambda connection: (
            batches.get(connection, database, key),
            batches.installation_of(connection, database),
        )
    )
    files = store.find(key, batch.store_url, installation)
    if files.has(REVIEW):
        return dg.MetadataValue.path(files.shown(REVIEW))
    return f"`resume-assets review {key}` writes one."


def _money(settled: Settlement) -> Metadata:
    batch, bill = settled.batch, settled.bill
    metadata: Metadata = {"in_words": _cost_in_words(settled), "reused": batch.reused or 0}
    metadata |= facts(batch, "input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens")
    if bill is not None:
        metadata |= {
            "cost_usd": usd(float(batch.batch_cost)),
            "standard_cost_usd": usd(float(batch.standard_cost)),
            "saving_usd": usd(settled.saving or 0.0),
            "reuse_saving_usd": usd(float(batch.reuse_saving or 0)),
            "prices": f"{bill.model}, {bill.service}, of {bill.on}, by {bill.source}",
            **{f"{part}_usd": usd(float(amount)) for part, amount in bill.parts().items()},
        }
        if settled.cost_per_resume is not None:
            metadata["cost_per_resume_usd"] = usd(settled.cost_per_resume)
    if settled.totals.is_price_known:
        metadata["total_cost_usd"] = usd(settled.totals.cost)
        metadata["total_saving_usd"] = usd(settled.totals.saving)
    metadata["total_tokens"] = settled.totals.tokens
    if settled.totals.without_price:
        metadata["tokens_without_price"] = counts_table(
            settled.totals.without_price, "model", "tokens"
        )
    if settled.estimate_error is not None:
        metadata["token_estimate_error_percent"] = percent(settled.estimate_error)
    return metadata


def _cost_in_words(settled: Settlement) -> str:
    cost = settled.batch.batch_cost
    if cost is None:
        return f"No price known for {settled.batch.model}: its tokens are counted, its money not."
    each = settled.cost_per_resume
    of_each = "" if each is None else f", {dollars(each)} a record"
    return (
        f"{dollars(float(cost))} {batches.service_of(settled.batch).in_words}{of_each}: "
        f"{dollars(settled.saving)} less than at the standard price."
        f"{_reuse_in_words(settled.batch)}"
    )


def _reuse_in_words(batch: batches.Batch) -> str:
    if not batch.reused:
        return ""
    saved = dollars(float(batch.reuse_saving or 0))
    return f" {counted(batch.reused, 'answer')} reused: {saved} less."


def _back(database: Database, settings: Settings, key: str) -> tuple[int, int]:
    """How many of this batch's candidates wait again, and how many have no attempts left."""

    def count(connection: sa.Connection) -> tuple[int, int]:
        most = settings.max_attempts
        people = given_up(connection, database, max_attempts=most, batch_key=key)
        back = count_back(connection, database, key, max_attempts=most)
        return back, sum(1 for _ in people)

    return database.read(count)
