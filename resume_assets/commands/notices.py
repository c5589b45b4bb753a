"""`notify`, and telling people what came up while a command runs."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from resume_assets.commands.output import answer, say, warn
from resume_assets.database.connect import Database
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.errors import WrongUseError
from resume_assets.notifying.failures import NotTold
from resume_assets.notifying.receivers import receivers_of
from resume_assets.notifying.sending import send
from resume_assets.notifying.telling import report, tell
from resume_assets.notifying.wording import Message
from resume_assets.settings import Settings

if TYPE_CHECKING:
    from resume_assets.commands.session import Session

_PAUSE = 60.0  # seconds between two looks at what came up


class NobodyToTell(WrongUseError):
    """No receiver is configured."""


def notify(database: Database, settings: Settings) -> int:
    """Tell what came up now, also to receivers that are left alone after a failure."""
    if settings.notify_url is None:
        raise _nobody()
    told = tell(database, settings, at_once=True)
    answer(told=dict(told.notices), problems=list(told.problems))
    for shown, count in told.notices.items():
        say(f"{shown}: told {count}")
    if told.receivers and not told.notices and not told.problems:
        say("Nothing came up that is not told.")
    for problem in told.problems:
        warn(problem)
    return 1 if told.problems else 0


def test(settings: Settings) -> int:
    """Send each receiver a trial word, and say what it answered; the ledger is not asked."""
    receivers = receivers_of(settings)
    if settings.notify_url is None:
        raise _nobody()
    for problem in receivers.problems:
        warn(problem)
    failed = bool(receivers.problems)
    answered: dict[str, str] = {}
    answer(answered=answered)
    for receiver in receivers.found:
        try:
            answered[receiver.shown] = said = str(send(receiver, Message(())))
            say(f"{receiver.shown} ({receiver.form}): {said}")
        except NotTold as problem:
            warn(f"{problem}.")
            failed = True
    return 1 if failed else 0


def _nobody() -> NobodyToTell:
    return NobodyToTell(
        "Nobody is told: set RESUME_NOTIFY_URL to https:// addresses and mailto:, separated by "
        "blanks (docs/notifications.md)."
    )


class Teller:
    """Tells what comes up while a command goes on, at most once a minute."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._began = datetime.now(UTC)
        self._last = -_PAUSE
        self._warned: set[str] = set()

    def tell(self, *, is_last: bool = False) -> None:
        """Look and tell, unless that was just done; what does not go is warned of, once."""
        if self._session.settings.notify_url is None:
            return
        if not is_last and time.monotonic() < self._last + _PAUSE:
            return
        self._last = time.monotonic()
        from resume_assets.notifications import (
            failed_runs,
        )  # loads Dagster, which `notify` needs not

        try:
            report(self._session.database, failed_runs(self._session.instance, self._began))
            problems = tell(self._session.database, self._session.settings).problems
        except DatabaseFailed as failed:
            problems = [str(failed)]
        for problem in problems:
            if problem not in self._warned:
                warn(problem)
            self._warned.add(problem)
