"""A ledger of version 5 (release 0.1.0), with batches out, is upgraded in place and goes on."""

import sqlite3
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from importlib import metadata
from pathlib import Path

import pytest

from resume_assets.database.tables import LEDGER_VERSION
from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.documentation.pages import ROOT
from resume_assets_tests.home import Platform, platform_at

pytestmark = pytest.mark.usefixtures("wide")

RELEASED = Path(__file__).parent / "home_0.1.0.zip"
TRIAL = "trial-20261127-205757-bfjy"


def brought_to_today(home: Path) -> None:
    """Put the home there, its store's address mended and its server's times moved to now."""
    with zipfile.ZipFile(RELEASED) as kept:
        kept.extractall(home)
    for folder in (home, home / "batches", home / "local_openai"):
        folder.chmod(0o700)
    with closing(sqlite3.connect(home / "resumes.db")) as database:
        database.execute("UPDATE resume_batches SET store_url = ?", [str(home / "batches")])
        database.commit()
    with closing(sqlite3.connect(home / "local_openai" / "state.db")) as server:
        (newest,) = server.execute("SELECT max(created_at) FROM batches").fetchone()
        for table in ("batches", "files"):
            columns = server.execute(f"SELECT name FROM pragma_table_info('{table}')").fetchall()
            for (column,) in columns:
                if column.endswith("_at") or column == "due":
                    moved = f"UPDATE {table} SET {column} = {column} + ?"
                    server.execute(moved, [time.time() - newest])
        server.commit()


@pytest.fixture
def released(home: Path) -> Path:
    brought_to_today(home)
    return home


def test_before_the_upgrade_each_command_says_what_to_do(
    released: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_a_users_own(released, monkeypatch)
    for command in (["status"], ["submit"], ["check", "out"], ["undo", "again", "--yes"]):
        told = call(*command)
        assert told.exit_code == 1, told.output
        assert "of version 5" in told.output
        assert "resume-assets init-db" in told.output


def as_a_users_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded database is upgraded without being asked for; any other is not."""
    monkeypatch.setenv("RESUME_DATABASE_URL", f"sqlite:///{home / 'resumes.db'}")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-nobodys")


@pytest.fixture
def upgraded(released: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    with monkeypatch.context() as configured:
        as_a_users_own(released, configured)
        assert f"ledger's version {LEDGER_VERSION}" in ok("init-db")
    with platform_at(released) as platform:
        yield platform


def test_what_was_out_comes_in(upgraded: Platform) -> None:
    upgraded.until_the_server_has_ended("out")
    assert "2 of 2 records written" in ok("check", "out")
    for userid in (4, 5):
        assert upgraded.candidate(userid).LastProcessed
        assert upgraded.candidate(userid).Email == f"ada{userid}@example.com"
    assert not upgraded.rows(upgraded.database.ledger.claims.select())
    assert "values that agree" in ok("trial", TRIAL)


def test_what_was_written_is_known_as_before(upgraded: Platform) -> None:
    assert upgraded.candidate(1).City == "Turku", "a person's word"
    assert "2 records of again are as before it" in ok("undo", "again", "--yes")
    assert upgraded.candidate(2).City == "Springfield"
    upgraded.until_the_server_has_ended("out")
    ok("check", "out")


def test_a_new_batch_goes_beside_the_old_ones(
    upgraded: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_MODEL", "gpt-6-luna")
    ok("submit", "--batch", "new")
    upgraded.until_the_server_has_ended("new", "out")
    ok("check", "new")
    ok("check", "out")
    assert [upgraded.candidate(userid).LastProcessed is None for userid in range(1, 7)] == [
        False
    ] * 6


def test_versions_agree() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = changelog.split("\n## ")[1].splitlines()[0]
    assert newest.startswith(metadata.version("resume-assets")), "make install, after a new version"
    assert newest.endswith(f"ledger {LEDGER_VERSION}")
    assert metadata.version("resume-assets") in ok("--version")
