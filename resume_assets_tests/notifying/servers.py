"""Real receivers on loopback: an HTTP server that answers as told, and mail servers."""

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from resume_assets_tests.serving import in_thread


@dataclass(frozen=True)
class Answer:
    """What the receiver answers: once `until` is set, where there is one."""

    status: int = 200
    body: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    until: threading.Event | None = None


@dataclass
class Received:
    """A call that arrived whole."""

    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Hook:
    """A receiver: `answers` are given one after the other, then `then` for ever."""

    port: int
    received: list[Received] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    then: Answer = Answer()
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook/T0K3N?sig=S3CRET"

    def then_answers(self, *statuses: int) -> None:
        self.answers = [Answer(status) for status in statuses]

    def took(self) -> list[dict[str, Any]]:
        """The notices that arrived in JSON, in order, whatever was answered."""
        return [notice for one in self.received for notice in one.body["notices"]]


@contextmanager
def hook() -> Iterator[Hook]:
    """A receiver that listens until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with made.lock:
                made.received.append(
                    Received(self.path, dict(self.headers), json.loads(body) if body else None)
                )
                answer = made.answers.pop(0) if made.answers else made.then
            if answer.until is not None:
                answer.until.wait(60)
            try:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)
            except OSError:
                pass  # whoever called has gone

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made = Hook(server.server_port)
    with in_thread(server):
        yield made


@dataclass
class Post:
    """A mail server: `refuses` are addresses it does not take, `reply` what it says to a mail."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    refuses: Sequence[str] = ()
    reply: str = "250 taken"
    was_encrypted: list[bool] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)
    password: bytes | None = None

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's names)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return "550 5.1.1 nobody of that name: ada.zerelda@example.com"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.reply.startswith("2"):
            assert isinstance(envelope.content, bytes)
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
            self.recipients.append(list(envelope.rcpt_tos))
            self.was_encrypted.append(_is_encrypted(server))
        return self.reply

    def authenticate(self, *arguments: Any) -> AuthResult:
        data = arguments[-1]
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login)
        return AuthResult(success=data.password == self.password, handled=data.password is None)


def _is_encrypted(server: SMTP) -> bool:
    assert server.transport is not None
    return server.transport.get_extra_info("ssl_object") is not None


class _Controller(Controller):
    """On a free port, which it finds out itself."""

    @property
    def bound_port(self) -> int:
        assert self.server is not None
        port: int = self.server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        return port

    def _trigger_server(self) -> None:
        """Make it set up a first session: with or without TLS, a connection is enough."""
        socket.create_connection(("127.0.0.1", self.bound_port), 5).close()


@contextmanager
def post(*, tls: Any = None, at_once: bool = False, password: str | None = None) -> Iterator[Post]:
    """A mail server. `tls`: a context, offered with STARTTLS, or spoken from the first byte."""
    made = Post(password=None if password is None else password.encode())
    more: dict[str, Any] = {}
    if password is not None:
        more = {
            "authenticator": made.authenticate,
            "auth_require_tls": tls is not None and not at_once,
        }
    if tls is not None and not at_once:
        more["tls_context"] = tls
    controller = _Controller(
        made, hostname="127.0.0.1", port=0, ssl_context=tls if at_once else None, **more
    )
    controller.start()
    made.port = controller.bound_port
    try:
        yield made
    finally:
        controller.stop()
