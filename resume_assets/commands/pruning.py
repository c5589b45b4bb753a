"""`prune`: batches that closed long ago leave Dagster's lists, or come back to them."""

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

from resume_assets.batches.upkeep.old_batches import old_batches
from resume_assets.commands.output import answer, confirm, say
from resume_assets.dagster_home import open_instance
from resume_assets.database.connect import Database
from resume_assets.settings import Settings
from resume_assets.words import counted

if TYPE_CHECKING:
    import dagster as dg

_TOGETHER: Final = 500  # partitions whose runs are asked for at once


def prune(
    database: Database, settings: Settings, *, days: float | None, runs: bool, sure: bool
) -> int:
    """Take old partitions away, and with `runs`, once a person agreed, their finished runs.

    `sure`: do not ask. Raises click.Abort where the person declines.
    """
    from resume_assets.assets.partitions import take_away

    kept = settings.keep_partitions_days if days is None else days
    old, since = old_batches(database, kept), f"{kept:g} days ago or earlier"
    with open_instance(settings) as instance:
        found = _finished_runs(instance, old) if runs else []
        if found and not sure:
            say(f"{counted(len(found), 'finished run')} of batches that closed {since}.")
            confirm("Delete them? What Dagster noted of them does not come back; the ledger stays.")
        gone = take_away(instance, old)
        for run_id in found:
            instance.delete_run(run_id)
    answer(partitions=len(gone), runs=len(found), next="resume-assets prune --back")
    say(f"{counted(len(gone), 'batch')} that closed {since} left Dagster's lists.")
    if found:
        say(f"{counted(len(found), 'run')} deleted.")
    say("The ledger and the status table keep all of them.")
    say("Next: `resume-assets prune --back` brings them back.")
    return 0


def bring_back(database: Database, settings: Settings) -> int:
    """Add each closed batch's partition again; what Dagster noted of it is shown as before."""
    from resume_assets.assets.partitions import bring_back

    with open_instance(settings) as instance:
        back = bring_back(instance, old_batches(database, 0))
    answer(partitions=len(back), runs=0, next="resume-assets ui")
    say(f"{counted(len(back), 'batch')} brought back to Dagster's lists.")
    say("The daily housekeeping takes old ones away again: RESUME_KEEP_PARTITIONS_DAYS.")
    return 0


def _finished_runs(instance: "dg.DagsterInstance", keys: Sequence[str]) -> list[str]:
    """The ids of the runs of these batches that ended."""
    from dagster._core.storage.dagster_run import FINISHED_STATUSES

    from resume_assets.runs import runs_of

    waiting, found = iter(keys), []
    while some := list(islice(waiting, _TOGETHER)):
        for asked in runs_of(some, FINISHED_STATUSES):
            found += [run.run_id for run in instance.get_runs(asked)]
    return found
