"""One line of an output or error file, and what became of its request.

Source of the shapes: OpenAI's Batch API, request output object; its chat completion object.
Reasons are short codes. They never hold a word of an answer, and of an error only its code.
"""

import json
import re
from collections.abc import Collection
from enum import StrEnum
from typing import Any

import msgspec
import orjson
from msgspec.structs import astuple

from resume_assets.extraction.candidate import Candidate, Position
from resume_assets.extraction.exact import read_exactly
from resume_assets.extraction.faults import is_own, reason_of
from resume_assets.extraction.lenient import ShapeError, read_candidate
from resume_assets.extraction.recovery import find_object
from resume_assets.extraction.text import UNSURE, clean, is_placeholder, without_surrogates
from resume_assets.extraction.values import Record


class Outcome(StrEnum):
    """How a request ended. Only `succeeded` carries a candidate."""

    succeeded = "succeeded"
    refused = "refused"  # by the model or its content filter
    cut = "cut"  # the answer did not fit max_output_tokens
    invalid = "invalid"  # an answer, but not a candidate
    failed = "failed"  # an HTTP error, or an error without an HTTP response
    expired = "expired"
    cancelled = "cancelled"


class Answer(msgspec.Struct, array_like=True):
    """What one line says. `custom_id` is None where the line can't be attributed.

    `attempt_used`: whether asking again counts against the candidate's attempts.
    `odd_fields`: by field, values not as the schema asks, read as text or as nothing.
    `recovered`: the object had to be found in prose, or mended.
    `record`: the candidate's column values, once `mapping.to_record` has made them.
    """

    custom_id: str | None
    outcome: Outcome
    reason: str = ""
    input_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    status_code: int | None = None
    attempt_used: bool = False
    odd_fields: dict[str, int] = msgspec.field(default_factory=dict)
    recovered: bool = False
    record: Record | None = None
    candidate: Candidate | None = None

    @property
    def odd_values(self) -> int:
        """Values that were not as the schema asks."""
        return sum(self.odd_fields.values())


_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_CUSTOM_ID = re.compile(rb'"custom_id"\s*:\s*"([A-Za-z0-9_-]+)"')
_FINISH = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_BATCH_ENDS = {"batch_expired": Outcome.expired, "batch_cancelled": Outcome.cancelled}
_FILTERED = "content_filter"
_MOST = 2**31 - 1  # of a count: what the ledger's INT holds


def read_line(line: bytes | bytearray | memoryview) -> Answer:
    """Return what a line says. Never raises, whatever the bytes are."""
    outer = _loads(line)
    if not isinstance(outer, dict):
        return Answer(
            None, Outcome.invalid, "line_not_json" if outer is None else "line_not_object"
        )
    custom_id = _custom_id(outer)
    response, error = _object(outer.get("response")), outer.get("error")
    if response is not None:
        return _read_response(custom_id, response, error)
    return _failed(Answer(custom_id, Outcome.failed, "no_response"), None, error)


def custom_id_of(line: bytes) -> str | None:
    """Whose request a line of a request, output or error file is about; None for nobody's."""
    outer = _loads(line)
    return _custom_id(outer) if isinstance(outer, dict) else None


def may_be_of(line: bytes, wanted: Collection[str]) -> bool:
    """Whether a line of those files may be about one of these requests; without parsing it.

    Most of a large batch's lines are of no interest to whoever looks for a few.
    """
    found = custom_id_in(line)
    return found is None or found in wanted


def custom_id_in(line: bytes) -> str | None:
    """Whose request a line seems to be about, without parsing it; None where that is not to see."""
    # In the text of an answer, which is JSON in JSON, the quotes would have backslashes.
    found = _CUSTOM_ID.search(line)
    return found[1].decode() if found else None


def readdressed(line: bytes, custom_id: str) -> bytes:
    """A line of an output file again, as the answer to another request; ends with a newline.

    For a line that leads back to a request: see `read_line`.
    """
    outer = _loads(line)
    if not isinstance(outer, dict):
        raise TypeError("a line of an output file is an object")
    outer["custom_id"] = custom_id
    try:
        return orjson.dumps(outer) + b"\n"
    except TypeError:  # what only the standard library reads, it alone writes
        return json.dumps(outer).encode() + b"\n"


def _custom_id(outer: dict[str, Any]) -> str | None:
    custom_id = outer.get("custom_id")
    if isinstance(custom_id, str) and _ID.fullmatch(custom_id):
        return custom_id
    return None  # we send no ids of another form, so this one leads back to nobody


def _loads(data: bytes | bytearray | memoryview) -> object:
    """Return the JSON value, None where there is none.

    What orjson refuses and some servers write is read by the standard library: lone surrogates,
    NaN, a byte-order mark, broken UTF-8 (as U+FFFD).
    """
    try:
        return orjson.loads(data)
    except ValueError:
        pass
    try:
        return json.loads(bytes(data).decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None


def _object(value: object) -> dict[str, Any] | None:
    """Return the object, also where it was written as a text of JSON; None where it is none."""
    if isinstance(value, str):
        value = _loads(value.encode("utf-8", "surrogatepass"))
    return value if isinstance(value, dict) else None


def _count(usage: object, key: str) -> int:
    """Return a token count, 0 where it is no plausible one."""
    number = usage.get(key) if isinstance(usage, dict) else None
    return number if type(number) is int and 0 <= number <= _MOST else 0


def _read_response(custom_id: str | None, response: dict[str, Any], error: object) -> Answer:
    """Read what came of a request; `error` is the line's own, beside the response."""
    answer = Answer(custom_id, Outcome.failed)
    status = _status(response.get("status_code"))
    body = response if "choices" in response else _object(response.get("body")) or {}
    answer.status_code = status
    _read_usage(answer, body.get("usage"))
    choices = body.get("choices")
    is_told_well = status is None or 200 <= status < 300
    if is_told_well and isinstance(choices, list) and choices:
        answer.attempt_used = True
        answer.outcome, answer.reason = Outcome.invalid, "no_choices"
        if isinstance(choices[0], dict):
            _read_choice(answer, choices[0])
        return answer
    told = body.get("error") or error or response.get("error")
    if not told and "choices" not in body and body.keys() & {"code", "message", "type"}:
        told = body  # some servers put no `error` object around it
    if status == 200 and not isinstance(told, dict):
        answer.attempt_used = True
        answer.outcome, answer.reason = Outcome.invalid, "no_choices"
        return answer
    answer.reason = "no_status"
    return _failed(answer, status, told)


def _status(status: object) -> int | None:
    """Return an HTTP status, also one in quotes; None where it is none."""
    if isinstance(status, str) and status.isdecimal() and len(status) == 3:
        status = int(status)
    return status if type(status) is int and 100 <= status <= 999 else None


def _read_usage(answer: Answer, usage: object) -> None:
    if isinstance(usage, dict):
        answer.input_tokens = _count(usage, "prompt_tokens")
        answer.output_tokens = _count(usage, "completion_tokens")
        details = usage.get("prompt_tokens_details")
        answer.cached_tokens = _count(details, "cached_tokens")
        answer.cache_write_tokens = _count(details, "cache_write_tokens")


def _failed(answer: Answer, status: int | None, error: object) -> Answer:
    """The answer with the error's reason, where it tells any."""
    answer.reason = reason_of(status, error) or answer.reason
    code = answer.reason.partition(":")[2]
    if code in _BATCH_ENDS:
        answer.outcome, answer.reason = _BATCH_ENDS[code], code
    elif code == _FILTERED:  # of the resume itself, at Azure; of an answer it is a finish_reason
        answer.outcome, answer.attempt_used = Outcome.refused, True
    else:
        answer.attempt_used = is_own(answer.reason)
    return answer


def _read_choice(answer: Answer, choice: dict[str, Any]) -> None:
    message = choice.get("message")
    finish = choice.get("finish_reason")
    content = None
    if isinstance(message, dict):
        content, refusal = _content(message.get("content"))
        if message.get("refusal") or refusal:
            answer.outcome, answer.reason = Outcome.refused, "refusal"
            return
    if finish == "stop":
        if content is not None:
            _read_content(answer, content)
        else:
            answer.reason = "no_content"
    elif finish == "length":
        answer.outcome, answer.reason = Outcome.cut, "length"
    elif finish == "content_filter":
        answer.outcome, answer.reason = Outcome.refused, _FILTERED
    else:
        known = isinstance(finish, str) and _FINISH.fullmatch(finish)
        answer.reason = f"finish_reason:{finish}" if known else "no_finish_reason"


def _content(content: object) -> tuple[str | None, bool]:
    """Return the message's text, and whether it holds a refusal instead.

    Some servers give it in parts, of which only those with a `text` are read, or as an object.
    """
    if isinstance(content, str):  # nearly always
        return content, False
    if isinstance(content, dict):
        return orjson.dumps(content).decode(), False
    parts = (
        [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    )
    texts = [part["text"] for part in parts if isinstance(part.get("text"), str)]
    refused = any(part.get("refusal") for part in parts)
    return ("".join(texts) if texts else None), refused


def _read_content(answer: Answer, content: str) -> None:
    """Read the answer's text: exactly as the schema asks, else as far as it is unambiguous."""
    try:
        answer.candidate = read_exactly(content)
    except ValueError:
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
    """Tell whether an answer names nobody: it would only overwrite what is known of a person."""
    name = candidate.first_name
    if name[:1].isalpha() and name[0] not in UNSURE:
        return False  # nearly always
    return not any(_tells(getattr(candidate, name)) for name in _PERSON)


def _tells(value: object) -> bool:
    if isinstance(value, str):
        text = clean(value)
        return any(map(str.isalnum, text)) and not is_placeholder(text)
    if isinstance(value, Position):
        return any(map(_tells, astuple(value)))
    return isinstance(value, list) and any(map(_tells, value))


def _read_odd_content(answer: Answer, content: str) -> None:
    value = _loads(content.encode())
    if value is None or isinstance(value, str):  # no JSON, or the whole object as one JSON string
        value = find_object(value or content)
        answer.recovered = True
    answer.candidate, answer.odd_fields = read_candidate(value)
