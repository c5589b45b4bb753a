"""What a request file must look like; the codes that a failed batch lists in `errors.data`.

Codes and sentences as reported by users of the API and, where OpenAI publishes none, as in Azure's
list (https://learn.microsoft.com/azure/ai-services/openai/how-to/batch, "Error codes").
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NamedTuple

import orjson

from resume_assets.local_openai.chat_request import read_request
from resume_assets.local_openai.completions import request_tokens
from resume_assets.local_openai.errors import ApiError
from resume_assets.local_openai.settings import Limits
from resume_assets.local_openai.store import Store
from resume_assets.models.catalogue import find_model

ENDPOINT = "/v1/chat/completions"

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LONGEST_CUSTOM_ID = 64


class LineRequest(NamedTuple):
    """A request that passed validation, as the book (`book`) keeps it."""

    line: int
    custom_id: str
    body_hash: str
    prompt_tokens: int


@dataclass(slots=True)
class Validation:
    """What was found in a file; it may run if there are no errors."""

    errors: list[dict[str, Any]] = field(default_factory=list)
    model: str | None = None
    tokens: int = 0
    requests: list[LineRequest] = field(default_factory=list)

    def add(
        self, code: str, message: str, line: int | None = None, param: str | None = None
    ) -> None:
        """Note an error; without a line it concerns the file."""
        self.errors.append({"code": code, "line": line, "message": message, "param": param})


def validate(
    lines: BinaryIO, limits: Limits, still_wanted: Callable[[], None] = lambda: None
) -> Validation:
    """Read a request file once, a line at a time. `still_wanted` is called often and may raise."""
    found = Validation()
    size = lines.seek(0, 2)
    lines.seek(0)
    if size > limits.batch_file_bytes:
        found.add(
            "file_too_large",
            f"The batch input file is larger than the {limits.batch_file_bytes} maximum. "
            "Please try again with a smaller batch.",
        )
        return found
    custom_ids: set[str] = set()
    blank: int | None = None
    number = 0
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            blank = blank or number
            continue
        if len(found.errors) >= limits.errors_listed:
            break
        if blank is not None:
            found.add("invalid_json_line", _NOT_JSON, blank)
            blank = None
        if number > limits.requests_per_batch:
            found.add(
                "too_many_tasks",
                f"The batch input file has more than {limits.requests_per_batch} requests. "
                "Please try again with a smaller batch.",
            )
            break
        _read_line(raw, number, found, custom_ids, limits)
        still_wanted()
    if not found.errors and not found.requests:
        found.add("empty_file", "The batch input file is empty.")
    return found


def enqueued_tokens(store: Store, model: str) -> int:
    """Input tokens of one model that wait in unfinished batches."""
    row = store.row(
        "SELECT COALESCE(SUM(enqueued_tokens), 0) AS tokens FROM batches"
        " WHERE model = ? AND due IS NOT NULL",
        model,
    )
    return 0 if row is None else int(row["tokens"])


_NOT_JSON = "This line is not parseable as valid JSON."


def _read_line(
    raw: bytes, number: int, found: Validation, custom_ids: set[str], limits: Limits
) -> None:
    if number == 1 and raw.startswith(_BYTE_ORDER_MARK):
        found.add(
            "invalid_json_line", f"{_NOT_JSON} The file begins with a byte-order mark.", number
        )
        return
    try:
        request = orjson.loads(raw)
    except orjson.JSONDecodeError:
        found.add("invalid_json_line", _NOT_JSON, number)
        return
    if not isinstance(request, dict):
        found.add("invalid_json_line", "This line is not a JSON object.", number)
        return
    before = len(found.errors)
    _check_custom_id(request, number, found, custom_ids)
    _check_call(request, number, found)
    body = request.get("body")
    if not isinstance(body, dict):
        found.add(
            "missing_required_parameter", "Missing required parameter: 'body'.", number, "body"
        )
        return
    _check_model(body, number, found, limits)
    if len(found.errors) > before:
        return
    try:
        digest = hashlib.blake2b(orjson.dumps(body), digest_size=16).hexdigest()
    except orjson.JSONEncodeError:
        found.add("invalid_json_line", "This line is nested too deeply.", number)
        return
    try:
        tokens = request_tokens(read_request(body, limits), limits)
    except ApiError:
        tokens = 0  # It will be answered with that error, alone, when its turn comes.
    found.tokens += tokens
    found.requests.append(LineRequest(number, request["custom_id"], digest, tokens))


def _check_custom_id(
    request: dict[str, Any], number: int, found: Validation, custom_ids: set[str]
) -> None:
    custom_id = request.get("custom_id")
    if custom_id is None:
        found.add(
            "missing_required_parameter",
            "Missing required parameter: 'custom_id'.",
            number,
            "custom_id",
        )
    elif not isinstance(custom_id, str) or not 1 <= len(custom_id) <= _LONGEST_CUSTOM_ID:
        found.add(
            "invalid_custom_id",
            f"The custom_id must be a string of 1 to {_LONGEST_CUSTOM_ID} characters.",
            number,
            "custom_id",
        )
    elif custom_id in custom_ids:
        found.add(
            "duplicate_custom_id",
            "The custom_id for this request is a duplicate of another request. "
            "The custom_id parameter must be unique for each request in a batch.",
            number,
            "custom_id",
        )
    else:
        custom_ids.add(custom_id)


def _check_call(request: dict[str, Any], number: int, found: Validation) -> None:
    for param, value, code, message in (
        ("method", "POST", "invalid_method", "The method must be 'POST'."),
        (
            "url",
            ENDPOINT,
            "invalid_url",
            "The URL provided for this request does not match the batch endpoint.",
        ),
    ):
        if request.get(param) is None:
            missing = f"Missing required parameter: '{param}'."
            found.add("missing_required_parameter", missing, number, param)
        elif request[param] != value:
            found.add(code, message, number, param)


def _check_model(body: dict[str, Any], number: int, found: Validation, limits: Limits) -> None:
    model = body.get("model")
    if model is None:
        found.add(
            "missing_required_parameter",
            "Missing required parameter: 'body.model'.",
            number,
            "body.model",
        )
    elif model in limits.single_only:
        found.add(
            "invalid_request",
            "The deployment SKU is invalid: it has to be globalbatch.",
            number,
            "body.model",
        )
    elif not isinstance(model, str) or not find_model(limits.model_of(model) or "").known:
        found.add(
            "model_not_found",
            "The provided model is not supported by the Batch API.",
            number,
            "body.model",
        )
    elif found.model is None:
        found.model = model
    elif model != found.model:
        found.add(
            "model_mismatch",
            f"All requests of a batch must have the same model; the first has '{found.model}'.",
            number,
            "body.model",
        )
