"""Files: rows that say what there is, and bytes in a folder."""

import time
from pathlib import Path

from resume_assets.local_openai.errors import ApiError, no_such_file
from resume_assets.local_openai.store import Row, Store

_ORPHAN_SECONDS = 3_600

_OLDEST_FIRST = """
    SELECT * FROM files
    WHERE deleted_at IS NULL AND (expires_at IS NULL OR expires_at > :now)
    AND (:purpose IS NULL OR purpose = :purpose) AND (:cursor IS NULL OR seq > :cursor)
    ORDER BY seq LIMIT :limit"""

_NEWEST_FIRST = """
    SELECT * FROM files
    WHERE deleted_at IS NULL AND (expires_at IS NULL OR expires_at > :now)
    AND (:purpose IS NULL OR purpose = :purpose) AND (:cursor IS NULL OR seq < :cursor)
    ORDER BY seq DESC LIMIT :limit"""


_NAMELESS = """
    UPDATE requests SET custom_id = 'gone-' || batch || '-' || line
    WHERE batch IN (SELECT seq FROM batches WHERE input_file_id = ?)
    AND custom_id GLOB '*[^0-9]*'"""
"""A custom_id may tell who is asked about, for as long as it is known."""


class Files:
    """The Files endpoint's rows and bytes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def path(self, file_id: str) -> Path:
        """Where the bytes of a known file are."""
        return self._store.files / file_id

    def add(
        self, file_id: str, *, purpose: str, filename: str, now: float, expires_at: float | None
    ) -> None:
        """Register bytes that are already at `path(file_id)`."""
        size = self.path(file_id).stat().st_size
        self._store.execute(
            "INSERT INTO files (id, purpose, filename, bytes, created_at, expires_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            *(file_id, purpose, filename, size, now, expires_at),
        )

    def get(self, file_id: str, now: float) -> Row:
        """A file's row; raises ApiError 404 when it is unknown, deleted or expired."""
        found = self._store.row(
            "SELECT * FROM files WHERE id = ? AND deleted_at IS NULL"
            " AND (expires_at IS NULL OR expires_at > ?)",
            *(file_id, now),
        )
        if found is None:
            raise no_such_file(file_id)
        return found

    def page(
        self,
        *,
        now: float,
        purpose: str | None,
        after: str | None,
        oldest_first: bool,
        limit: int,
    ) -> list[Row]:
        """Rows of the files that are there, oldest or newest first; raises ApiError for `after`."""
        cursor = None
        if after is not None:
            # A cursor outlives its object: a list read while files are deleted goes on.
            cursor = self._store.row("SELECT seq FROM files WHERE id = ?", after)
            if cursor is None:
                raise ApiError("Invalid 'after': no such object.", param="after")
        values = {"now": now, "purpose": purpose, "limit": limit}
        sql = _OLDEST_FIRST if oldest_first else _NEWEST_FIRST
        return self._store.rows(sql, {**values, "cursor": cursor and cursor["seq"]})

    def delete(self, file_id: str, now: float) -> None:
        """Forget a file at once; its bytes go when no unfinished batch reads them any more."""
        with self._store.transaction():
            self.get(file_id, now)
            self._store.execute("UPDATE files SET deleted_at = ? WHERE id = ?", now, file_id)
        self.remove_unneeded(now)

    def remove_unneeded(self, now: float) -> int:
        """Take the bytes of deleted and expired files off the disk; how many files.

        With a request file the book loses the names of its requests, but for numbers.
        """
        gone = self._store.rows(
            "SELECT id FROM files WHERE removed = 0"
            " AND (deleted_at IS NOT NULL OR expires_at <= ?)"
            " AND id NOT IN (SELECT input_file_id FROM batches"
            " WHERE due IS NOT NULL AND status <> 'validating')",
            now,
        )
        for row in gone:
            self.path(row["id"]).unlink(missing_ok=True)
            with self._store.transaction():
                self._store.execute(_NAMELESS, row["id"])
                self._store.execute("UPDATE files SET removed = 1 WHERE id = ?", row["id"])
        if gone:
            self._store.empty_log()
        return len(gone)

    def remove_orphans(self) -> int:
        """Take bytes off the disk that no row names, left by a process that died; how many files.

        Young ones may be an upload under way, in this process or another.
        """
        gone = 0
        for path in self._store.files.iterdir():
            old = path.stat().st_mtime < time.time() - _ORPHAN_SECONDS
            if old and self._store.row("SELECT 1 FROM files WHERE id = ?", path.name) is None:
                path.unlink(missing_ok=True)
                gone += 1
        return gone
