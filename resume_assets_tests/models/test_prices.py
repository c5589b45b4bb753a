"""Bills, worked out by hand: OpenAI's prices of late November 2026, in dollars a million tokens."""

import socket
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import genai_prices
import pytest
from genai_prices.types import ModelPrice

from resume_assets.models import prices
from resume_assets.models.catalogue import find_model, models
from resume_assets.models.prices import Bill, Service, Usage, long_prompt_from, price

DAY = date(2026, 11, 27)
MILLION = 1_000_000


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Prices are in the package; whoever opened a socket for them would be told here."""

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("asked the network")

    monkeypatch.setattr(socket.socket, "connect", refused)
    prices._rates.cache_clear()
    yield
    prices._rates.cache_clear()


def bill(
    model: str,
    usage: Usage,
    service: Service = Service.batch,
    on: date = DAY,
    *,
    is_long: bool | None = False,
) -> Bill:
    found = price(find_model(model), usage, on=on, service=service, is_long=is_long)
    assert found is not None
    return found


def test_every_part_of_a_bill():
    """gpt-6-luna: 0.10 in, 0.01 cached, 0.125 written, 0.50 out; half of it in a batch."""
    used = Usage(1_000_000, 300_000, 200_000, 400_000)
    found = bill("gpt-6-luna", used)
    assert found.parts() == {
        "input": Decimal("0.025"),
        "cache_read": Decimal("0.0015"),
        "cache_write": Decimal("0.0125"),
        "output": Decimal("0.1"),
        "long_prompt": 0,
    }
    assert found.total == Decimal("0.139")
    assert (found.model, found.service, found.on) == ("gpt-6-luna", Service.batch, DAY)
    assert found.source.startswith("genai-prices ")
    assert bill("gpt-6-luna", used, Service.standard).total == Decimal("0.278")
    assert bill("gpt-6-luna", used, Service.flex).total == Decimal("0.139")


def test_flex_costs_what_a_batch_does_where_the_model_has_it():
    used = Usage(MILLION, output_tokens=MILLION)
    assert bill("gpt-5-nano", used, Service.flex).total == Decimal("0.225")
    for name in ("gpt-4o-mini", "gpt-6.2-sol"):  # of the package, and of our own list
        assert price(find_model(name), used, on=DAY, service=Service.flex) is None


@pytest.mark.parametrize(
    ("model", "batch", "standard"),
    [
        # Input, output; a million of each.
        ("gpt-4o-mini-2024-07-18", "0.375", "0.75"),
        ("gpt-4o", "6.25", "12.5"),
        ("gpt-4.1-mini", "1", "2"),
        ("gpt-4.1", "5", "10"),
        ("gpt-5.1", "5.625", "11.25"),
        ("gpt-5.4-nano", "0.725", "1.45"),
        ("gpt-5.6-luna", "0.7", "1.4"),
        ("gpt-6-luna", "0.3", "0.6"),
        ("gpt-6.1-terra", "3", "6"),
        ("gpt-6.2-sol", "6", "12"),
        ("gpt-6.2-astra", "24", "48"),
        ("ft:gpt-4o-mini-2024-07-18:acme::8Xy", "0.75", "1.5"),
    ],
)
def test_a_batch_costs_half(model: str, batch: str, standard: str):
    used = Usage(MILLION, output_tokens=MILLION)
    assert bill(model, used).total == Decimal(batch)
    assert bill(model, used, Service.standard).total == Decimal(standard)


def test_where_the_published_batch_price_is_not_half_it_counts():
    used = Usage(MILLION, output_tokens=MILLION)
    found = bill("ft:gpt-4o-2024-08-06:acme::8Xy", used)
    assert found.total == Decimal("14.725")
    assert "OpenAI's page" in found.source
    assert bill("gpt-5.4", Usage(MILLION, MILLION)).cache_read == Decimal("0.13")  # not 0.125


def test_before_gpt_5_cached_tokens_have_no_discount_in_a_batch():
    """The batch table has no price for them."""
    assert bill("gpt-4.1-mini", Usage(MILLION, MILLION)).total == Decimal("0.2")
    assert bill("gpt-4.1-mini", Usage(MILLION, MILLION), Service.standard).total == Decimal("0.1")
    assert bill("gpt-5-mini", Usage(MILLION, MILLION)).total == Decimal("0.0125")


def test_before_gpt_5_6_writing_costs_nothing_more():
    assert bill("gpt-5.4-nano", Usage(MILLION, 0, MILLION)).total == Decimal("0.1")


def test_a_long_prompt_costs_twice_and_its_answer_half_more():
    used = Usage(272_001, output_tokens=1_000)
    found = bill("gpt-6-luna", used, is_long=None)
    assert found.input == Decimal("272001") * Decimal("0.05") / MILLION
    assert found.output == Decimal("0.00025")
    assert found.long_prompt == found.input + found.output / 2
    assert bill("gpt-6-luna", Usage(272_000), is_long=None).long_prompt == 0
    assert bill("gpt-4.1-mini", Usage(900_000), is_long=None).long_prompt == 0
    ours = bill("gpt-6.2-sol", Usage(300_000, 0, 0, 1_000), is_long=None)
    assert ours.total == (300_000 * Decimal(2) + 1_000 * Decimal("7.5")) / MILLION
    assert long_prompt_from(find_model("gpt-6-luna"), DAY) == 272_000
    assert long_prompt_from(find_model("gpt-4.1-mini"), DAY) is None
    assert long_prompt_from(find_model("their-own-7b"), DAY) is None


def test_tokens_of_many_requests_are_long_only_if_told():
    """A batch has millions of tokens, and no long prompt."""
    many = Usage(50 * MILLION)
    assert bill("gpt-6-luna", many).long_prompt == 0
    assert bill("gpt-6-luna", many, is_long=True).long_prompt == Decimal("2.5")


def test_bills_add_up_by_part():
    short = bill("gpt-6-luna", Usage(MILLION, 1_000, 2_000, 3_000))
    long = bill("gpt-6-luna", Usage(MILLION, 1_000, 2_000, 3_000), is_long=True)
    both = short + long
    assert both.total == short.total + long.total
    assert both.long_prompt == long.long_prompt
    assert both.cache_write == 2 * short.cache_write


def test_a_price_is_that_of_its_day():
    """gpt-5.6-luna became cheaper by four fifths on 2026-07-30."""
    used = Usage(MILLION)
    before, after = date(2026, 7, 29), date(2026, 7, 30)
    assert bill("gpt-5.6-luna", used, Service.standard, before).total == Decimal("1")
    assert bill("gpt-5.6-luna", used, Service.standard, after).total == Decimal("0.2")
    # No batch price was noted by then: half, and no discount for cached tokens.
    assert bill("gpt-5.6-luna", used, on=after).total == Decimal("0.1")
    assert bill("gpt-5.6-luna", Usage(MILLION, MILLION), on=after).total == Decimal("0.1")


def test_cached_and_written_tokens_are_part_of_the_input():
    whole = bill("gpt-6-luna", Usage(100, 100))
    assert bill("gpt-6-luna", Usage(100, 200, 50)) == whole
    assert bill("gpt-6-luna", Usage(100, -5, -5)) == bill("gpt-6-luna", Usage(100))


@pytest.mark.parametrize(
    "name",
    [
        "llama-4-scout",
        "my-deployment",
        "gpt-4o-mini-2031-01-01",
        "ft:gpt-4.1-mini:me",
        "text-embedding-3-small",  # which writes no text
    ],
)
def test_what_is_unknown_has_no_price(name: str):
    for service in Service:
        assert price(find_model(name), Usage(10), on=DAY, service=service) is None


@pytest.mark.parametrize(
    ("told", "total"),
    [
        ({"input_mtok": Decimal(0), "output_mtok": Decimal(0)}, 0),
        ({"input_mtok": Decimal(1), "output_mtok": Decimal(0)}, 1),
        ({"output_mtok": Decimal(1)}, None),
        ({"input_mtok": Decimal(1)}, None),
    ],
)
def test_a_price_of_nothing_is_a_price_and_half_a_price_is_none(
    told: dict[str, Decimal], total: int | None, monkeypatch: pytest.MonkeyPatch
):
    found = SimpleNamespace(model_price=ModelPrice(**told))
    monkeypatch.setattr(genai_prices, "calc_price", lambda *_, **__: found)
    model, used = find_model("gpt-4.1-mini"), Usage(MILLION, output_tokens=MILLION)
    costs = price(model, used, on=DAY, service=Service.standard)
    assert (None if costs is None else costs.total) == total


def test_a_deployment_costs_what_its_base_does():
    found = price(find_model("resumes-prod", "gpt-4.1-mini"), Usage(MILLION), on=DAY)
    assert found is not None
    assert (found.model, found.total) == ("resumes-prod", Decimal("0.2"))


@pytest.mark.parametrize("model", [model.name for model in models()])
def test_every_listed_model_has_a_price_that_makes_sense(model: str):
    for is_long in (False, True):
        plain = bill(model, Usage(MILLION), is_long=is_long).total
        assert 0 < bill(model, Usage(MILLION, MILLION), is_long=is_long).total <= plain
        written = bill(model, Usage(MILLION, 0, MILLION), is_long=is_long).total
        factor = Decimal("1.25") if find_model(model).takes_cache_options else 1
        assert written == plain * factor
        assert bill(model, Usage(0, output_tokens=MILLION), is_long=is_long).total > plain
