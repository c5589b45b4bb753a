"""The server's state: one SQLite file and a folder of files, private to their user.

Several processes may have the same folder open. Everything that must not happen twice is one
transaction here; files on disk count only once a committed row names them.
"""

import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from resume_assets import private

Row = sqlite3.Row

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS files (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    purpose TEXT NOT NULL,
    filename TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    created_at REAL NOT NULL,
    expires_at REAL,
    deleted_at REAL,
    removed INTEGER NOT NULL DEFAULT 0          -- its bytes are gone from the disk
);
CREATE INDEX IF NOT EXISTS files_to_remove ON files (expires_at, deleted_at) WHERE removed = 0;

CREATE TABLE IF NOT EXISTS batches (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    completion_window TEXT NOT NULL,
    input_file_id TEXT NOT NULL,
    output_file_id TEXT,
    error_file_id TEXT,
    output_expires_after INTEGER,
    metadata TEXT,
    model TEXT,
    errors TEXT,
    created_at REAL NOT NULL,
    in_progress_at REAL,
    finalizing_at REAL,
    completed_at REAL,
    failed_at REAL,
    expired_at REAL,
    cancelling_at REAL,
    cancelled_at REAL,
    expires_at REAL NOT NULL,
    total INTEGER NOT NULL DEFAULT 0,
    completed INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    cached_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    enqueued_tokens INTEGER NOT NULL DEFAULT 0,
    -- The work: when the next step is due (NULL: none is), where the schedule of requests starts,
    -- how far the input was read, whose turn it was last, and who works on it until when.
    due REAL,
    started REAL,
    position INTEGER NOT NULL DEFAULT 0,
    input_offset INTEGER NOT NULL DEFAULT 0,
    turn REAL NOT NULL DEFAULT 0,
    worker TEXT,
    worker_pid INTEGER,
    lease_until REAL
);
CREATE INDEX IF NOT EXISTS batches_due ON batches (due) WHERE due IS NOT NULL;

-- The book: one row a request that passed validation, in the order of the input file.
CREATE TABLE IF NOT EXISTS requests (
    batch INTEGER NOT NULL,
    line INTEGER NOT NULL,
    custom_id TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    status_code INTEGER,
    billed_input_tokens INTEGER NOT NULL DEFAULT 0,
    billed_output_tokens INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (batch, line)
) WITHOUT ROWID;

-- Results of a step, written aside and named here in the transaction that counts them.
CREATE TABLE IF NOT EXISTS parts (
    batch INTEGER NOT NULL,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (batch, position)
) WITHOUT ROWID;
"""


def new_id(prefix: str) -> str:
    """A random identifier like OpenAI's: `file-…`, `batch_…`."""
    return prefix + secrets.token_hex(16)


def private_folder(folder: Path) -> Path:
    """Make the folder, and what is missing above it, and readable to its user only."""
    private.private_folder(folder).chmod(0o700)
    return folder


def open_private(path: Path) -> BinaryIO:
    """A new file, open for writing, that only its user can read."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, 0o600), "wb")


class Store:
    """One connection to the folder's database, for use by several threads in turn."""

    def __init__(self, folder: Path) -> None:
        self.folder = private_folder(Path(folder))
        self.files = private_folder(self.folder / "files")
        self.parts = private_folder(self.folder / "parts")
        # Made here with its mode, which SQLite then also gives to its -wal and -shm files.
        database = private.private_file(self.folder / "state.db")
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(
            database, timeout=30, isolation_level=None, check_same_thread=False
        )
        self._connection.row_factory = sqlite3.Row
        for pragma in (
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "busy_timeout = 30000",
            "secure_delete = ON",
        ):
            self._connection.execute(f"PRAGMA {pragma}")
        if self._connection.execute("PRAGMA user_version").fetchone()[0] == 0:
            with self.transaction():
                for statement in _SCHEMA.split(";\n"):
                    self._connection.execute(statement)
                self._connection.execute("PRAGMA user_version = 1")

    def close(self) -> None:
        """Close the connection; the folder stays as it is."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One writing transaction, committed at the end and rolled back by any exception."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                # Also after a COMMIT that failed: SQLite may have kept the transaction open.
                self._connection.rollback()
                raise

    def empty_log(self) -> None:
        """Leave nothing of what was overwritten in the write-ahead log, unless others read it."""
        with self._lock:
            self._connection.execute("PRAGMA busy_timeout = 0")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.execute("PRAGMA busy_timeout = 30000")

    def execute(self, sql: str, *values: Any) -> int:
        """Run one statement; the number of rows it changed."""
        with self._lock:
            return self._connection.execute(sql, values).rowcount

    def execute_many(
        self, sql: str, rows: Iterator[Sequence[Any]] | Sequence[Sequence[Any]]
    ) -> None:
        """Run one statement for each row."""
        with self._lock:
            self._connection.executemany(sql, rows)

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """All rows of a query; its values in order, or one dict of them by name."""
        named = len(values) == 1 and isinstance(values[0], dict)
        with self._lock:
            return self._connection.execute(sql, values[0] if named else values).fetchall()

    def row(self, sql: str, *values: Any) -> Row | None:
        """The first row of a query, or None."""
        with self._lock:
            found: Row | None = self._connection.execute(sql, values).fetchone()
            return found

    def fact(self, name: str, default: str) -> str:
        """A remembered value; the default is written down the first time it is asked for."""
        with self.transaction():
            self.execute("INSERT OR IGNORE INTO facts VALUES (?, ?)", name, default)
            found = self.row("SELECT value FROM facts WHERE name = ?", name)
        return str(found["value"]) if found else default

    def remember(self, name: str, value: str) -> None:
        """Write a value down."""
        self.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, value)
