"""Who works on which batch: one worker at a time, whatever process dies.

The claim stands in the batch's row, so it holds between processes and keeps two workers from doing
the same work. No work counts twice, because a step commits only while it still has the claim.
"""

import os
import secrets
import time

from resume_assets.local_openai.store import Row, Store

LEASE_SECONDS = 5.0
"""A worker that has not renewed its claim for so long has lost its batch. One whose process is dead
on this machine has lost it at once."""

_RENEW_SECONDS = 1.0


class LeaseLostError(Exception):
    """Another worker, or a call, got hold of the batch; what this step did does not count."""


class Lease:
    """The right to take one step with one batch."""

    def __init__(self, store: Store, batch: int, worker: str) -> None:
        self._store = store
        self.batch = batch
        self.worker = worker
        self._renew_at = time.monotonic() + _RENEW_SECONDS

    def keep(self) -> None:
        """Renew when it is time; cheap to call often. Raises LeaseLostError."""
        if time.monotonic() < self._renew_at:
            return
        self._renew_at = time.monotonic() + _RENEW_SECONDS
        kept = self._store.execute(
            "UPDATE batches SET lease_until = ? WHERE seq = ? AND worker = ?",
            *(time.time() + LEASE_SECONDS, self.batch, self.worker),
        )
        if not kept:
            raise LeaseLostError

    def release(self) -> None:
        """Let others have the batch."""
        self._store.execute(
            "UPDATE batches SET worker = NULL, worker_pid = NULL, lease_until = NULL"
            " WHERE seq = ? AND worker = ?",
            *(self.batch, self.worker),
        )


class Leases:
    """One worker's view of the batches."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._worker = secrets.token_hex(8)

    def claim(self, now: float) -> tuple[Row, Lease] | None:
        """A batch whose next step is due, the one that has waited longest for a turn; or None."""
        real = time.time()
        row = self._store.row(
            "SELECT seq, worker FROM batches WHERE due <= ?"
            " AND (worker IS NULL OR lease_until < ?) ORDER BY turn LIMIT 1",
            *(now, real),
        ) or self._of_the_dead(now)
        if row is None:
            return None
        claimed = self._store.execute(
            "UPDATE batches SET worker = ?, worker_pid = ?, lease_until = ?, turn = ?"
            # Still due: whoever had it may have ended it since it was found.
            " WHERE seq = ? AND worker IS ? AND due <= ?",
            *(self._worker, os.getpid(), real + LEASE_SECONDS, real),
            *(row["seq"], row["worker"], now),
        )
        batch = self._store.row(
            "SELECT * FROM batches WHERE seq = ? AND worker = ?", row["seq"], self._worker
        )
        if not claimed or batch is None:
            return self.claim(now)
        return batch, Lease(self._store, batch["seq"], self._worker)

    def next_due(self) -> float | None:
        """When the next step of a batch that nobody works on is due."""
        row = self._store.row(
            "SELECT MIN(due) AS due FROM batches"
            " WHERE due IS NOT NULL AND (worker IS NULL OR lease_until < ?)",
            time.time(),
        )
        return None if row is None else row["due"]

    def _of_the_dead(self, now: float) -> Row | None:
        claimed = self._store.rows(
            "SELECT seq, worker, worker_pid FROM batches WHERE due <= ? AND worker IS NOT NULL",
            now,
        )
        return next((row for row in claimed if not is_alive(row["worker_pid"])), None)


def is_alive(pid: int) -> bool:
    """Whether a process of that number runs on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
