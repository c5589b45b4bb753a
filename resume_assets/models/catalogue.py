"""The catalogue of models: limits, prices with their date, and what a request may carry."""

import datetime
import tomllib
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from resume_assets.extraction.prompt import Prompt
from resume_assets.extraction.requests import RequestSettings, TokenParameter
from resume_assets.settings import ResponseFormat

_MILLION = Decimal(1_000_000)
_BATCH_SHARE = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens, standard service, and the day they were looked up."""

    input: Decimal
    cached_input: Decimal
    output: Decimal
    as_of: datetime.date
    cached_in_batch: bool

    def standard_cost(self, input_tokens: int, cached_tokens: int, output_tokens: int) -> Decimal:
        """Return US dollars; `cached_tokens` are part of `input_tokens`."""
        cached = min(max(cached_tokens, 0), input_tokens)
        return (
            self.input * (input_tokens - cached)
            + self.cached_input * cached
            + self.output * output_tokens
        ) / _MILLION

    def batch_cost(self, input_tokens: int, cached_tokens: int, output_tokens: int) -> Decimal:
        """Return US dollars in a batch: half, without a discount for caching before GPT-5."""
        cached = cached_tokens if self.cached_in_batch else 0
        return self.standard_cost(input_tokens, cached, output_tokens) * _BATCH_SHARE


@dataclass(frozen=True, slots=True)
class Model:
    """What we know of a model. `price` is None where no price is known: no figure is invented."""

    name: str
    context_window: int
    max_output: int
    max_input: int | None = None
    price: Price | None = None
    shutdown: datetime.date | None = None
    azure_shutdown: datetime.date | None = None
    takes_temperature: bool = True
    token_parameter: TokenParameter = "max_completion_tokens"  # noqa: S105 - no secret
    reasoning_effort: str | None = None
    encoding: str | None = None
    known: bool = True

    def standard_cost(
        self, input_tokens: int, cached_tokens: int, output_tokens: int
    ) -> Decimal | None:
        """Return US dollars at the standard price, None where no price is known."""
        if self.price is None:
            return None
        return self.price.standard_cost(input_tokens, cached_tokens, output_tokens)

    def batch_cost(
        self, input_tokens: int, cached_tokens: int, output_tokens: int
    ) -> Decimal | None:
        """Return US dollars at the batch price, None where no price is known."""
        if self.price is None:
            return None
        return self.price.batch_cost(input_tokens, cached_tokens, output_tokens)

    def request_settings(
        self,
        temperature: float | None,
        max_output_tokens: int,
        prompt: Prompt,
        response_format: ResponseFormat,
    ) -> RequestSettings:
        """Return what a request to this model carries; what it would refuse is left out."""
        return RequestSettings(
            model=self.name,
            temperature=temperature if self.takes_temperature else None,
            max_output_tokens=min(max_output_tokens, self.max_output),
            token_parameter=self.token_parameter,
            prompt=prompt,
            response_format=response_format,
            reasoning_effort=self.reasoning_effort,
        )

    def input_limit(self, max_output_tokens: int) -> int:
        """Return the tokens that instructions, schema and resume may have together."""
        room = self.context_window - min(max_output_tokens, self.max_output)
        return room if self.max_input is None else min(room, self.max_input)

    def days_left(self, today: datetime.date, *, azure: bool = False) -> int | None:
        """Return the days until the model is shut down, negative afterwards, None if unknown."""
        end = self.azure_shutdown if azure and self.azure_shutdown else self.shutdown
        return None if end is None else (end - today).days


@dataclass(frozen=True, slots=True)
class _Catalogue:
    by_name: dict[str, Model]
    families: tuple[tuple[tuple[str, ...], dict[str, Any]], ...]
    models: tuple[Model, ...]


_PRICES = ("input", "cached_input", "output")


@cache
def _catalogue() -> _Catalogue:
    text = files(__package__).joinpath("models.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text, parse_float=Decimal)
    by_name: dict[str, Model] = {}
    models = []
    for entry in data["model"]:
        aliases = entry.pop("aliases", [])
        dollars = {key: Decimal(entry.pop(key)) for key in _PRICES}
        price = Price(
            **dollars,
            as_of=data["prices_as_of"],
            cached_in_batch=entry.pop("cached_in_batch", False),
        )
        model = Model(price=price, **entry)
        models.append(model)
        for name in (model.name, *aliases):
            by_name[name] = model
    families = tuple((tuple(entry.pop("prefixes")), entry) for entry in data["family"])
    return _Catalogue(by_name, families, tuple(models))


def models() -> tuple[Model, ...]:
    """Return the models that the catalogue lists, each under its dated name where it has one."""
    return _catalogue().models


def prices_as_of() -> datetime.date:
    """Return the day on which the catalogue's prices were looked up."""
    return max(model.price.as_of for model in models() if model.price is not None)


@cache
def find_model(name: str) -> Model:
    """Return what is known of a model; an alias has its snapshot's facts under its own name.

    An unknown name can be used: it has no price, and its limits are careful guesses by family.
    """
    catalogue = _catalogue()
    known = catalogue.by_name.get(name)
    if known is not None:
        return replace(known, name=name)
    for prefixes, facts in catalogue.families:
        if name.startswith(prefixes):
            return Model(name=name, known=False, **facts)
    raise LookupError("models.toml has no family for other models")
