"""One request, one answer: rules in the form of a chat completion."""

import hashlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from resume_assets.local_openai.chat_request import ChatRequest, Format, read_request
from resume_assets.local_openai.errors import ApiError
from resume_assets.local_openai.rules import answer
from resume_assets.local_openai.settings import Limits
from resume_assets.local_openai.tokens import (
    LEAST_CACHED,
    cached_tokens,
    count_once,
    counter,
    prompt_tokens,
)

FINGERPRINT = "fp_local_rules_no_language_model"

Rules = Callable[[dict[str, Any], str], dict[str, Any]]
"""From a JSON schema and a resume to an instance of the schema."""

_REMEMBERED, _REMEMBERED_LENGTH = 512, 20_000
"""Answers kept, and the longest text they are kept for: the same question has the same answer."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer and what it costs; an error costs nothing."""

    status: int
    body: dict[str, Any] | orjson.Fragment
    """JSON; encoded already where it came from another process."""
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0


def request_tokens(request: ChatRequest, limits: Limits) -> int:
    """Input tokens of a request."""
    return prompt_tokens(
        request.messages, request.format.text, request.model.name, exact=limits.exact_tokens
    )


class Completer:
    """Answers requests, by rules unless it is given something else to ask (in load tests)."""

    def __init__(self, limits: Limits, rules: Rules = answer) -> None:
        self._limits = limits
        self._rules = rules
        self._written: set[str] = set()  # digests of prefixes in the prompt cache
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._by_rules)

    def complete(self, body: dict[str, Any], now: float, tokens: int | None = None) -> Completion:
        """Answer a request. Never raises: what is wrong with it is an answer with status 400.

        `tokens`: the request's input tokens, where they were counted before.
        """
        try:
            return self._complete(read_request(body, self._limits), now, tokens)
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

    def _by_rules(self, wanted: Format, resume: str) -> str:
        return orjson.dumps(self._rules(wanted.schema or {}, resume)).decode()

    def _content(self, request: ChatRequest) -> str:
        if request.format.schema is not None:
            short = len(request.resume) <= _REMEMBERED_LENGTH
            ask = self._remembered if short else self._by_rules
            return ask(request.format, request.resume)
        if request.format.is_json:
            return "{}"
        return "This is a local server that answers by rules. It is no language model."

    def _caching(self, request: ChatRequest, fixed: int, used: int) -> tuple[int, int]:
        """Input tokens read from the prompt cache, and written to it.

        From GPT-5.6 on a cache begins where a breakpoint is: without one, at the newest message,
        which is another each time. A process writes a prefix once; OpenAI's forgets it some time.
        """
        if not request.model.takes_cache_options:
            return min(used, cached_tokens(fixed)), 0
        if request.caching.has_breakpoint and fixed >= LEAST_CACHED:
            common = [request.model.name, request.format.text, request.messages[:-1]]
            digest = hashlib.blake2b(orjson.dumps(common), digest_size=16).hexdigest()
            if digest in self._written:
                return fixed, 0
            self._written.add(digest)
            return 0, fixed
        return 0, used if request.caching.is_implicit and used >= LEAST_CACHED else 0

    def _complete(self, request: ChatRequest, now: float, tokens: int | None) -> Completion:
        exact, model = self._limits.exact_tokens, request.model
        used = request_tokens(request, self._limits) if tokens is None else tokens
        _check_window(request, used)
        content = self._content(request)
        written = counter(model.name, exact=exact)(content)
        finish_reason = "stop"
        most = request.max_tokens or model.max_output
        if written > most:
            content = content[: len(content) * most // written]
            written, finish_reason = most, "length"
        fixed = sum(
            count_once(text, model.name, exact=exact)
            for text in (
                request.format.text,
                *(t for role, t in request.messages if role != "user"),
            )
            if text
        )
        cached, cache_written = self._caching(request, fixed, used)
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
                    "prompt_tokens_details": {
                        "cached_tokens": cached,
                        "cache_write_tokens": cache_written,
                        "audio_tokens": 0,
                    },
                    "completion_tokens_details": {
                        "reasoning_tokens": 0,
                        "audio_tokens": 0,
                        "accepted_prediction_tokens": 0,
                        "rejected_prediction_tokens": 0,
                    },
                },
                "service_tier": request.tier,
                "system_fingerprint": FINGERPRINT,
            },
            used,
            cached,
            written,
        )


def _check_window(request: ChatRequest, used: int) -> None:
    model, asked = request.model, request.max_tokens or 0
    window = model.context_window
    if used > (model.max_input or window):
        window, sentence = model.max_input or window, f"your messages resulted in {used} tokens"
    elif used + asked > window:
        sentence = (
            f"you requested {used + asked} tokens ({used} in the messages, {asked} in the "
            "completion)"
        )
    else:
        return
    raise ApiError(
        f"This model's maximum context length is {window} tokens. However, {sentence}. "
        "Please reduce the length of the messages or completion.",
        code="context_length_exceeded",
        param="messages",
    )
