"""`undo`: what a batch overwrote is put back; told first, what is left alone with the reason."""

from collections.abc import Sequence

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import PATIENCE, leased
from resume_assets.batches.upkeep import undoing
from resume_assets.commands.output import answer, confirm, say
from resume_assets.commands.people import known_userids
from resume_assets.database.connect import Database
from resume_assets.words import counted, verb


def undo(
    database: Database, name: str, userids: Sequence[str], *, dry_run: bool = False, sure: bool
) -> int:
    """Say what it comes to, ask, and put the records back; the exit code.

    `dry_run`: only say it; `sure`: do not ask. Raises UnknownBatch, BadUserid, NotWritten,
    BatchBusy, click.Abort where the person declines.
    """
    batch = database.read(lambda connection: batches.get(connection, database, name))
    key, chosen = batch.batch_key, known_userids(database, userids)
    can_be = undoing.look(database, key, chosen)
    answer(batch_key=key, put_back=0, left_alone=dict(can_be.left_alone), waiting=0, next=None)
    if not can_be.put_back:
        _say_left_alone(can_be)
        say(f"Nothing of {key} can be put back, or all of it is.")
        return 0
    if dry_run or not sure:
        _say_left_alone(can_be)
        say(f"{_records(can_be)} of {key} can be put back as before it.")
        _say_waiting(can_be, "will wait")
    if dry_run:
        again = " ".join(["resume-assets undo", key, *userids])
        answer(put_back=can_be.put_back, waiting=can_be.waiting, next=again)
        say("Nothing was changed.")
        say(f"Next: `{again}` puts them back.")
        return 0
    if not sure:
        confirm("Put back?")
    with leased(database, key, patience=PATIENCE) as lease:
        undone = undoing.undo(lease, chosen)
    _say_left_alone(undone)
    say(f"{_records(undone)} of {key} {verb(undone.put_back, 'is', 'are')} as before it.")
    _say_waiting(undone, verb(undone.waiting, "waits", "wait"))
    answer(
        put_back=undone.put_back,
        left_alone=dict(undone.left_alone),
        waiting=undone.waiting,
        next="resume-assets status",
    )
    say("Next: `resume-assets status` shows what waits now.")
    return 0


def _records(undone: undoing.Undone) -> str:
    return counted(undone.put_back, "record")


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
