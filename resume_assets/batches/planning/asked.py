"""What a batch's requests will ask: as the settings are now, or as its plan fixed it.

A plan writes down model, prompt and response format; the file is built by what is written there,
whatever settings and files say by then. So a file that is built again is the same.
"""

from collections.abc import Mapping
from typing import Any

from resume_assets.batches.ledger.batches import Batch
from resume_assets.choices import ResponseFormat
from resume_assets.extraction.prompt import DEFAULT_PROMPT, Prompt, PromptError, load_prompt
from resume_assets.extraction.requests import RequestSettings, RequestTemplate
from resume_assets.models.catalogue import Model
from resume_assets.settings import Settings

_LEAST = 1_000  # tokens for a resume, a short one


def asked_now(settings: Settings, model: Model) -> RequestSettings:
    """What a batch that is planned now will ask of the model.

    Raises PromptError for a prompt that can't be read, or is too long for the model's window.
    """
    prompt, response_format = load_prompt(settings.prompt), settings.response_format
    asked = model.request_settings(
        settings.temperature, settings.max_output_tokens, prompt, response_format
    )
    _require_room(model, asked)
    return asked


def fixed_tokens(asked: RequestSettings) -> int:
    """Input tokens of each request besides its resume; an estimate, see `estimated_overhead`."""
    from resume_assets.models.tokens import counter_for, estimated_overhead  # tiktoken

    return estimated_overhead(RequestTemplate(asked).fixed_text, counter_for(asked.model))


def _require_room(model: Model, asked: RequestSettings) -> None:
    """Raise PromptError where hardly a resume would fit beside the instructions."""
    room = model.input_limit(asked.max_output_tokens) - _LEAST
    # A token is one byte at least: counting is for the few texts that come near.
    if len(RequestTemplate(asked).fixed_text.encode()) <= room:
        return
    tokens = fixed_tokens(asked)
    if tokens > room:
        raise PromptError(
            f"The prompt {asked.prompt.name} is too long: it has {tokens:,} tokens with the "
            f"schema, and an answer may have {asked.max_output_tokens:,}; in the "
            f"{model.context_window:,} of {model.name}'s window fewer than {_LEAST:,} would be "
            "left for a resume. Shorten it (RESUME_PROMPT), or lower RESUME_MAX_OUTPUT_TOKENS."
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


def asked_by(batch: Batch, model: Model, room: int = 1) -> RequestSettings:
    """What a planned batch asks of its model; `room`: for so many times the usual answer."""
    return asked_in({name: getattr(batch, name) for name in _FIXED}, model, room)


def asked_in(columns: Mapping[str, Any], model: Model, room: int = 1) -> RequestSettings:
    """The same, by the columns that a plan fixes (`columns_of`)."""
    return model.request_settings(
        columns["temperature"],
        columns["max_output_tokens"] * room,
        _prompt_in(columns),
        ResponseFormat(columns["response_format"] or ResponseFormat.json_schema),
    )


def _prompt_in(columns: Mapping[str, Any]) -> Prompt:
    if columns["prompt_text"] is None:  # planned when there was but one
        return load_prompt(DEFAULT_PROMPT)
    return Prompt(columns["prompt_name"], columns["prompt_text"], columns["prompt_version"])
