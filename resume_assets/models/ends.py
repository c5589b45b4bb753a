"""When a model is shut down, whose word that is, and what a user does about it.

An endpoint's own word counts most: a model object's `shutdown_date`. Where none was seen, OpenAI's
dates hold at OpenAI and Azure's at Azure. What another server does with a model of that name is its
own affair: there the date is told, and holds nothing up.
"""

import datetime
from dataclasses import dataclass, field

from resume_assets.azure import host_of
from resume_assets.models.catalogue import Model
from resume_assets.settings import Settings

SOON = 90
"""Days before a model's end from which on it is told wherever people look."""


@dataclass(frozen=True, slots=True)
class ModelEnd:
    """A model's last day at an endpoint; from `on` (UTC) on it is gone."""

    model: str
    on: datetime.date
    successor: str | None
    is_binding: bool
    """Whether the endpoint in use ends it, as far as is known."""
    is_deployed: bool = field(default=False, compare=False)
    """Whether models are reached by the names of deployments, as at Azure."""

    def days_left(self, today: datetime.date) -> int:
        """Days until it is gone; negative afterwards."""
        return (self.on - today).days

    def is_soon(self, today: datetime.date) -> bool:
        """Whether people are to be told."""
        return self.days_left(today) <= SOON

    def in_words(self, today: datetime.date) -> str:
        """When it ends, its successor, and the command that compares the two."""
        left, at = self.days_left(today), "" if self.is_binding else " at OpenAI"
        if left > 0:
            days = "1 day" if left == 1 else f"{left} days"
            return f"{self.model} is shut down{at} on {self.on}, in {days}. {self._advice()}"
        return f"{self.model} was shut down{at} on {self.on}. {self._advice_afterwards()}"

    def _advice(self) -> str:
        if self.successor is None:
            return (
                f"`resume-assets trial --model {self.model} --model NEW --sample 200` compares it "
                "with another on your own resumes, and RESUME_MODEL=NEW switches."
            )
        return (
            f"Its successor is {self.successor}{self._first()}: `resume-assets trial --model "
            f"{self.model} --model {self.successor} --sample 200` compares the two on your own "
            f"resumes, and RESUME_MODEL={self.successor} switches."
        )

    def _advice_afterwards(self) -> str:
        if self.successor is None:
            return "Set RESUME_MODEL to another model."
        return (
            f"Set RESUME_MODEL={self.successor}, its successor{self._first()}; `resume-assets "
            f"trial --model {self.successor} --sample 200` tries that on your own resumes first."
        )

    def _first(self) -> str:
        return ", to be deployed first, under that name" if self.is_deployed else ""


def end_of(
    settings: Settings, model: Model, announced: datetime.date | None = None
) -> ModelEnd | None:
    """Return the model's end at the configured endpoint; None where none is known.

    `announced`: what the endpoint itself said, last time it was asked.
    """
    on, is_binding = announced, True
    if on is None:
        host = host_of(settings.openai_base_url)
        if settings.is_azure:
            on = model.azure_shutdown
        else:
            on = model.shutdown
            is_binding = settings.names_a_server and (host == "" or host.endswith("api.openai.com"))
    if on is None:
        return None
    return ModelEnd(model.name, on, model.successor, is_binding, settings.is_azure)
