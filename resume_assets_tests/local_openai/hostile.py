"""Faults that OpenAI and other servers were seen to have, none of which may cost an answer.

    be_hostile(faults)          # all of them, at every call that they fit
    faults.add("GET", BATCHES, LateFileIds(), times=None)

Each passes by itself, or is a shape of saying what is well.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from resume_assets_tests.local_openai.faults import Action, Change, Faults, Respond

BATCHES = r"/v1/batches(/[^/]+)?"
FILES, FILE = r"/v1/files", r"/v1/files/[^/]+"
CONTENT = r"/v1/files/[^/]+/content"
_ENDED = ("completed", "failed", "expired", "cancelled")


@dataclass(slots=True)
class Chain:
    """Several actions around one call, the first outermost."""

    actions: Sequence[Action]

    async def __call__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        for action in reversed(self.actions):
            app = _around(action, app)
        await app(scope, receive, send)


def _around(action: Action, app: ASGIApp) -> ASGIApp:
    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        await action(app, scope, receive, send)

    return inner


@dataclass(slots=True)
class AtFirst:
    """The action at the first calls of each path; then all is well."""

    action: Action
    times: int = 1
    _seen: Counter[str] = field(default_factory=Counter)

    async def __call__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self._seen[scope["path"]] += 1
        if self._seen[scope["path"]] <= self.times:
            await self.action(app, scope, receive, send)
        else:
            await app(scope, receive, send)


NOT_THERE = Respond(404, "not_found", "invalid_request_error")


class LateFileIds(Change):
    """A batch that has ended names its files only when it has been looked at so often before."""

    def __init__(self, looks: int = 1) -> None:
        seen: Counter[str] = Counter()

        def one(batch: dict[str, Any]) -> dict[str, Any]:
            if batch.get("status") not in _ENDED:
                return batch
            seen[batch["id"]] += 1
            if seen[batch["id"]] > looks:
                return batch
            return {**batch, "output_file_id": None, "error_file_id": None}

        super().__init__(lambda found: each(found, one))


def each(found: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Change one object of the API's, or every one of a list's page."""
    if "data" in found:
        return {**found, "data": [change(one) for one in found["data"]]}
    return change(found)


def untold_sizes(size: int | None = 0) -> Change:
    """File objects say so many bytes, whatever there is."""

    def one(file: dict[str, Any]) -> dict[str, Any]:
        return {**file, "bytes": size} if file.get("object") == "file" else file

    return Change(lambda found: each(found, one))


class ChangeLines(Change):
    """Each line of a file is another on its way."""

    def rewritten(self, status: int, body: bytes) -> bytes:
        if status != 200:
            return body
        lines = [self.change(json.loads(line)) for line in body.splitlines()]
        return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def string_body(line: dict[str, Any]) -> dict[str, Any]:
    """The body is a text that holds the object."""
    response = line.get("response")
    if not response or isinstance(response["body"], str):
        return line
    return {**line, "response": {**response, "body": json.dumps(response["body"])}}


def bare_error(line: dict[str, Any]) -> dict[str, Any]:
    """An error line has neither response nor status; what it is stands in a message."""
    response = line.get("response")
    if not response or response["status_code"] == 200:
        return line
    message = f"Error code: {response['status_code']} - {response['body']}"
    return {
        "custom_id": line["custom_id"],
        "error": {"type": "request_failed", "message": message},
    }


def nul_escapes(line: dict[str, Any]) -> dict[str, Any]:
    """An accented letter of the answer is NUL and two hex digits."""
    response = line.get("response")
    if not response or response["status_code"] != 200:
        return line
    for choice in response["body"]["choices"]:
        content = json.dumps(json.loads(choice["message"]["content"]))
        choice["message"]["content"] = re.sub(r"\\u00([a-f][0-9a-f])", r"\\u0000\1", content)
    return line


def too_long(line: dict[str, Any]) -> dict[str, Any]:
    """The request does not fit the model."""
    error = {"type": "invalid_request_error", "code": "context_length_exceeded", "message": "m"}
    return {**line, "response": {"status_code": 400, "body": {"error": error}}}


def be_hostile(faults: Faults, *, too_long_ones: Collection[str] = ()) -> None:
    """All at once; `too_long_ones`: custom_ids whose request fails each time."""

    def line(one: dict[str, Any]) -> dict[str, Any]:
        one = too_long(one) if one["custom_id"] in too_long_ones else nul_escapes(one)
        return string_body(bare_error(one))

    faults.add("GET", BATCHES, LateFileIds(), times=None)
    faults.add("GET", FILE, Chain([AtFirst(NOT_THERE), untold_sizes()]), times=None)
    for method in ("GET", "POST"):
        faults.add(method, FILES, untold_sizes(), times=None)
    faults.add("GET", CONTENT, Chain([AtFirst(NOT_THERE), ChangeLines(line)]), times=None)
