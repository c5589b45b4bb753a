"""`export`: the records, or some of them, into a file of the user's own."""

from collections.abc import Sequence
from datetime import date

from resume_assets.choices import ExportFormat
from resume_assets.commands.output import answer, say, warn
from resume_assets.database.connect import Database
from resume_assets.exports.selecting import select
from resume_assets.exports.writing import Exported
from resume_assets.exports.writing import export as write
from resume_assets.settings import Settings
from resume_assets.words import counted, size, verb


def export(
    database: Database,
    settings: Settings,
    *,
    form: ExportFormat | None,
    batch: str | None,
    since: date | None,
    userids: Sequence[str],
    out: str | None,
) -> int:
    """Write the file, and say what is in it; 0 also where that is no record.

    Raises what `select` and `write` raise.
    """
    selection = select(database, batch=batch, since=since, userids=userids)
    if selection.told is not None:
        warn(selection.told)
    done = write(database, settings, selection, form=form, out=out)
    answer(
        format=done.format.value,
        file=done.file,
        records=done.records,
        bytes=done.bytes,
        columns=done.columns,
        forgotten=done.forgotten,
        left_out=dict(database.candidates.left_out),
    )
    for line in lines_of(done):
        say(line)
    return 0


def lines_of(done: Exported) -> list[str]:
    """What came of it, for people."""
    lines = [f"{counted(done.records, 'record')}, {size(done.bytes)}, in {done.file}"]
    if done.forgotten:
        lines.append(
            f"{done.forgotten:,} {verb(done.forgotten, 'is', 'are')} left out, for these people "
            "are to be forgotten."
        )
    if not done.records:
        lines.append("No record is written of what was asked for: LastProcessed is NULL there.")
    return lines
