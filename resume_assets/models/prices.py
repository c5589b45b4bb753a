"""What tokens cost: the one function by which estimates, reservations, caps and bills count money.

Prices come from the package `genai-prices`, which carries them as data, with the days from which
they hold; only its `UpdatePrices` would ask the network, and nothing here calls it. What the
package lacks is in `prices.toml`.

Source of the rules: https://developers.openai.com/api/docs/pricing and /docs/guides/prompt-caching.
"""

import tomllib
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from resume_assets.models.catalogue import Model

if TYPE_CHECKING:
    from genai_prices.types import ModelPrice

_MILLION = Decimal(1_000_000)
_HALF = Decimal("0.5")


class Service(StrEnum):
    """How a request is served, by which its price differs."""

    standard = "standard"
    batch = "batch"
    flex = "flex"  # the batch price for a single, patient request; some models only

    @property
    def in_words(self) -> str:
        """After a sum: `$0.12 as a batch`."""
        return "as a batch" if self is Service.batch else f"at the {self} price"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request, or of several; cached and written ones are part of the input."""

    input_tokens: int
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Bill:
    """US dollars by part, and whose prices of which day they are.

    `input` counts the tokens that were neither read from the cache nor written to it; `long_prompt`
    what all parts cost more because the prompts were long.
    """

    model: str
    service: Service
    on: date
    source: str
    input: Decimal
    cache_read: Decimal
    cache_write: Decimal
    output: Decimal
    long_prompt: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        """The sum of all parts."""
        return self.input + self.cache_read + self.cache_write + self.output + self.long_prompt

    def parts(self) -> dict[str, Decimal]:
        """The parts by name, in the order of a bill."""
        return {
            "input": self.input,
            "cache_read": self.cache_read,
            "cache_write": self.cache_write,
            "output": self.output,
            "long_prompt": self.long_prompt,
        }

    def __add__(self, other: "Bill") -> "Bill":
        """Both together, of the same model, service and day."""
        return replace(
            self,
            input=self.input + other.input,
            cache_read=self.cache_read + other.cache_read,
            cache_write=self.cache_write + other.cache_write,
            output=self.output + other.output,
            long_prompt=self.long_prompt + other.long_prompt,
        )


def price(
    model: Model,
    usage: Usage,
    *,
    on: date,
    service: Service = Service.batch,
    is_long: bool | None = None,
) -> Bill | None:
    """Return what the tokens cost on that day (UTC); None where no price is known.

    `is_long`: whether these are tokens of requests with long prompts (see `long_prompt_from`), of
    which every token costs more; None for a single request, whose own input tells.
    """
    rates = _rates(model.priced_as, on, service)
    if rates is None:
        return None
    if is_long is None:
        is_long = rates.long_from is not None and usage.input_tokens > rates.long_from
    base = _bill(model, usage, on, service, rates)
    if not is_long or rates.long is None:
        return base
    return replace(
        base, long_prompt=_bill(model, usage, on, service, rates.long).total - base.total
    )


def long_prompt_from(model: Model, on: date) -> int | None:
    """Return the input tokens above which a request costs more as a whole; None if none are."""
    rates = _rates(model.priced_as, on, Service.standard)
    return None if rates is None else rates.long_from


@dataclass(frozen=True, slots=True)
class _Rates:
    """US dollars per million tokens."""

    input: Decimal
    cache_read: Decimal
    cache_write: Decimal
    output: Decimal
    source: str
    long_from: int | None = None
    long: "_Rates | None" = None


def _bill(model: Model, usage: Usage, on: date, service: Service, rates: _Rates) -> Bill:
    read = min(max(usage.cached_tokens, 0), usage.input_tokens)
    written = min(max(usage.cache_write_tokens, 0), usage.input_tokens - read)
    return Bill(
        model=model.name,
        service=service,
        on=on,
        source=rates.source,
        input=rates.input * (usage.input_tokens - read - written) / _MILLION,
        cache_read=rates.cache_read * read / _MILLION,
        cache_write=rates.cache_write * written / _MILLION,
        output=rates.output * usage.output_tokens / _MILLION,
    )


@cache
def _rates(name: str, on: date, service: Service) -> _Rates | None:
    ours = _own_rates(name, service)
    if ours is not None:
        return ours
    standard = _prices_of(name, on, {})
    if standard is None:
        return None
    if service is Service.standard:
        return _read(standard)
    context = {"processing": "batch"} if service is Service.batch else {"service_tier": "flex"}
    special = _prices_of(name, on, context)
    if special is None or special == standard:
        # None was published by that day: a batch costs half, and flex is not offered.
        if service is Service.batch:
            return _halved(_read(standard, is_discounted=False))
        return None
    # Where the batch table has no price for cached tokens, they get no discount.
    is_discounted = special.cache_read_mtok != standard.cache_read_mtok
    return _read(special, is_discounted=is_discounted)


def _prices_of(name: str, on: date, context: dict[str, str]) -> "ModelPrice | None":
    """The package's prices of an OpenAI model on that day."""
    from genai_prices import Usage as Nothing
    from genai_prices import calc_price  # half a second that `--help` need not pay

    noon = datetime.combine(on, time(12))
    try:
        found = calc_price(
            Nothing(input_tokens=0, output_tokens=0),
            name,
            provider_id="openai",
            genai_request_timestamp=noon,
            price_context=context,
        )
    except LookupError:
        return None
    prices: ModelPrice = found.model_price
    is_for_text = prices.input_mtok is not None and prices.output_mtok is not None
    return prices if is_for_text else None


def _read(prices: "ModelPrice", *, is_discounted: bool = True) -> _Rates:
    """The package's prices as rates, with those for long prompts where it has any."""
    at = _at(prices, is_long=False, is_discounted=is_discounted)
    tiers = getattr(prices.input_mtok, "tiers", [])
    if not tiers:
        return at
    above = _at(prices, is_long=True, is_discounted=is_discounted)
    return replace(at, long_from=tiers[0].start, long=above)


def _at(prices: "ModelPrice", *, is_long: bool, is_discounted: bool) -> _Rates:
    def rate(value: Any) -> Decimal | None:
        tiers = getattr(value, "tiers", None)
        if tiers is None:
            return value if value is None else Decimal(value)
        return Decimal(tiers[-1].price if is_long and tiers else value.base)

    entire = rate(prices.input_mtok) or Decimal(0)
    read, written = rate(prices.cache_read_mtok), rate(prices.cache_write_mtok)
    return _Rates(
        input=entire,
        cache_read=entire if read is None or not is_discounted else read,
        cache_write=entire if written is None else written,
        output=rate(prices.output_mtok) or Decimal(0),
        source=f"genai-prices {version('genai-prices')}",
    )


def _halved(rates: _Rates) -> _Rates:
    long = None if rates.long is None else _halved(rates.long)
    return replace(_times(rates, _HALF, _HALF), long=long)


def _times(rates: _Rates, factor: Decimal, for_output: Decimal) -> _Rates:
    return replace(
        rates,
        input=rates.input * factor,
        cache_read=rates.cache_read * factor,
        cache_write=rates.cache_write * factor,
        output=rates.output * for_output,
    )


@cache
def _own_prices() -> tuple[dict[str, Any], ...]:
    text = files(__package__).joinpath("prices.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text, parse_float=Decimal)["price"])


def _own_rates(name: str, service: Service) -> _Rates | None:
    for entry in _own_prices():
        if not name.startswith(tuple(entry["prefixes"])):
            continue
        told = Service(entry.get("service", Service.standard))
        if service is told:
            return _from_entry(entry)
        if service is Service.batch:
            return _halved(_from_entry(entry))
    return None


def _from_entry(entry: dict[str, Any]) -> _Rates:
    entire = Decimal(entry["input"])
    at = _Rates(
        input=entire,
        cache_read=Decimal(entry.get("cached_input", entire)),
        cache_write=Decimal(entry.get("cache_write", entire)),
        output=Decimal(entry["output"]),
        source=entry["source"],
    )
    if "long_from" not in entry:
        return at
    above = _times(at, Decimal(2), Decimal("1.5"))
    return replace(at, long_from=entry["long_from"], long=above)
