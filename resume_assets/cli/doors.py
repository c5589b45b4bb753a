"""Into the platform and out of it: records that go elsewhere."""

from datetime import datetime

import click

from resume_assets.choices import ExportFormat
from resume_assets.cli.calling import command, load_settings
from resume_assets.cli.groups import Group
from resume_assets.cli.keys import Key


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
