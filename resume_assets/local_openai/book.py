"""What the server was sent and what it completed, read from its state; for tests and reports."""

import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One request of a batch that passed validation."""

    batch_id: str
    custom_id: str
    body_hash: str
    """Equal for requests that ask exactly the same."""
    status_code: int | None
    """HTTP status of its answer; None while, or if, it was not run."""
    input_tokens: int
    output_tokens: int
    """Tokens as billed: none for an error."""

    @property
    def completed(self) -> bool:
        """Whether it was answered, and so is to be paid."""
        return self.status_code == 200


class Book:
    """The server's own account of requests, whatever a client believes."""

    def __init__(self, folder: Path) -> None:
        self._database = Path(folder) / "state.db"

    def entries(self, batch_id: str | None = None) -> list[Entry]:
        """Every request, of one batch or of all, in the order of its file."""
        sql = (
            "SELECT b.id, r.custom_id, r.body_hash, r.status_code, r.billed_input_tokens,"
            " r.billed_output_tokens FROM requests r JOIN batches b ON b.seq = r.batch"
        )
        order = " ORDER BY r.batch, r.line"
        if batch_id is None:
            return [Entry(*row) for row in self._rows(sql + order)]
        return [Entry(*row) for row in self._rows(f"{sql} WHERE b.id = ?{order}", batch_id)]

    def batches(self) -> dict[str, str]:
        """The status of every batch by its id, oldest first."""
        return {row[0]: row[1] for row in self._rows("SELECT id, status FROM batches ORDER BY seq")}

    def sent(self, batch_id: str | None = None) -> list[str]:
        """custom_ids of the requests that were accepted."""
        return [entry.custom_id for entry in self.entries(batch_id)]

    def completed(self, batch_id: str | None = None) -> list[str]:
        """custom_ids of the requests that were answered, and so paid."""
        return [entry.custom_id for entry in self.entries(batch_id) if entry.completed]

    def paid_twice(self) -> dict[str, int]:
        """How often a custom_id was paid, for those paid more than once."""
        return {name: times for name, times in Counter(self.completed()).items() if times > 1}

    def billed_tokens(self) -> tuple[int, int]:
        """Input and output tokens of everything so far."""
        entries = self.entries()
        return sum(e.input_tokens for e in entries), sum(e.output_tokens for e in entries)

    def files(self) -> list[str]:
        """Ids of the files that are still there: neither deleted nor removed."""
        sql = "SELECT id FROM files WHERE deleted_at IS NULL AND removed = 0 ORDER BY seq"
        return [str(row[0]) for row in self._rows(sql)]

    def _rows(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        if not self._database.is_file():
            raise FileNotFoundError(self._database)  # connecting would make one
        connection = sqlite3.connect(self._database, timeout=30)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()
