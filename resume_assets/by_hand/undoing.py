"""`undo`."""

from typing import Any

import dagster as dg
from pydantic import Field

from resume_assets.assets.fields import DRY_RUN, USERIDS, required
from resume_assets.assets.reporting import counts_table
from resume_assets.assets.safely import safely
from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import PATIENCE, leased
from resume_assets.batches.upkeep import undoing
from resume_assets.batches.upkeep.naming import named
from resume_assets.by_hand.candidates import ids_in
from resume_assets.by_hand.telling import tell
from resume_assets.resources import SQLServerResource
from resume_assets.words import counted


class UndoConfig(dg.Config):
    """Whose records to put back."""

    batch: str = Field(default="", description="The batch's key, or its id at OpenAI.")
    userids: list[Any] = USERIDS
    dry_run: bool = DRY_RUN


@dg.op(out=dg.Out(dg.Nothing))
def put_back_what_was_overwritten(
    context: dg.OpExecutionContext, config: UndoConfig, sqlserver: SQLServerResource
) -> None:
    """Puts back what a batch overwrote; records that were changed since are left alone."""
    with safely("undoing"):
        name = required("batch", config.batch, "the key of a batch")
        database = sqlserver.database()
        userids = ids_in(database, config.userids, "undo")
        key = database.read(lambda connection: batches.get(connection, database, name)).batch_key
        found = named(database, userids) if userids else None
        chosen = None if found is None else found.userids
        if config.dry_run:
            undone = undoing.look(database, key, chosen)
        else:
            with leased(database, key, patience=PATIENCE) as lease:
                undone = undoing.undo(lease, chosen)
    lines = [] if found is None or found.told is None else [found.told]
    tell(
        context,
        [*lines, *_lines(key, undone, dry_run=config.dry_run)],
        {
            "put_back": undone.put_back,
            "waiting_again": undone.waiting,
            "left_alone_by_reason": counts_table(
                {str(why): count for why, count in undone.left_alone.items()}, "reason", "records"
            ),
        },
    )


def _lines(key: str, undone: undoing.Undone, *, dry_run: bool) -> list[str]:
    if not undone.put_back:
        return [f"Nothing of {key} can be put back, or all of it is."]
    records = counted(undone.put_back, "record")
    if dry_run:
        return [
            f"{records} of {key} can be put back, and {undone.waiting:,} would then wait again.",
            "Nothing was changed: set dry_run to false to do it.",
        ]
    return [
        f"{records} of {key}: as before it. {undone.waiting:,} wait again, for the next batch.",
    ]


@dg.job(
    description="Put back what a batch overwrote, of these candidates or of all. Records that were "
    "changed since are left alone, and counted with the reason. With dry_run, the default, it only "
    "tells."
)
def undo() -> None:
    """One step."""
    put_back_what_was_overwritten()
