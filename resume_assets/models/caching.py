"""Whether requests cache what stands before the resume: by what it costs.

From GPT-5.6 on, writing to the prompt cache costs more than plain input, and by default everything
up to the newest message is written: with an ever new resume, each time, and never read. A batch
can only gain by what all its requests have in common: the instructions and the schema.

Source: https://developers.openai.com/api/docs/guides/prompt-caching.
"""

import datetime
from dataclasses import dataclass, replace
from decimal import Decimal

from resume_assets.extraction.requests import Caching, RequestSettings
from resume_assets.models.catalogue import Model
from resume_assets.models.prices import Usage, price

LEAST_TOKENS = 1_024
"""A shorter prefix is never cached."""

READ_SHARE = Decimal("0.5")
"""Of a batch's requests, those that find the prefix in the cache: an assumption, for nothing is
published of batches. Reading pays from about a fifth on; the bill tells what was read."""

_REQUESTS = 1_000


@dataclass(frozen=True, slots=True)
class CachingCosts:
    """US dollars for the prefixes of a thousand requests in a batch, by what is said of caching."""

    off: Decimal
    prefix: Decimal


def caching_for(model: Model, prefix_tokens: float, on: datetime.date) -> Caching:
    """Return what requests with such a prefix say about caching; `on` is the day of the prices."""
    if not model.takes_cache_options:
        return Caching.untold
    costs = caching_costs(model, prefix_tokens, on)
    if costs is None or prefix_tokens < LEAST_TOKENS:
        return Caching.off
    return Caching.prefix if costs.prefix < costs.off else Caching.off


def with_caching(
    asked: RequestSettings, model: Model, prefix_tokens: float, on: datetime.date
) -> RequestSettings:
    """Return what is asked with what is said about caching: see `caching_for`."""
    return replace(asked, caching=caching_for(model, prefix_tokens, on))


def caching_costs(model: Model, prefix_tokens: float, on: datetime.date) -> CachingCosts | None:
    """Return what the prefix costs uncached and cached; None without a price or a choice.

    Were a prefix too short to be cached a little longer, it would cost what is told here.
    """
    tokens = round(prefix_tokens) * _REQUESTS
    read = int(tokens * READ_SHARE)
    off = price(model, Usage(tokens), on=on, is_long=False)
    prefix = price(model, Usage(tokens, read, tokens - read), on=on, is_long=False)
    if off is None or prefix is None or not model.takes_cache_options:
        return None
    return CachingCosts(off.total, prefix.total)


def caching_in_words(model: Model, prefix_tokens: float, on: datetime.date) -> str | None:
    """Return what is said about caching, and what either way costs; None without a choice."""
    if not model.takes_cache_options:
        return None
    shown = f"{round(prefix_tokens):,} tokens of instructions and schema"
    if prefix_tokens < LEAST_TOKENS:
        said = f"off: {shown}, and caching begins at {LEAST_TOKENS:,}"
    elif caching_for(model, prefix_tokens, on) is Caching.prefix:
        said = f"after {shown}"
    else:
        said = f"off, for {shown}"
    costs = caching_costs(model, prefix_tokens, on)
    if costs is None:
        return f"{said} (no price known)"
    return (
        f"{said}; a thousand times they cost ${costs.off:.4f} uncached, ${costs.prefix:.4f} if "
        "half of the requests found them cached"
    )
