"""Commands as processes of their own, as a user starts them."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from resume_assets_tests.conftest import VARIABLES
from resume_assets_tests.local_openai.support import until

BIN = Path(sys.executable).parent
PATIENCE = 100.0
"""Seconds after which a process hangs: many times what it takes."""


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """What this process has, with nothing configured but the home; the commands are on the path."""
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    path = f"{BIN}{os.pathsep}{kept.get('PATH', '')}"
    return (
        kept
        | {"RESUME_ASSETS_HOME": str(home), "PATH": path, "PYTHONWARNINGS": ""}
        | dict(more or {})
    )


def run(
    home: Path, *command: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in a folder without a `.env`."""
    return subprocess.run(
        command,
        env=environment(home, env),
        cwd=cwd or home.parent,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def resume_assets(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `resume-assets` with these arguments."""
    return run(home, "resume-assets", *arguments)


@contextmanager
def started(
    home: Path, *command: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A command that goes on until it is told to stop; killed, with its children, at the end."""
    child = subprocess.Popen(
        command,
        env=environment(home, env),
        cwd=cwd or home.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # Where the tests run in a shell's background, SIGINT would be ignored.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield child
    finally:
        for pid in {child.pid, *left_over(home)}:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        child.wait(PATIENCE)
        if child.stdout is not None:
            child.stdout.close()


def line_with(child: subprocess.Popen[str], text: str) -> str:
    """Read on until the process says that; the line."""
    assert child.stdout is not None
    seen = []
    for line in child.stdout:
        seen.append(line)
        if text in line:
            return line
    raise AssertionError(f"never said {text!r}, but:\n{''.join(seen)}")


def stop(child: subprocess.Popen[str], number: int = signal.SIGINT) -> tuple[int, str]:
    """Signal the process, as Ctrl-C does; its exit code and what it still said."""
    child.send_signal(number)
    assert child.stdout is not None
    too_late = threading.Timer(PATIENCE, child.kill)
    too_late.start()
    rest = child.stdout.read()  # communicate() would lose the lines that came with the last one
    too_late.cancel()
    return child.wait(PATIENCE), rest


def left_over(home: Path) -> list[int]:
    """Other processes that belong to this home (Linux: from /proc)."""
    found = []
    mine = f"RESUME_ASSETS_HOME={home}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            if mine in (folder / "environ").read_bytes().split(b"\0") and state != "Z":
                found.append(int(folder.name))
        except OSError:
            continue  # it ended meanwhile, or is somebody else's
    return [pid for pid in found if pid != os.getpid()]


def until_nothing_runs(home: Path) -> None:
    """Wait for processes that are just ending; fails if one stays."""
    until(lambda: not left_over(home), 20)


_PORTS = range(10_000, 32_000)
"""Below what systems hand out by themselves: a port of those may be another's before it is used."""

_given: set[int] = set()


def free_port() -> int:
    """A port that nobody listens at, each time another; nobody has it who does not ask for it."""
    while True:
        port = secrets.choice(_PORTS)  # `random` may be seeded, in each of pytest's workers alike
        if port in _given:
            continue
        _given.add(port)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def listens(port: int, host: str = "127.0.0.1") -> bool:
    """Whether somebody does."""
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def said(result: subprocess.CompletedProcess[str]) -> str:
    """Both outputs, for an assertion's message."""
    return f"exit code {result.returncode}\n{result.stdout}\n{result.stderr}"


def exit_codes(results: Sequence[subprocess.CompletedProcess[str]]) -> list[int]:
    """Of several."""
    return [result.returncode for result in results]
