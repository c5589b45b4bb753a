"""What `forget` came to: counts, names of files and days, nothing about a person."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from resume_assets.batches.upkeep.cleaning import Found
from resume_assets.batches.upkeep.remote_files import RemoteFile
from resume_assets.database.connect import Database


@dataclass(slots=True)
class Receipt:
    """Counts of what is gone; `remote`: files that are not, yet; `left`: sentences, for later."""

    key: str = field(default_factory=lambda: secrets.token_hex(12))
    made_at: datetime | None = None  # UTC
    people: int = 0
    batches: int = 0
    ledger_rows: int = 0
    journal_entries: int = 0
    answers_discarded: int = 0  # requests whose answers are, or will be, written nowhere
    trials: int = 0  # whose sample they were in
    documents: int = 0  # files that were imported for them: their names and hashes are gone
    lines_blanked: int = 0
    files_removed: int = 0
    remote_files_deleted: int = 0
    records_emptied: int = 0
    not_emptied: dict[str, int] = field(default_factory=dict)  # why -> records
    remote: list[RemoteFile] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)  # files removed whole
    left: list[str] = field(default_factory=list)

    @property
    def found_anything(self) -> bool:
        """Whether there was anything about them, in this program's own tables and files."""
        return bool(
            self.ledger_rows
            or self.journal_entries
            or self.trials
            or self.documents
            or self.lines_blanked
            or self.files_removed
            or self.records_emptied
            or self.left
        )

    def add(self, found: Found) -> None:
        """Count what was done in one batch."""
        self.batches += 1
        self.ledger_rows += found.rows
        self.journal_entries += found.journal_entries
        self.answers_discarded += found.discarded
        self.lines_blanked += found.lines
        self.files_removed += len(found.removed)
        self.removed += found.removed
        self.remote_files_deleted += found.remote_deleted
        self.remote += found.remote

    def as_dict(self) -> dict[str, Any]:
        """As `forget --json` prints it."""
        return {
            "receipt": self.key,
            "made_at": None if self.made_at is None else f"{self.made_at:%Y-%m-%dT%H:%M:%SZ}",
            "people": self.people,
            "batches": self.batches,
            "ledger_rows": self.ledger_rows,
            "journal_entries": self.journal_entries,
            "answers_discarded": self.answers_discarded,
            "trials": self.trials,
            "documents": self.documents,
            "lines_blanked": self.lines_blanked,
            "files_removed": self.files_removed,
            "removed": self.removed,
            "remote_files_deleted": self.remote_files_deleted,
            "records_emptied": self.records_emptied,
            "not_emptied": self.not_emptied,
            "remote": [
                {"batch": one.batch_key, "file": one.file_id, "until": one.until.isoformat()}
                for one in self.remote
            ],
            "left_for_later": self.left,
        }


def keep(database: Database, receipt: Receipt) -> None:
    """Write the receipt down. Raises DatabaseFailed."""
    table = database.ledger.receipts

    def work(connection: sa.Connection) -> None:
        receipt.made_at = database.dialect.utc_now(connection)
        there = sa.select(table.c.receipt_key).where(table.c.receipt_key == receipt.key)
        if connection.execute(there).first() is not None:
            return  # committed, and only the answer was lost
        told = orjson.dumps(receipt.as_dict()).decode()
        row = {"receipt_key": receipt.key, "made_at": receipt.made_at, "receipt": told}
        connection.execute(table.insert().values(row))

    database.write(work)


def kept(database: Database) -> Sequence[dict[str, Any]]:
    """All receipts, oldest first, as `as_dict` had them."""
    table = database.ledger.receipts
    query = sa.select(table.c.receipt).order_by(table.c.made_at)
    found = database.read(lambda connection: connection.execute(query).scalars().all())
    return [orjson.loads(told) for told in found]
