"""Lists of batches and files: whole, in whatever order a server gives them, spelled one way.

Microsoft's published examples of Azure's batches have `Validating` for a status, a time in words of
ISO 8601 for one in seconds, and lists in either order (learn.microsoft.com, "Getting started with
Azure OpenAI batch deployments", August 2026).
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from openai.pagination import SyncCursorPage
from openai.types import Batch, FileObject

CLOCK_SKEW = timedelta(minutes=10)
"""How far OpenAI's clock and the database's may be apart."""

T = TypeVar("T", Batch, FileObject)

_TIMES = (
    *("created_at", "in_progress_at", "expires_at", "finalizing_at", "completed_at"),
    *("failed_at", "expired_at", "cancelling_at", "cancelled_at"),
)
_STATUSES = {"canceling": "cancelling", "canceled": "cancelled"}


def with_id(made: T) -> T:
    """The object, if it is one: the client passes a proxy's HTML page on as a string."""
    if not isinstance(getattr(made, "id", None), str):
        raise TypeError("no object with an id")
    return _spelled(made)


def listed(first: SyncCursorPage[T]) -> Iterator[T]:
    """Everything on a list's pages. Raises TypeError for one that may not be complete.

    The client takes an answer that is no page for an empty list; but here a batch's absence from
    the list counts as proof that it was not created.
    """
    more: bool | None = True
    for page in first.iter_pages():
        if not isinstance(page.data, list):
            break
        yield from map(_spelled, page.data)
        more = page.has_more
    if more:
        raise TypeError("a list that breaks off")


def back_to(since: datetime, first: SyncCursorPage[T]) -> Iterator[T]:
    """Those of a list that may have been made since then (UTC, without zone).

    It ends with the first that is older only where the list is seen to have the newest first; what
    stands in another order is read to its end. Raises TypeError as `listed` does.
    """
    limit, before, falls, rises = since - CLOCK_SKEW, None, False, False
    for one in listed(first):
        made = _time_of(one.created_at)
        if made is not None and before is not None:
            falls, rises = falls or made < before, rises or made > before
        before = before if made is None else made
        if made is None or made >= limit:
            yield one
        elif falls and not rises:
            return


def _time_of(timestamp: object) -> datetime | None:
    """A time of the server's, UTC without zone; None where it gave none."""
    if not isinstance(timestamp, int | float):
        return None
    return datetime.fromtimestamp(timestamp, UTC).replace(tzinfo=None)


def _spelled(one: T) -> T:
    """The object with its status and times as OpenAI spells them; what is no such is left."""
    status: object = getattr(one, "status", None)
    if isinstance(status, str):
        folded = status.lower()
        one.status = _STATUSES.get(folded, folded)  # type: ignore[assignment]
    for name in _TIMES:
        told: object = getattr(one, name, None)
        if isinstance(told, str):
            setattr(one, name, _seconds(told))
    return one


def _seconds(told: str) -> int | str:
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        return told
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())
