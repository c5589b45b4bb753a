"""The catalogue: limits, what a request may carry, when a model ends, and its successor."""

import datetime
import tomllib
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

from resume_assets.choices import ResponseFormat
from resume_assets.errors import WrongUseError
from resume_assets.extraction.prompt import Prompt
from resume_assets.extraction.requests import RequestSettings, TokenParameter
from resume_assets.settings import Settings


class UnknownBaseModel(WrongUseError):
    """RESUME_BASE_MODEL names a model that the catalogue does not list."""


@dataclass(frozen=True, slots=True)
class Model:
    """What we know of a model; for one that is not listed, careful guesses."""

    name: str
    context_window: int
    max_output: int
    max_input: int | None = None
    shutdown: datetime.date | None = None
    azure_shutdown: datetime.date | None = None
    successor: str | None = None
    takes_temperature: bool = True
    takes_cache_options: bool = False
    token_parameter: TokenParameter = "max_completion_tokens"  # noqa: S105 - no secret
    efforts: tuple[str, ...] = ()
    encoding: str | None = None
    known: bool = True
    facts_of: str = field(kw_only=True)
    """The model whose facts these are: itself, or the one that it is made of or stands for."""

    @property
    def priced_as(self) -> str:
        """The name its price is found under: a fine-tuned model has a price of its own."""
        return self.name if _base_of(self.name) else self.facts_of

    @property
    def reasoning_effort(self) -> str | None:
        """The least that it takes; None where it takes none."""
        return self.efforts[0] if self.efforts else None

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


@dataclass(frozen=True, slots=True)
class _Catalogue:
    by_name: dict[str, Model]
    others: tuple[tuple[tuple[str, ...], dict[str, Any]], ...]
    models: tuple[Model, ...]


@cache
def _catalogue() -> _Catalogue:
    text = files(__package__).joinpath("models.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    by_name: dict[str, Model] = {}
    models = []
    for entry in data["model"]:
        aliases = entry.pop("aliases", [])
        facts = data["family"][entry.pop("family")] | entry
        facts["efforts"] = tuple(facts.get("efforts", ()))
        model = Model(facts_of=entry["name"], **facts)
        models.append(model)
        for name in (model.name, *aliases):
            by_name[name] = model
    others = tuple((tuple(entry.pop("prefixes")), entry) for entry in data["other"])
    return _Catalogue(by_name, others, tuple(models))


def models() -> tuple[Model, ...]:
    """Return the models that the catalogue lists, each under its dated name where it has one."""
    return _catalogue().models


@cache
def find_model(name: str, base: str | None = None) -> Model:
    """Return what is known of a model; an alias has its snapshot's facts under its own name.

    A name that is not listed has the facts of the model that it was fine-tuned from, else of
    `base`, else careful guesses by the beginning of the name, and perhaps no price.
    """
    catalogue = _catalogue()
    known = catalogue.by_name.get(name)
    if known is not None:
        return replace(known, name=name)
    for stand_in in (_base_of(name), base):
        if stand_in in catalogue.by_name:
            return replace(catalogue.by_name[stand_in], name=name, known=False)
    for prefixes, facts in catalogue.others:
        if name.startswith(prefixes):
            return Model(name=name, known=False, facts_of=name, **facts)
    raise LookupError("models.toml has no entry for other models")


def model_for(settings: Settings, name: str | None = None) -> Model:
    """Return what is known of the configured model, or of `name`, with what the settings say of it.

    RESUME_CONTEXT_WINDOW and RESUME_OUTPUT_LIMIT tell the limits of a model that is not listed; of
    one that is they can only lower them. Raises UnknownBaseModel.
    """
    base = settings.base_model
    if base is not None and not find_model(base).known:
        raise UnknownBaseModel(
            f"RESUME_BASE_MODEL={base} is no model that we know: it has to be one of "
            f"{', '.join(model.name for model in models())}."
        )
    model = find_model(name or settings.model, base)
    window, limit = settings.context_window, settings.output_limit
    if model.known:
        window = min(window or model.context_window, model.context_window)
        limit = min(limit or model.max_output, model.max_output)
    if window is None and limit is None:
        return model
    return replace(
        model,
        context_window=window or model.context_window,
        max_output=limit or model.max_output,
        max_input=model.max_input if window is None or model.known else None,
    )


def _base_of(name: str) -> str | None:
    """The model that one was fine-tuned from, by OpenAI's (`ft:…`) or Azure's (`….ft-…`) names."""
    if name.startswith("ft:"):
        return name.split(":")[1]
    base, mark, _ = name.partition(".ft-")
    return base if mark else None
