"""A deployment as `deploy/` says: code server, web server, daemon and workers, each a process.

What they share is what machines of a cluster would share: Dagster's Postgres, the database of the
resumes, the store of batch files, and the endpoint. Each has a home and a DAGSTER_HOME of its own.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import resume_assets
from resume_assets.dagster_home import LOCATION
from resume_assets_tests.commands.processes import BIN, PATIENCE, environment, free_port, listens
from resume_assets_tests.local_openai.support import until

ROOT = Path(resume_assets.__file__).parents[1]
DEPLOY = ROOT / "deploy"

_GRACE = 10.0

STALLED = "stalled"
"""The file in which a worker that stalls tells its batch; see `stalling`, which it imports."""

WRITTEN_BEFORE_IT_STALLED = 10

_RUNS = "{ runsOrError { ... on Runs { results { runId jobName status } } } }"


class Process:
    """One process of the deployment, and all that it starts; it may be killed and started again."""

    def __init__(
        self,
        folder: Path,
        command: Sequence[str],
        variables: Mapping[str, str],
        port: int | None,
        *,
        home: Path | None = None,
    ) -> None:
        self.folder = folder
        self._home = home or folder / "home"
        self._command = [str(BIN / command[0]), *command[1:]]
        self._variables = variables
        self.port = port
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; wait until it listens, where it does."""
        with (self.folder / "log").open("ab") as log:
            self.child = subprocess.Popen(
                self._command,
                env=environment(self._home, self._variables),
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if self.port is not None:
            until(lambda: listens(self.port or 0) or not self.is_running, PATIENCE)
        assert self.is_running, self.log()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.child is not None and self.child.poll() is None

    def log(self) -> str:
        """The end of what it said."""
        return (self.folder / "log").read_text("utf-8", "replace")[-4000:]

    def kill(self) -> None:
        """SIGKILL, for it and all that it started."""
        if self.child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait(PATIENCE)

    def restart(self) -> None:
        """As an orchestrator does: SIGTERM, ten seconds, SIGKILL, and another one."""
        assert self.child is not None
        self.child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.child.wait(_GRACE)
        self.kill()
        self.start()


class Deployment:
    """Processes by name; `variables` are what all of them are told."""

    def __init__(self, folder: Path, configuration: Path, variables: Mapping[str, str]) -> None:
        self._folder = folder
        self._configuration = configuration
        self.web_port, self._code_port = free_port(), free_port()
        self._variables = {
            **variables,
            "DAGSTER_CODE_SERVER_HOST": "127.0.0.1",
            "DAGSTER_CODE_SERVER_PORT": str(self._code_port),
            "RESUME_DAGSTER_URL": f"http://127.0.0.1:{self.web_port}",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(DEPLOY)]),
        }
        self.processes: dict[str, Process] = {}
        self.workers: list[Process] = []
        self._commands: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, *command: str, port: int | None = None) -> Process:
        """A process with a home of its own."""
        process = Process(self.home_of(name), command, self.variables_of(name), port)
        self.processes[name] = process
        process.start()
        return process

    def home_of(self, name: str) -> Path:
        """The folder of one process, with a DAGSTER_HOME in it."""
        folder = self._folder / name
        (folder / "dagster").mkdir(parents=True, exist_ok=True)
        shutil.copy(self._configuration, folder / "dagster" / "dagster.yaml")
        return folder

    def variables_of(self, name: str) -> dict[str, str]:
        """What the process of that name is told beside its home."""
        return {**self._variables, "DAGSTER_HOME": str(self._folder / name / "dagster")}

    def code_server(self) -> Process:
        """The code, as a server; what Dagster's Helm chart starts too."""
        told = ("api", "grpc", "-m", LOCATION, "-h", "127.0.0.1", "-p", str(self._code_port))
        return self.start("code", "dagster", *told, port=self._code_port)

    def web_server(self) -> Process:
        """The web server, which `--launch` talks to."""
        told = ("-h", "127.0.0.1", "-p", str(self.web_port), "-w", str(DEPLOY / "workspace.yaml"))
        return self.start("web", "dagster-webserver", *told, port=self.web_port)

    def daemon(self) -> Process:
        """Sensors, schedules, the queue, the watch over runs."""
        return self.start("daemon", "dagster-daemon", "run", "-w", str(DEPLOY / "workspace.yaml"))

    def worker(self, number: int, places: int, *more: str) -> Process:
        """A Celery worker that carries out so many runs at once."""
        name = f"worker{number}"
        told = ("-A", "dagster_celery.app", "worker", "-n", f"{name}@%h", "-c", str(places))
        process = self.start(name, "celery", *told, "--loglevel", "INFO", *more)
        self.workers.append(process)
        return process

    def command(self, *arguments: str) -> subprocess.Popen[bytes]:
        """`resume-assets` with these arguments, begun."""
        folder = self.home_of("command")
        with (folder / "log").open("wb") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "resume_assets.cli", *arguments],
                env=environment(folder / "home", self.variables_of("command")),
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._commands.append(child)
        return child

    def said(self) -> str:
        """What the last command has said so far."""
        return (self._folder / "command" / "log").read_text(encoding="utf-8")

    def runs(self) -> list[dict[str, Any]]:
        """Dagster's runs, the newest first."""
        return list(self.ask(_RUNS)["runsOrError"]["results"])

    def ask(self, query: str, **variables: object) -> Any:
        """The web server's answer to a GraphQL query."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.web_port}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            found = json.load(answer)
        assert "errors" not in found, found
        return found["data"]

    def logs(self) -> str:
        """The ends of all logs, for an assertion's message."""
        return "\n".join(f"--- {name}\n{one.log()}" for name, one in self.processes.items())

    def stop(self) -> None:
        """Kill what runs."""
        for command in self._commands:
            command.kill()
            command.wait(PATIENCE)
        for process in self.processes.values():
            process.kill()


@contextlib.contextmanager
def deployed(
    folder: Path, configuration: Path, variables: Mapping[str, str]
) -> Iterator[Deployment]:
    """A deployment without processes yet; all of them are killed at the end."""
    deployment = Deployment(folder, configuration, variables)
    try:
        yield deployment
    finally:
        deployment.stop()
