"""How large the next batch may be, or why there is none: the decision alone.

Pure: numbers in, a plan or a reason out. `planner` feeds it from the ledger, the simulation in the
benchmarks from a model of OpenAI's quotas.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from math import floor

from resume_assets.models.ends import ModelEnd
from resume_assets.openai_api.limits import (
    MAX_FILE_BYTES,
    MAX_REQUESTS,
    MAX_REQUESTS_AT_AZURE,
    WINDOW,
)
from resume_assets.words import counted, verb


class Stop(StrEnum):
    """Why nothing is planned."""

    nothing_waiting = "nothing_waiting"
    enough = "enough"  # as many batches as were asked for are planned, out or done
    in_flight = "in_flight"
    tokens = "tokens"
    money = "money"
    money_today = "money_today"
    low_share = "low_share"
    low_borne_out = "low_borne_out"
    stopped = "stopped"  # the endpoint refused the key, or the account has no money
    model_ends = "model_ends"


WAITS_FOR_A_PERSON = frozenset(
    {Stop.money, Stop.low_share, Stop.low_borne_out, Stop.stopped, Stop.model_ends}
)
"""These end with `resume-assets unpause`, the last with another RESUME_MODEL; the others pass by
themselves."""


CRUMB = 0.01
"""A "crumb" is less than this share of the token limit; so little is not planned, but left free.

A batch that needs less than it reserved frees the rest. Were that planned at once, again and again,
batches would get ever smaller. A crumb is planned only where no batch is out, or no more waits.
"""


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits: rows, and what one of them costs on average (USD; None: no price known).

    `are_some_held`: there are repeats that wait and are held back (see `ledger.attempts`).
    """

    waiting: int
    bytes_per_row: float = 0.0
    tokens_per_row: float = 0.0
    cost_per_row: float | None = None
    are_some_held: bool = False


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What is planned or out (see `IN_FLIGHT`), and what was spent or reserved (USD)."""

    batches: int = 0
    tokens: int = 0
    cost_total: float = 0.0
    cost_today: float = 0.0
    low_share: bool = False
    low_borne_out: bool = False
    stopped: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be out at once and spent; None = no limit."""

    in_flight: int | None = None
    enqueued_tokens: int | None = None
    cost_total: float | None = None
    cost_today: float | None = None
    requests: int = MAX_REQUESTS
    """In one file, which there is a limit of everywhere."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The next batch: at most so many rows, for so many reserved tokens and USD."""

    rows: int
    tokens: int
    cost: float | None


@dataclass(frozen=True, slots=True)
class NoPlan:
    """Nothing can be planned now, and why, in a sentence for people."""

    stop: Stop
    why: str


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """When the model ends, if that is known, and what time it is (UTC, without zone).

    `window`: how long what begins now may take.
    """

    end: ModelEnd | None
    now: datetime
    window: timedelta = WINDOW


def why_no_time(left: TimeLeft) -> str | None:
    """Why no batch may begin with this model; None where one that begins now has its whole time."""
    end = left.end
    if end is None or not end.is_binding:
        return None
    gone, words = datetime.combine(end.on, time.min), end.in_words(left.now.date())
    if left.now >= gone:
        return f"{words} Nothing is planned with it any more."
    if left.now + left.window > gone:
        return f"{words} A batch may take 24 hours, so nothing more is planned with it."
    return None


def decide(
    queue: Queue,
    outstanding: Outstanding,
    limits: Limits,
    rows: int,
    time_left: TimeLeft | None = None,
) -> Plan | NoPlan:
    """Plan a batch of at most `rows` rows within every limit, and within the model's time.

    A batch shrinks to what the limits leave; it is not planned where they leave not even one row.
    """
    if outstanding.stopped:
        return NoPlan(Stop.stopped, f"{outstanding.stopped} `resume-assets unpause` goes on.")
    if outstanding.low_share:
        return NoPlan(
            Stop.low_share,
            "The last two batches fell below RESUME_USABLE_SHARE. Look at their checks; "
            "`resume-assets unpause` goes on.",
        )
    if outstanding.low_borne_out:
        return NoPlan(
            Stop.low_borne_out,
            "Of what the last two batches wrote, too little stands in the resumes "
            "(RESUME_BORNE_OUT_SHARE). Look at their check values_borne_out; "
            "`resume-assets unpause` goes on.",
        )
    if queue.waiting <= 0 and queue.are_some_held:
        return NoPlan(
            Stop.low_share,
            "Only resumes wait that failed before, and of such too few became usable in the last "
            "batches (RESUME_USABLE_SHARE). Look at their checks; `resume-assets unpause` goes on.",
        )
    if queue.waiting <= 0:
        return NoPlan(Stop.nothing_waiting, "No resume is waiting.")
    if time_left is not None and (why := why_no_time(time_left)) is not None:
        return NoPlan(Stop.model_ends, why)
    if limits.in_flight is not None and outstanding.batches >= limits.in_flight:
        out = (
            f"{counted(outstanding.batches, 'batch')} {verb(outstanding.batches, 'is', 'are')} out"
        )
        return NoPlan(Stop.in_flight, f"{out}, as many as RESUME_MAX_IN_FLIGHT allows.")
    allowed = min(rows, queue.waiting, limits.requests, _room(MAX_FILE_BYTES, queue.bytes_per_row))
    least = allowed if outstanding.batches else 1
    if limits.enqueued_tokens is not None:
        left = limits.enqueued_tokens - outstanding.tokens
        allowed = min(allowed, _room(left, queue.tokens_per_row))
        # A resume larger than the whole limit still goes, alone: OpenAI has the last word.
        if allowed <= 0 and outstanding.batches == 0:
            allowed = 1
        crumb = _room(limits.enqueued_tokens * CRUMB, queue.tokens_per_row)
        if allowed < max(1, min(least, crumb)):
            return NoPlan(
                Stop.tokens,
                f"{outstanding.tokens:,} of {limits.enqueued_tokens:,} enqueued tokens are out.",
            )
    return _within_budget(queue, outstanding, limits, max(1, allowed))


def _within_budget(
    queue: Queue, outstanding: Outstanding, limits: Limits, rows: int
) -> Plan | NoPlan:
    budgets = (
        (Stop.money, limits.cost_total, outstanding.cost_total, "RESUME_MAX_COST_USD"),
        (
            Stop.money_today,
            limits.cost_today,
            outstanding.cost_today,
            "RESUME_MAX_COST_USD_A_DAY",
        ),
    )
    for stop, limit, spent, variable in budgets:
        if limit is None:
            continue
        if queue.cost_per_row is None:
            return NoPlan(
                stop,
                f"{variable} is set, but no price is known for this model: "
                "what can't be counted is not spent.",
            )
        rows = min(rows, _room(limit - spent, queue.cost_per_row))
        if rows <= 0:
            after = (
                "`resume-assets unpause` grants the sum again."
                if stop is Stop.money
                else "It starts afresh at midnight UTC, or with `resume-assets unpause`."
            )
            return NoPlan(
                stop, f"${spent:,.2f} of {variable} = ${limit:,.2f} is spent or reserved. {after}"
            )
    return Plan(
        rows=rows,
        tokens=round(rows * queue.tokens_per_row),
        cost=None if queue.cost_per_row is None else round(rows * queue.cost_per_row, 6),
    )


def _room(left: float, each: float) -> int:
    """How many rows that need so much `each` fit into what is `left`."""
    if each <= 0 or each * MAX_REQUESTS_AT_AZURE <= left:
        return MAX_REQUESTS_AT_AZURE  # no file takes more
    return floor(left / each)
