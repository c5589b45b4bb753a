"""`forget`: people are forgotten, after a question; what it came to is shown, and kept."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from resume_assets.batches.store import BatchStore
from resume_assets.batches.upkeep import forgetting
from resume_assets.batches.upkeep.naming import LARGEST, typed_userids
from resume_assets.batches.upkeep.receipts import Receipt, kept
from resume_assets.commands.collecting import NOT_ENDED
from resume_assets.commands.databases import opened_database
from resume_assets.commands.output import answer, confirm, say, wants_json, warn
from resume_assets.commands.session import Session
from resume_assets.database.connect import Database
from resume_assets.errors import WrongUseError
from resume_assets.openai_api.client import BatchApi
from resume_assets.settings import Settings, SettingsError
from resume_assets.words import counted

STANDARD_INPUT = "-"


class NobodyNamed(WrongUseError):
    """No id was given, or one that no table could hold, or there is no way to ask."""


def named(database: Database, userids: Sequence[str], *, asks: bool) -> list[Any]:
    """The ids in the table's own type; `-` stands for the lines of standard input.

    `asks`: a question will be asked, whose answer can't come from there as well. Raises BadUserid,
    NobodyNamed. Unlike elsewhere, a candidate who is gone is no mistake.
    """
    if asks and STANDARD_INPUT in userids:
        raise NobodyNamed("With - for ids on standard input, say --yes: nobody can be asked then.")
    typed: list[str] = []
    for userid in userids:
        if userid != STANDARD_INPUT:
            typed.append(userid)
            continue
        typed += [line.strip() for line in sys.stdin if line.strip()]
    found = typed_userids(database, typed)
    if not found:
        raise NobodyNamed("Whom? `resume-assets forget USERID…`, or - for ids on standard input.")
    if any(isinstance(one, int) and abs(one) > LARGEST for one in found):
        raise NobodyNamed("One of these ids is larger than any that a database holds.")
    return found


def forget(session: Session, userids: Sequence[Any], *, records: bool, sure: bool) -> int:
    """Ask, forget, show the receipt; the exit code, NOT_ENDED where something is left for later.

    `sure`: do not ask; nor is a program asked. Raises click.Abort where the person declines.
    """
    if not sure and not wants_json():
        say(_what_it_means(len(userids), records=records))
        confirm("Forget them? It can't be undone.")
    store = BatchStore.configured(session.settings)
    with _api(session) as api:
        receipt = forgetting.forget(
            session.database, session.settings, store, api, userids, records=records
        )
    answer(**receipt.as_dict())
    for line in lines_of(receipt, records=records):
        say(line)
    if not receipt.found_anything:
        warn("Nothing was known of any of them: is the id right? They are not sent in any case.")
    return NOT_ENDED if receipt.left else 0


def allow_again(session: Session, userids: Sequence[Any]) -> int:
    """Let people be sent again; the exit code. Raises BatchBusy."""
    store = BatchStore.configured(session.settings)
    with _api(session) as api:
        allowed = forgetting.allow_again(session.database, session.settings, store, api, userids)
    answer(allowed_again=allowed, named=len(userids))
    say(f"{allowed:,} of {len(userids):,} may be sent again, and were not to be before.")
    say("Those whose LastProcessed is NULL wait; what was forgotten of them is gone for good.")
    return 0


def show_receipts(settings: Settings) -> int:
    """All receipts that are kept."""
    with opened_database(settings) as database:
        found = kept(database)
    answer(receipts=found)
    for one in found:
        left = f", {len(one['left_for_later'])} left for later" if one["left_for_later"] else ""
        say(
            f"{one['made_at']}  {one['receipt']}  {_people(one['people'])}, "
            f"{counted(one['ledger_rows'], 'row')}, {counted(one['lines_blanked'], 'line')}, "
            f"{counted(one['records_emptied'], 'record')} emptied{left}"
        )
    if not found:
        say("Nobody was forgotten yet.")
    return 0


def lines_of(receipt: Receipt, *, records: bool) -> Iterator[str]:
    """The receipt for people."""
    yield f"receipt       {receipt.key}, {receipt.made_at:%Y-%m-%d %H:%M:%S} UTC"
    yield f"people        {receipt.people:,}; they are not sent any more"
    yield f"ledger        {counted(receipt.ledger_rows, 'row')} without what was personal"
    yield f"journal       {counted(receipt.journal_entries, 'entry')} deleted"
    blanked, removed = (
        counted(receipt.lines_blanked, "line"),
        counted(receipt.files_removed, "file"),
    )
    yield f"files here    {blanked} blanked, {removed} removed"
    for name in receipt.removed:
        yield f"              removed: {name}"
    if receipt.answers_discarded:
        yield f"answers       {receipt.answers_discarded:,} are discarded, paid or not"
    if receipt.trials:
        yield f"trials        {receipt.trials:,} have them no more in their sample"
    if receipt.documents:
        yield f"documents     {receipt.documents:,} are not known any more; the files are yours"
    yield f"at OpenAI     {counted(receipt.remote_files_deleted, 'file')} deleted"
    for one in receipt.remote:
        what = one.file_id or "a file still to be made, or found"
        yield f"              batch {one.batch_key}: {what}, deleted by {one.until} at the latest"
    if records:
        yield f"records       {receipt.records_emptied:,} emptied"
        for why, count in receipt.not_emptied.items():
            yield f"              {count:,} not, or not all: {why}"
    else:
        yield "records       as they are; --records empties them. The resumes are yours to delete."
    yield "exports       files that you exported are yours, and not known here: look at them too"
    for sentence in receipt.left:
        yield f"left          {sentence}"
    if receipt.left:
        yield "What is left the daily job `housekeeping` does, or this command, called again."


@contextmanager
def _api(session: Session) -> Iterator[BatchApi | None]:
    """The endpoint, None where none is configured: then its files are only named."""
    try:
        session.settings.endpoint  # noqa: B018 (raises where there is none)
    except SettingsError as unset:
        warn(str(unset))
        yield None
        return
    with session.openai.api() as api:
        yield api


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"


def _what_it_means(people: int, *, records: bool) -> str:
    who = "this person" if people == 1 else f"these {_people(people)}"
    also = ", and their extracted columns are emptied" if records else ""
    return (
        f"What the ledger, the journal and the kept files hold of {who} is deleted{also}. Answers "
        "that are still to come are discarded, and they are sent to no model any more."
    )
