"""An export from its beginning to its end: pages of records into a file of the wanted format."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson

from resume_assets.choices import ExportFormat
from resume_assets.database.candidates import PROCESSED, USERID
from resume_assets.database.connect import Database
from resume_assets.exports import spreadsheet
from resume_assets.exports.jsonresume.document import document
from resume_assets.exports.parquet import ParquetFile, require
from resume_assets.exports.reading import Records
from resume_assets.exports.selecting import Selection
from resume_assets.exports.target import Counted, Target
from resume_assets.extraction.describing import descriptions
from resume_assets.progress import Unit, step
from resume_assets.settings import Settings

_Add = Callable[[Sequence[Sequence[Any]]], object]

_DESCRIBED = {
    USERID: "The candidate's id.",
    PROCESSED: "When the record was written, in the database's own clock.",
}


@dataclass(frozen=True, slots=True)
class Exported:
    """What came of an export; `file` without credentials."""

    format: ExportFormat
    file: str
    records: int
    bytes: int
    forgotten: int  # who are left out, for they are to be forgotten
    columns: int


def export(
    database: Database,
    settings: Settings,
    selection: Selection,
    *,
    form: ExportFormat | None = None,
    out: str | None = None,
) -> Exported:
    """Write the records of a selection into a file, whole or not at all; nothing else changes.

    `form`, `out`: as configured where they are None. Raises BadTarget, StoreFailed, NoParquet,
    UnfitValue, DatabaseFailed, OSError.
    """
    form = form or settings.export_format
    if form is ExportFormat.parquet:
        require()  # before anything is made
    where = out or f"{settings.export_url.rstrip('/')}/"
    target = Target(where, selection.name, form, settings.store_arguments(where))
    records = Records(database, selection)
    written = 0
    with (
        step("exporting", Unit.record, records.count()) as counting,
        target.write() as stream,
    ):
        with _WRITERS[form](stream, records) as add:
            for page in records.pages():
                add(page)
                written += len(page)
                counting.advance(len(page))
        size = stream.tell()
    return Exported(
        format=form,
        file=target.shown,
        records=written,
        bytes=size,
        forgotten=records.forgotten,
        columns=len(records.columns),
    )


@contextmanager
def _jsonresume(stream: Counted, records: Records) -> Iterator[_Add]:
    columns = records.columns

    def add(rows: Sequence[Sequence[Any]]) -> None:
        documents = (document(dict(zip(columns, row, strict=True))) for row in rows)
        stream.writelines(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in documents)

    yield add


@contextmanager
def _csv(stream: Counted, records: Records) -> Iterator[_Add]:
    stream.write((spreadsheet.MARK + spreadsheet.lines([records.columns])).encode())
    yield lambda rows: stream.write(spreadsheet.lines(rows).encode())


@contextmanager
def _parquet(stream: Counted, records: Records) -> Iterator[_Add]:
    described = {**descriptions(), **_DESCRIBED}
    file = ParquetFile(stream, records.columns, records.types, described)
    yield file.add
    file.close()


_WRITERS = {
    ExportFormat.jsonresume: _jsonresume,
    ExportFormat.csv: _csv,
    ExportFormat.parquet: _parquet,
}
