"""The catalogue: prices as published, and what each model's requests may carry."""

import datetime
from decimal import Decimal

import pytest

from resume_assets.extraction.prompt import load_prompt
from resume_assets.extraction.requests import RequestSettings
from resume_assets.models.catalogue import Model, find_model, models, prices_as_of
from resume_assets.settings import ResponseFormat


def asked(model: Model, temperature: float | None, max_output_tokens: int) -> RequestSettings:
    return model.request_settings(
        temperature, max_output_tokens, load_prompt("lean"), ResponseFormat.json_schema
    )


def test_prices_of_the_default_model():
    model = find_model("gpt-4o-mini-2024-07-18")
    assert model.known
    assert model.standard_cost(1_000_000, 0, 0) == Decimal("0.15")
    assert model.standard_cost(1_000_000, 1_000_000, 0) == Decimal("0.075")
    assert model.standard_cost(0, 0, 1_000_000) == Decimal("0.60")
    assert model.batch_cost(1_000_000, 0, 1_000_000) == Decimal("0.375")


def test_caching_gives_no_discount_in_a_batch_before_gpt_5():
    assert find_model("gpt-4o-mini").batch_cost(1_000_000, 1_000_000, 0) == Decimal("0.075")
    assert find_model("gpt-6-luna").batch_cost(1_000_000, 1_000_000, 0) == Decimal("0.005")


def test_cached_tokens_are_part_of_the_input():
    price = find_model("gpt-4.1-mini").price
    assert price is not None
    assert price.standard_cost(100, 200, 0) == price.standard_cost(100, 100, 0)
    assert price.standard_cost(100, -5, 0) == price.standard_cost(100, 0, 0)


@pytest.mark.parametrize(
    ("alias", "snapshot"),
    [
        ("gpt-4o-mini", "gpt-4o-mini-2024-07-18"),
        ("gpt-4.1-mini", "gpt-4.1-mini-2025-04-14"),
        ("gpt-5.4-nano", "gpt-5.4-nano-2026-03-17"),
    ],
)
def test_an_alias_has_its_snapshots_facts_under_its_own_name(alias, snapshot):
    assert find_model(alias).price == find_model(snapshot).price
    assert find_model(alias).name == alias
    assert asked(find_model(alias), 0.2, 100).model == alias


@pytest.mark.parametrize(
    "name", ["gpt-4o-mini-2031-01-01", "llama-4-scout", "my-deployment", "ft:gpt-4o-mini:me"]
)
def test_an_unknown_model_has_no_price_and_can_be_used(name):
    model = find_model(name)
    assert not model.known
    assert model.price is None
    assert model.standard_cost(10, 0, 10) is None
    assert model.batch_cost(10, 0, 10) is None
    assert model.days_left(datetime.date(2026, 11, 23)) is None
    assert model.input_limit(4_000) >= 100_000
    assert asked(model, 0.2, 4_000).temperature == 0.2


@pytest.mark.parametrize("name", ["gpt-5.4-nano", "gpt-6-luna", "gpt-5.9-new", "o4-mini"])
def test_reasoning_models_get_no_temperature(name):
    settings = asked(find_model(name), 0.2, 4_000)
    assert settings.temperature is None
    assert settings.token_parameter == "max_completion_tokens"


def test_reasoning_is_off_where_it_can_be():
    assert asked(find_model("gpt-6-luna"), 0.2, 4_000).reasoning_effort == "none"
    assert asked(find_model("gpt-4o-mini"), 0.2, 4_000).reasoning_effort is None


def test_other_servers_get_the_parameter_that_all_know():
    assert asked(find_model("llama-4-scout"), 0, 10).token_parameter == "max_tokens"


def test_limits():
    model = find_model("gpt-4o-mini")
    assert model.input_limit(4_000) == 124_000
    assert model.input_limit(10**9) == 128_000 - 16_384
    assert asked(model, 0.2, 10**9).max_output_tokens == 16_384
    assert find_model("gpt-5.4-nano").input_limit(4_000) == 272_000


def test_shutdown():
    model = find_model("gpt-4o-mini")
    assert model.days_left(datetime.date(2027, 1, 13)) == 1
    assert model.days_left(datetime.date(2027, 1, 15)) == -1
    assert model.days_left(datetime.date(2026, 9, 30), azure=True) == 1
    assert find_model("gpt-6-luna").days_left(datetime.date(2027, 1, 1)) is None


def test_every_entry_is_complete():
    assert len(models()) >= 4
    assert prices_as_of() == datetime.date(2026, 11, 23)
    for model in models():
        assert model.price is not None
        assert model.price.cached_input < model.price.input < model.price.output
        assert model.max_output < model.context_window
        assert model.encoding == "o200k_base"
