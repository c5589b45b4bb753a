"""A chat completion request, read and checked the way OpenAI checks it."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from resume_assets.local_openai.errors import (
    ApiError,
    invalid_type,
    invalid_value,
    missing,
    no_such_model,
)
from resume_assets.local_openai.model_parameters import (
    PromptCaching,
    check_effort,
    read_caching,
    read_tier,
)
from resume_assets.local_openai.settings import Limits
from resume_assets.local_openai.strict_schema import check_strict
from resume_assets.local_openai.tokens import text_of
from resume_assets.models.catalogue import Model, find_model

_ROLES = ("developer", "system", "user", "assistant", "tool", "function")
_FORMAT_TYPES = ("json_object", "json_schema", "text")
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_PARAMETERS = frozenset(
    {"audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs"}
    | {"max_completion_tokens", "max_tokens", "messages", "metadata", "modalities", "model"}
    | {"moderation", "n", "parallel_tool_calls", "prediction", "presence_penalty"}
    | {"prompt_cache_key", "prompt_cache_options", "prompt_cache_retention"}
    | {"reasoning_effort", "response_format"}
    | {"safety_identifier", "seed", "service_tier", "stop", "store", "stream", "stream_options"}
    | {"temperature", "tool_choice", "tools", "top_logprobs", "top_p", "user", "verbosity"}
    | {"web_search_options"}
)
"""The parameters of `openai.types.chat.completion_create_params`, openai 3.54."""


@dataclass(frozen=True, slots=True, eq=False)
class Format:
    """The answer's form; the same object for every request that asks for the same."""

    schema: dict[str, Any] | None
    text: str
    """The schema as JSON, for counting tokens."""
    is_json: bool


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A request that may be answered."""

    model: Model
    messages: list[tuple[str, str]]
    format: Format
    max_tokens: int | None
    """As the request has it; None where it has none."""
    caching: PromptCaching
    tier: str
    """How it is served: "flex" or "default"."""

    @property
    def resume(self) -> str:
        """The text that the question is about: the last message of the user."""
        return next((text for role, text in reversed(self.messages) if role == "user"), "")


def read_request(body: dict[str, Any], limits: Limits) -> ChatRequest:
    """Check a request's body. Raises ApiError with OpenAI's code for what is wrong with it."""
    unknown = next((key for key in body if key not in _PARAMETERS), None)
    if unknown is not None:
        raise ApiError(f"Unrecognized request argument supplied: {unknown[:64]}")
    name = body.get("model")
    if name is None:
        raise ApiError("you must provide a model parameter")
    if not isinstance(name, str):
        raise invalid_type("model", "a string", name)
    model = find_model(limits.model_of(name) or "")
    if not model.known:
        raise no_such_model(name)
    messages = _messages(body.get("messages"))
    if body.get("stream"):
        raise ApiError("This local server does not stream.", param="stream")
    if body.get("n") not in (None, 1):
        raise ApiError("This local server gives one choice only.", param="n")
    _check_temperature(body.get("temperature"), model)
    check_effort(body.get("reasoning_effort"), model)
    wanted = _format(body.get("response_format"))
    if wanted.is_json and wanted.schema is None:
        _check_word(messages)
    caching = read_caching(body, model)
    most, tier = _max_tokens(body, model), read_tier(body, model)
    return ChatRequest(model, messages, wanted, most, caching, tier)


def _check_word(messages: list[tuple[str, str]]) -> None:
    if not any("json" in text.lower() for _, text in messages):
        raise ApiError(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of "
            "type 'json_object'.",
            param="messages",
        )


def _messages(value: object) -> list[tuple[str, str]]:
    if value is None:
        raise missing("messages")
    if not isinstance(value, list):
        raise invalid_type("messages", "an array of objects", value)
    if not value:
        raise ApiError(
            "Invalid 'messages': empty array. Expected an array with minimum length 1, "
            "but got an empty array instead.",
            code="empty_array",
            param="messages",
        )
    messages = []
    for number, message in enumerate(value):
        where = f"messages[{number}]"
        if not isinstance(message, dict):
            raise invalid_type(where, "an object", message)
        role = message.get("role")
        if role not in _ROLES:
            raise invalid_value(f"{where}.role", ", ".join(f"'{name}'" for name in _ROLES))
        text = text_of(message.get("content"))
        if text is None:
            raise invalid_type(f"{where}.content", "a string or an array of text parts", None)
        messages.append((role, text))
    return messages


def _check_temperature(value: object, model: Model) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid_type("temperature", "a decimal", value)
    if not model.takes_temperature and value != 1:
        raise ApiError(
            f"Unsupported value: 'temperature' does not support {value} with this model. "
            "Only the default (1) value is supported.",
            code="unsupported_value",
            param="temperature",
        )
    if not 0 <= value <= 2:
        side, bound = ("below_min", ">= 0") if value < 0 else ("above_max", "<= 2")
        raise ApiError(
            f"Invalid 'temperature': decimal {side.replace('_', ' ')}imum value. "
            f"Expected a value {bound}, but got {value} instead.",
            code=f"decimal_{side}_value",
            param="temperature",
        )


def _max_tokens(body: dict[str, Any], model: Model) -> int | None:
    if body.get("max_tokens") is not None and not model.takes_temperature:
        raise ApiError(
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            code="unsupported_parameter",
            param="max_tokens",
        )
    for param in ("max_completion_tokens", "max_tokens"):
        value = body.get(param)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            raise invalid_type(param, "an integer", value)
        if value < 1:
            raise ApiError(
                f"Invalid '{param}': integer below minimum value. "
                f"Expected a value >= 1, but got {value} instead.",
                code="integer_below_min_value",
                param=param,
            )
        if value > model.max_output:
            raise ApiError(
                f"{param} is too large: {value}. This model supports at most {model.max_output} "
                f"completion tokens, whereas you provided {value}.",
                code="invalid_value",
                param=param,
            )
        return value
    return None


def _format(value: object) -> Format:
    if value is None:
        return Format(None, "", is_json=False)
    if not isinstance(value, dict):
        raise invalid_type("response_format", "an object", value)
    try:
        encoded = orjson.dumps(value)
    except orjson.JSONEncodeError:
        raise ApiError("This format is nested too deeply.", param="response_format") from None
    return _known_format(encoded)


@lru_cache(maxsize=64)
def _known_format(encoded: bytes) -> Format:
    """Parsed and checked once for the 50,000 requests that carry it."""
    value = orjson.loads(encoded)
    kind = value.get("type")
    if kind not in _FORMAT_TYPES:
        raise invalid_value("response_format.type", ", ".join(f"'{k}'" for k in _FORMAT_TYPES))
    if kind != "json_schema":
        return Format(None, "", is_json=kind == "json_object")
    wrapped = value.get("json_schema")
    if wrapped is None:
        raise missing("response_format.json_schema")
    if not isinstance(wrapped, dict):
        raise invalid_type("response_format.json_schema", "an object", wrapped)
    name, schema = wrapped.get("name"), wrapped.get("schema")
    if name is None:
        raise missing("response_format.json_schema.name")
    if not isinstance(name, str) or not 1 <= len(name) <= 64 or not _NAME.issuperset(name):
        raise ApiError(
            "Invalid 'response_format.json_schema.name': string does not match pattern. "
            "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
            code="invalid_value",
            param="response_format.json_schema.name",
        )
    if schema is None:
        raise missing("response_format.json_schema.schema")
    if not isinstance(schema, dict):
        raise invalid_type("response_format.json_schema.schema", "an object", schema)
    if wrapped.get("strict"):
        check_strict(name, schema)
    return Format(schema, orjson.dumps(schema).decode(), is_json=True)
