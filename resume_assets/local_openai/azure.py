"""Azure OpenAI's ways, around the same server: its paths, keys, tokens, deployments and errors.

As Microsoft documents the v1 surface, and as users report what it does not document: files are
looked through before a batch can be made of them, and a batch deployment answers no single request.

Sources: learn.microsoft.com, "Getting started with Azure OpenAI batch deployments" and "v1 API"
(August 2026); issues 312 of openai/openai-dotnet, 9122 of BerriAI/litellm.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from resume_assets.local_openai.settings import Limits

_V1 = "/openai/v1"
_NO_KEY = (
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a "
    "valid key for an active subscription and use a correct regional API endpoint for your "
    "resource."
)
_NOT_DEPLOYED = (
    "The API deployment for this resource does not exist. If you created the deployment within the "
    "last 5 minutes, please wait a moment and try again."
)
_BATCH_ONLY = (
    "The chatCompletion operation does not work with the specified model, {model}. Please choose "
    "different model and try again."
)


@dataclass(slots=True)
class Azure:
    """A resource: its deployments, its keys, and whose tokens it takes."""

    deployments: Mapping[str, str]
    """Of type Global Batch or Data Zone Batch: the name, and the model."""
    keys: tuple[str, ...] = ()
    takes_token: Callable[[str], bool] = lambda _: False
    online: Mapping[str, str] = field(default_factory=dict)
    """Deployments that answer single requests and no batches, and the model of each."""
    looks: int = 1
    """How often a new file is looked at before it is processed."""
    pending: dict[str, int] = field(default_factory=dict)

    def limits(self, **more: Any) -> Limits:
        """What it accepts."""
        return Limits(
            requests_per_batch=100_000,
            least_expiry_seconds=14 * 86_400,
            empty_error_file=True,
            deployments={**self.deployments, **self.online},
            single_only=tuple(self.online),
            **more,
        )

    def around(self, app: ASGIApp, *, inner_key: str) -> ASGIApp:
        """The application that speaks so; `inner_key` is the key of the one within."""
        return _Spoken(app, self, inner_key)

    def lets_in(self, headers: Headers) -> bool:
        """Whether there is a key in either header, or a token."""
        kind, _, given = headers.get("authorization", "").partition(" ")
        bearer = given.strip() if kind.lower() == "bearer" else ""
        offered = [one for one in (headers.get("api-key", ""), bearer) if one]
        is_key = any(
            hmac.compare_digest(one.encode(), key.encode()) for one in offered for key in self.keys
        )
        return is_key or (bool(bearer) and self.takes_token(bearer))


@dataclass(frozen=True, slots=True)
class _Spoken:
    app: ASGIApp
    azure: Azure
    inner_key: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/health/"):
            await self.app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), scope["path"]
        if not path.startswith(f"{_V1}/"):
            await _error(404, "404", "Resource not found")(scope, receive, send)
            return
        if not self.azure.lets_in(headers):
            await _error(401, "401", _NO_KEY)(scope, receive, send)
            return
        inner = path.removeprefix("/openai")
        if scope["method"] == "POST" and inner in ("/v1/chat/completions", "/v1/batches"):
            body = await _whole(receive)
            receive = _replayed(body)
            refusal = self._refusal(inner, body)
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        changed = MutableHeaders(raw=list(scope["headers"]))
        changed["authorization"] = f"Bearer {self.inner_key}"
        scope = {**scope, "path": inner, "raw_path": inner.encode(), "headers": changed.raw}
        if inner.endswith("/content"):
            await self.app(scope, receive, send)
        else:
            await self.app(scope, receive, self._changed(send))

    def _refusal(self, path: str, body: bytes) -> JSONResponse | None:
        asked = json.loads(body)
        if path == "/v1/batches":
            if self.azure.pending.get(asked.get("input_file_id"), 0) > 0:
                return _error(400, "invalidPayload", "The file is not in the processed state.")
            return None
        model = asked.get("model")
        if model in self.azure.deployments:
            return _error(400, "OperationNotSupported", _BATCH_ONLY.format(model=model))
        if model not in self.azure.online:
            return _error(404, "DeploymentNotFound", _NOT_DEPLOYED)
        return None

    def _changed(self, send: Send) -> Send:
        """Objects as Azure spells them, once the whole answer is there."""
        start: list[Message] = []
        whole = bytearray()

        async def inner(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.append(message)
                return
            whole.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            status, body = self._answer(start[0]["status"], bytes(whole))
            headers = MutableHeaders(raw=list(start[0]["headers"]))
            headers["content-length"] = str(len(body))
            await send({**start[0], "status": status, "headers": headers.raw})
            await send({"type": "http.response.body", "body": body})

        return inner

    def _answer(self, status: int, body: bytes) -> tuple[int, bytes]:
        found = json.loads(body)
        if "error" in found:
            # Where the queue is full, Azure's "fail fast" regions say 400.
            is_full = found["error"].get("code") == "token_limit_exceeded"
            return (400 if is_full else status), body
        for one in found.get("data", [found]):
            if one.get("object") == "batch":
                for name in ("output_file_id", "error_file_id"):
                    one[name] = one[name] or ""
            elif one.get("object") == "file" and one.get("purpose") == "batch":
                self._look(one)
        return status, json.dumps(found).encode()

    def _look(self, file: dict[str, Any]) -> None:
        left = self.azure.pending.setdefault(file["id"], self.azure.looks)
        if left > 0:
            file["status"] = "pending"
            self.azure.pending[file["id"]] = left - 1


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status)


async def _whole(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body.extend(message.get("body", b""))
        if not message.get("more_body"):
            return bytes(body)


def _replayed(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
