"""Starting the server, in a thread or as a process of its own, and finding one that runs."""

import http.client
import json
import logging
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from starlette.types import ASGIApp

from resume_assets.local_openai.auth import api_key, proof
from resume_assets.local_openai.completions import Rules
from resume_assets.local_openai.hosting import HOST, LocalServer, ServerThread
from resume_assets.local_openai.service import Setup
from resume_assets.local_openai.settings import Clock, Limits, Pace

LOOPBACK = ("127.0.0.1", "localhost")

_WATCH_SECONDS = 0.25
_ANSWER_SECONDS = 2.0

_logger = logging.getLogger(__name__)


class AlreadyRunningError(Exception):
    """Another process serves this folder; `server` says where."""

    def __init__(self, server: LocalServer) -> None:
        super().__init__(f"A server for this folder is running at {server.base_url}.")
        self.server = server


@contextmanager
def running(
    folder: Path,
    *,
    pace: Pace | None = None,
    limits: Limits | None = None,
    clock: Clock | None = None,
    rules: Rules | None = None,
    wrap: Callable[[ASGIApp], ASGIApp] | None = None,
    share: bool = True,
) -> Iterator[LocalServer]:
    """A server for the folder, as long as the block lasts.

    If one runs for the folder already, that one is used; when it goes, this process takes over at
    the same address. Otherwise a server runs in threads of this process, where `connect` and other
    processes find it. With `share=False` it neither uses another nor is found. Any number of
    servers may run on one folder: they share its files and batches.

    `rules` replaces the built-in rules; `wrap` puts something around the ASGI application. With
    either, or with a clock of its own, a server is started in any case.
    """
    folder = Path(folder)
    setup = Setup(pace or Pace(), limits or Limits(), clock or Clock(), rules)
    any_will_do = share and wrap is None and clock is None and rules is None
    found = connect(folder) if any_will_do else None
    if found is None:
        server = ServerThread(folder, setup, wrap=wrap)
        try:
            yield server.start(announce=share)
        finally:
            server.stop()
        return
    successor = _Successor(folder, setup, found)
    successor.start()
    try:
        yield found
    finally:
        successor.stop()


def serve(
    folder: Path,
    host: str = HOST,
    port: int | None = None,
    *,
    pace: Pace | None = None,
    limits: Limits | None = None,
    ready: Callable[[LocalServer], None] = lambda _: None,
) -> None:
    """Serve until SIGINT or SIGTERM; for a process's main thread. `ready` is told the address.

    Raises ValueError for a host that is not loopback, AlreadyRunningError, and OSError when the
    port is taken.
    """
    if host not in LOOPBACK:
        raise ValueError(f"The local server listens on {HOST} only.")
    found = connect(folder)
    if found is not None:
        raise AlreadyRunningError(found)
    stop = threading.Event()

    def on_signal(_: int, __: FrameType | None) -> None:
        stop.set()

    before = {
        number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)
    }
    server = ServerThread(folder, Setup(pace or Pace(), limits or Limits()), port=port)
    try:
        ready(server.start(announce=True))
        stop.wait()
    finally:
        server.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def connect(folder: Path) -> LocalServer | None:
    """The server that runs for the folder, or None."""
    try:
        written = json.loads((Path(folder) / "server.json").read_bytes())
        port, pid, identity = int(written["port"]), int(written["pid"]), str(written["identity"])
        key = api_key(Path(folder))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    challenge = secrets.token_hex(16)
    connection = http.client.HTTPConnection(HOST, port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", f"/health/{challenge}")
        answer = json.loads(connection.getresponse().read(10_000))
        if not secrets.compare_digest(str(answer["proof"]), proof(key, challenge)):
            return None  # Something else has that port by now.
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()
    return LocalServer(f"http://{HOST}:{port}/v1", key, identity, pid)


class _Successor:
    """Watches another process's server, and takes its place when it goes."""

    def __init__(self, folder: Path, setup: Setup, server: LocalServer) -> None:
        self._folder = folder
        self._setup = setup
        self._port = int(server.base_url.removesuffix("/v1").rpartition(":")[2])
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="local_openai watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.wait(_WATCH_SECONDS):
            if self._someone_listens():
                continue
            try:
                server = ServerThread(self._folder, self._setup, port=self._port)
            except OSError as error:
                # Another process that waited was quicker.
                _logger.debug("The address was taken over: %s", type(error).__name__)
                continue
            try:
                server.start(announce=True)
                self._stopping.wait()
            finally:
                server.stop()

    def _someone_listens(self) -> bool:
        try:
            with socket.create_connection((HOST, self._port), timeout=_ANSWER_SECONDS):
                return True
        except OSError:
            return False
