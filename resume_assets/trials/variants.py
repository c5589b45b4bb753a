"""A variant: one model with one prompt, and whatever else its requests ask, fixed at creation."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from resume_assets.batches.planning.asked import asked_in, asked_now, columns_of
from resume_assets.errors import WrongUseError
from resume_assets.extraction.requests import RequestSettings
from resume_assets.models.catalogue import Model, model_for
from resume_assets.settings import Settings

MOST = 6
"""Variants of one trial; one alone is compared with the present records."""

_LONGEST_MODEL = 100  # as the ledger keeps it


class BadVariants(WrongUseError):
    """Models and prompts that make no trial."""


@dataclass(frozen=True, slots=True)
class Variant:
    """`number` counts from 0; `columns` are those of its batches that say what they ask."""

    number: int
    name: str
    columns: Mapping[str, Any]

    @property
    def model(self) -> str:
        """The model's name."""
        return str(self.columns["model"])

    @property
    def prompt(self) -> str:
        """The prompt's name, or its file's."""
        return str(self.columns["prompt_name"])

    def settings(self, settings: Settings) -> Settings:
        """The settings in force, with the variant's model for the configured one."""
        return settings.model_copy(update={"model": self.model})

    def asked(self, model: Model) -> RequestSettings:
        """What its requests ask of its model."""
        return asked_in(self.columns, model)


def variants_of(settings: Settings, models: Sequence[str], prompts: Sequence[str]) -> list[Variant]:
    """Every model with every prompt; where none is named, the configured one.

    Raises BadVariants, PromptError, UnknownBaseModel.
    """
    if not models and not prompts:
        raise BadVariants(
            "A trial compares models or prompts: name the one you have and the one to try, as in "
            f"`resume-assets trial --model {settings.model} --model NEW`."
        )
    named = list(_named(settings, models, prompts))
    if len(named) > MOST:
        raise BadVariants(
            f"A trial compares at most {MOST} variants, and these are {len(named)}: each --model "
            "with each --prompt."
        )
    names = [name for name, _ in named]
    if len(set(names)) < len(names):
        raise BadVariants("The same model with the same prompt stands there twice.")
    return [Variant(number, name, columns) for number, (name, columns) in enumerate(named)]


def _named(
    settings: Settings, models: Sequence[str], prompts: Sequence[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for model, prompt in product(models or [settings.model], prompts or [settings.prompt]):
        if not 0 < len(model) <= _LONGEST_MODEL:
            raise BadVariants(f"A model's name has 1 to {_LONGEST_MODEL} characters.")
        own = settings.model_copy(update={"model": model, "prompt": prompt})
        asked = asked_now(own, model_for(own))
        name = model if len(prompts) < 2 else f"{model} {asked.prompt.name}"
        yield name, columns_of(own, asked.prompt)


def to_json(variants: Sequence[Variant]) -> str:
    """As the ledger keeps them."""
    return json.dumps([{"name": one.name, "columns": dict(one.columns)} for one in variants])


def from_json(text: str) -> list[Variant]:
    """The variants that `to_json` wrote."""
    kept = enumerate(json.loads(text))
    return [Variant(number, one["name"], one["columns"]) for number, one in kept]
