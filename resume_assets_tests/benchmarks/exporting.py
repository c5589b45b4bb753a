"""Exports: the peak of a process at ten times as many records, and how long they take."""

import shutil
import time
from collections.abc import Iterator

from resume_assets.choices import ExportFormat
from resume_assets.database.setup import initialise
from resume_assets.exports.parquet import ROWS
from resume_assets.exports.selecting import Selection
from resume_assets.exports.writing import export
from resume_assets_tests.benchmarks import children, data
from resume_assets_tests.benchmarks.figures import FOLDER, Figure, figure
from resume_assets_tests.exports.recorded import ADA, record

_TIMES = 10  # as many records as resumes elsewhere: they are 500,000 by default
_AT_ONCE = 10_000


def measure(rows: int, rounds: int) -> Iterator[Figure]:
    """For each format `export_<format>_memory` and `export_<format>_us`."""
    del rounds
    rows = max(rows, 2 * ROWS)  # under a row group, Parquet's memory does grow
    for count in (rows, rows * _TIMES):
        _filled(count)
    for form in (ExportFormat.jsonresume, ExportFormat.csv, ExportFormat.parquet):
        few, many = (
            children.run("exporting", "export_once", rows=count, form=form.value)
            for count in (rows, rows * _TIMES)
        )
        what = f"peak at {rows * _TIMES:,} records / at {rows:,}; {many.peak_mb:.0f} MB"
        ratio = many.peak_mb / few.peak_mb
        yield figure(f"export_{form}_memory", [ratio], "x", what, at_most=1.1)
        each = 1e6 * many.value / (rows * _TIMES)
        yield figure(f"export_{form}_us", [each], "µs", "a record, from SQLite into a file")


def export_once(rows: int, form: str) -> float:
    """The seconds of one export."""
    folder = FOLDER / "exported"
    database = data.opened(FOLDER / f"records-{rows}.db")
    start = time.perf_counter()
    export(
        database, data.settings(), Selection(), form=ExportFormat(form), out=f"{folder.absolute()}/"
    )
    seconds = time.perf_counter() - start
    shutil.rmtree(folder)
    return seconds


def _filled(rows: int) -> None:
    path = FOLDER / f"records-{rows}.db"
    if path.exists():
        return
    FOLDER.mkdir(exist_ok=True)
    part = path.with_suffix(".part")
    for left in FOLDER.glob(f"{part.name}*"):
        left.unlink()
    database = data.opened(part)
    initialise(database)
    for start in range(0, rows, _AT_ONCE):
        those = range(start, min(start + _AT_ONCE, rows))
        record(database, {number: {**ADA, "LastName": f"No. {number}"} for number in those})
    database.dialect.scrub(database.engine)  # all of it in the one file
    database.dispose()
    part.rename(path)
