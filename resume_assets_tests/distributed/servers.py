"""PostgreSQL and Redis, Debian's, each started for one test in a folder of its own.

As root they run as `postgres`, or `nobody`: PostgreSQL refuses to run as root.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from resume_assets_tests.commands.processes import PATIENCE, free_port, listens
from resume_assets_tests.local_openai.support import until

_PLACES = (*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/bin"))
"""Where Debian keeps PostgreSQL's programs, the newest version first: not on the path."""


def program(name: str) -> str:
    """Where a program is; skips the test where there is none."""
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(map(str, _PLACES)))
    if found is None:
        pytest.skip(f"{name} is not installed (make distributed installs it, as root, on Debian)")
    return found


@contextlib.contextmanager
def postgres() -> Iterator[dict[str, str]]:
    """A server with an empty database; yields what `deploy/dagster.yaml` reads of it."""
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    with _folder("postgres") as (folder, user):
        password, data, port = secrets.token_urlsafe(), folder / "data", free_port()
        asked = folder / "password"
        asked.write_text(password, encoding="ascii")
        asked.chmod(0o644)
        told = ("-U", "dagster", "--auth=scram-sha-256", f"--pwfile={asked}", "--no-sync")
        _run(user, initdb, *told, "-D", str(data), "-E", "UTF8", "--locale=C.UTF-8")
        options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off -c max_connections=300"
        _run(user, pg_ctl, "start", "-w", "-D", data, "-l", str(folder / "log"), "-o", options)
        try:
            yield {
                "DAGSTER_POSTGRES_HOST": "127.0.0.1",
                "DAGSTER_POSTGRES_PORT": str(port),
                "DAGSTER_POSTGRES_USER": "dagster",
                "DAGSTER_POSTGRES_PASSWORD": password,
                "DAGSTER_POSTGRES_DB": "postgres",
            }
        finally:
            _run(user, pg_ctl, "stop", "-w", "-D", data, "-m", "immediate")


@contextlib.contextmanager
def redis() -> Iterator[dict[str, str]]:
    """A server that keeps nothing; yields what workers and their launcher read of it."""
    server = program("redis-server")
    with _folder("redis") as (folder, user):
        port, password = free_port(), secrets.token_urlsafe()
        told = ("--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", "")
        child = subprocess.Popen(
            [server, *told, "--requirepass", password],
            stdout=subprocess.DEVNULL,
            cwd=folder,
            start_new_session=True,
            **user,
        )
        try:
            until(lambda: listens(port) or child.poll() is not None)
            assert child.poll() is None
            url = f"redis://:{password}@127.0.0.1:{port}"
            yield {"CELERY_BROKER_URL": f"{url}/0", "CELERY_RESULT_BACKEND": f"{url}/1"}
        finally:
            child.terminate()
            child.wait(PATIENCE)


@contextlib.contextmanager
def _folder(name: str) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """A folder of somebody without rights, and what `Popen` is told to start a process as them.

    Not pytest's: nobody else may look into that one.
    """
    with tempfile.TemporaryDirectory(prefix=f"resume_assets_{name}_") as made:
        folder = Path(made)
        user: dict[str, Any] = {}
        if os.getuid() == 0:
            who = _unprivileged()
            os.chown(folder, who.pw_uid, who.pw_gid)
            user = {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}
        yield folder, user


def _unprivileged() -> pwd.struct_passwd:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")


def _run(user: Mapping[str, Any], *command: object) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.DEVNULL,  # a pipe would stay open as long as the server runs
        stderr=subprocess.DEVNULL,
        timeout=PATIENCE,
        cwd="/",
        check=False,
        **user,
    )
    assert done.returncode == 0, f"{command[0]}: exit code {done.returncode}"
