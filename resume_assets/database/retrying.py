"""The one way to run a transaction: as a whole, and again where the error is transient."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import sqlalchemy as sa
import tenacity

from resume_assets.database.dialect import Dialect
from resume_assets.errors import PlatformError
from resume_assets.tallies import Tally, count

_log = logging.getLogger(__name__)
T = TypeVar("T")

ATTEMPTS = 30
SECONDS = 180.0
"""ATTEMPTS and SECONDS outlast a server's restart or Azure's failover; a deadlock needs few."""


class DatabaseFailed(PlatformError):
    """The database refused or stayed away; holds codes and advice, never a row's value."""


class Refused(DatabaseFailed):
    """A table does not take one of the rows; it may take the others."""

    def __init__(self, message: str, column: str | None = None) -> None:
        super().__init__(message)
        self.column = column  # where the database named it


class DuplicateKey(Refused):
    """Another process was first; the caller decides what that means."""


def run_transaction(
    engine: sa.Engine,
    dialect: Dialect,
    work: Callable[[sa.Connection], T],
    *,
    options: dict[str, Any] | None = None,
    patience: float = SECONDS,
) -> T:
    """Run `work` in one transaction and commit; deadlocks and lost connections start it anew.

    `work` may run several times and must touch nothing but its connection. Where the connection
    broke during the commit, it may have been committed and still run again: work that is not safe
    to repeat looks first.
    Raises DuplicateKey where a uniqueness constraint said no, Refused where anything else of the
    table's did, DatabaseFailed for every other error of the database, after at most ATTEMPTS tries
    or `patience` seconds where it was transient.
    """

    def report(state: tenacity.RetryCallState) -> None:
        if state.outcome and (error := state.outcome.exception()):
            reason = dialect.explain(error)
            count(Tally.transactions_repeated)
            _log.warning("database: try %d failed, again: %s", state.attempt_number, reason)

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(dialect.is_transient),
        wait=tenacity.wait_exponential(multiplier=0.1, max=10) + tenacity.wait_random(0, 0.3),
        stop=tenacity.stop_after_attempt(ATTEMPTS) | tenacity.stop_after_delay(patience),
        before_sleep=report,
        reraise=True,
    )

    def once() -> T:
        with engine.execution_options(**(options or {})).begin() as connection:
            return work(connection)

    try:
        return retrying(once)
    except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
        # `from None`: the driver's own error may quote a value of the row.
        if (refusal := dialect.refusal(error)) is not None:
            kind = DuplicateKey if dialect.is_duplicate_key(error) else Refused
            raise kind(dialect.explain(error), refusal.column) from None
        count(Tally.database_failed)
        tried = retrying.statistics.get("attempt_number", 1)
        raise DatabaseFailed(
            f"{dialect.explain(error)} (tried {tried} time{'s' if tried != 1 else ''}; "
            "nothing is half done, it is safe to try again)"
        ) from None
