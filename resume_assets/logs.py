"""`<home>/logs/batch_api.log`: one line per step, with the batch's key and no personal data.

Several processes may write at once: each line is one append, and whoever finds the file full moves
it aside under a lock.
"""

import copy
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler
from pathlib import Path

from resume_assets.private import FILE, private_folder

try:
    import fcntl
except ImportError:  # not a Unix
    fcntl = None  # type: ignore[assignment]

NAME = "batch_api.log"
_MOST_BYTES = 5_000_000
_KEPT = 5


class PrivateFileHandler(WatchedFileHandler):
    """Appends to a file of mode 0600, and keeps five older ones of five megabytes."""

    def __init__(self, path: Path, *, most_bytes: int = _MOST_BYTES, kept: int = _KEPT) -> None:
        self.path = path
        self._most_bytes = most_bytes
        self._kept = kept
        private_folder(path.parent)
        super().__init__(path, encoding="utf-8", errors="backslashreplace", delay=True)

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, FILE)
        return os.fdopen(descriptor, "a", encoding=self.encoding, errors=self.errors)

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line; a full disk or a vanished folder never stops the work."""
        try:
            self._roll_over()
            super().emit(record)
        except OSError:
            self.handleError(record)

    def _roll_over(self) -> None:
        if not self._is_full():
            return
        with _locked(self._numbered("lock")):
            if self._is_full():  # nobody was faster
                for number in range(self._kept - 1, 0, -1):
                    older = self._numbered(number)
                    if older.exists():
                        older.replace(self._numbered(number + 1))
                self.path.replace(self._numbered(1))

    def _is_full(self) -> bool:
        try:
            return self.path.stat().st_size >= self._most_bytes
        except FileNotFoundError:
            return False

    def _numbered(self, which: int | str) -> Path:
        return self.path.with_name(f"{self.path.name}.{which}")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that ends with the process; where the system has none, go without."""
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, FILE)
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class _Formatter(logging.Formatter):
    """Times are UTC; an exception shows only its type, for its message may quote a row."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(_without_exception(record)).replace("\n", " | ")
        if record.exc_info and record.exc_info[0] is not None:
            line += f" ({record.exc_info[0].__name__})"
        return line


def _without_exception(record: logging.LogRecord) -> logging.LogRecord:
    bare = copy.copy(record)
    bare.exc_info = bare.exc_text = bare.stack_info = None
    return bare


def log_to_file(home: Path) -> Path:
    """Send what the platform logs to the home's file from now on; returns the file.

    Called again for the same home, it does nothing; for another, it changes over to that one.
    Raises OSError where the home can't be written.
    """
    path = home / "logs" / NAME
    logger = logging.getLogger("resume_assets")
    mine = [handler for handler in logger.handlers if isinstance(handler, PrivateFileHandler)]
    if any(handler.path == path for handler in mine):
        return path
    for handler in mine:
        logger.removeHandler(handler)
        handler.close()
    handler = PrivateFileHandler(path)
    handler.setFormatter(_Formatter("%(asctime)sZ %(levelname)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    return path
