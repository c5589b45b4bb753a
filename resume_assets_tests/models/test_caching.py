"""Whether the prefix is cached: by model and length."""

from datetime import date
from decimal import Decimal

import pytest

from resume_assets.extraction.requests import Caching
from resume_assets.models.caching import caching_costs, caching_for, caching_in_words
from resume_assets.models.catalogue import find_model, models

DAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("model", "tokens", "said"),
    [
        ("gpt-4o-mini", 657, Caching.untold),
        ("gpt-4o-mini", 5_000, Caching.untold),
        ("gpt-5.4-nano", 5_000, Caching.untold),
        ("gpt-5.5", 5_000, Caching.untold),
        ("their-own-7b", 5_000, Caching.untold),
        ("gpt-5.6-luna", 657, Caching.off),
        ("gpt-6-luna", 0, Caching.off),
        ("gpt-6-luna", 657, Caching.off),
        ("gpt-6-luna", 1_023.9, Caching.off),
        ("gpt-6-luna", 1_024, Caching.prefix),
        ("gpt-6-luna", 5_000, Caching.prefix),
        ("gpt-6.1-terra", 1_500, Caching.prefix),
        ("gpt-6.2-astra", 1_500, Caching.prefix),
    ],
)
def test_by_model_and_length(model: str, tokens: float, said: Caching):
    assert caching_for(find_model(model), tokens, DAY) is said


def test_without_a_price_nothing_is_bought():
    unpriced = find_model("gpt-6-luna").__class__(
        "new", 1_000_000, 100_000, takes_cache_options=True, facts_of="new"
    )
    assert caching_for(unpriced, 5_000, DAY) is Caching.off
    assert caching_costs(unpriced, 5_000, DAY) is None
    assert caching_in_words(unpriced, 5_000, DAY) == (
        "off, for 5,000 tokens of instructions and schema (no price known)"
    )


def test_both_costs_are_told():
    """A thousand times 1,500 tokens: plain at 0.05 a million; half written, half read."""
    luna = find_model("gpt-6-luna")
    costs = caching_costs(luna, 1_500, DAY)
    assert costs is not None
    assert costs.off == Decimal("0.075")
    assert costs.prefix == Decimal("0.75") * Decimal("0.0625") + Decimal("0.75") * Decimal("0.005")
    words = caching_in_words(luna, 1_500, DAY)
    assert words is not None
    assert "after 1,500 tokens" in words
    assert "$0.0750 uncached, $0.0506" in words
    short = caching_in_words(luna, 657, DAY)
    assert short is not None
    assert short.startswith("off: 657 tokens of instructions and schema, and caching begins")
    assert caching_in_words(find_model("gpt-4o-mini"), 1_500, DAY) is None


@pytest.mark.parametrize("model", [m.name for m in models() if m.takes_cache_options])
def test_the_choice_is_the_cheaper_one(model: str):
    costs = caching_costs(find_model(model), 2_000, DAY)
    assert costs is not None
    is_cheaper = costs.prefix < costs.off
    assert (caching_for(find_model(model), 2_000, DAY) is Caching.prefix) is is_cheaper
