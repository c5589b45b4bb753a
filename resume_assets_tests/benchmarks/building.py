"""Building request files, from the claim to the disk, against two things that are less than it.

tiktoken over the same texts; and the bare work that is left with a fast counter: read the texts,
count them, write the bytes.
"""

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import sqlalchemy as sa

from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.planning.planner import Planned, plan_batch
from resume_assets.batches.sending.building import build
from resume_assets.batches.sending.claiming import claim
from resume_assets.batches.store import REQUESTS, BatchStore
from resume_assets.database.connect import Database
from resume_assets.models.fast_counting import fast_counter
from resume_assets.models.vocabularies import load_encoding
from resume_assets_tests.benchmarks import children, data
from resume_assets_tests.benchmarks.figures import FOLDER, Figure, figure, ratio

_STORE = FOLDER / "built"


def build_all(database: Database, store: Path) -> list[str]:
    """Plan, claim and build until nothing waits; returns the batches' keys."""
    settings = data.settings(batch_size=50_000)
    keys: list[str] = []
    while True:
        planned = plan_batch(database, settings, rows=50_000, origin="bench")
        if not isinstance(planned, Planned):
            return keys
        with leased(database, planned.key) as lease:
            claim(lease, settings)
            build(lease, settings, BatchStore(str(store)))
        keys.append(planned.key)


def build_once(*, rows: int, huge: bool = False) -> dict[str, float]:
    """Build all files of a fresh database; seconds, and what came of it."""
    path = data.fresh_copy(data.queue(rows, huge=huge), "building.db")
    shutil.rmtree(_STORE, ignore_errors=True)
    database = data.opened(path)
    start = time.perf_counter()
    keys = build_all(database, _STORE)
    seconds = time.perf_counter() - start
    database.dispose()
    sizes = [(_STORE / key / REQUESTS).stat().st_size for key in keys]
    return {"seconds": seconds, "files": len(keys), "bytes": sum(sizes)}


def _texts(rows: int) -> list[str]:
    database = data.opened(data.queue(rows))
    there = database.candidates
    query = sa.select(there.text)
    return list(database.read(lambda connection: connection.execute(query).scalars().all()))


def count_tokens(texts: list[str]) -> float:
    """Seconds that tiktoken takes for the texts, one after the other."""
    encode = load_encoding().encode_ordinary
    start = time.perf_counter()
    for text in texts:
        encode(text)
    return time.perf_counter() - start


def bare(rows: int, line_bytes: float) -> float:
    """Seconds to read the texts, count them fast, and write lines of so many bytes."""
    counter = fast_counter("o200k_base")
    if counter is None:
        raise RuntimeError("the fast counter is not installed: pip install '.[fast]'")
    path = FOLDER / "bare.jsonl"
    texts = "SELECT markdownResume FROM aicandidate ORDER BY datelastmodified DESC"
    start = time.perf_counter()
    with sqlite3.connect(data.queue(rows)) as database, path.open("wb") as stream:
        for (text,) in database.execute(texts):
            counter.count(text)
            line = orjson.dumps(text)
            stream.write(line + b" " * round(line_bytes - len(line) - 1) + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    database.close()
    return time.perf_counter() - start


def turns(*, rows: int, rounds: int) -> dict[str, list[float]]:
    """Floors and ours in turn, in this process and on the cores that it has."""
    texts = _texts(rows)
    floors, ours, files, least = [], [], [], []
    count_tokens(texts[:100])
    for _ in range(rounds):
        floors.append(count_tokens(texts))
        built = build_once(rows=rows)
        ours.append(built["seconds"])
        files.append(built["files"])
        least.append(bare(rows, built["bytes"] / rows))
    return {"floors": floors, "ours": ours, "files": files, "least": least}


def measure(rows: int, rounds: int) -> Iterator[Figure]:
    """`build_over_tokens`, on one core and on all."""
    data.queue(rows)
    one = children.run("building", "turns", one_core=True, rows=rows, rounds=rounds).value
    files = f"{rows:,} resumes of 4 kB into {one['files'][0]:.0f} files"
    yield ratio(
        "build_over_tokens",
        one["ours"],
        one["floors"],
        f"{files}, claim to disk / tiktoken alone; one core",
        at_most=0.45 if rows >= 50_000 else None,
    )
    what = "the same / texts read, counted fast, bytes written; one core"
    yield ratio("build_over_floor", one["ours"], one["least"], what, at_most=2.0)
    yield figure("build_seconds", one["ours"], "s", f"{files}, one core")
    yield figure("tokens_seconds", one["floors"], "s", "tiktoken alone over the same texts")
    both = children.run("building", "turns", rows=rows, rounds=rounds).value
    yield ratio(
        "build_two_cores_over_tokens",
        both["ours"],
        both["floors"],
        f"{files}; all cores / tiktoken alone on one",
        at_most=0.35 if rows >= 50_000 else None,
    )
