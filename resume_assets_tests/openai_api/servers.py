"""Small servers that are odd on purpose: what an OPENAI_BASE_URL may lead to."""

import json
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from resume_assets_tests.local_openai.support import MODEL
from resume_assets_tests.serving import in_thread

JSON = "application/json"
NOT_FOUND = (404, JSON, b'{"detail": "Not Found"}')
Answer = tuple[int, str, bytes]


def listing(*ids: str) -> Answer:
    """A list as OpenAI gives it."""
    return 200, JSON, json.dumps({"object": "list", "data": [{"id": one} for one in ids]}).encode()


WHOLE: Mapping[str, Answer] = {
    "/v1/models": listing(MODEL, "other"),
    "/v1/files": listing(),
    "/v1/batches": listing(),
}


@contextmanager
def serving(
    routes: Mapping[str, Answer],
    other: Answer = NOT_FOUND,
    *,
    key: str | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[int]:
    """A server on a free port: fixed answers by path, `other` for the rest. Yields the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = routes.get(self.path.partition("?")[0], other)
            if key is not None and self.headers.get("authorization") != f"Bearer {key}":
                status, kind = 401, JSON
                body = b'{"error": {"code": "invalid_api_key", "message": "Pl4nted"}}'
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", body.decode())
                body = b""
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 (the library's name)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    with in_thread(server):
        yield server.server_address[1]


@contextmanager
def greeting(words: bytes) -> Iterator[int]:
    """Something that is no HTTP server: it speaks first. Yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(words)
                    connection.recv(1_000)

        threading.Thread(target=greet, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def untrusted(folder: Path) -> ssl.SSLContext:
    """A server's side of TLS, with a certificate that nobody vouches for."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
