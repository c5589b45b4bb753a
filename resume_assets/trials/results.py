"""What a trial has come to, as its report is made of it: values by candidate, counts, money."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Values = Mapping[str, Any]
"""By column, as `COLUMNS` spells it: text, or None where there is no value."""


@dataclass(frozen=True, slots=True)
class VariantResult:
    """One model with one prompt: what it made of the sample, and what that cost.

    `records` has the usable answers by userid; `reasons` counts the others by why they gave none,
    such as `refused: …`. `not_borne_out` names, by userid, the columns whose values the resume does
    not bear out, `checked` counts the values that were looked for; both None where nothing was.
    """

    name: str
    model: str
    prompt: str
    records: Mapping[Any, Values]
    reasons: Mapping[str, int]
    not_borne_out: Mapping[Any, frozenset[str]] | None
    checked: Mapping[Any, int] | None
    requests: int
    input_tokens: int  # those that follow are part of it
    cached_tokens: int
    cache_write_tokens: int
    output_tokens: int
    cost_usd: Decimal | None  # at the batch price; None where no price is known
    seconds: float | None  # from submitted to ended, of the batch that took longest


@dataclass(frozen=True, slots=True)
class TrialResult:
    """A trial whose variants are all through.

    `sample` is all that was drawn; `changed` are those of it whose text changed between the
    variants, which are left out of every variant's records. `present` is what the candidate table
    holds now of those that are processed, `gold` what is known to be right; empty where nothing is.
    """

    key: str
    seed: int
    sample: tuple[Any, ...]
    changed: frozenset[Any]
    variants: tuple[VariantResult, ...]
    present: Mapping[Any, Values]
    gold: Mapping[Any, Values]
