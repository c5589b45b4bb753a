"""One server in threads of this process: the HTTP side and the worker."""

import json
import os
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from resume_assets.local_openai.app import create_app
from resume_assets.local_openai.auth import api_key
from resume_assets.local_openai.service import Service, Setup
from resume_assets.local_openai.store import open_private
from resume_assets.local_openai.worker import Worker

HOST = "127.0.0.1"

_CATCH_UP_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class LocalServer:
    """Where a server is, for a client."""

    base_url: str
    """As the `openai` client takes it; ends in `/v1`."""
    api_key: str
    identity: str
    """The folder's own name, random and lasting: the same server at whatever port."""
    pid: int
    """The process that serves."""

    def __repr__(self) -> str:
        return f"LocalServer({self.base_url!r}, pid={self.pid})"


class ServerThread:
    """An HTTP server and a worker, both in threads of this process."""

    def __init__(
        self,
        folder: Path,
        setup: Setup,
        *,
        port: int | None = None,
        wrap: Callable[[ASGIApp], ASGIApp] | None = None,
    ) -> None:
        self._folder = folder
        self._key = api_key(folder)
        wake = threading.Event()
        self._service = Service(folder, setup, wake)
        # The worker has a connection of its own: calls do not wait for its steps.
        self._work = Service(folder, setup, wake)
        self._worker = Worker(self._work)
        app: ASGIApp = create_app(self._service, api_key=self._key)
        self._uvicorn = uvicorn.Server(
            uvicorn.Config(
                wrap(app) if wrap else app,
                log_config=None,
                # What fails is logged by the application, without what was sent.
                log_level="critical",
                access_log=False,
                lifespan="off",
                ws="none",
                proxy_headers=False,
                server_header=False,
                # Longer than clients keep a connection they do not use: whoever closes it first
                # should not be the server, in the middle of a call that must not be repeated.
                timeout_keep_alive=120,
                timeout_graceful_shutdown=5,
            )
        )
        self._socket = self._bind(port)
        self._thread = threading.Thread(
            target=self._uvicorn.run,
            kwargs={"sockets": [self._socket]},
            name="local_openai server",
            daemon=True,
        )
        self._announced = False

    def start(self, *, announce: bool) -> LocalServer:
        """Start; it takes calls at once."""
        port = self._socket.getsockname()[1]
        store = self._service.store
        identity = store.fact("identity", secrets.token_hex(8))
        self._service.files.remove_orphans()
        self._worker.start()
        self._thread.start()
        if announce:
            store.remember("port", str(port))
            self._announce({"pid": os.getpid(), "port": port, "identity": identity})
        self._worker.wait_caught_up(_CATCH_UP_SECONDS)
        return LocalServer(f"http://{HOST}:{port}/v1", self._key, identity, os.getpid())

    def stop(self) -> None:
        """Stop: calls under way are answered, a step under way is given up."""
        self._withdraw()
        self._uvicorn.should_exit = True
        self._worker.stop()
        if self._thread.ident is not None:
            self._thread.join()
        self._socket.close()
        self._close()

    def _bind(self, port: int | None) -> socket.socket:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            if port is not None:
                listener.bind((HOST, port))
            else:
                # The last port again, if it is free: addresses that were written down stay good.
                last = int(self._service.store.fact("port", "0"))
                try:
                    listener.bind((HOST, last))
                except OSError:
                    listener.bind((HOST, 0))
            listener.listen(256)
        except OSError:
            listener.close()
            self._close()
            raise
        return listener

    def _close(self) -> None:
        self._work.close()
        self._service.close()

    def _announce(self, facts: dict[str, str | int]) -> None:
        draft = self._folder / f"server.json.{secrets.token_hex(8)}"
        with open_private(draft) as file:
            file.write(json.dumps(facts).encode())
        draft.replace(self._folder / "server.json")
        self._announced = True

    def _withdraw(self) -> None:
        if not self._announced:
            return
        path = self._folder / "server.json"
        with suppress(FileNotFoundError, ValueError):
            if json.loads(path.read_bytes()).get("port") == self._socket.getsockname()[1]:
                path.unlink()
