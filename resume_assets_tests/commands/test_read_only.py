"""Database, store and key are configured: no home is needed, and nothing can be written elsewhere.

A real read-only file system: the root is mounted anew as such, in a namespace of its own.
"""

import json
import sqlite3
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from resume_assets_tests.commands.processes import environment, said
from resume_assets_tests.flow import resume
from resume_assets_tests.home import Platform
from resume_assets_tests.local_openai.support import ENDED, until

_SEALED = """
mount --make-rprivate / && mount --bind "$0" "$0" || exit 99
places=$(awk '{print $2}' /proc/mounts | grep -E '^/(tmp|var|home|root|dev/shm|work|srv)')
for place in / $places; do
  test "$place" = "$0" || mount -o remount,bind,ro "$place" 2>/dev/null ||
    mount -o remount,ro "$place" || exit 99
done
cd / && ! touch /tmp/written 2>/dev/null && ! touch /root/written 2>/dev/null && exec "$@"
"""
"""Makes everything read-only but the folder, and says 99 where that is not to be had."""


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """The one folder that can be written: it stands for the database's and the store's machines."""
    folder = tmp_path / "elsewhere-too"
    folder.mkdir()
    if sealed(folder, {}, "true").returncode != 0:
        pytest.skip("SKIPPED: no namespace with a read-only root may be made here (as root it may)")
    return folder


def sealed(folder: Path, env: Mapping[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command where only that folder can be written."""
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", _SEALED, str(folder), *command],
        env=env or None,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture
def env(open_folder: Path, platform: Platform) -> Mapping[str, str]:
    """No home: a database, a store and an endpoint alone."""
    kept = environment(open_folder)
    del kept["RESUME_ASSETS_HOME"]
    kept.pop("DAGSTER_HOME", None)
    return kept | {
        "HOME": "/nonexistent",
        "RESUME_DATABASE_URL": f"sqlite:///{open_folder}/candidates.db",
        "RESUME_BATCH_STORE": str(open_folder / "batches"),
        "OPENAI_API_KEY": platform.server.api_key,
        "OPENAI_BASE_URL": platform.server.base_url,
        "RESUME_LOG_FORMAT": "json",
        "COLUMNS": "1000",
    }


def test_a_batch_goes_through_without_a_home(
    open_folder: Path, env: Mapping[str, str], platform: Platform
) -> None:
    def ok(*words: str) -> subprocess.CompletedProcess[str]:
        done = sealed(open_folder, env, "resume-assets", *words)
        assert done.returncode == 0, said(done)
        return done

    ok("init-db")
    seed(open_folder, env)
    sent = json.loads(ok("submit", "--batch-size", "3", "--json").stdout)
    [key] = [batch["batch_key"] for batch in sent["batches"]]
    remote = platform.api.client.batches
    until(lambda: all(batch.status in ENDED for batch in remote.list()))
    brought = ok("check", key)
    assert "3" in brought.stdout
    logged = [json.loads(line) for line in brought.stderr.splitlines() if line.startswith("{")]
    [written] = [line for line in logged if line["event"] == "3 records written"]
    assert written["batch"] == key
    assert written["counts"] == {"records written": 3}
    assert "A new home" not in brought.stderr
    ok("status")
    assert {path.name for path in open_folder.iterdir()} <= {
        "batches",
        "candidates.db",
        "candidates.db-wal",
        "candidates.db-shm",
    }


def seed(folder: Path, env: Mapping[str, str]) -> None:
    with sqlite3.connect(folder / "candidates.db") as connection:
        connection.executemany(
            "INSERT INTO aicandidate (userid, markdownResume) VALUES (?, ?)",
            [(number, resume(number)) for number in range(1, 4)],
        )
    connection.close()
