"""What a batch's requests will ask: as the settings are now, or as its plan fixed it.

A plan writes down model, prompt and response format; the file is built by what is written there,
whatever settings and files say by then. So a file that is built again is the same.
"""

from collections.abc import Mapping
from typing import Any

from resume_assets.batches.ledger.batches import Batch
from resume_assets.extraction.prompt import DEFAULT_PROMPT, Prompt, load_prompt
from resume_assets.extraction.requests import RequestSettings
from resume_assets.models.catalogue import find_model
from resume_assets.settings import ResponseFormat, Settings


def asked_now(settings: Settings) -> RequestSettings:
    """What a batch that is planned now will ask. Raises PromptError."""
    return find_model(settings.model).request_settings(
        settings.temperature,
        settings.max_output_tokens,
        load_prompt(settings.prompt),
        settings.response_format,
    )


def columns_of(settings: Settings, prompt: Prompt) -> dict[str, Any]:
    """The columns of `resume_batches` that a plan fixes."""
    return {
        "model": settings.model,
        "temperature": settings.temperature,
        "max_output_tokens": settings.max_output_tokens,
        "prompt_name": prompt.name,
        "prompt_version": prompt.version,
        "prompt_text": prompt.text,
        "response_format": settings.response_format,
    }


_FIXED = (
    "model",
    "temperature",
    "max_output_tokens",
    "prompt_name",
    "prompt_version",
    "prompt_text",
    "response_format",
)
"""What a plan fixes, as `columns_of` has it."""


def asked_by(batch: Batch, room: int = 1) -> RequestSettings:
    """What a planned batch asks; `room`: the answer may have so many times the usual length."""
    return asked_in({name: getattr(batch, name) for name in _FIXED}, room)


def asked_in(columns: Mapping[str, Any], room: int = 1) -> RequestSettings:
    """The same, by the columns that a plan fixes (`columns_of`)."""
    return find_model(columns["model"]).request_settings(
        columns["temperature"],
        columns["max_output_tokens"] * room,
        _prompt_in(columns),
        ResponseFormat(columns["response_format"] or ResponseFormat.json_schema),
    )


def _prompt_in(columns: Mapping[str, Any]) -> Prompt:
    if columns["prompt_text"] is None:  # planned when there was but one
        return load_prompt(DEFAULT_PROMPT)
    return Prompt(columns["prompt_name"], columns["prompt_text"], columns["prompt_version"])
