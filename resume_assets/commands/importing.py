"""`import`: documents become candidates' resumes; what could not be read is named, with why."""

from collections.abc import Sequence
from pathlib import Path

from resume_assets.commands.output import answer, say
from resume_assets.database.connect import Database
from resume_assets.documents.importing import Delivered, deliver
from resume_assets.documents.reasons import TOLD
from resume_assets.documents.rows import Outcome
from resume_assets.words import counted

_MOST = 1_000
"""Ids in the document for programs, at most."""


def import_documents(
    database: Database,
    named: Sequence[Path],
    *,
    csv: Path | None,
    first_userid: int | None,
    dry_run: bool,
) -> int:
    """Import, and say what came of each file that was not; the exit code, 1 where none could be.

    Raises what `deliver` raises.
    """
    done = deliver(database, named, csv=csv, first_userid=first_userid, dry_run=dry_run)
    written = done.outcomes[Outcome.imported] + done.outcomes[Outcome.filled]
    is_nothing = bool(done.unread) and not (written or done.readable or done.outcomes)
    then = "resume-assets submit --dry-run" if written else None
    answer(
        delivery=None if dry_run else done.delivery,
        files=done.files,
        imported=done.outcomes[Outcome.imported],
        filled=done.outcomes[Outcome.filled],
        known=done.outcomes[Outcome.known],
        readable=done.readable if dry_run else None,
        not_imported={reason.value: count for reason, count in done.reasons.items()},
        problems=[
            {"file": one.file, "reason": one.reason.value, "told": TOLD[one.reason]}
            for one in done.unread
        ],
        userids=[str(userid) for userid in done.userids[:_MOST]],
        next=then,
    )
    for line in _lines(done, dry_run=dry_run):
        say(line)
    if then is not None:
        say(f"Next: `{then}` tells what reading them will cost.")
    return 1 if is_nothing else 0


def _lines(done: Delivered, *, dry_run: bool) -> list[str]:
    lines = [f"{one.file}: {TOLD[one.reason]}." for one in done.unread]
    if lines:
        lines.append("")
    lines.append(f"{counted(done.files, 'file')}:")
    if dry_run:
        lines.append(f"{done.readable:>7,}  would be imported; nothing was written")
    for outcome, words in (
        (Outcome.imported, "imported, each a new candidate"),
        (Outcome.filled, "imported for the candidates that the CSV names"),
        (Outcome.known, "left alone: the same bytes came before"),
    ):
        if done.outcomes[outcome]:
            lines.append(f"{done.outcomes[outcome]:>7,}  {words}")
    lines += (f"{count:>7,}  not: {TOLD[why]}" for why, count in done.reasons.most_common())
    return lines
