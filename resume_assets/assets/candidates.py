"""The users' own table: where resumes come from and records go. We never materialize it."""

import warnings

import dagster as dg
from sqlalchemy.dialects import mssql

from resume_assets.assets.partitions import GROUP, OWNERS
from resume_assets.assets.reporting import table_column
from resume_assets.database.setup import declared_candidates


def _columns() -> dg.TableSchema:
    """The columns that `init-db` would create; an existing table may have others as well."""
    dialect = mssql.dialect(deprecate_large_types=True)  # not NTEXT
    return dg.TableSchema(
        [
            table_column(column.name, column.type.compile(dialect=dialect))
            for column in declared_candidates("aicandidate", "dbo").columns
        ]
    )


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
            "The recruiters' table of candidates: a resume as text, and some ninety columns that "
            "the platform fills. `updated_candidate_records` writes back into it."
        ),
        metadata={
            "dagster/table_name": "dbo.aicandidate",
            "dagster/column_schema": _columns(),
            "dagster/code_references": here,
        },
    )


aicandidate = _spec()
