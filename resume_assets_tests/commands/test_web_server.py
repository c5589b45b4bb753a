"""Dagster's web server as it may be: away, another program, or one that declines."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from resume_assets.commands.web_server import NotLaunched, Unreachable, WebServer
from resume_assets.settings import SettingsError, load_settings
from resume_assets_tests.commands.processes import free_port
from resume_assets_tests.serving import in_thread


@contextmanager
def answering(status: int, body: bytes) -> Iterator[WebServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    with in_thread(server):
        yield WebServer(f"http://127.0.0.1:{server.server_port}/")


def test_an_answer_of_the_expected_type() -> None:
    body = json.dumps({"data": {"one": {"__typename": "One", "status": "STARTED"}}}).encode()
    with answering(200, body) as server:
        assert server.ask("{ one }", "one", "One", "Other")["status"] == "STARTED"


@pytest.mark.parametrize(
    ("status", "document", "told"),
    [
        (200, {"data": {"one": {"__typename": "PythonError", "message": "no job\nat"}}}, "no job"),
        (200, {"data": {"one": {"__typename": "InvalidStepError"}}}, "InvalidStepError"),
        (400, {"errors": [{"message": "Unknown argument"}]}, "Unknown argument"),
        (200, {}, "an answer without data"),
    ],
)
def test_what_dagster_declines_is_told_in_its_words(
    status: int, document: object, told: str
) -> None:
    with answering(status, json.dumps(document).encode()) as server:
        with pytest.raises(NotLaunched, match=f"turned it down: {told}$") as raised:
            server.ask("{ one }", "one", "One")
        assert not isinstance(raised.value, Unreachable)


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (502, b"<html>Bad Gateway</html>", "HTTP 502"),
        (200, b"<html>Log in</html>", "no JSON"),
        (200, b"[]", "no answer of Dagster's"),
        (401, b'{"detail": "who are you"}', "HTTP 401"),
    ],
)
def test_who_is_not_dagster_is_named_with_the_variable(status: int, body: bytes, why: str) -> None:
    with answering(status, body) as server:
        with pytest.raises(Unreachable) as raised:
            server.ask("{ one }", "one", "One")
        told = f"did not answer at {server.url} ({why}): RESUME_DAGSTER_URL"
        assert told in str(raised.value)


def test_nobody_there() -> None:
    with pytest.raises(Unreachable, match="Connection refused"):
        WebServer(f"http://127.0.0.1:{free_port()}").ask("{ one }", "one", "One")


def test_the_address_is_http() -> None:
    with pytest.raises(SettingsError, match="RESUME_DAGSTER_URL"):
        load_settings(RESUME_DAGSTER_URL="file:///etc/passwd")
