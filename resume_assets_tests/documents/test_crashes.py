"""Killed at every step of an import, which the code itself tells; then it goes on."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets.database.connect import Database, open_database
from resume_assets_tests.faults.harness import KILLED, Point, Preloaded, points_of
from resume_assets_tests.faults.strikes import Strike, can_strike
from resume_assets_tests.flow import settings_at

TEXTS = {
    "a.txt": "Ada Lovelace, engineer in Turku",
    "b.md": "Grace Hopper, admiral in Arlington",
    "same.txt": "Ada Lovelace, engineer in Turku",
}


class Importer:
    """A process that imports the folder, in a child of its own each time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._worker = Preloaded("importing", folder)

    def run(self, home: Path, point: Point | None = None, strike: Strike = Strike.killed) -> int:
        return self._worker.run(
            home=str(home), folder=str(self.folder), at=point, strike=strike.value
        )

    def stop(self) -> None:
        self._worker.stop()


@pytest.fixture
def importer(tmp_path: Path) -> Iterator[Importer]:
    folder = tmp_path / "delivered"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    made = Importer(folder)
    yield made
    made.stop()


def told(home: Path) -> dict[str, Any]:
    found = json.loads((home / "report.json").read_bytes())
    assert isinstance(found, dict)
    return found


def what_is_there(database: Database) -> tuple[list[str], list[tuple[Any, Any]]]:
    """The resumes, and which file became whose."""
    there, documents = database.candidates, database.ledger.documents

    def work(connection: sa.Connection) -> tuple[list[str], list[tuple[Any, Any]]]:
        texts = connection.execute(sa.select(there.text)).scalars().all()
        rows = connection.execute(sa.select(documents.c.userid, documents.c.document_key)).all()
        ids = connection.execute(sa.select(there.userid)).scalars().all()
        assert sorted(ids) == sorted(userid for userid, _ in rows)
        return sorted(texts), [(userid, key) for userid, key in rows]

    return database.read(work)


def test_killed_at_every_step_nothing_is_lost_and_nothing_comes_twice(
    importer: Importer, tmp_path: Path
) -> None:
    whole = tmp_path / "whole"
    assert importer.run(whole) == 0
    assert told(whole)["outcomes"] == {"imported": 2, "known": 1}
    names = told(whole)["names"]
    assert {name.partition(":")[0] for name in names} == {
        "before statement",
        "before commit",
        "after commit",
    }
    assert sum("INSERT INTO aicandidate" in name for name in names) == 2
    assert sum("INSERT INTO resume_documents" in name for name in names) == 2
    points = points_of(names)
    struck = [(Strike.killed, point) for point in points]
    struck += [
        (Strike.answer_lost, point) for point in points if can_strike(Strike.answer_lost, point[0])
    ]
    assert len(struck) > 10
    for number, (strike, point) in enumerate(struck):
        home, where = tmp_path / f"home{number}", (strike, point)
        ended = importer.run(home, point, strike)
        assert ended == (KILLED if strike is Strike.killed else 0), where
        database = open_database(settings_at(home))
        try:
            texts, _ = what_is_there(database)
            assert len(set(texts)) == len(texts), where
            assert importer.run(home) == 0, where
            texts, _ = what_is_there(database)
            assert texts == sorted(set(TEXTS.values())), where
            assert not told(home)["unread"], where
        finally:
            database.dispose()
