"""`ui` and `local-openai`: what runs until Ctrl-C."""

import contextlib
import http.client
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from resume_assets.choices import Endpoint
from resume_assets.commands.dagster_dev import dagster_dev
from resume_assets.commands.output import say, warn
from resume_assets.dagster_home import prepare
from resume_assets.errors import WrongUseError
from resume_assets.local_openai.hosting import HOST, LocalServer
from resume_assets.local_openai.server import AlreadyRunningError, running
from resume_assets.local_openai.server import serve as serve_forever
from resume_assets.private import FILE
from resume_assets.progress import step
from resume_assets.settings import Settings

try:
    import fcntl
except ImportError:  # not a Unix
    fcntl = None  # type: ignore[assignment]

_LOOKS = 0.2  # seconds between two looks whether it is up
_ANSWER_SECONDS = 2.0
_LAST_LINES = 10  # of the log, where Dagster ends by itself


class PortTaken(WrongUseError):
    """Somebody listens there already."""


def serve(settings: Settings, port: int, host: str = HOST) -> int:
    """Run `dagster dev`, and the local server where it is the endpoint; the exit code.

    Its address is told once something listens there. Where a UI of this home runs already, its
    address is told, and nothing is started. `host`: where it listens; Dagster asks nobody for a
    password. Raises PortTaken, SettingsError.
    """
    folder = prepare(settings.dagster_folder)
    address = f"http://{host}:{port}"
    with _only_one(folder / "ui.lock", address) as first:
        if first is not None:
            say(f"Dagster's UI of this home runs already: {first}")
            return 0
        _check_free(port, host)
        try:
            return _serve(settings, dict(os.environ, DAGSTER_HOME=str(folder)), host, port)
        except KeyboardInterrupt:
            say("The UI has ended, and with it its sensors: nothing is sent or brought in by")
            say("itself now. What is at OpenAI goes on. Next: `resume-assets status` shows it.")
            return 0


def _serve(settings: Settings, environment: dict[str, str], host: str, port: int) -> int:
    log = settings.home_folder / "logs" / "ui.log"
    with contextlib.ExitStack() as stack:
        if settings.endpoint is Endpoint.local:
            server = stack.enter_context(running(settings.home_folder / "local_openai"))
            say(f"The local server answers by rules at {server.base_url} (no language model).")
        with step("starting Dagster's UI"):
            child = stack.enter_context(dagster_dev(environment, host, port, log))
            is_up = _is_up(child, _reached_at(host), port)
        if is_up:
            say(f"Dagster's UI: http://{host}:{port}  (Ctrl-C ends it)")
            if not _is_loopback(host):
                warn(
                    f"Whoever reaches {host} can use it: Dagster's UI asks nobody for a password. "
                    "Put a proxy that does before it."
                )
            say(f"What Dagster logs: {log}")
            child.wait()
        warn(f"Dagster has ended by itself (exit code {child.wait()}). Its last lines, of {log}:")
        for line in log.read_text("utf-8", "replace").splitlines()[-_LAST_LINES:]:
            warn(f"  {line}")
        return 1


@contextlib.contextmanager
def _only_one(lock: Path, address: str) -> Iterator[str | None]:
    """Hold the lock, with our address in it; where another process has it, its address."""
    with os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT, FILE), "r+", encoding="utf-8") as held:
        try:
            if fcntl is not None:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield held.read()
            return
        held.truncate(0)
        held.write(address)
        held.flush()
        yield None


def _reached_at(host: str) -> str:
    """An address of this machine at which one finds who listens at that one."""
    return {"0.0.0.0": HOST, "::": "::1", "": HOST}.get(host, host)  # noqa: S104 (compared)


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _is_up(child: "subprocess.Popen[bytes]", host: str, port: int) -> bool:
    """Wait until the UI answers; False where Dagster ends before."""
    while not _answers(host, port):
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_LOOKS)
            return False
    return True


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", "/server_info")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


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


def _check_free(port: int, host: str = HOST) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As servers bind, so that a port whose server has just ended counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"Port {port} can't be used ({error.strerror}): choose another with --port."
            ) from None
