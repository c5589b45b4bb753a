"""`retry` and `cancel`: what only a person decides."""

from collections.abc import Sequence
from typing import Any

from resume_assets.batches.ledger.lease import PATIENCE, leased
from resume_assets.batches.ledger.states import BatchState
from resume_assets.batches.upkeep import people
from resume_assets.commands.output import describe, say
from resume_assets.commands.session import Session
from resume_assets.database.connect import Database
from resume_assets.errors import WrongUseError
from resume_assets.resources import BatchStoreResource
from resume_assets.settings import Settings


class BadUserid(WrongUseError):
    """No id of the candidate table could look like this."""


def retry(database: Database, settings: Settings, userids: Sequence[str]) -> int:
    """Forget the failed attempts of these candidates, of all that are given up if none is named."""
    kind = database.candidates.userid.type.python_type
    chosen: list[Any] = []
    for userid in userids:
        try:
            chosen.append(kind(userid))
        except ValueError:
            raise BadUserid(
                f"{userid!r} is no id of this table: it takes {kind.__name__}."
            ) from None
    forgiven = people.forgive(database, settings, chosen or None)
    say(f"{forgiven} {'candidate is' if forgiven == 1 else 'candidates are'} in the queue again.")
    return 0


def cancel(session: Session, name: str) -> int:
    """Call a batch back, wherever it stands; the exit code."""
    before = session.batch(name)
    key = before.batch_key
    with session.openai.api() as api, leased(session.database, key, patience=PATIENCE) as lease:
        store = BatchStoreResource(settings=session.resource).store()
        batch = people.cancel(lease, session.settings, store, api)
    say(describe(batch))
    if batch.state == before.state != BatchState.submitted:
        say("It has ended; there is nothing to cancel.")
    elif batch.state == BatchState.submitted:
        say(f"OpenAI is cancelling it; `resume-assets check {key}` brings in what it has answered.")
    return 0
