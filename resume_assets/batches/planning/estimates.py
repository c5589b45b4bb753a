"""What resumes will cost, before they are counted and before they are answered.

The texts' own tokens are exact once a batch is built; instructions, schema and message overhead are
an estimate until a finished batch with the same ones gives their measure.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from resume_assets.batches.ledger.states import BatchState
from resume_assets.choices import ResponseFormat
from resume_assets.database.connect import Database
from resume_assets.extraction.candidate import SCHEMA_VERSION
from resume_assets.extraction.requests import Caching, RequestSettings, RequestTemplate
from resume_assets.models.caching import with_caching
from resume_assets.models.catalogue import Model
from resume_assets.models.prices import Service, Usage, long_prompt_from, price

BYTES_PER_TOKEN = 3.0
"""Cautious, for texts not counted yet: English has more than four bytes a token, Japanese three."""

_FIXED_BYTES_PER_TOKEN = 4.0  # instructions and schema: English words and terse JSON
_OUTPUT_TOKENS = 700.0  # per resume, until finished batches give a measure
_ESCAPED = 1.05  # bytes of a text in JSON over its bytes
_CUSTOM_ID_BYTES = 40
_RECENT = 5  # finished batches that are measured


@dataclass(frozen=True, slots=True)
class Estimate:
    """Per request, for one model, prompt and schema; money at the prices of the day `on`."""

    model: Model
    on: datetime.date
    caching: Caching
    overhead_tokens: float
    output_tokens: float
    most_tokens: int  # what a resume is cut to
    fixed_bytes: int
    service: Service = Service.batch

    def input_tokens(self, text_bytes: int) -> float:
        """Input tokens of a request whose resume has so many bytes."""
        return min(text_bytes / BYTES_PER_TOKEN, self.most_tokens) + self.overhead_tokens

    def line_bytes(self, text_bytes: int) -> float:
        """Bytes of its line in the request file."""
        return text_bytes * _ESCAPED + self.fixed_bytes + _CUSTOM_ID_BYTES

    def cost(self, inputs: Sequence[float]) -> float | None:
        """USD that requests with so many input tokens cost; None without a price.

        An upper bound: nothing is read from the cache, and all that may be written is.
        """
        limit = long_prompt_from(self.model, self.on)
        above = [tokens for tokens in inputs if limit is not None and tokens > limit]
        return reserved_cost(
            self.model,
            self.on,
            requests=len(inputs),
            input_tokens=sum(inputs),
            output_tokens=len(inputs) * self.output_tokens,
            written_tokens=self.overhead_tokens if self.caching is Caching.prefix else 0,
            long_requests=len(above),
            long_tokens=sum(above),
            service=self.service,
        )


def reserved_cost(
    model: Model,
    on: datetime.date,
    *,
    requests: int,
    input_tokens: float,
    output_tokens: float,
    written_tokens: float,
    long_requests: int = 0,
    long_tokens: float = 0,
    service: Service = Service.batch,
) -> float | None:
    """USD that a batch will not go over if its tokens are these; None where no price is known.

    `written_tokens`: of each request, what it may write to the prompt cache. `long_requests` with
    `long_tokens` of input are those whose prompts are long; their output is as long as the others'.
    """
    total = 0.0
    for is_long, count, tokens in (
        (False, requests - long_requests, input_tokens - long_tokens),
        (True, long_requests, long_tokens),
    ):
        share = output_tokens * count / requests if requests else 0
        usage = Usage(
            round(tokens),
            cache_write_tokens=round(count * written_tokens),
            output_tokens=round(share),
        )
        bill = price(model, usage, on=on, service=service, is_long=is_long)
        if bill is None:
            return None
        total += float(bill.total)
    return total


def estimate_for(
    connection: sa.Connection,
    database: Database,
    model: Model,
    asked: RequestSettings,
    service: Service = Service.batch,
) -> Estimate:
    """What such requests will need, by what recent batches needed where there are any."""
    today = database.dialect.utc_now(connection).date()
    overhead = measured_overhead(connection, database, asked)
    if overhead is None:
        overhead = len(RequestTemplate(asked).fixed_text.encode()) / _FIXED_BYTES_PER_TOKEN
    asked = with_caching(asked, model, overhead, today)
    return Estimate(
        model=model,
        on=today,
        caching=asked.caching,
        overhead_tokens=overhead,
        output_tokens=expected_output(connection, database, asked),
        most_tokens=max(1, model.input_limit(asked.max_output_tokens) - round(overhead)),
        fixed_bytes=RequestTemplate(asked).fixed_bytes,
        service=service,
    )


def measured_overhead(
    connection: sa.Connection, database: Database, asked: RequestSettings
) -> float | None:
    """A request's input tokens besides its resume, by the last batch that asked the same."""
    table = database.ledger.batches
    query = (
        sa.select(table.c.overhead_measured)
        .where(asked_the_same(table, asked), table.c.overhead_measured.is_not(None))
        .order_by(table.c.done_at.desc())
        .limit(1)
    )
    return connection.execute(query).scalar()


def expected_output(connection: sa.Connection, database: Database, asked: RequestSettings) -> float:
    """Output tokens per request: measured, or a guess before anything came back."""
    measured = measured_output(connection, database, asked)
    return _OUTPUT_TOKENS if measured is None else measured


def measured_output(
    connection: sa.Connection, database: Database, asked: RequestSettings
) -> float | None:
    """Output tokens per answered request, over the last few batches that asked the same."""
    table = database.ledger.batches
    query = (
        sa.select(table.c.output_tokens, table.c.requests_completed)
        .where(
            asked_the_same(table, asked),
            table.c.state == BatchState.done,
            table.c.requests_completed > 0,
            table.c.service.is_(None),  # a single candidate is no measure
        )
        .order_by(table.c.done_at.desc())
        .limit(_RECENT)
    )
    rows = connection.execute(query).all()
    answered = sum(row.requests_completed for row in rows)
    return sum(row.output_tokens or 0 for row in rows) / answered if answered else None


def asked_the_same(table: sa.Table, asked: RequestSettings) -> sa.ColumnElement[bool]:
    """Whether a batch had this model, prompt, schema and response format."""
    # Batches from before there was a choice of formats have none written down.
    response_format = sa.func.coalesce(table.c.response_format, ResponseFormat.json_schema.value)
    return sa.and_(
        table.c.model == asked.model,
        table.c.prompt_version == asked.prompt.version,
        table.c.schema_version == SCHEMA_VERSION,
        response_format == asked.response_format.value,
    )
