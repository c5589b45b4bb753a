"""One request, one answer: rules in the form of a chat completion."""

import logging
import secrets
from dataclasses import dataclass
from typing import Any

import orjson

from resume_assets.local_openai.chat_request import ChatRequest, read_request
from resume_assets.local_openai.errors import ApiError
from resume_assets.local_openai.rules import answer
from resume_assets.local_openai.settings import Limits
from resume_assets.local_openai.tokens import cached_tokens, count_once, counter, prompt_tokens

FINGERPRINT = "fp_local_rules_no_language_model"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer and what it costs; an error costs nothing."""

    status: int
    body: dict[str, Any]
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0


def request_tokens(request: ChatRequest, limits: Limits) -> int:
    """Input tokens of a request."""
    return prompt_tokens(
        request.messages, request.format.text, request.model.name, exact=limits.exact_tokens
    )


def complete(
    body: dict[str, Any], limits: Limits, now: float, tokens: int | None = None
) -> Completion:
    """Answer a request. Never raises: what is wrong with a request is an answer with status 400.

    `tokens`: the request's input tokens, where they were counted before.
    """
    try:
        request = read_request(body)
        return _complete(request, limits, now, tokens)
    except ApiError as error:
        return Completion(error.status, error.body())
    except Exception as error:  # noqa: BLE001 - like at OpenAI, one request fails alone
        # Only the kind of error: its message may quote the resume.
        _logger.error("A request could not be answered: %s", type(error).__name__)
        failure = ApiError(
            "The server had an error while processing your request.",
            status=500,
            kind="server_error",
        )
        return Completion(failure.status, failure.body())


def _complete(request: ChatRequest, limits: Limits, now: float, tokens: int | None) -> Completion:
    exact, model = limits.exact_tokens, request.model
    window = min(model.context_window, model.max_input or model.context_window)
    used = request_tokens(request, limits) if tokens is None else tokens
    if used > window:
        raise ApiError(
            f"This model's maximum context length is {window} tokens. "
            f"However, your messages resulted in {used} tokens. "
            "Please reduce the length of the messages.",
            code="context_length_exceeded",
            param="messages",
        )
    content = _content(request)
    written = counter(model.name, exact=exact)(content)
    finish_reason = "stop"
    if written > request.max_tokens:
        content = content[: len(content) * request.max_tokens // written]
        written, finish_reason = request.max_tokens, "length"
    fixed = sum(
        count_once(text, model.name, exact=exact)
        for text in (request.format.text, *(t for role, t in request.messages if role != "user"))
        if text
    )
    cached = min(
        used, cached_tokens(fixed, caches=model.price is not None and model.price.cached_in_batch)
    )
    return Completion(
        200,
        {
            "id": "chatcmpl-" + secrets.token_hex(12),
            "object": "chat.completion",
            "created": int(now),
            "model": model.name,
            "choices": [
                {
                    "index": 0,
                    "message": {
                        "role": "assistant",
                        "content": content,
                        "refusal": None,
                        "annotations": [],
                    },
                    "logprobs": None,
                    "finish_reason": finish_reason,
                }
            ],
            "usage": {
                "prompt_tokens": used,
                "completion_tokens": written,
                "total_tokens": used + written,
                "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
                "completion_tokens_details": {
                    "reasoning_tokens": 0,
                    "audio_tokens": 0,
                    "accepted_prediction_tokens": 0,
                    "rejected_prediction_tokens": 0,
                },
            },
            "service_tier": "default",
            "system_fingerprint": FINGERPRINT,
        },
        used,
        cached,
        written,
    )


def _content(request: ChatRequest) -> str:
    if request.format.schema is not None:
        return orjson.dumps(answer(request.format.schema, request.resume)).decode()
    if request.format.is_json:
        return "{}"
    return "This is a local server that answers by rules. It is no language model."
