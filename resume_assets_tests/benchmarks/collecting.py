"""Bringing a batch in, from the download to committed rows: files in S3 against files on the disk.

The download costs nothing here, and the server is on this machine: what is compared is the store.
"""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import sqlalchemy as sa

from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.ledger.states import BatchState
from resume_assets.batches.receiving.collecting import collect
from resume_assets.batches.records.applying import apply
from resume_assets.batches.store import OUTPUT, BatchStore
from resume_assets.database.connect import Database
from resume_assets_tests.benchmarks import children, data
from resume_assets_tests.benchmarks.applying import collected
from resume_assets_tests.benchmarks.figures import FOLDER, Figure, figure, ratio
from resume_assets_tests.on_s3.server import serving

_MOST = 20_000  # answers
_DISK, _SERVER = FOLDER / "collecting", FOLDER / "s3"


class _Api:
    """An endpoint whose result file is on this disk already."""

    endpoint = key_hash = "bench"

    def __init__(self, output: Path) -> None:
        self._output = output

    def download(self, file_id: str, target: BinaryIO, *, as_it_is: bool = False) -> int:
        with self._output.open("rb") as stream:
            shutil.copyfileobj(stream, target, 1 << 16)
        return self._output.stat().st_size

    def retrieve(self, batch_id: str) -> SimpleNamespace:
        return SimpleNamespace()


def collect_once(rows: int, store: BatchStore) -> tuple[float, float]:
    """Seconds for `batch_output`, and for the records after it."""
    source, folder = collected(rows)
    database = data.opened(data.fresh_copy(source, "collecting.db"))
    key = _ended(database, rows)
    api: Any = _Api(folder / key / OUTPUT)
    store.batch(key).remove()
    with leased(database, key) as lease:
        start = time.perf_counter()
        collect(lease, store, api)
        middle = time.perf_counter()
        apply(lease, store)
        end = time.perf_counter()
    database.dispose()
    return middle - start, end - middle


def _ended(database: Database, rows: int) -> str:
    """As if the one batch had just ended at OpenAI; its key."""
    table = database.ledger.batches
    values = {
        "state": BatchState.ended,
        "endpoint": _Api.endpoint,
        "key_hash": _Api.key_hash,
        "requests_completed": rows,
        "store_url": None,
    }
    database.write(lambda connection: connection.execute(table.update().values(values)))
    query = sa.select(table.c.batch_key)
    key: str = database.read(lambda connection: connection.execute(query).scalar_one())
    return key


def turns(*, rows: int, rounds: int, url: str) -> dict[str, list[tuple[float, float]]]:
    """Disk and S3 in turn; the first turn of each is not counted."""
    disk, s3 = BatchStore(str(_DISK)), BatchStore(url)
    found = [(collect_once(rows, disk), collect_once(rows, s3)) for _ in range(rounds + 1)]
    return {"disk": [one for one, _ in found[1:]], "s3": [other for _, other in found[1:]]}


def measure(rows: int, rounds: int) -> Iterator[Figure]:
    """`collect_s3_over_disk`, and the same for the first of its two steps alone."""
    rows = min(rows, _MOST)
    collected(rows)
    shutil.rmtree(_SERVER, ignore_errors=True)
    with serving(_SERVER.absolute()) as server:
        os.environ.update(server.environment())
        url = "s3://resumes/bench"
        found = children.run("collecting", "turns", rows=rows, rounds=rounds, url=url).value
    disk, s3 = ([sum(one) for one in found[name]] for name in ("disk", "s3"))
    what = f"{rows:,} answers, download to committed rows"
    yield ratio("collect_s3_over_disk", s3, disk, f"{what}: S3 / disk", at_most=1.5)
    kept, floors = ([one[0] for one in found[name]] for name in ("s3", "disk"))
    yield ratio("collect_s3_over_disk_files", kept, floors, "kept and counted, without records")
    yield figure("collect_s3_seconds", s3, "s", f"{what}, files in S3")
