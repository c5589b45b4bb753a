"""Only one worker works on a batch at a time: it holds a lease on its row, and keeps renewing it.

So it is with a trial, whose worker holds the leases of its batches too, one after the other.

Every transaction of a worker renews its lease first, so that one whose lease was taken over commits
nothing more. A lease whose process is gone from this machine is free at once; any other after
LEASE_SECONDS.
"""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from resume_assets.batches.ledger import batches, counters
from resume_assets.database.connect import Database
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.errors import PlatformError

_log = logging.getLogger(__name__)
T = TypeVar("T")

LEASE_SECONDS = 60
PATIENCE = 75.0
"""Seconds to wait for a lease: longer than a dead worker's lease lasts."""

_RENEW_SECONDS = 20.0


class BatchBusy(PlatformError):
    """Another worker holds this batch's, or trial's, lease."""


class LeaseLost(PlatformError):
    """Another worker took this batch over while we were slow; what we had not committed is gone."""


@dataclass(frozen=True, slots=True)
class Leasable:
    """What a lease can be held on: a word for people, the table, and how a row of it is locked."""

    word: str
    table: Callable[[Database], sa.Table]
    lock: Callable[[sa.Connection, Database, str], sa.Row[Any]]


BATCH = Leasable("Batch", lambda database: database.ledger.batches, batches.lock)


class Lease:
    """Held by one worker on one batch; `write` is the only way to commit under it."""

    def __init__(self, database: Database, key: str, owner: str, on: Leasable = BATCH) -> None:
        self.database = database
        self.key = key
        self.owner = owner
        self.on = on
        self.trial_key: str | None = None  # of a trial's batch; known once the lease is taken

    @property
    def items(self) -> sa.Table:
        """The table that the batch's items are in."""
        return batches.items_of(self.database, self.trial_key)

    @property
    def is_this(self) -> sa.ColumnElement[bool]:
        """The condition that finds the row."""
        [key] = self.on.table(self.database).primary_key.columns
        return key == self.key

    def write(self, work: Callable[[sa.Connection], T], *, planning: bool = False) -> T:
        """Run `work` in a transaction that first proves and renews the lease. Raises LeaseLost.

        `planning`: under the planning lock too, which comes first: a planner holds it while it
        reads the batches' rows, and the other way round the two would wait for each other.
        """

        def fenced(connection: sa.Connection) -> T:
            if planning:
                self.database.dialect.lock(connection, self.database.ledger.installation)
            self._renew(connection)
            return work(connection)

        return self.database.write(fenced)

    def _renew(self, connection: sa.Connection) -> None:
        table = self.on.table(self.database)
        until = self.database.dialect.utc_now(connection) + timedelta(seconds=LEASE_SECONDS)
        held = connection.execute(
            table.update()
            .where(self.is_this, table.c.lease_owner == self.owner)
            .values(lease_until=until)
        )
        if held.rowcount != 1:
            raise LeaseLost(
                f"{self.on.word} {self.key}: another worker has taken it over. Nothing is lost: "
                "what was committed stays, and the other worker goes on from there."
            )

    @contextmanager
    def kept_alive(self) -> Iterator[None]:
        """Renew the lease in the background, for a step that takes long outside of transactions."""
        finished = threading.Event()

        def renew() -> None:
            while not finished.wait(_RENEW_SECONDS):
                try:
                    self.database.write(self._renew)
                except (LeaseLost, DatabaseFailed) as problem:
                    # The next `write` raises it, where it matters.
                    _log.warning("%s: lease not renewed: %s", self.key, problem)
                    return

        thread = threading.Thread(target=renew, name=f"lease-{self.key}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            finished.set()
            thread.join()


@contextmanager
def leased(
    database: Database, key: str, *, patience: float = 0, on: Leasable = BATCH
) -> Iterator[Lease]:
    """Hold the batch's lease; waits at most `patience` seconds for another worker's.

    Raises BatchBusy where another worker keeps it, UnknownBatch where there is no such batch.
    """
    lease = Lease(database, key, myself(), on)
    deadline = time.monotonic() + patience
    pause = threading.Event()
    while (holder := database.write(lambda connection: _take(connection, lease))) is not None:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise BatchBusy(
                f"{on.word} {key}: another worker is at it (its lease: until {holder:%H:%M:%S} "
                "UTC). Nothing is wrong; try again when it is through."
            )
        pause.wait(min(1.0, remaining))  # another process's lease sends us no event
    try:
        yield lease
    finally:
        _give_back(lease)


def is_free(row: sa.Row[Any], now: datetime) -> bool:
    """Whether no worker holds the lease of this row: a batch's, a trial's or a notice's."""
    return row.lease_owner is None or row.lease_until <= now or _is_dead(row.lease_owner)


def _take(connection: sa.Connection, lease: Lease) -> datetime | None:
    """Take the lease; returns None, or until when another worker holds it."""
    row = lease.on.lock(connection, lease.database, lease.key)
    now = lease.database.dialect.utc_now(connection)
    # It may be ours already, where a commit succeeded and only its answer was lost.
    if not is_free(row, now) and row.lease_owner != lease.owner:
        until: datetime = row.lease_until
        return until
    lease.trial_key = row.trial_key
    connection.execute(
        lease.on.table(lease.database)
        .update()
        .where(lease.is_this)
        .values(lease_owner=lease.owner, lease_until=now + timedelta(seconds=LEASE_SECONDS))
    )
    return None


def _give_back(lease: Lease) -> None:
    table = lease.on.table(lease.database)
    ours = sa.and_(lease.is_this, table.c.lease_owner == lease.owner)

    def work(connection: sa.Connection) -> None:
        # The time stays noted: a run that has held no lease since, for long, counts as dead.
        now = lease.database.dialect.utc_now(connection)
        connection.execute(table.update().where(ours).values(lease_owner=None, lease_until=now))

    try:
        lease.database.write(work)
    except DatabaseFailed as problem:
        _log.warning("%s: lease not given back, it runs out: %s", lease.key, problem)
    counters.keep(lease.database)


def myself() -> str:
    """Host, process namespace, process and its start, and a random part for this one lease."""
    return "|".join([*_here(), str(os.getpid()), _started(os.getpid()), secrets.token_hex(4)])


def _here() -> tuple[str, str]:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = f"{boot}:{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        namespace = "-"  # not Linux: such a lease is never called dead, it runs out
    return socket.gethostname(), namespace


def _started(pid: int) -> str:
    """When a process started, in the kernel's ticks; `-` where it is gone, or a zombie.

    Source: proc_pid_stat(5), fields 3 and 22.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        state, *rest = stat.rsplit(")", 1)[1].split()
    except (OSError, IndexError, ValueError):
        return "-"
    return "-" if state in ("Z", "X") else rest[18]


def _is_dead(owner: str) -> bool:
    """Whether the owner was a process on this machine that no longer runs."""
    try:
        host, namespace, pid, started, _ = owner.split("|")
    except ValueError:
        return False
    if (host, namespace) != _here() or namespace == "-":
        return False
    return _started(int(pid)) != started
