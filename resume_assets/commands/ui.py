"""`ui` and `local-openai`: what runs until Ctrl-C."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from resume_assets.choices import Endpoint
from resume_assets.commands.output import say
from resume_assets.dagster_home import prepare
from resume_assets.errors import WrongUseError
from resume_assets.local_openai.hosting import HOST, LocalServer
from resume_assets.local_openai.server import AlreadyRunningError, running
from resume_assets.local_openai.server import serve as serve_forever
from resume_assets.settings import Settings

_GRACE = 20.0  # seconds that Dagster gets to stop its processes


class PortTaken(WrongUseError):
    """Somebody listens there already."""


def serve(settings: Settings, port: int) -> int:
    """Run `dagster dev`, and the local server where it is the endpoint; returns its exit code.

    Raises PortTaken, SettingsError.
    """
    _check_free(port)
    environment = dict(os.environ, DAGSTER_HOME=str(prepare(settings.dagster_folder)))
    with contextlib.ExitStack() as stack:
        if settings.endpoint is Endpoint.local:
            server = stack.enter_context(running(settings.home_folder / "local_openai"))
            say(f"The local server answers by rules at {server.base_url} (no language model).")
        say(f"Dagster's UI: http://{HOST}:{port}  (Ctrl-C ends it)")
        return _dagster_dev(environment, port)


def serve_local_openai(settings: Settings, port: int | None) -> None:
    """Run the local server alone."""

    def ready(server: LocalServer) -> None:
        say("Answers by rules; this is no language model. Ctrl-C ends it.")
        say(f"OPENAI_BASE_URL={server.base_url}")
        say(f"OPENAI_API_KEY={server.api_key}")

    if port is not None:
        _check_free(port)
    try:
        serve_forever(settings.home_folder / "local_openai", port=port, ready=ready)
    except AlreadyRunningError as there:
        say(str(there))


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        # As servers bind, so that a port whose server has just ended counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PortTaken(
                f"Port {port} can't be used ({error.strerror}): choose another with --port."
            ) from None


def _dagster_dev(environment: dict[str, str], port: int) -> int:
    command = [
        str(Path(sys.executable).with_name("dagster")),
        *("dev", "-m", "resume_assets.definitions", "-h", HOST, "-p", str(port)),
    ]
    # A background job of a shell ignores SIGINT, and what it starts inherits that: `dagster dev`
    # would ignore SIGTERM as well, and never end. A signal that is handled here is not inherited.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    # A session of its own, so that Ctrl-C reaches it once, from us.
    child = subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603
    signal.signal(signal.SIGINT, before)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return child.wait()
    except KeyboardInterrupt:
        child.send_signal(signal.SIGINT)
        try:
            child.wait(_GRACE)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        return 0


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
