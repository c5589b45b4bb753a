"""`import_resumes`; `import` is a word of Python's, which Dagster takes for no job."""

from pathlib import Path

import dagster as dg
from pydantic import Field

from resume_assets.assets.documents import folder_of, lines_of, metadata_of
from resume_assets.assets.fields import DRY_RUN, within
from resume_assets.assets.safely import safely
from resume_assets.by_hand.telling import tell
from resume_assets.documents.importing import deliver
from resume_assets.resources import SettingsResource, SQLServerResource


class ImportConfig(dg.Config):
    """What to import."""

    folder: str = Field(
        default="", description="A folder, or one file; empty: RESUME_IMPORT_FOLDER."
    )
    csv: str = Field(
        default="",
        description="Whose each file is: a CSV of file,userid. Empty: userids.csv in the folder; "
        "where there is none, each file is a new candidate.",
    )
    first_userid: int | None = Field(
        default=None,
        description="Number new candidates from there, where the table does not do it by itself.",
    )
    dry_run: bool = DRY_RUN


@dg.op(out=dg.Out(dg.Nothing))
def import_a_folder(
    context: dg.OpExecutionContext,
    config: ImportConfig,
    settings: SettingsResource,
    sqlserver: SQLServerResource,
) -> None:
    """Reads documents, and writes their text into the candidate table."""
    with safely("importing documents"):
        within("first_userid", config.first_userid, 0)
        named = config.folder.strip()
        done = deliver(
            sqlserver.database(),
            [Path(named).expanduser() if named else folder_of(settings.load())],
            csv=Path(config.csv.strip()).expanduser() if config.csv.strip() else None,
            first_userid=config.first_userid,
            dry_run=config.dry_run,
        )
    lines = lines_of(done)
    if config.dry_run:
        lines.append(f"{done.readable:,} would be imported: set dry_run to false to do it.")
    tell(context, lines, metadata_of(done))


@dg.job(
    description="Import the documents of a folder as resumes, or one file: PDF, Word, "
    "OpenDocument, RTF, HTML, text. The same bytes never come twice. With dry_run, the default, it "
    "only tells how many can be read, and why others can't."
)
def import_resumes() -> None:
    """One step."""
    import_a_folder()
