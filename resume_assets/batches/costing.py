"""`batch_cost`: what the batch really cost, from the usage of every answer."""

import logging
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.attempts import is_untold
from resume_assets.batches.ledger.lease import Lease
from resume_assets.batches.ledger.states import SENT, WRITTEN, BatchState, ItemState
from resume_assets.database.connect import Database
from resume_assets.errors import PlatformError
from resume_assets.models.catalogue import Model, model_for
from resume_assets.models.prices import Bill, Service, Usage, long_prompt_from, price
from resume_assets.settings import Settings

_log = logging.getLogger(__name__)


class NotApplied(PlatformError):
    """The batch's records are not written yet."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Of all settled batches: US dollars as paid and at the standard price, and tokens.

    `without_price`: tokens of batches of which no price is known, by model; no dollar counts them.
    `reused`: resumes that were not sent, as another's answer was theirs too; `reuse_saving`: what
    their answers would have cost at the batch price.
    """

    cost: float
    standard: float
    tokens: int
    without_price: dict[str, int]
    reused: int = 0
    reuse_saving: float = 0.0

    @property
    def saving(self) -> float:
        """Standard price less batch price."""
        return self.standard - self.cost

    @property
    def is_price_known(self) -> bool:
        """Whether a sum of dollars says anything: nothing was spent, or some of it has a price."""
        return not self.without_price or sum(self.without_price.values()) < self.tokens


@dataclass(frozen=True, slots=True)
class Settlement:
    """Tokens and US dollars of one batch, and of all so far; None where no price is known."""

    batch: batches.Batch
    bill: Bill | None
    estimated_tokens_of_answered: int
    totals: Totals

    @property
    def saving(self) -> float | None:
        """Standard price less batch price."""
        if self.batch.batch_cost is None or self.batch.standard_cost is None:
            return None
        return float(self.batch.standard_cost - self.batch.batch_cost)

    @property
    def cost_per_resume(self) -> float | None:
        """What was paid over records written."""
        if self.batch.batch_cost is None or not self.batch.succeeded:
            return None
        return float(self.batch.batch_cost / self.batch.succeeded)

    @property
    def estimate_error(self) -> float | None:
        """Real over estimated input tokens of the answered requests, less one."""
        if not self.estimated_tokens_of_answered or not self.batch.input_tokens:
            return None
        return float(self.batch.input_tokens / self.estimated_tokens_of_answered - 1)


def settle(lease: Lease, settings: Settings) -> Settlement:
    """Add up what an applied batch used, and close it as `done`; again, it only adds up anew.

    Raises NotApplied, DatabaseFailed.
    """
    settled = lease.write(lambda connection: _settle(connection, lease, settings))
    _log.info("batch %s: done, %s tokens in", lease.key, settled.batch.input_tokens)
    return settled


def _settle(connection: sa.Connection, lease: Lease, settings: Settings) -> Settlement:
    database = lease.database
    batch = batches.get(connection, database, lease.key)
    if batch.state not in (BatchState.applied, BatchState.done):
        raise NotApplied(
            f"Batch {lease.key} is {batch.state}: materialize updated_candidate_records first."
        )
    now = database.dialect.utc_now(connection)
    model, day = model_for(settings, batch.model), (batch.submitted_at or now).date()
    used, count, of_texts = _used(connection, lease)
    limit = long_prompt_from(model, day)
    long = Usage(0)
    if limit is not None:
        long, _, _ = _used(connection, lease, above=limit)
    bill = _bill(model, used, long, day, batches.service_of(batch))
    saved = _saved(connection, lease, model, day, limit) if batch.reused else None
    standard = _bill(model, used, long, day, Service.standard)
    values: dict[str, Any] = {
        "input_tokens": used.input_tokens,
        "cached_tokens": used.cached_tokens,
        "cache_write_tokens": used.cache_write_tokens,
        "output_tokens": used.output_tokens,
        "overhead_measured": (used.input_tokens - of_texts) / count if count else None,
        "batch_cost": bill and bill.total,
        "standard_cost": standard and standard.total,
        "reuse_saving": saved and saved.total,
    }
    if batch.state == BatchState.applied:
        values |= {
            "state": BatchState.done,
            "done_at": now,
        }
        # What a trial finds, or what one candidate comes to, shall not stop the real work.
        if lease.trial_key is None and not batches.is_synchronous(batch):
            shares = _shares(connection, database, lease.key)
            values |= _low_shares(batch, shares, settings.usable_share)
    if lease.trial_key is None and not batches.is_synchronous(batch):
        values["low_borne_out"] = _low_borne_out(
            connection, database, lease.key, settings.borne_out_share
        )
    batch = batches.update(connection, database, lease.key, **values)
    return Settlement(
        batch,
        bill,
        round(of_texts + count * (batch.overhead_tokens or 0)),
        totals(connection, database),
    )


def _saved(
    connection: sa.Connection, lease: Lease, model: Model, day: date, limit: int | None
) -> Bill | None:
    """What the answers that were used again would have cost in this batch."""
    used, long = _used(connection, lease, reused=True)[0], Usage(0)
    if limit is not None:
        long = _used(connection, lease, above=limit, reused=True)[0]
    return _bill(model, used, long, day, Service.batch)


def _used(
    connection: sa.Connection, lease: Lease, *, above: int = 0, reused: bool = False
) -> tuple[Usage, int, int]:
    """What the batch's answers used, their number, and the estimated tokens of their texts.

    `above`: only of those whose requests had more input tokens. `reused`: of those instead that
    were paid for elsewhere, and used again here.
    """
    items = lease.items
    not_sent = items.c.same_text_as.is_not(None)
    query = sa.select(
        sa.func.sum(items.c.input_tokens),
        sa.func.sum(items.c.cached_tokens),
        sa.func.sum(items.c.cache_write_tokens),
        sa.func.sum(items.c.output_tokens),
        sa.func.count(),
        sa.func.sum(items.c.estimated_tokens),
    ).where(
        items.c.batch_key == lease.key,
        items.c.input_tokens > above,
        not_sent if reused else sa.not_(not_sent),
    )
    *used, count, of_texts = (int(value or 0) for value in connection.execute(query).one())
    return Usage(*used), count, of_texts


def _bill(model: Model, used: Usage, long: Usage, day: date, service: Service) -> Bill | None:
    """The bill for all that was `used`, of which `long` is of requests with long prompts."""
    short = Usage(
        used.input_tokens - long.input_tokens,
        used.cached_tokens - long.cached_tokens,
        used.cache_write_tokens - long.cache_write_tokens,
        used.output_tokens - long.output_tokens,
    )
    of_short = price(model, short, on=day, service=service, is_long=False)
    of_long = price(model, long, on=day, service=service, is_long=True)
    return None if of_short is None or of_long is None else of_short + of_long


def totals(connection: sa.Connection, database: Database) -> Totals:
    """Add up all settled batches."""
    table = database.ledger.batches
    # SQL Server takes an expression with parameters for another one where it comes again, as in
    # GROUP BY: so it gets its name in a query of its own.
    settled = (
        sa.select(
            table.c.model,
            table.c.batch_cost,
            table.c.standard_cost,
            (
                sa.func.coalesce(table.c.input_tokens, 0)
                + sa.func.coalesce(table.c.output_tokens, 0)
            ).label("tokens"),
            sa.case((table.c.batch_cost.is_not(None), 1), else_=0).label("has_price"),
            table.c.reused,
            table.c.reuse_saving,
        )
        .where(table.c.input_tokens.is_not(None))
        .subquery()
    )
    query = sa.select(
        settled.c.model,
        settled.c.has_price,
        sa.func.sum(settled.c.tokens).label("tokens"),
        sa.func.sum(settled.c.batch_cost).label("cost"),
        sa.func.sum(settled.c.standard_cost).label("standard"),
        sa.func.sum(settled.c.reused).label("reused"),
        sa.func.sum(settled.c.reuse_saving).label("reuse_saving"),
    ).group_by(settled.c.model, settled.c.has_price)
    rows = connection.execute(query).all()
    return Totals(
        cost=sum(float(row.cost or 0) for row in rows),
        standard=sum(float(row.standard or 0) for row in rows),
        tokens=sum(int(row.tokens) for row in rows),
        without_price={
            row.model: int(row.tokens) for row in rows if not row.has_price and row.tokens
        },
        reused=sum(row.reused or 0 for row in rows),
        reuse_saving=sum(float(row.reuse_saving or 0) for row in rows),
    )


@dataclass(slots=True)
class _Shares:
    """How many requests were usable: of first requests, and of repeats (see `ledger.attempts`).

    A candidate that failed once and succeeded once, and is sent again because somebody asks for it,
    counts as neither.
    """

    first_usable: int = 0
    first_answered: int = 0
    repeats_usable: int = 0
    repeats_failed: int = 0


def _shares(connection: sa.Connection, database: Database, key: str) -> _Shares:
    """Repeats whose failure can't be their own fault are left out, like requests never run.

    So are answers that were used again: they say nothing about what was asked now.
    """
    items = database.ledger.items

    def ended_before(*states: ItemState) -> sa.ColumnElement[int]:
        before = items.alias()
        found = sa.exists().where(
            before.c.userid == items.c.userid,
            before.c.batch_key != items.c.batch_key,
            before.c.state.in_(sorted(states)),
        )
        return sa.case((found, 1), else_=0)

    of_batch = (
        sa.select(
            items.c.state,
            items.c.reason,
            items.c.attempt_used,
            ended_before(*SENT - WRITTEN).label("failed_before"),
            ended_before(*WRITTEN).label("done_before"),
        )
        .where(items.c.batch_key == key, items.c.same_text_as.is_(None))
        .subquery()
    )
    query = sa.select(*of_batch.c, sa.func.count().label("number")).group_by(*of_batch.c)
    shares = _Shares()
    for row in connection.execute(query):
        is_usable = row.state in WRITTEN
        if not row.failed_before and row.state not in _UNRUN:
            shares.first_usable += row.number * is_usable
            shares.first_answered += row.number
        elif row.failed_before and not row.done_before:
            is_own = row.attempt_used or is_untold(row.state, row.reason)
            shares.repeats_usable += row.number * is_usable
            shares.repeats_failed += row.number * (is_own and not is_usable)
    return shares


_UNRUN = frozenset(
    {
        ItemState.expired,
        ItemState.cancelled,
        ItemState.released,
        ItemState.stale,
        ItemState.forgotten,
    }
)


def _low_shares(batch: batches.Batch, shares: _Shares, least: float) -> dict[str, bool | None]:
    """Whether too few answers were usable: of first requests or, where there are none, of repeats.

    None where the batch says nothing about that; one that failed as a whole is too low.
    """
    low, low_repeats = None, None
    if batch.openai_status == "failed":
        low = True
    elif shares.first_answered:
        low = shares.first_usable / shares.first_answered < least
    elif repeats := shares.repeats_usable + shares.repeats_failed:
        low_repeats = shares.repeats_usable / repeats < least
    return {"low_share": low, "low_share_repeats": low_repeats}


def _low_borne_out(
    connection: sa.Connection, database: Database, key: str, least: float
) -> bool | None:
    """Whether too little of what was written stands in the resumes; None where nothing must."""
    items = database.ledger.items
    query = sa.select(
        sa.func.sum(items.c.values_checked), sa.func.sum(items.c.values_not_borne_out)
    ).where(items.c.batch_key == key, items.c.state == ItemState.succeeded)
    checked, missing = connection.execute(query).one()
    return 1 - missing / checked < least if checked else None
