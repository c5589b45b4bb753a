"""Look at what came up and tell it, as far as receivers and time allow."""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial

from resume_assets.batches.ledger import batches
from resume_assets.database.connect import Database
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.notifying import outbox
from resume_assets.notifying.failures import NotTold
from resume_assets.notifying.finding import find
from resume_assets.notifying.matters import Kind, Matter
from resume_assets.notifying.receivers import Receiver, receivers_of
from resume_assets.notifying.sending import send
from resume_assets.notifying.wording import Message
from resume_assets.settings import Settings

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Told:
    """How many notices each receiver was told, by what is shown of it; and what stood in the way.

    `receivers`: how many there are.
    """

    receivers: int = 0
    notices: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """In a sentence or two."""
        parts = [f"{shown} was told {count}." for shown, count in self.notices.items()]
        return " ".join([*parts, *self.problems]) or "Nothing came up."


def tell(
    database: Database,
    settings: Settings,
    *,
    until: Callable[[], bool] = lambda: False,
    at_once: bool = False,
) -> Told:
    """Note what came up and tell it to each receiver; where there is none, nothing is looked at.

    A receiver that does not take it is a sentence in `problems`, and is told later. `until`:
    whether to stop now, for a tick that must end. `at_once`: also try those that are left alone
    after a failure. Raises DatabaseFailed.
    """
    receivers = receivers_of(settings)
    result = Told(len(receivers.found), problems=list(receivers.problems))
    if not receivers.found:
        return result
    look(database, settings)
    for receiver in receivers.found:
        _tell_one(database, receiver, result, until=until, at_once=at_once)
    return result


def look(database: Database, settings: Settings) -> int:
    """Note what came up since the last look; returns how much did. Raises DatabaseFailed."""
    found = database.read(lambda connection: find(connection, database, settings))
    return outbox.note(database, found.matters, found.looked_at)


def report(database: Database, matters: Collection[Matter]) -> None:
    """Note what only its caller knows. Where that fails it is logged, and the caller goes on."""
    try:
        outbox.note(database, matters)
    except DatabaseFailed as problem:
        _log.warning("not noted, and so told to nobody: %s", problem)


def _tell_one(
    database: Database,
    receiver: Receiver,
    result: Told,
    *,
    until: Callable[[], bool],
    at_once: bool,
) -> None:
    claim = partial(outbox.claim, database, receiver.key, at_once=at_once)
    while not until() and (claimed := claim()) is not None:
        installation = database.read(lambda c: batches.installation_of(c, database))
        try:
            answer = send(receiver, Message(claimed.notices, installation))
        except NotTold as failed:
            _note_failure(database, receiver, claimed, failed, result)
            return
        outbox.told(database, claimed)
        _log.info("told %s %d notices: %s", receiver.shown, len(claimed.notices), answer)
        result.notices[receiver.shown] = result.notices.get(receiver.shown, 0) + len(
            claimed.notices
        )


def _note_failure(
    database: Database,
    receiver: Receiver,
    claimed: outbox.Claimed,
    failed: NotTold,
    result: Told,
) -> None:
    given_up = outbox.not_told(
        database,
        claimed,
        str(failed),
        retry_after=failed.retry_after,
        refused=failed.refused,
        for_good=failed.for_good,
    )
    _log.warning("%s", failed)
    if not given_up:
        result.problems.append(f"{failed}; it is told later.")
        return
    result.problems.append(f"{failed}; {len(claimed.notices)} notices are given up.")
    report(database, [_refuses(receiver, failed)])  # to the others


def _refuses(receiver: Receiver, failed: NotTold) -> Matter:
    return Matter(
        Kind.receiver_refuses,
        (receiver.key,),
        f"{failed}, and so it is not told what came up. Mend RESUME_NOTIFY_URL; this tries it:",
        "resume-assets notify --test",
        comes_again=True,
    )
