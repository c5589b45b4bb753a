"""A home whose candidates are told by e-mail addresses, one of whom is planted with markers."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from resume_assets.batches.upkeep import forgetting
from resume_assets.batches.upkeep.receipts import Receipt
from resume_assets.private import private_folder
from resume_assets_tests.flow import Flow, Flowing, flow_at, resume

PERSON = "zerelda.quixby@example.com"
OTHERS = ("ada@example.com", "grace@example.com")
MARKERS = ("zerelda", "Zerelda", "Quixby", "chainsaws", "Wobbleton", "0107788", "010 7788")

RESUME = """# Zerelda Quixby

zerelda.quixby@example.com | +1 555 010 7788 | Springfield, IL

## Summary
She juggles seventeen chainsaws.

## Experience

### Welder, Wobbleton Pickle Works
the winter of 19xx - Present
"""


@contextmanager
def told_by_address(home: Path, **more: Any) -> Iterator[Flowing]:
    """A flow in this folder: PERSON's resume waits, and two others'."""
    private_folder(home)
    with closing(sqlite3.connect(home / "resumes.db")) as database:
        database.execute(
            "CREATE TABLE aicandidate (userid VARCHAR(100) NOT NULL PRIMARY KEY,"
            " markdownResume TEXT, datelastmodified DATETIME, LastProcessed DATETIME)"
        )
    (home / "resumes.db").chmod(0o600)
    with flow_at(home, **more) as flow:
        flow.seed({PERSON: RESUME} | {one: resume(n) for n, one in enumerate(OTHERS, 1)})
        yield flow


def forget(flow: Flow, *userids: Any, **more: Any) -> Receipt:
    return forgetting.forget(
        flow.database, flow.settings, flow.store, flow.api, userids or (PERSON,), **more
    )


def traces(folder: Path, *, but: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """By file, the markers that are in it, byte by byte; `but`: names of folders left out."""
    found = {}
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        if path.is_file() and inside.parts[0] not in but:
            data = path.read_bytes()
            if names := [marker for marker in MARKERS if marker.encode() in data]:
                found[str(inside)] = names
    return found
