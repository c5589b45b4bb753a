import os
import sqlite3
from pathlib import Path

import pytest

from resume_assets.local_openai.book import Book
from resume_assets.local_openai.server import running
from resume_assets.local_openai.settings import IMMEDIATE, Limits
from resume_assets.local_openai.store import Store
from resume_assets_tests.local_openai.support import Driver, requests, until


def test_a_transaction_counts_as_a_whole_or_not_at_all(folder: Path) -> None:
    store = Store(folder)

    def broken_inside() -> None:
        with store.transaction():
            store.remember("a", "1")
            raise KeyError

    def broken_at_commit() -> None:
        with store.transaction():
            store.remember("a", "2")
            store.execute("INSERT INTO two VALUES (5)")

    store.execute("PRAGMA foreign_keys = ON")
    store.execute("CREATE TABLE one (id INTEGER PRIMARY KEY)")
    store.execute("CREATE TABLE two (id REFERENCES one DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(KeyError):
        broken_inside()
    with pytest.raises(sqlite3.IntegrityError):
        broken_at_commit()
    with store.transaction():
        store.remember("b", "3")
    assert [tuple(row) for row in store.rows("SELECT * FROM facts")] == [("b", "3")]
    store.close()


def test_the_worker_goes_on_when_its_folder_is_well_again(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running(folder, pace=IMMEDIATE, limits=Limits(exact_tokens=False)) as server:
        driver = Driver(server, folder)
        parts = folder / "parts"
        parts.rmdir()
        parts.touch()  # in the way, like a full disk
        made = driver.submit(requests(30))
        until(lambda: "trouble with its folder" in caplog.text)
        assert driver.status(made.id) == "in_progress"
        assert Book(folder).completed() == []
        parts.unlink()
        parts.mkdir()
        assert driver.wait(made.id).status == "completed"
    assert len(Book(folder).completed(made.id)) == 30


def test_what_a_dead_process_left_is_removed_in_time(folder: Path) -> None:
    store = Store(folder)
    old, young = store.files / "file-old", store.files / "file-young"
    for path in (old, young):
        path.write_bytes(b"half an upload")
    times = young.stat().st_mtime - 7_200
    os.utime(old, (times, times))
    store.close()
    with running(folder):
        assert not old.exists()
        assert young.exists()


def test_the_book_makes_nothing(folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Book(folder).sent()
    assert not folder.exists()
