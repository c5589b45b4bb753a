"""The server's key, and the proof that whoever answers on a port is the server that has it."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from resume_assets.local_openai.errors import ApiError
from resume_assets.local_openai.store import open_private, private_folder

_SAYS = "resume-assets local server; answers by rules, no language model"


def api_key(folder: Path) -> str:
    """The folder's key; made, at random and readable to its user only, when there is none yet."""
    path = private_folder(folder) / "api_key"
    if not path.exists():
        draft = folder / f"api_key.{secrets.token_hex(8)}"
        with open_private(draft) as file:
            file.write(f"sk-local-{secrets.token_urlsafe(32)}".encode())
        try:
            # Two processes may start at once: the first link wins, and it is never half written.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii")


def proof(key: str, challenge: str) -> str:
    """What only a server with this key can answer, without the key being sent anywhere."""
    return hmac.new(key.encode(), challenge.encode(), hashlib.sha256).hexdigest()


class Authentication:
    """ASGI middleware: `/v1` needs the key; every answer says what is speaking."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._key = key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a call through, or answer 401."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_signed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = "req_" + secrets.token_hex(16)
                headers["x-local-server"] = _SAYS
            await send(message)

        refused = (
            None if scope["path"].startswith("/health/") else self._refusal(Headers(scope=scope))
        )
        if refused is None:
            await self._app(scope, receive, send_signed)
        else:
            answer = JSONResponse(refused.body(), status_code=refused.status)
            await answer(scope, receive, send_signed)

    def _refusal(self, headers: Headers) -> ApiError | None:
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not given:
            return ApiError(
                "You didn't provide an API key. You need to provide your API key in an "
                "Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
                status=401,
            )
        if not hmac.compare_digest(given.strip().encode(), self._key):
            return ApiError(
                "Incorrect API key provided. The key of this server is in its folder, in the file "
                "'api_key'.",
                status=401,
                code="invalid_api_key",
            )
        return None
