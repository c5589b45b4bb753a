"""`ui` and `local-openai`: what runs until Ctrl-C."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from resume_assets.commands.output import say
from resume_assets.dagster_home import prepare
from resume_assets.local_openai.hosting import LocalServer
from resume_assets.local_openai.server import AlreadyRunningError, running
from resume_assets.local_openai.server import serve as serve_forever
from resume_assets.settings import Endpoint, Settings

_GRACE = 20.0  # seconds that Dagster gets to stop its processes


def serve(settings: Settings, port: int) -> int:
    """Run `dagster dev`, and the local server where it is the endpoint; returns its exit code."""
    environment = dict(os.environ, DAGSTER_HOME=str(prepare(settings.dagster_folder)))
    with contextlib.ExitStack() as stack:
        if settings.endpoint is Endpoint.local:
            server = stack.enter_context(running(settings.home_folder / "local_openai"))
            say(f"The local server answers by rules at {server.base_url} (no language model).")
        say(f"Dagster's UI: http://127.0.0.1:{port}  (Ctrl-C ends it)")
        return _dagster_dev(environment, port)


def serve_local_openai(settings: Settings, port: int | None) -> None:
    """Run the local server alone."""

    def ready(server: LocalServer) -> None:
        say("Answers by rules; this is no language model. Ctrl-C ends it.")
        say(f"OPENAI_BASE_URL={server.base_url}")
        say(f"OPENAI_API_KEY={server.api_key}")

    try:
        serve_forever(settings.home_folder / "local_openai", port=port, ready=ready)
    except AlreadyRunningError as there:
        say(str(there))


def _dagster_dev(environment: dict[str, str], port: int) -> int:
    command = [
        str(Path(sys.executable).with_name("dagster")),
        *("dev", "-m", "resume_assets.definitions", "-h", "127.0.0.1", "-p", str(port)),
    ]
    # A session of its own: started in the background of a shell, it would ignore our signals.
    child = subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603
    signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
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
