"""`imported_resumes`: what is new in the folder of documents; a partition a delivery.

Dagster keeps what it is told for ever: counts and reasons. A file's name would name a person.
"""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from resume_assets.assets.partitions import GROUP, deliveries, partitioned_asset
from resume_assets.assets.reporting import Metadata, counts_table
from resume_assets.assets.safely import safely
from resume_assets.documents.importing import Delivered, deliver
from resume_assets.documents.reasons import TOLD
from resume_assets.documents.rows import Outcome
from resume_assets.resources import SettingsResource, SQLServerResource
from resume_assets.settings import Settings, SettingsError
from resume_assets.words import counted


@partitioned_asset(partitions_def=deliveries, group_name=GROUP, kinds={"file"})
def imported_resumes(
    context: dg.AssetExecutionContext, settings: SettingsResource, sqlserver: SQLServerResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Imports what is new in RESUME_IMPORT_FOLDER: documents become rows of `aicandidate`.

    A partition is a delivery: `import_sensor` makes one when files have come, once it is turned on.
    The same bytes never come twice, so materializing one again imports what was not read before.
    """
    with safely("importing documents"):
        values, database = settings.load(), sqlserver.database()
        done = deliver(database, [folder_of(values)], delivery=context.partition_key)
    for line in lines_of(done):
        context.log.info(line)
    yield dg.MaterializeResult(metadata=metadata_of(done))


def folder_of(settings: Settings) -> Path:
    """The folder that is configured. Raises SettingsError where none is."""
    if settings.import_folder is None:
        raise SettingsError(
            "RESUME_IMPORT_FOLDER is not set: it names the folder of documents to import."
        )
    return settings.import_folder.expanduser()


def lines_of(done: Delivered) -> list[str]:
    """What came of a delivery, for people."""
    outcomes = done.outcomes
    counts = (
        f"{counted(done.files, 'file')}: {outcomes[Outcome.imported]:,} new candidates, "
        f"{outcomes[Outcome.filled]:,} for candidates of the CSV, {outcomes[Outcome.known]:,} "
        f"known, {len(done.unread):,} not imported."
    )
    lines = [counts]
    lines += (f"{count:,} not: {TOLD[why]}." for why, count in done.reasons.most_common())
    if done.unread:
        lines.append("`resume-assets import FOLDER --dry-run` names them.")
    return lines


def metadata_of(done: Delivered) -> Metadata:
    """The same as numbers."""
    return {
        "files": done.files,
        "imported": done.outcomes[Outcome.imported],
        "filled": done.outcomes[Outcome.filled],
        "known": done.outcomes[Outcome.known],
        "readable": done.readable,
        "not_imported": len(done.unread),
        "not_imported_by_reason": counts_table(
            {TOLD[why]: count for why, count in done.reasons.items()}, "reason", "files"
        ),
    }
