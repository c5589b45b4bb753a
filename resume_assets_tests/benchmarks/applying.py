"""Applying answers, from the downloaded file to committed rows, against the least there is to do.

The floor: each answer parsed twice by `json`, and a bare chunked UPDATE of the same values with the
same pragmas. The peer: a script that connects, updates, commits and closes for each record. What
evidence costs is seen beside the same without it, which no setting turns off.
"""

import json
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.ledger.states import BatchState, ItemState
from resume_assets.batches.records import applying
from resume_assets.batches.records.applying import CHUNK, apply
from resume_assets.batches.store import OUTPUT, BatchStore
from resume_assets.database.connect import Database
from resume_assets_tests.benchmarks import children, data
from resume_assets_tests.benchmarks.building import build_all
from resume_assets_tests.benchmarks.figures import FOLDER, Figure, figure, ratio

_ROW_BY_ROW = 1_000  # records of the slow peer; it is the same for each
Values = tuple[Any, ...]


def collected(rows: int) -> tuple[Path, Path]:
    """A database and a store whose batches are back from OpenAI, made once."""
    path, store = FOLDER / f"collected-{rows}.db", FOLDER / f"collected-{rows}"
    if path.exists():
        return path, store
    shutil.rmtree(store, ignore_errors=True)
    working = data.fresh_copy(data.queue(rows), f"collected-{rows}.part")
    database = data.opened(working)
    keys = build_all(database, store)
    items = database.ledger.items
    for key in keys:
        query = sa.select(items.c.userid, items.c.custom_id).where(items.c.batch_key == key)
        asked = database.read(lambda connection: connection.execute(query).all())  # noqa: B023 (called at once)
        with (store / key / OUTPUT).open("wb") as stream:
            stream.writelines(data.answer_line(userid, name) for userid, name in asked)
    database.write(lambda connection: _mark(connection, database))
    database.dispose()
    return working.rename(path), store


def _mark(connection: sa.Connection, database: Database) -> None:
    """As `submit`, the poll and `collect` would have left them."""
    tables = database.ledger
    connection.execute(tables.items.update().values(state=ItemState.submitted))
    now = datetime(2026, 11, 23)  # noqa: DTZ001 (a column without zone)
    connection.execute(
        tables.batches.update().values(
            state=BatchState.collected,
            openai_batch_id=tables.batches.c.batch_key,
            openai_status="completed",
            output_file_id="file",
            collected_at=now,
        )
    )


def apply_once(*, rows: int, evidence: bool = True) -> float:
    """Seconds that the platform takes for all batches of a fresh database."""
    source, store = collected(rows)
    database = data.opened(data.fresh_copy(source, "applying.db"))
    batches = database.ledger.batches
    keys = database.read(
        lambda connection: connection.execute(sa.select(batches.c.batch_key)).scalars().all()
    )
    start = time.perf_counter()
    with nullcontext() if evidence else _nothing_weighed():
        for key in keys:
            with leased(database, key) as lease:
                apply(lease, BatchStore(str(store)))
    seconds = time.perf_counter() - start
    database.dispose()
    return seconds


def _nothing_weighed() -> AbstractContextManager[Any]:
    """As if there were no evidence: no resume is read, nothing is looked for."""
    return patch.object(applying, "resumes_of", lambda *_: {})


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA busy_timeout = 30000")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _written(path: Path, names: list[str]) -> list[Values]:
    """What the platform wrote: the very values that the others must write too."""
    columns = ", ".join(f'"{name}"' for name in names)
    with sqlite3.connect(path) as connection:
        return connection.execute(
            f"SELECT {columns}, LastProcessed, userid FROM aicandidate"
        ).fetchall()


def _update(names: list[str]) -> str:
    sets = ", ".join(f'"{name}" = ?' for name in names)
    return f"UPDATE aicandidate SET {sets}, LastProcessed = ? WHERE userid = ?"


def floor(path: Path, store: Path, statement: str, values: list[Values]) -> float:
    """Seconds for the least: parse twice, update in chunks."""
    start = time.perf_counter()
    for output in store.glob(f"*/{OUTPUT}"):
        with output.open("rb") as stream:
            for line in stream:
                body = json.loads(line)["response"]["body"]
                json.loads(body["choices"][0]["message"]["content"])
    connection = _connect(path)
    for first in range(0, len(values), CHUNK):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(statement, values[first : first + CHUNK])
        connection.execute("COMMIT")
    connection.close()
    return time.perf_counter() - start


def row_by_row(path: Path, statement: str, values: list[Values]) -> float:
    """Seconds for all records, one connection and one commit each; the first thousand are timed."""
    some = values[:_ROW_BY_ROW]
    start = time.perf_counter()
    for record in some:
        connection = _connect(path)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(statement, record)
        connection.execute("COMMIT")
        connection.close()
    return (time.perf_counter() - start) * len(values) / len(some)


def turns(*, rows: int, rounds: int) -> dict[str, list[float]]:
    """The four in turn."""
    source, store = collected(rows)
    ours, without, floors, slow = [], [], [], []
    for number in range(rounds):
        without.append(apply_once(rows=rows, evidence=False))
        ours.append(apply_once(rows=rows))
        if not number:
            names = data.opened(source).candidates.names
            values, statement = _written(FOLDER / "applying.db", names), _update(names)
        bare: Callable[[], Path] = lambda: data.fresh_copy(source, "bare.db")  # noqa: E731
        floors.append(floor(bare(), store, statement, values))
        slow.append(row_by_row(bare(), statement, values))
    return {"ours": ours, "without": without, "floors": floors, "slow": slow}


def measure(rows: int, rounds: int) -> Iterator[Figure]:
    """`apply_over_floor`, the same without evidence and on one core, `row_by_row_over_apply`."""
    data.check_answers()
    collected(rows)
    found = children.run("applying", "turns", rows=rows, rounds=rounds).value
    alone = children.run("applying", "turns", one_core=True, rows=rows, rounds=rounds).value
    ours, floors, slow = found["ours"], found["floors"], found["slow"]
    what = f"{rows:,} answers, file to committed rows (SQLite)"
    yield ratio("apply_over_floor", ours, floors, f"{what} / parse + UPDATE", at_most=2.7)
    without = found["without"]
    yield ratio("apply_unweighed", without, floors, "the same without evidence", at_most=1.9)
    yield ratio("apply_one_core", alone["ours"], alone["floors"], "on one core")
    what_alone = "on one core, without evidence"
    yield ratio("apply_one_core_unweighed", alone["without"], alone["floors"], what_alone)
    yield ratio("row_by_row_over_apply", slow, ours, "a script's way / ours", at_least=2.0)
    yield figure("apply_seconds", ours, "s", what)
    yield figure("apply_floor_seconds", floors, "s", "the same parsed twice and bare UPDATEs")
