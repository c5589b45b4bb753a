"""Into the platform and out of it: documents that become resumes, records that go elsewhere."""

from datetime import datetime
from pathlib import Path

import click

from resume_assets.choices import ExportFormat
from resume_assets.cli.calling import command, load_settings
from resume_assets.cli.groups import Group
from resume_assets.cli.keys import Key


@command("import", "resume-assets import ~/cvs --dry-run", group=Group.doors)
@click.argument("named", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--csv",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Whose each file is: rows of file,userid.  [FOLDER/userids.csv]",
)
@click.option(
    "--first-userid",
    type=click.IntRange(0, 2**63 - 1),
    help="Number new candidates from there, where the table does not do it.",
)
@click.option("--dry-run", is_flag=True, help="Read all, say what can't be; write nothing.")
def import_(
    named: tuple[Path, ...], csv: Path | None, first_userid: int | None, dry_run: bool
) -> int:
    """Import documents as resumes.

    NAMED are files, and folders that are searched through: PDF, Word, OpenDocument, RTF, HTML, text
    and Markdown. Each becomes a new candidate, or the resume of the one that a CSV names. The same
    bytes never come twice, so it can be called again at any time.
    """
    from resume_assets.commands import importing
    from resume_assets.commands.databases import opened_database

    with opened_database(load_settings()) as database:
        return importing.import_documents(
            database, named, csv=csv, first_userid=first_userid, dry_run=dry_run
        )


@command("export", "resume-assets export --format csv --since 2026-11-01", group=Group.doors)
@click.option(
    "--format",
    "form",
    type=click.Choice([*ExportFormat]),
    help="JSON Resume (a document a line), CSV or Parquet.  [RESUME_EXPORT_FORMAT]",
)
@click.option("--batch", type=Key("batches"), help="Records of this batch, as they are now.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="Records written on that day (LastProcessed) or later.",
)
@click.option("--userid", "userids", multiple=True, help="Of this candidate; several times.")
@click.option("--out", help="A file, a folder, or an fsspec URL.  [RESUME_EXPORT_STORE]")
def export(
    form: ExportFormat | None,
    batch: str | None,
    since: datetime | None,
    userids: tuple[str, ...],
    out: str | None,
) -> int:
    """Write records into a file of yours.

    All that are written, or those of one batch, of some days, or of some candidates. The columns
    are those that this platform fills; no resume is in the file. The file is for you alone, and
    there whole or not at all.
    """
    from resume_assets.commands import exporting
    from resume_assets.commands.databases import opened_database

    settings = load_settings()
    with opened_database(settings) as database:
        return exporting.export(
            database,
            settings,
            form=None if form is None else ExportFormat(form),
            batch=batch,
            since=None if since is None else since.date(),
            userids=userids,
            out=out,
        )
