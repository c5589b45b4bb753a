"""`export`."""

from datetime import date
from typing import Any

import dagster as dg
from pydantic import Field

from resume_assets.assets.fields import USERIDS, BadField
from resume_assets.assets.safely import safely
from resume_assets.by_hand.candidates import ids_in
from resume_assets.by_hand.telling import tell
from resume_assets.choices import ExportFormat
from resume_assets.exports.selecting import select
from resume_assets.exports.writing import export as write
from resume_assets.resources import SettingsResource, SQLServerResource
from resume_assets.words import counted, size


class ExportConfig(dg.Config):
    """What to write, and where."""

    format: str = Field(
        default="",
        description="jsonresume, csv or parquet; empty: as RESUME_EXPORT_FORMAT says.",
    )
    batch: str = Field(
        default="", description="Only the records of this batch: its key, or its id at OpenAI."
    )
    since: str = Field(
        default="",
        description="Only records written on that day (LastProcessed) or later, as in 2026-11-27.",
    )
    userids: list[Any] = USERIDS
    out: str = Field(
        default="",
        description="A file, a folder (it ends in /) or an fsspec URL, without a password: it "
        "stays in the run's configuration. Empty: in RESUME_EXPORT_STORE.",
    )


@dg.op(out=dg.Out(dg.Nothing))
def write_records(
    context: dg.OpExecutionContext,
    config: ExportConfig,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
) -> None:
    """Writes the records into a file; a batch, a day or candidates may be named, none for all."""
    with safely("exporting records"):
        database, values = sqlserver.database(), settings.load()
        selection = select(
            database,
            batch=config.batch.strip() or None,
            since=_day(config.since.strip()),
            userids=ids_in(database, config.userids, "export"),
        )
        done = write(
            database,
            values,
            selection,
            form=_format(config.format.strip()),
            out=config.out.strip() or None,
        )
    lines = [] if selection.told is None else [selection.told]
    lines.append(f"{counted(done.records, 'record')}, {size(done.bytes)}, in {done.file}")
    if done.forgotten:
        lines.append(f"{done.forgotten:,} left out, for these people are to be forgotten.")
    tell(
        context,
        lines,
        {"records": done.records, "bytes": done.bytes, "file": dg.MetadataValue.path(done.file)},
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadField("since takes a day, as in 2026-11-27. Nothing was done.") from None


def _format(text: str) -> ExportFormat | None:
    try:
        return ExportFormat(text) if text else None
    except ValueError:
        formats = ", ".join(ExportFormat)
        raise BadField(f"format takes one of {formats}. Nothing was done.") from None


@dg.job(
    description="Write records into a file of yours, as JSON Resume, CSV or Parquet: all, or those "
    "of a batch, of some days, or of some candidates. Changes nothing in the database."
)
def export() -> None:
    """One step."""
    write_records()
