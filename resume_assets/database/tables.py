"""Our own tables: the ledger. One row of it is for the *installation*: all that shares the ledger.

`aicandidateBatchStatus`, which is for people, is in `status_table`. Times are UTC, without zone.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from resume_assets.database.counter_tables import counters
from resume_assets.database.document_tables import documents
from resume_assets.database.notice_tables import deliveries, notices
from resume_assets.database.people_tables import forgotten, journal, receipts
from resume_assets.database.table_types import KEY as _KEY
from resume_assets.database.table_types import LONG as _LONG
from resume_assets.database.table_types import MONEY as _MONEY
from resume_assets.database.table_types import UTC as _UTC
from resume_assets.database.trial_tables import trial_candidates, trials
from resume_assets.errors import PlatformError

LEDGER_VERSION = 8
"""Incremented with each change of a table; `setup` upgrades older ones in place."""


class NotInitialised(PlatformError):
    """The ledger's tables are not there yet, or are of another version."""


@dataclass(frozen=True)
class Ledger:
    """The tables, with `userid` in the type that the candidate table really has."""

    metadata: sa.MetaData
    installation: sa.Table
    batches: sa.Table
    items: sa.Table
    claims: sa.Table
    journal: sa.Table
    trials: sa.Table
    trial_candidates: sa.Table
    trial_items: sa.Table
    notices: sa.Table
    deliveries: sa.Table
    forgotten: sa.Table
    receipts: sa.Table
    counters: sa.Table
    documents: sa.Table


def ledger_tables(
    userid: TypeEngine[Any], last_processed: TypeEngine[Any], schema: str | None = None
) -> Ledger:
    """Describe the ledger; creates nothing.

    `userid` and `last_processed` are the types (and collation) of the candidate table's columns.
    """
    metadata = sa.MetaData(schema=schema)
    return Ledger(
        metadata=metadata,
        installation=_installation(metadata),
        batches=_batches(metadata),
        items=_items("resume_batch_items", metadata, userid, last_processed, *_of_records()),
        claims=_claims(metadata, userid),
        journal=journal(metadata, userid, last_processed),
        trials=trials(metadata),
        trial_candidates=trial_candidates(metadata, userid),
        # Apart from the others, so that nothing that looks for a candidate's items ever finds them.
        trial_items=_items(
            "resume_trial_items",
            metadata,
            userid,
            last_processed,
            sa.Column("record", _LONG),  # JSON: column -> value of a usable answer
        ),
        notices=notices(metadata),
        deliveries=deliveries(metadata),
        forgotten=forgotten(metadata),
        receipts=receipts(metadata),
        counters=counters(metadata),
        documents=documents(metadata, userid),
    )


def _installation(metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        "resume_installation",
        metadata,
        sa.Column(
            "one",
            sa.Integer,
            sa.CheckConstraint("one = 1"),
            primary_key=True,
            autoincrement=False,  # no IDENTITY: the row is inserted as it is
        ),
        # Random; goes with each batch to OpenAI, so that two installations never mix theirs up.
        sa.Column("installation_id", _KEY, nullable=False),
        sa.Column("ledger_version", sa.Integer, nullable=False),
        # The table that it serves, with its schema; NULL in what is older than the column
        sa.Column("candidate_table", sa.Unicode(300)),
        # Random, made when somebody is forgotten first: the key of all that stands for people's ids
        sa.Column("secret", _KEY),
        # Updated first by whoever plans or claims: the row's lock serialises them.
        sa.Column("lock_count", sa.BigInteger, nullable=False),
        # `resume` sets it: limits on money and on usable answers count from then on.
        sa.Column("resumed_at", _UTC),
        # The enqueued-token limit that OpenAI named last, and when.
        sa.Column("learned_token_limit", sa.BigInteger),
        sa.Column("learned_at", _UTC),
        # The endpoint has turned us down for want of money: nothing is sent until `resume`.
        sa.Column("stopped_reason", sa.Unicode(400)),
        sa.Column("stopped_at", _UTC),
    )


def _batches(metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        "resume_batches",
        metadata,
        sa.Column("batch_key", _KEY, primary_key=True),
        sa.Column("state", sa.Unicode(16), nullable=False),
        sa.Column("origin", sa.Unicode(16), nullable=False),
        # Of a trial: its key, and which of its variants; NULL for a batch of the real work
        sa.Column("trial_key", _KEY),
        sa.Column("variant", sa.Integer),
        # Which try it is to create the batch at OpenAI; Dagster runs that were requested for it.
        sa.Column("try_number", sa.Integer, nullable=False),
        sa.Column("run_requests", sa.Integer, nullable=False),
        sa.Column("requested_at", _UTC),
        sa.Column("lease_owner", sa.Unicode(200)),
        sa.Column("lease_until", _UTC),
        sa.Column("message", sa.Unicode(1000)),
        # Reserved with the plan
        sa.Column("rows_planned", sa.Integer, nullable=False),
        sa.Column("tokens_planned", sa.BigInteger, nullable=False),
        sa.Column("cost_planned", _MONEY),
        # What was asked
        sa.Column("model", sa.Unicode(100), nullable=False),
        sa.Column("temperature", sa.Float),
        sa.Column("max_output_tokens", sa.Integer, nullable=False),
        # The prompt's own text, so that its file is needed no more once there is a plan
        sa.Column("prompt_name", sa.Unicode(255)),
        sa.Column("prompt_version", sa.Unicode(32)),
        sa.Column("prompt_text", _LONG),
        sa.Column("response_format", sa.Unicode(16)),
        # How its requests are served where they are sent one by one (`models.prices.Service`); NULL
        # for a batch of OpenAI's
        sa.Column("service", sa.Unicode(16)),
        # So many of its unusable ones are asked again, one by one, once it has come back; NULL for
        # none, and once that is planned
        sa.Column("finish_now", sa.Integer),
        sa.Column("schema_version", sa.Unicode(32)),
        sa.Column("rows_claimed", sa.Integer),
        sa.Column("requests", sa.Integer),
        sa.Column("truncated", sa.Integer),
        # Resumes that are not sent, as their text has an answer or gets one in this batch; and USD
        # that those answers would have cost here
        sa.Column("reused", sa.Integer),
        sa.Column("reuse_saving", _MONEY),
        sa.Column("file_bytes", sa.BigInteger),
        # Tokens a request besides its resume (instructions, schema, roles): as estimated, and as
        # the usage that came back told
        sa.Column("overhead_tokens", sa.Float),
        sa.Column("overhead_measured", sa.Float),
        sa.Column("estimated_input_tokens", sa.BigInteger),
        sa.Column("estimated_output_tokens", sa.BigInteger),
        sa.Column("estimated_cost", _MONEY),
        # The store that its files are in, without credentials; NULL before the first, and for
        # batches older than this column: then the configured one
        sa.Column("store_url", sa.Unicode(1000)),
        # At OpenAI
        sa.Column("endpoint", sa.Unicode(300)),
        sa.Column("key_hash", _KEY),
        sa.Column("input_file_id", sa.Unicode(200)),
        sa.Column("openai_batch_id", sa.Unicode(200)),
        sa.Column("openai_status", sa.Unicode(32)),
        # The model's last day as the endpoint told it before the batch was created; NULL for none
        sa.Column("model_shutdown", sa.Date),
        sa.Column("output_file_id", sa.Unicode(200)),
        sa.Column("error_file_id", sa.Unicode(200)),
        sa.Column("requests_completed", sa.Integer),
        sa.Column("requests_failed", sa.Integer),
        sa.Column("quota_tries", sa.Integer, nullable=False),
        sa.Column("quota_until", _UTC),
        sa.Column("absent_since", _UTC),
        # What OpenAI says that does not add up, since when, and how often it was looked at
        sa.Column("contradiction", sa.Unicode(32)),
        sa.Column("contradiction_since", _UTC),
        sa.Column("contradiction_looks", sa.Integer),
        # What came back; `tally` is JSON: outcome or reason -> number of requests
        sa.Column("tally", _LONG),
        sa.Column("succeeded", sa.Integer),
        # Too few usable answers; NULL where the batch says nothing about prompt or model
        sa.Column("low_share", sa.Boolean),
        # The same of a batch made only of resumes that were sent before
        sa.Column("low_share_repeats", sa.Boolean),
        # Too little of what was written stands in the resumes; NULL where nothing was looked for
        sa.Column("low_borne_out", sa.Boolean),
        sa.Column("input_tokens", sa.BigInteger),
        # Read from the prompt cache, and written to it; NULL in what is older than the column
        sa.Column("cached_tokens", sa.BigInteger),
        sa.Column("cache_write_tokens", sa.BigInteger),
        sa.Column("output_tokens", sa.BigInteger),
        sa.Column("batch_cost", _MONEY),
        sa.Column("standard_cost", _MONEY),
        # People in it are to be forgotten since then, and not all is done; NULL: nothing is left
        sa.Column("forgetting_since", _UTC),
        # When
        *(sa.Column(f"{step}_at", _UTC) for step in STEPS),
        sa.Column("expires_at", _UTC),
        # Since it was closed, it was looked at for what people are to be told (`notifying`)
        sa.Column("noticed_at", _UTC),
        sa.Index("ix_resume_batches_state", "state"),
        sa.Index("ix_resume_batches_noticed", "noticed_at", "state"),
        sa.Index("ix_resume_batches_openai", "openai_batch_id"),
    )


STEPS = (
    "planned",
    "claimed",
    "built",
    "upload_started",
    "uploaded",
    "intent",
    "submitted",
    "in_progress",
    "ended",
    "collected",
    "applied",
    "done",
    "remote_deleted",
    "local_deleted",
)
"""Each has a time, `<step>_at`, in `resume_batches`."""


def _items(
    name: str,
    metadata: sa.MetaData,
    userid: TypeEngine[Any],
    last_processed: TypeEngine[Any],
    *more: sa.schema.SchemaItem,
) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("batch_key", _KEY, primary_key=True),
        sa.Column("userid", userid, primary_key=True, autoincrement=False),
        sa.Column("position", sa.Integer, nullable=False),  # the order in which it was claimed
        sa.Column("custom_id", _KEY, nullable=False),
        sa.Column("state", sa.Unicode(16), nullable=False),
        sa.Column("reason", sa.Unicode(200)),
        sa.Column("attempt_used", sa.Boolean, nullable=False),
        sa.Column("forgiven", sa.Boolean, nullable=False),  # by `resume-assets retry`
        sa.Column("text_bytes", sa.BigInteger, nullable=False),
        sa.Column("text_hash", sa.Unicode(64)),  # SHA-256 of the text as the table has it
        # Not sent: the batch that asked about the same text, this one or an earlier one, and whose
        # answer it gets. What that answer used is noted here too, and was paid there.
        sa.Column("same_text_as", _KEY),
        sa.Column("truncated", sa.Boolean, nullable=False),
        # The answer may have so many times the usual length: doubled after each one that was cut
        sa.Column("room", sa.Integer, nullable=False),
        sa.Column("estimated_tokens", sa.Integer),
        sa.Column("input_tokens", sa.Integer),
        sa.Column("cached_tokens", sa.Integer),
        sa.Column("cache_write_tokens", sa.Integer),
        sa.Column("output_tokens", sa.Integer),
        # How the answer was read: two sums, for people; and JSON, NULL where there is nothing:
        # column -> what was done to its value (`values.Change`), column -> date not readable
        sa.Column("months_assumed", sa.Integer),
        sa.Column("values_cut", sa.Integer),
        sa.Column("changes", _LONG),
        sa.Column("unread", _LONG),
        # What the resume bears out of the record: values looked for, those of them that do not
        # stand there, and a JSON list of their columns, NULL where there are none
        sa.Column("values_checked", sa.Integer),
        sa.Column("values_not_borne_out", sa.Integer),
        sa.Column("not_borne_out", _LONG),
        sa.Column("last_processed", last_processed),  # what we set, to know our own record again
        sa.Column("closed_at", _UTC),
        sa.Column("forgotten_at", _UTC),  # what was personal is gone, `custom_id` is only a mask
        *more,
        sa.Index(f"ix_{name}_userid", "userid"),
    )


def _of_records() -> list[sa.schema.SchemaItem]:
    """What a batch's items have and a trial's have not: what became of the candidate's record."""
    return [
        # A few characters for each column as we left it (`ledger.digests`), and whether anything
        # stood in the record before; NULL for records that an older program wrote
        sa.Column("digests", sa.String(800)),
        sa.Column("overwrote", sa.Boolean),
        # By `resume-assets reprocess`: LastProcessed was made NULL, and this record is still there
        sa.Column("put_back_at", _UTC),
        # Whether a text was answered before is looked up for each that is about to be sent
        sa.Index("ix_resume_batch_items_text", "text_hash"),
    ]


def _claims(metadata: sa.MetaData, userid: TypeEngine[Any]) -> sa.Table:
    return sa.Table(
        "resume_claims",
        metadata,
        # The primary key is the promise: a candidate is in one open batch at most.
        sa.Column("userid", userid, primary_key=True, autoincrement=False),
        sa.Column("batch_key", _KEY, nullable=False),
        sa.Index("ix_resume_claims_batch", "batch_key"),
    )
