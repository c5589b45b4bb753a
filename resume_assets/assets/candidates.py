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


def _table() -> str:
    """The table's name as it is configured when Dagster loads this."""
    try:
        return load_settings().table or "dbo.aicandidate"
    except SettingsError:  # the runs say so
        return "dbo.aicandidate"


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
        kinds={"sqlserver", "table"},
        description=(
            f"The recruiters' table of candidates: a resume as text, and {len(COLUMNS)} "
            "columns that the platform fills. `updated_candidate_records` writes back into it."
        ),
        metadata={
            "dagster/table_name": _table(),
            "dagster/column_schema": _columns(),
            "dagster/code_references": here,
        },
    )


aicandidate = _spec()
