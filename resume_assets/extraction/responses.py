"""One line of an output or error file, and what became of its request.

Source of the shapes: OpenAI's Batch API, request output object; its chat completion object.
Reasons are short codes. They never hold a word of an answer, and of an error only its code.
"""

import json
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson
from pydantic import ValidationError

from resume_assets.extraction.candidate import Candidate, Position
from resume_assets.extraction.lenient import ShapeError, read_candidate
from resume_assets.extraction.recovery import find_object
from resume_assets.extraction.text import clean, is_placeholder, without_surrogates
from resume_assets.extraction.values import Record


class Outcome(StrEnum):
    """How a request ended. Only `succeeded` carries a candidate."""

    succeeded = "succeeded"
    refused = "refused"  # by the model or its content filter
    cut = "cut"  # the answer did not fit max_output_tokens
    invalid = "invalid"  # an answer, but not a candidate
    failed = "failed"  # an HTTP error, or one that never became HTTP
    expired = "expired"
    cancelled = "cancelled"


@dataclass(slots=True)
class Answer:
    """What one line says. `custom_id` is None where the line can't be attributed.

    `attempt_used`: whether asking again counts against the candidate's attempts.
    `odd_fields`: by field, values not as the schema asks, read as text or as nothing.
    `recovered`: the object had to be found in prose, or mended.
    `record`: the candidate's, once somebody has mapped it.
    """

    custom_id: str | None
    outcome: Outcome
    reason: str = ""
    candidate: Candidate | None = None
    record: Record | None = None
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    status_code: int | None = None
    attempt_used: bool = False
    odd_fields: dict[str, int] = field(default_factory=dict)
    recovered: bool = False

    @property
    def odd_values(self) -> int:
        """Values that were not as the schema asks."""
        return sum(self.odd_fields.values())


_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_BATCH_ENDS = {"batch_expired": Outcome.expired, "batch_cancelled": Outcome.cancelled}
_MOST = 2**31 - 1  # of a count: what the ledger's INT holds

_validate = Candidate.__pydantic_validator__.validate_json


def read_line(line: bytes | bytearray | memoryview) -> Answer:
    """Return what a line says. Never raises, whatever the bytes are."""
    outer = _loads(line)
    if not isinstance(outer, dict):
        return Answer(
            None, Outcome.invalid, "line_not_json" if outer is None else "line_not_object"
        )
    custom_id = outer.get("custom_id")
    if not (isinstance(custom_id, str) and _ID.fullmatch(custom_id)):
        custom_id = None  # we never send another, so this leads back to nobody
    response = outer.get("response")
    if isinstance(response, dict):
        return _read_response(custom_id, response)
    error = outer.get("error")
    if isinstance(error, dict):
        code = _code(error) or "unknown"
        if code in _BATCH_ENDS:
            return Answer(custom_id, _BATCH_ENDS[code], code)
        return Answer(custom_id, Outcome.failed, f"error:{code}")
    return Answer(custom_id, Outcome.failed, "no_response")


def _loads(data: bytes | bytearray | memoryview) -> object:
    """Return the JSON value, None where there is none.

    What orjson refuses and others write is read by the standard library: lone surrogates, NaN,
    a byte-order mark, broken UTF-8 (as U+FFFD).
    """
    try:
        return orjson.loads(data)
    except ValueError:
        pass
    try:
        return json.loads(bytes(data).decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None


def _code(error: dict[str, Any]) -> str:
    """Return the error's code or type where it is one; a message may hold what people wrote."""
    for key in ("code", "type"):
        code = error.get(key)
        if isinstance(code, str) and _CODE.fullmatch(code):
            return code
    return ""


def _count(usage: object, key: str) -> int:
    """Return a token count, 0 where it is no plausible one."""
    number = usage.get(key) if isinstance(usage, dict) else None
    return number if type(number) is int and 0 <= number <= _MOST else 0


def _read_response(custom_id: str | None, response: dict[str, Any]) -> Answer:
    answer = Answer(custom_id, Outcome.failed)
    status = response.get("status_code")
    if type(status) is not int or not 100 <= status <= 999:
        answer.reason = "no_status"
        return answer
    answer.status_code = status
    body = response.get("body")
    if isinstance(body, dict):
        usage = body.get("usage")
        if isinstance(usage, dict):
            answer.input_tokens = _count(usage, "prompt_tokens")
            answer.output_tokens = _count(usage, "completion_tokens")
            answer.cached_tokens = _count(usage.get("prompt_tokens_details"), "cached_tokens")
    if status != 200:
        error = body.get("error") if isinstance(body, dict) else None
        code = _code(error) if isinstance(error, dict) else ""
        answer.reason = f"http_{status}:{code}" if code else f"http_{status}"
        answer.attempt_used = 400 <= status < 500 and status != 429
        return answer
    answer.attempt_used = True
    answer.outcome, answer.reason = Outcome.invalid, "no_choices"
    choices = body.get("choices") if isinstance(body, dict) else None
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        _read_choice(answer, choices[0])
    return answer


def _read_choice(answer: Answer, choice: dict[str, Any]) -> None:
    message = choice.get("message")
    finish = choice.get("finish_reason")
    content = None
    if isinstance(message, dict):
        content = message.get("content")
        if message.get("refusal"):
            answer.outcome, answer.reason = Outcome.refused, "refusal"
            return
    if finish == "stop":
        if isinstance(content, str):
            _read_content(answer, content)
        else:
            answer.reason = "no_content"
    elif finish == "length":
        answer.outcome, answer.reason = Outcome.cut, "length"
    elif finish == "content_filter":
        answer.outcome, answer.reason = Outcome.refused, "content_filter"
    else:
        known = isinstance(finish, str) and _CODE.fullmatch(finish)
        answer.reason = f"finish_reason:{finish}" if known else "no_finish_reason"


def _read_content(answer: Answer, content: str) -> None:
    """Read the answer's text: exactly as the schema asks, else as far as it is unambiguous."""
    try:
        answer.candidate = _validate(content)
    except (ValidationError, UnicodeEncodeError):  # the latter for lone surrogates in the text
        try:
            _read_odd_content(answer, without_surrogates(content))
        except ShapeError as refusal:
            answer.reason = refusal.code
            return
    if answer.candidate is not None and _is_empty(answer.candidate):
        answer.candidate, answer.reason = None, "empty"
        return
    answer.outcome, answer.reason = Outcome.succeeded, ""


_PERSON = (
    *("first_name", "last_name", "positions", "emails", "phones", "linkedin", "bachelors"),
    *("masters", "certifications", "middle_name", "street", "city", "state"),
)
"""Fields of which each record has one at least: name, contact, education, positions."""


def _is_empty(candidate: Candidate) -> bool:
    """Tell whether an answer names nobody: what is left would be written over a person's values."""
    fields = candidate.__dict__
    return not any(_tells(fields[name]) for name in _PERSON)  # the first one does, nearly always


def _tells(value: object) -> bool:
    if isinstance(value, str):
        text = clean(value)
        return any(map(str.isalnum, text)) and not is_placeholder(text)
    if isinstance(value, Position):
        return any(map(_tells, value.__dict__.values()))
    return isinstance(value, list) and any(map(_tells, value))


def _read_odd_content(answer: Answer, content: str) -> None:
    value = _loads(content.encode())
    if value is None or isinstance(value, str):  # nothing, or the whole object once more in quotes
        value = find_object(value or content)
        answer.recovered = True
    answer.candidate, answer.odd_fields = read_candidate(value)
