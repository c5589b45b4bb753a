"""`metrics`: the ledger's figures as Prometheus reads them, printed once or served."""

import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from resume_assets.commands.databases import opened_database
from resume_assets.commands.output import answer, say, say_as_it_is, warn
from resume_assets.commands.ui import PortTaken
from resume_assets.errors import PlatformError
from resume_assets.metrics.exposition import CONTENT_TYPE, PREFIX, written
from resume_assets.metrics.figures import look
from resume_assets.settings import Settings

FRESH_SECONDS = 15.0
"""Whoever asks more often gets what was read last: several may watch one ledger."""


def show(settings: Settings) -> None:
    """Print the figures."""
    with opened_database(settings) as database:
        found = look(database, settings)
    answer(
        metrics=[
            {"name": f"{PREFIX}{one.name}", "labels": dict(sample.labels), "value": sample.value}
            for one in found
            for sample in one.samples
        ]
    )
    say_as_it_is(written(found).rstrip("\n"))


def serve(settings: Settings, host: str, port: int) -> int:
    """Serve them at `/metrics` until Ctrl-C. Raises PortTaken, NotInitialised, DatabaseFailed."""
    with opened_database(settings) as database:
        try:
            server = Server(host, port, lambda: written(look(database, settings)))
        except OSError as error:
            raise PortTaken(
                f"Port {port} of {host} can't be used ({error.strerror}): choose another with "
                "--serve or --host."
            ) from None
        with server:
            say(f"Metrics: http://{host}:{server.server_port}/metrics  (Ctrl-C ends it)")
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                say("Nothing is served any more.")
    return 0


class Server(ThreadingHTTPServer):
    """Answers GET /metrics with the figures, and with 503 while the database does not answer."""

    daemon_threads = True

    def __init__(self, host: str, port: int, figures: Callable[[], str]) -> None:
        super().__init__((host, port), _Handler)
        self._figures = figures
        self._lock = threading.Lock()
        self._read: tuple[float, str] | None = None

    def figures(self) -> str:
        """The text, as of FRESH_SECONDS ago at most. Raises what reading it does."""
        with self._lock:  # one at a time asks the database
            now = time.monotonic()
            if self._read is None or now - self._read[0] > FRESH_SECONDS:
                self._read = None
                self._read = now, self._figures()
            return self._read[1]


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        """Answer; what can't be read is told on standard error, and by the status."""
        status, text = HTTPStatus.OK, ""
        if self.path.partition("?")[0] != "/metrics":
            status, text = HTTPStatus.NOT_FOUND, "The figures are at /metrics.\n"
        else:
            try:
                text = self.server.figures()
            except PlatformError as problem:
                status, text = HTTPStatus.SERVICE_UNAVAILABLE, "The ledger can't be read.\n"
                warn(str(problem))
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, *_: object) -> None:
        """Say nothing of a request: there are thousands a day."""
