"""The users' own table: where resumes come from and records go. We never materialize it."""

import warnings

import dagster as dg
from sqlalchemy.dialects import mssql

from resume_assets.assets.partitions import GROUP, OWNERS
from resume_assets.assets.reporting import table_column
from resume_assets.database.candidates import MODIFIED, PROCESSED, TEXT, USERID
from resume_assets.database.setup import declared_candidates
from resume_assets.extraction.candidate import COLUMNS
from resume_assets.extraction.describing import descriptions
from resume_assets.settings import SettingsError, load_settings

_QUEUE = {
    USERID: "The candidate's id; yours.",
    TEXT: "The resume as text; yours, never written.",
    MODIFIED: "When the resume was changed last; yours. The newest go first.",
    PROCESSED: "When an answer was written, UTC; NULL waits for the next batch.",
}


def _columns() -> dg.TableSchema:
    """The columns that `init-db` would create; an existing table may have others as well."""
    dialect = mssql.dialect(deprecate_large_types=True)  # not NTEXT
    described = {**_QUEUE, **descriptions()}
    return dg.TableSchema(
        [
            table_column(column.name, column.type.compile(dialect=dialect), described[column.name])
            for column in declared_candidates("aicandidate", "dbo").columns
        ]
    )


def configured() -> tuple[str, str]:
    """The kind of database and the table's name, as they are when Dagster loads this."""
    try:
        settings = load_settings()
    except SettingsError:  # the runs say so
        return "sqlserver", "dbo.aicandidate"
    is_sqlite = settings.safe_database_url().startswith("sqlite")
    usual = "aicandidate" if is_sqlite else "dbo.aicandidate"
    return "sqlite" if is_sqlite else "sqlserver", settings.table or usual


DATABASE, _TABLE = configured()
"""The kind of the assets that are in the users' database, for the UI to show."""


def _spec() -> dg.AssetSpec:
    with warnings.catch_warnings():
        # Links from the UI to the code are a beta; if they change, nothing else does.
        warnings.simplefilter("ignore", dg.BetaWarning)
        here = dg.CodeReferencesMetadataValue(
            code_references=[dg.LocalFileCodeReference(file_path=__file__)]
        )
    return dg.AssetSpec(
        "aicandidate",
        group_name=GROUP,
        owners=OWNERS,
        kinds={DATABASE, "table"},
        description=(
            f"The recruiters' table of candidates: a resume as text, and {len(COLUMNS)} "
            "columns that the platform fills. `updated_candidate_records` writes back into it."
        ),
        metadata={
            "dagster/table_name": _TABLE,
            "dagster/column_schema": _columns(),
            "dagster/code_references": here,
        },
    )


aicandidate = _spec()
