"""`undo`: what a batch overwrote is put back; told first, what is left alone with the reason."""

from collections.abc import Sequence

import click

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import PATIENCE, leased
from resume_assets.batches.upkeep import undoing
from resume_assets.commands.output import say
from resume_assets.commands.people import known_userids
from resume_assets.database.connect import Database


def undo(database: Database, name: str, userids: Sequence[str], *, sure: bool) -> int:
    """Say what it comes to, ask, and put the records back; the exit code.

    `sure`: do not ask. Raises UnknownBatch, BadUserid, NotWritten, BatchBusy, click.Abort where the
    person declines.
    """
    batch = database.read(lambda connection: batches.get(connection, database, name))
    key, chosen = batch.batch_key, known_userids(database, userids)
    can_be = undoing.look(database, key, chosen)
    if not can_be.put_back:
        _say_left_alone(can_be)
        say(f"Nothing of {key} can be put back, or all of it is.")
        return 0
    if not sure:
        _say_left_alone(can_be)
        say(f"{can_be.put_back:,} records of {key} can be put back as they were before it.")
        _say_waiting(can_be, "will wait")
        click.confirm("Put them back?", abort=True)
    with leased(database, key, patience=PATIENCE) as lease:
        undone = undoing.undo(lease, chosen)
    _say_left_alone(undone)
    say(f"{undone.put_back:,} records of {key} are as they were before it.")
    _say_waiting(undone, "wait")
    return 0


def _say_left_alone(undone: undoing.Undone) -> None:
    for why, count in undone.left_alone.most_common():
        say(f"{count:>7,}  left alone: {why}")


def _say_waiting(undone: undoing.Undone, wait: str) -> None:
    if undone.waiting:
        say(
            f"{undone.waiting:,} of them {wait} again, and go with the next batch. To keep one "
            "from being sent, set its LastProcessed; to keep all, leave `submit` and `continuous` "
            "alone and stop continuous_submission_sensor."
        )
