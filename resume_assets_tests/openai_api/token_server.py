"""A token server on loopback that is asked as Azure's App Service is asked for a managed identity.

The protocol is the one `msal` speaks: `GET {IDENTITY_ENDPOINT}?api-version=2019-08-01&resource=…`
with the header `X-IDENTITY-HEADER`. Source: learn.microsoft.com, "How to use managed identities for
App Service", "REST endpoint reference".
"""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from resume_assets_tests.serving import in_thread

_HEADER = "the header's secret"
ABOUT_TO_END = 120
"""Seconds: a token that lasts no longer is renewed with the next call, as 5 minutes are left."""


@dataclass
class TokenServer:
    """Gives tokens; only the newest is good, as if those before had ended."""

    url: str = ""
    lasts: int = 3_600
    """Seconds that the next tokens last."""
    refuses: str | None = None
    """The words with which it gives none."""
    issued: list[str] = field(default_factory=list)
    resources: set[str] = field(default_factory=set)
    """What tokens were asked for."""

    def takes(self, token: str) -> bool:
        """Whether a resource lets this token in."""
        return bool(self.issued) and token == self.issued[-1]

    def name_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The environment says that this is where an identity's tokens come from."""
        for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
        monkeypatch.setenv("IDENTITY_ENDPOINT", self.url)
        monkeypatch.setenv("IDENTITY_HEADER", _HEADER)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def answer(self, path: str, header: str | None) -> tuple[int, dict[str, str]]:
        asked = parse_qs(urlsplit(path).query)
        if header != _HEADER or asked.get("api-version") != ["2019-08-01"]:
            return 401, {"statusCode": "401", "message": "Unauthorized"}
        if self.refuses is not None:
            return 400, {"statusCode": "400", "message": self.refuses}
        self.resources.update(asked["resource"])
        self.issued.append(f"eyJ{secrets.token_urlsafe(30)}")
        return 200, {
            "access_token": self.issued[-1],
            "expires_on": str(int(time.time()) + self.lasts),
            "resource": asked["resource"][0],
            "token_type": "Bearer",
            "client_id": "5e29463d-71da-4fe0-8e69-999b57db23b0",
        }


@contextmanager
def token_server() -> Iterator[TokenServer]:
    """One on a free port."""
    tokens = TokenServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, answer = tokens.answer(self.path, self.headers.get("X-IDENTITY-HEADER"))
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    tokens.url = f"http://127.0.0.1:{server.server_address[1]}/msi/token"
    with in_thread(server):
        yield tokens
