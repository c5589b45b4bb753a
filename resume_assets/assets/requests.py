"""From the queue to OpenAI: `unprocessed_resumes`, `batch_requests`, `submitted_batch`.

Each picks up where the ledger says the batch stands; once it is submitted, they only report. An
asset that has nothing to hand on yields nothing, so that Dagster skips those downstream.
"""

from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from resume_assets.assets.candidates import DATABASE, aicandidate
from resume_assets.assets.fields import within
from resume_assets.assets.partitions import batch_asset, drop_empty
from resume_assets.assets.reporting import ROW_COUNT, Metadata, facts, usd
from resume_assets.assets.safely import safely
from resume_assets.assets.versions import asked_by, asked_now
from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import PATIENCE, leased
from resume_assets.batches.ledger.states import BatchState
from resume_assets.batches.planning.planner import plan_named
from resume_assets.batches.sending.building import build
from resume_assets.batches.sending.claiming import claim
from resume_assets.batches.sending.noting import noted
from resume_assets.batches.sending.submission import submit
from resume_assets.errors import PlatformError, WrongUseError
from resume_assets.models.caching import caching_in_words
from resume_assets.models.catalogue import model_for
from resume_assets.models.prices import Service, Usage, price
from resume_assets.resources import (
    BatchStoreResource,
    OpenAIResource,
    SettingsResource,
    SQLServerResource,
)
from resume_assets.settings import Settings, SettingsError, load_settings
from resume_assets.words import counted, dollars, size, verb

MOST_ROWS = 10_000_000  # as of RESUME_BATCH_SIZE; a file takes 50,000
Materialized = Iterator[dg.MaterializeResult[None]]


def usual_size() -> int:
    """RESUME_BATCH_SIZE as it is when Dagster loads this, for the launchpad to open with."""
    try:
        return load_settings().batch_size
    except SettingsError:  # the runs say so
        return int(Settings.model_fields["batch_size"].default)


class ClaimConfig(dg.Config):
    """For a partition that was added by hand; a batch that the planner made has its size."""

    batch_size: int = Field(
        default=usual_size(),
        description="Resumes in this batch, at most: 1 to 10,000,000, in one file of 50,000 at "
        "most. RESUME_BATCH_SIZE if not given.",
    )


class PlanRefused(PlatformError):
    """A limit allows no batch now."""


class NoPartition(WrongUseError):
    """A run of these assets was launched for no batch."""


class NotClaimed(PlatformError):
    """The batch holds no resumes yet."""


@batch_asset(DATABASE, after=aicandidate)
def unprocessed_resumes(
    context: dg.AssetExecutionContext,
    config: ClaimConfig,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
) -> Materialized:
    """Claims the newest resumes that wait, as many as one file and the budget take.

    A claimed candidate is in no other batch until this one has ended.
    """
    with safely("claiming resumes"):
        key = _key(context)
        database, values = sqlserver.database(), settings.load()
        within("batch_size", config.batch_size, 1, MOST_ROWS)
        refusal = plan_named(database, values, key, config.batch_size)
        if refusal is not None:
            raise PlanRefused(f"Batch {key} is not planned: {refusal.why}")
        with leased(database, key, patience=PATIENCE) as lease:
            claimed = claim(lease, values)
    if claimed.batch.state == BatchState.empty:
        drop_empty(context)
        return
    yield dg.MaterializeResult(
        metadata={
            "in_words": f"{counted(claimed.rows, 'resume')} claimed; {claimed.still_waiting:,} "
            "still wait.",
            ROW_COUNT: claimed.rows,
            "rows_claimed": claimed.rows,
            "rows_still_waiting": claimed.still_waiting,
            **facts(claimed.batch, "state", "model", "planned_at", "claimed_at"),
        }
    )


def _key(context: dg.AssetExecutionContext) -> str:
    """The batch's key. Raises NoPartition where the launchpad's field was left empty."""
    # A backfill's run has a range, of one: see `partitions.partitioned_asset`.
    if not (context.has_partition_key or context.has_partition_key_range):
        raise NoPartition(
            "No partition was chosen, so this run has no batch; nothing was claimed or sent. The "
            "job `submit` makes a new batch, and needs none."
        )
    return str(context.partition_key)


@batch_asset("jsonl", "file", after=unprocessed_resumes, code_version=asked_now())
def batch_requests(
    context: dg.AssetExecutionContext,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
    store: BatchStoreResource,
) -> Materialized:
    """Streams the claimed resumes into one JSONL file: a request a resume.

    A request is the prompt, the answer's schema, and the resume, its middle cut out where it is
    longer than the model's window. Whose text was answered before, or comes twice, gets none: see
    RESUME_REUSE_ANSWERS.
    """
    key = context.partition_key
    with safely("building the request file"):
        database = sqlserver.database()
        with (
            leased(database, key, patience=PATIENCE) as lease,
            noted(lease, "building the request file"),
        ):
            batch = build(lease, settings.load(), store.store())
        if batch.state == BatchState.planned:
            raise NotClaimed(f"Batch {key} is planned: materialize unprocessed_resumes first.")
    if batch.state == BatchState.empty:
        drop_empty(context)
    if batch.state in (BatchState.empty, BatchState.abandoned):
        return
    money = _estimated_money(batch, settings.load())
    yield dg.MaterializeResult(
        tags=asked_by(batch),
        metadata={
            "in_words": f"{counted(batch.requests, 'request')} in a file of "
            f"{size(batch.file_bytes)}; {counted(batch.truncated, 'resume')} without the middle. "
            f"{_reused_in_words(batch)}"
            f"Estimated cost, at most: {dollars(money.get('estimated_cost_usd'))}.",
            ROW_COUNT: batch.requests,
            **facts(
                batch,
                "state",
                "model",
                "requests",
                "reused",
                "truncated",
                "file_bytes",
                "overhead_tokens",
                "estimated_input_tokens",
                "estimated_output_tokens",
                "prompt_name",
                "prompt_version",
                "schema_version",
                "response_format",
                "built_at",
            ),
            **money,
        },
    )


@batch_asset("openai", after=batch_requests)
def submitted_batch(
    context: dg.AssetExecutionContext,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
    store: BatchStoreResource,
    openai: OpenAIResource,
) -> Materialized:
    """Uploads the file and creates the batch at OpenAI, exactly once.

    A batch of a few candidates that somebody wants now is asked one by one instead.

    The intent is written down first; where an answer was lost, the batch is looked for at OpenAI
    and adopted if it is there. While OpenAI's queue is full, nothing is materialized.
    """
    key = context.partition_key
    with safely("submitting the batch"):
        database = sqlserver.database()
        with (
            leased(database, key, patience=PATIENCE) as lease,
            noted(lease, "submitting the batch"),
            openai.api() as api,
        ):
            batch = submit(lease, settings.load(), store.store(), api)
    if batch.openai_batch_id is None and batch.requests == 0 and batch.reused:
        yield dg.MaterializeResult(
            metadata={
                "in_words": "Nothing had to be sent. " + _reused_in_words(batch),
                **facts(batch, "state", "requests", "reused", "collected_at"),
            }
        )
        return
    if batches.is_synchronous(batch):
        if batch.state == BatchState.abandoned:
            context.log.warning("Batch %s: %s", key, batch.message)
        else:
            yield dg.MaterializeResult(metadata=_asked_one_by_one(batch))
        return
    if batch.openai_batch_id is None:
        context.log.warning("Batch %s waits: %s", key, batch.message)
        return
    metadata: Metadata = {
        "in_words": f"{counted(batch.requests, 'request')} are at OpenAI, "
        "which has 24 hours for them."
    }
    metadata |= facts(
        batch,
        "state",
        "openai_batch_id",
        "openai_status",
        "input_file_id",
        "try_number",
        "requests",
        "submitted_at",
        "expires_at",
    )
    if batch.endpoint == "https://api.openai.com/v1":
        metadata["at_openai"] = dg.MetadataValue.url(
            f"https://platform.openai.com/batches/{batch.openai_batch_id}"
        )
    yield dg.MaterializeResult(metadata=metadata)


def _asked_one_by_one(batch: batches.Batch) -> Metadata:
    told = f"{counted(batch.requests or 0, 'request')} asked one by one, {batch.service}; "
    told += f"{batch.requests_completed or 0:,} answered."
    return {
        "in_words": told,
        **facts(batch, "state", "service", "requests", "submitted_at", "ended_at"),
    }


def _reused_in_words(batch: batches.Batch) -> str:
    """A sentence on those that are not sent, where there are any; ends with a blank."""
    if not batch.reused:
        return ""
    told = counted(batch.reused, "resume")
    are = verb(batch.reused, "is", "are")
    return f"{told} {are} not sent: the text was answered before, or comes twice in this batch. "


def _estimated_money(batch: batches.Batch, settings: Settings) -> Metadata:
    """What the batch will cost at most, and what caching has to do with it."""
    model, day = model_for(settings, batch.model), batch.built_at.date()
    usage = Usage(batch.estimated_input_tokens, output_tokens=batch.estimated_output_tokens)
    half = price(model, usage, on=day, service=batches.service_of(batch), is_long=False)
    standard = price(model, usage, on=day, service=Service.standard, is_long=False)
    if batch.estimated_cost is None or half is None or standard is None:
        return {"estimated_cost": f"no price known for {batch.model}"}
    caching = caching_in_words(model, batch.overhead_tokens, day)
    return {
        "estimated_cost_usd": usd(float(batch.estimated_cost)),
        "estimated_saving_usd": usd(float(standard.total - half.total)),
        "prices": f"{half.model}, {half.service}, of {half.on}, by {half.source}",
        **({} if caching is None else {"caching": caching}),
    }
