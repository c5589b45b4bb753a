"""How items end: their states are written, and the claims on their candidates are released."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.ledger.lease import Lease
from resume_assets.batches.ledger.states import ItemState
from resume_assets.extraction.responses import Answer

USAGE = ("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens")
"""The items' columns for what an answer cost, in the order of Usage."""

Usage = tuple[int | None, int | None, int | None, int | None]


def usage_of(answer: Answer) -> Usage:
    """What an answer cost, in tokens."""
    return (
        answer.input_tokens,
        answer.cached_tokens,
        answer.cache_write_tokens,
        answer.output_tokens,
    )


@dataclass(frozen=True, slots=True)
class End:
    """How an item ends that has no record to write."""

    userid: Any
    state: ItemState
    reason: str
    usage: "Usage" = (None, None, None, None)
    attempt_used: bool = False


def close(connection: sa.Connection, lease: Lease, ends: list[End]) -> None:
    """Close items that have no record, and release their claims."""
    if not ends:
        return
    dialect = lease.database.dialect
    now = dialect.utc_now(connection)
    dialect.update_rows(
        connection,
        lease.items,
        ("batch_key", "userid"),
        ("state", "reason", "attempt_used", *USAGE, "closed_at"),
        [
            (
                end.state.value,
                end.reason[:200],
                end.attempt_used,
                *end.usage,
                now,
                lease.key,
                end.userid,
            )
            for end in ends
        ],
    )
    drop_claims(connection, lease, [end.userid for end in ends])


def drop_claims(connection: sa.Connection, lease: Lease, userids: list[Any]) -> None:
    """Release the claims on candidates whose items the same transaction closes.

    A trial's batch has none: those on its candidates are other batches'.
    """
    if lease.trial_key is not None:
        return
    claims = lease.database.ledger.claims
    lease.database.dialect.delete_rows(connection, claims, "userid", userids)
