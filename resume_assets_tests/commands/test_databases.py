"""`init-db`: makes what is missing, says what it does, drops nothing."""

import sqlite3
from pathlib import Path

import pytest

from resume_assets_tests.commands.calling import ok

OWN = (
    "CREATE TABLE aicandidate (userid INTEGER PRIMARY KEY, markdownResume TEXT,"
    " datelastmodified DATETIME, LastProcessed DATETIME, FirstName NVARCHAR(100), Mine TEXT)"
)


@pytest.fixture
def own(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Somebody's own table, with a row and a column of theirs."""
    path = home.with_name("own.db")
    monkeypatch.setenv("RESUME_DATABASE_URL", f"sqlite:///{path}")
    with sqlite3.connect(path) as own:
        own.execute(OWN)
        own.execute("INSERT INTO aicandidate (userid, Mine) VALUES (7, 'kept')")
    return path


def tables(path: Path) -> set[str]:
    with sqlite3.connect(path) as connection:
        return {
            row[0]
            for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }


def dump(path: Path) -> list[str]:
    with sqlite3.connect(path) as connection:
        return list(connection.iterdump())


def columns(path: Path) -> set[str]:
    with sqlite3.connect(path) as connection:
        return {row[1] for row in connection.execute("PRAGMA table_info(aicandidate)")}


def test_a_dry_run_prints_ddl_and_changes_nothing(own: Path) -> None:
    before = dump(own)
    said = ok("init-db", "--dry-run")
    assert "CREATE TABLE resume_batches" in said
    assert "ADD COLUMN" in said
    assert "(proposed; --with-index)" in said
    assert said.rstrip().endswith("-- Nothing was changed.")
    assert "DROP" not in said
    assert dump(own) == before


def test_what_a_dry_run_prints_can_be_run_by_hand(own: Path) -> None:
    with sqlite3.connect(own) as connection:
        connection.executescript(ok("init-db", "--dry-run"))
    assert {"resume_batches", "resume_batch_items", "resume_claims"} <= tables(own)
    again = ok("init-db", "--dry-run")
    assert all(line.startswith("--") for line in again.splitlines() if line)
    assert not ok("init-db").startswith("made ")
    ok("status")


def test_it_makes_what_is_missing_and_keeps_what_is_there(own: Path) -> None:
    said = ok("init-db")
    assert "made table resume_batches" in said
    assert "proposed, not made (--with-index)" in said
    assert "Mine" in columns(own)
    assert "SeventhMostRecentEndDate" in columns(own)
    with sqlite3.connect(own) as connection:
        assert connection.execute("SELECT userid, Mine FROM aicandidate").fetchall() == [
            (7, "kept")
        ]
        assert not connection.execute(
            "SELECT 1 FROM sqlite_master WHERE name = 'ix_aicandidate_queue'"
        ).fetchall()
    again = ok("init-db")
    assert "made" not in again.replace("not made", "")
    assert "made index for the queue's query" in ok("init-db", "--with-index")


def test_the_embedded_database_is_ready_at_once(home: Path) -> None:
    said = ok("init-db")
    assert f"sqlite:///{home / 'resumes.db'} is ready." in said
    assert "-- Nothing is missing." in ok("init-db", "--dry-run")
