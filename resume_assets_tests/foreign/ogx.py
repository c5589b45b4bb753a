"""OGX on loopback, in a process and a Python of its own; what answers behind it is ours."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from resume_assets.local_openai.hosting import LocalServer
from resume_assets_tests.commands.processes import free_port
from resume_assets_tests.documentation.pages import ROOT
from resume_assets_tests.local_openai.support import until

PATIENCE = 120.0
"""Seconds for a start; on an idle machine it takes four."""

CONFIGURATION = Path(__file__).with_name("ogx.yaml")


def command() -> Path:
    """Where `ogx` is: what `make foreign` made, or what the variable OGX names."""
    return Path(os.environ.get("OGX") or ROOT / ".foreign" / "bin" / "ogx")


class Ogx:
    """One server; `start` it again after `kill`, and it has what it had on its disk."""

    def __init__(self, folder: Path, upstream: LocalServer) -> None:
        self._folder = folder
        self._upstream = upstream
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> None:
        """Start it, where it does not run, and wait until it has the upstream's models."""
        if self._process is not None:
            return
        environment = {
            **os.environ,
            "OGX_DATA": str(self._folder),
            "UPSTREAM_URL": self._upstream.base_url,
            "UPSTREAM_KEY": self._upstream.api_key,
            "OTEL_SDK_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
        }
        environment.pop("PYTHONPATH", None)  # it has another Python
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [command(), "run", "--insecure", "--port", str(self.port), CONFIGURATION],
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(self._works, PATIENCE)

    def _works(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError((self._folder / "log").read_text(errors="replace")[-3_000:])
        try:
            answer = httpx2.get(f"{self.base_url}/models", trust_env=False)
        except httpx2.HTTPError:
            return False
        return answer.status_code == 200 and bool(answer.json()["data"])

    def kill(self) -> None:
        """As a machine that loses its power."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def serving(folder: Path, upstream: LocalServer) -> Iterator[Ogx]:
    """A server with its data in that folder, for as long as the block lasts."""
    server = Ogx(folder, upstream)
    try:
        server.start()
        yield server
    finally:
        server.kill()
