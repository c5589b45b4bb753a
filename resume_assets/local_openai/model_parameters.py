"""Parameters that some models take and others refuse: prompt caching, reasoning effort, flex.

Which model takes what is the catalogue's to tell. Source of the shapes: the `openai` package
(3.54), `PromptCacheOptions` and `PromptCacheBreakpoint`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from resume_assets.local_openai.errors import ApiError, invalid_type, invalid_value
from resume_assets.models.catalogue import Model
from resume_assets.models.prices import Service, Usage, price

_MODES = ("implicit", "explicit")
_TIERS = ("auto", "default", "flex", "scale", "priority")


@dataclass(frozen=True, slots=True)
class PromptCaching:
    """What a request says about caching; `is_implicit` is what holds where it says nothing."""

    is_implicit: bool = True
    has_breakpoint: bool = False
    """On a block of a message before the last one, which is what all requests have in common."""


def read_caching(body: dict[str, Any], model: Model) -> PromptCaching:
    """What a checked list of messages and the options say. Raises ApiError."""
    options = body.get("prompt_cache_options")
    if options is not None:
        _refuse_if_unknown("prompt_cache_options", model)
        if not isinstance(options, dict):
            raise invalid_type("prompt_cache_options", "an object", options)
        if options.get("mode", "implicit") not in _MODES:
            modes = ", ".join(f"'{mode}'" for mode in _MODES)
            raise invalid_value("prompt_cache_options.mode", modes)
    has_breakpoint = False
    for where, is_last, block in _blocks(body["messages"]):
        mark = block.get("prompt_cache_breakpoint")
        if mark is None:
            continue
        _refuse_if_unknown(where, model)
        if not isinstance(mark, dict) or mark.get("mode") != "explicit":
            raise invalid_value(f"{where}.mode", "'explicit'")
        has_breakpoint |= not is_last
    is_implicit = not isinstance(options, dict) or options.get("mode") != "explicit"
    return PromptCaching(is_implicit, has_breakpoint)


def check_effort(value: object, model: Model) -> None:
    """Raise ApiError for an effort that the model does not take."""
    if value is None:
        return
    if not model.efforts:
        raise _unsupported("reasoning_effort")
    if value not in model.efforts:
        raise ApiError(
            f"Unsupported value: 'reasoning_effort' does not support {str(value)[:16]!r} with this "
            f"model. Supported values are: {', '.join(map(repr, model.efforts))}.",
            code="unsupported_value",
            param="reasoning_effort",
        )


def read_tier(body: dict[str, Any], model: Model) -> str:
    """How the request is served, as its answer tells it. Raises ApiError.

    Which models have flex is told by their prices.
    """
    tier = body.get("service_tier")
    if tier is not None and tier not in _TIERS:
        raise invalid_value("service_tier", ", ".join(f"'{one}'" for one in _TIERS))
    if tier != "flex":
        return "default"
    if price(model, Usage(1), on=datetime.now(UTC).date(), service=Service.flex) is None:
        raise invalid_value("service_tier", "'auto', 'default'")
    return "flex"


def _blocks(messages: list[dict[str, Any]]) -> Iterator[tuple[str, bool, dict[str, Any]]]:
    """Every block of every message: its breakpoint's path, and whether the message is the last."""
    for number, message in enumerate(messages):
        content = message.get("content")
        for index, block in enumerate(content if isinstance(content, list) else ()):
            where = f"messages[{number}].content[{index}].prompt_cache_breakpoint"
            yield where, number == len(messages) - 1, block


def _refuse_if_unknown(param: str, model: Model) -> None:
    if not model.takes_cache_options:
        raise _unsupported(param)


def _unsupported(param: str) -> ApiError:
    return ApiError(
        f"Unsupported parameter: '{param}' is not supported with this model.",
        code="unsupported_parameter",
        param=param,
    )
