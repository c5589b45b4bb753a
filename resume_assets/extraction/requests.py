"""One request line: what is asked about a resume, and with which settings.

All but the custom_id and the resume is the same in every line of a file, so it is encoded once.
Source of the shape: OpenAI's Batch API, request input object for `/v1/chat/completions`.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal

import orjson

from resume_assets.choices import ResponseFormat
from resume_assets.extraction.candidate import response_format, schema_in_words
from resume_assets.extraction.prompt import Prompt
from resume_assets.extraction.text import without_surrogates

ENDPOINT: Final = "/v1/chat/completions"

TokenParameter = Literal["max_tokens", "max_completion_tokens"]

_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_HASHED_ID = re.compile(r"x-[0-9a-f]{32}", re.ASCII)


class Caching(StrEnum):
    """What a request says about prompt caching.

    Source: the `openai` package (3.54), `PromptCacheOptions` and `PromptCacheBreakpoint`.
    """

    untold = "untold"  # nothing: the model decides, and may know no such parameter
    off = "off"  # nothing is written or read
    prefix = "prefix"  # what stands before the resume is written once and read from then on


@dataclass(frozen=True, slots=True)
class RequestSettings:
    """What a request asks of the model; None leaves the parameter out."""

    model: str
    temperature: float | None
    max_output_tokens: int
    token_parameter: TokenParameter
    prompt: Prompt
    response_format: ResponseFormat
    reasoning_effort: str | None = None
    caching: Caching = Caching.untold
    store: bool | None = None  # whether OpenAI keeps the answer among its stored completions


def custom_id(userid: int | str) -> str:
    """Return the id that leads back to a candidate: the userid itself where it can be one.

    Other ids, and those that look like a hashed one, become `x-` and 32 hex digits of their
    SHA-256; the ledger maps back.
    """
    text = str(userid)
    if type(userid) is int and len(text) <= 64:
        return text  # nearly always; no number looks like a hashed one
    if _PLAIN_ID.fullmatch(text) and not _HASHED_ID.fullmatch(text):
        return text
    return "x-" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _dumps(text: str) -> bytes:
    """Return JSON text; what UTF-8 can't hold, lone surrogates, becomes U+FFFD."""
    try:
        return orjson.dumps(text)
    except TypeError:
        return orjson.dumps(without_surrogates(text))


class RequestTemplate:
    """Makes the lines of a file; `fixed_bytes` and `fixed_text` are what all have in common."""

    def __init__(self, settings: RequestSettings) -> None:
        self.settings = settings
        line = json.dumps(
            {
                "custom_id": "\0",
                "method": "POST",
                "url": ENDPOINT,
                "body": _body(settings, resume="\0"),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        ).encode()
        self._head, self._middle, self._tail = line.split(rb'"\u0000"')
        self._tail += b"\n"

    def line(self, custom_id: str, resume: str) -> bytes:
        """Return one line of the request file, with its newline. Never raises for odd text."""
        return b"".join((self._head, _dumps(custom_id), self._middle, _dumps(resume), self._tail))

    @property
    def fixed_bytes(self) -> int:
        """Bytes of a line besides the encoded custom_id and resume, their quotes included."""
        return len(self._head) + len(self._middle) + len(self._tail) + 4

    @property
    def fixed_text(self) -> str:
        """The instructions and the schema: the tokens paid for with every resume."""
        wanted = _response_format(self.settings)
        schema = wanted.get("json_schema")
        told = json.dumps(wanted, ensure_ascii=False, separators=(",", ":")) if schema else ""
        return _instructions(self.settings) + told


_IN_WORDS = "\n\nAnswer with one JSON object and nothing else. It has all of these keys:\n"
"""Before the schema in instructions. OpenAI demands the word "JSON" in them for `json_object`.

Source: OpenAI's API reference, Create chat completion, `response_format`.
"""


def _instructions(settings: RequestSettings) -> str:
    """Return the system message: the prompt, and the schema where nothing else tells it."""
    if settings.response_format is ResponseFormat.json_schema:
        return settings.prompt.text
    return settings.prompt.text + _IN_WORDS + schema_in_words()


def _response_format(settings: RequestSettings) -> dict[str, Any]:
    """Return the parameter `response_format`, empty where the request has none."""
    if settings.response_format is ResponseFormat.json_schema:
        return response_format()
    if settings.response_format is ResponseFormat.json_object:
        return {"type": "json_object"}
    return {}


def _body(settings: RequestSettings, *, resume: str) -> dict[str, Any]:
    """Return the request's body. What never changes stands first, where prompt caching finds it."""
    body: dict[str, Any] = {"model": settings.model}
    if settings.temperature is not None:
        body["temperature"] = settings.temperature
    if settings.reasoning_effort is not None:
        body["reasoning_effort"] = settings.reasoning_effort
    body[settings.token_parameter] = settings.max_output_tokens
    if settings.store is not None:
        body["store"] = settings.store
    if settings.caching is not Caching.untold:
        body["prompt_cache_options"] = {"mode": "explicit"}
    if wanted := _response_format(settings):
        body["response_format"] = wanted
    instructions: str | list[dict[str, Any]] = _instructions(settings)
    if settings.caching is Caching.prefix:
        mark = {"prompt_cache_breakpoint": {"mode": "explicit"}}
        instructions = [{"type": "text", "text": instructions, **mark}]
    body["messages"] = [
        {"role": "system", "content": instructions},
        {"role": "user", "content": resume},
    ]
    return body
