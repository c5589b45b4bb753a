"""`exported_records`: what was written on a day, as a file; for those who turn its schedule on."""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from resume_assets.assets.candidates import aicandidate
from resume_assets.assets.partitions import GROUP, days, partitioned_asset
from resume_assets.assets.reporting import ROW_COUNT
from resume_assets.assets.safely import safely
from resume_assets.exports.selecting import of_day
from resume_assets.exports.writing import export
from resume_assets.resources import SettingsResource, SQLServerResource


@partitioned_asset(partitions_def=days, group_name=GROUP, kinds={"file"}, deps=[aicandidate])
def exported_records(
    context: dg.AssetExecutionContext, settings: SettingsResource, sqlserver: SQLServerResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Writes the records of a day into a file, in RESUME_EXPORT_STORE as RESUME_EXPORT_FORMAT says.

    A partition is a day of LastProcessed, by the database's own clock. A record that is written
    again is in the file of the later day: readers take the newest by userid. The schedule
    `daily_export` does it each day, once it is turned on; the job `export` writes all at once.
    """
    day = date.fromisoformat(context.partition_key)
    with safely("exporting records"):
        done = export(sqlserver.database(), settings.load(), of_day(day))
    yield dg.MaterializeResult(
        metadata={
            ROW_COUNT: done.records,
            "file": dg.MetadataValue.path(done.file),
            "format": done.format.value,
            "bytes": done.bytes,
            "columns": done.columns,
            "left_out_forgotten": done.forgotten,
        }
    )
