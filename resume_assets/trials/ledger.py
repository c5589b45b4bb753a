"""The rows of trials and of their batches; a trial's worker holds a lease on its row."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import sqlalchemy as sa

from resume_assets.batches.ledger.batches import Batch
from resume_assets.batches.ledger.lease import PATIENCE, Leasable, Lease, leased
from resume_assets.database.connect import Database
from resume_assets.errors import WrongUseError

Trial: TypeAlias = sa.Row[Any]
"""A row of `resume_trials`; its columns are described in `database.tables`."""

HOW_TO_CREATE = "`resume-assets trial --model A --model B --sample 200` creates one."


class UnknownTrial(WrongUseError):
    """No trial of that key in the ledger."""


def find(connection: sa.Connection, database: Database, key: str) -> Trial | None:
    """The trial of that key, None where there is none."""
    table = database.ledger.trials
    return connection.execute(sa.select(table).where(table.c.trial_key == key)).first()


def get(connection: sa.Connection, database: Database, key: str) -> Trial:
    """The trial of that key. Raises UnknownTrial."""
    trial = find(connection, database, key)
    if trial is None:
        raise UnknownTrial(f"No trial {key!r} in the ledger. {HOW_TO_CREATE}")
    return trial


def lock(connection: sa.Connection, database: Database, key: str) -> Trial:
    """The trial's row, unchanged by others until the transaction ends. Raises UnknownTrial."""
    table = database.ledger.trials
    connection.execute(
        table.update().where(table.c.trial_key == key).values(run_requests=table.c.run_requests)
    )
    return get(connection, database, key)


def update(connection: sa.Connection, database: Database, key: str, **values: Any) -> Trial:
    """Set columns of the trial's row; returns the new row."""
    table = database.ledger.trials
    connection.execute(table.update().where(table.c.trial_key == key).values(values))
    return get(connection, database, key)


def open_trials(connection: sa.Connection, database: Database) -> Sequence[Trial]:
    """The trials that have no report yet, oldest first."""
    table = database.ledger.trials
    query = sa.select(table).where(table.c.done_at.is_(None))
    return connection.execute(query.order_by(table.c.created_at, table.c.trial_key)).all()


def batches_of(connection: sa.Connection, database: Database, key: str) -> Sequence[Batch]:
    """The trial's batches, in the order in which they were planned."""
    table = database.ledger.batches
    query = sa.select(table).where(table.c.trial_key == key)
    return connection.execute(query.order_by(table.c.planned_at, table.c.batch_key)).all()


_TRIAL = Leasable("Trial", lambda database: database.ledger.trials, lock)


@contextmanager
def leased_trial(database: Database, key: str, *, patience: float = PATIENCE) -> Iterator[Lease]:
    """Hold the trial's lease; waits at most `patience` seconds for another worker's.

    Raises BatchBusy where another worker keeps it, UnknownTrial.
    """
    with leased(database, key, patience=patience, on=_TRIAL) as lease:
        yield lease
