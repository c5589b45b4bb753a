"""The log, one line per step, with the batch's key and no personal data.

In `<home>/logs/batch_api.log`, or on standard output where that is wanted (`standard_log`) or the
home can't be written. Several processes may write the file at once: each line is one append, and
whoever finds the file full moves it aside under a lock.
"""

import copy
import errno
import json
import logging
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any, TextIO

from resume_assets.choices import LogFormat
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


class StandardHandler(logging.StreamHandler[TextIO]):
    """Writes to standard output, or to standard error while that is a command's answer."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """The stream as it is now: tests and Dagster put others in its place."""
        return sys.stderr if _answering else sys.stdout


_answering: list[None] = []
"""As many as there are commands at work, whose answer goes to standard output."""


@contextmanager
def answering() -> Iterator[None]:
    """While the block lasts, the log leaves standard output to it."""
    _answering.append(None)
    try:
        yield
    finally:
        _answering.pop()


def standard_log(form: LogFormat) -> StandardHandler:
    """What writes the log to standard output."""
    handler = StandardHandler()
    lines = _Formatter("%(asctime)sZ %(levelname)s %(message)s")
    handler.setFormatter(JsonFormatter() if form is LogFormat.json else lines)
    return handler


class _Formatter(logging.Formatter):
    """Times are UTC; an exception shows only its type, for its message may quote a row."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(_without_exception(record)).replace("\n", " | ")
        if record.exc_info and record.exc_info[0] is not None:
            line += f" ({record.exc_info[0].__name__})"
        return line


_BATCH = re.compile(r"batch (?P<key>[A-Za-z0-9_-]+): (?P<event>.*)", re.DOTALL)
_COUNT = re.compile(r"%d (?P<what>[^%,;:(]*[^%,;:(\s])")
_PLACE = re.compile(r"%[ds]")


class JsonFormatter(logging.Formatter):
    """An object a line: time, level, batch, event, counts; those that there are.

    The batch stands first in the messages of its steps, and what is counted behind its number:
    nobody has to say it twice.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Format as JSON; of an exception only the type, for its message may quote a row."""
        message = record.getMessage()
        of_batch = _BATCH.fullmatch(message)
        found: dict[str, Any] = {
            "time": f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
            "level": record.levelname.lower(),
            "batch": of_batch and of_batch["key"],
            "event": of_batch["event"] if of_batch else message,
            "counts": _counts(record),
            "exception": record.exc_info and record.exc_info[0] and record.exc_info[0].__name__,
        }
        there = {name: value for name, value in found.items() if value not in (None, {}, ())}
        return json.dumps(there, ensure_ascii=False)


def _counts(record: logging.LogRecord) -> dict[str, int]:
    """What stands behind each number of the message: "%d records written" counts those."""
    arguments = record.args if isinstance(record.args, tuple) else ()
    counts: dict[str, int] = {}
    for place, argument in zip(_PLACE.finditer(str(record.msg)), arguments, strict=False):
        counted = _COUNT.match(str(record.msg), place.start())
        if counted and isinstance(argument, int):
            counts[counted["what"]] = argument
        elif isinstance(argument, str) and argument.startswith("{"):
            counts |= json.loads(argument)  # a batch's tally
    return counts


def _without_exception(record: logging.LogRecord) -> logging.LogRecord:
    bare = copy.copy(record)
    bare.exc_info = bare.exc_text = bare.stack_info = None
    return bare


def begin(home: Path, form: LogFormat | None) -> None:
    """Write what the platform logs from now on as `form` to standard output, or else to the home.

    Called again it changes over to what is asked for then.
    """
    if form is None:
        try:
            log_to_file(home)
        except OSError:  # a read-only file system
            form = LogFormat.lines
    if form is not None:
        _log_by(standard_log(form))


def log_to_file(home: Path) -> Path:
    """Send what the platform logs to the home's file from now on; returns the file.

    Called again for the same home, it does nothing; for another, it changes over to that one.
    Raises OSError where the home can't be written.
    """
    path = home / "logs" / NAME
    mine = _handlers()
    if any(isinstance(handler, PrivateFileHandler) and handler.path == path for handler in mine):
        return path
    handler = PrivateFileHandler(path)
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    handler.setFormatter(_Formatter("%(asctime)sZ %(levelname)s %(message)s"))
    _log_by(handler)
    return path


def _handlers() -> list[logging.Handler]:
    """Those that are ours."""
    ours = (PrivateFileHandler, StandardHandler)
    return [one for one in logging.getLogger("resume_assets").handlers if isinstance(one, ours)]


def _log_by(handler: logging.Handler) -> None:
    """Log by this handler alone, of ours."""
    logger = logging.getLogger("resume_assets")
    for mine in _handlers():
        logger.removeHandler(mine)
        mine.close()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
