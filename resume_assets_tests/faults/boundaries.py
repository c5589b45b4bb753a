"""Finds every boundary of the flow while it runs, and lets something strike at one of them.

A boundary is where something lasting happens, or a moment before or after it: a commit, a statement
that writes, a file that is made, renamed or deleted, a part of a file or of a call's body. They are
found at the edges of the process (SQLAlchemy's dialect, Python's audit events, HTTPX2's transport),
not in our code, so that a new step is among them without anyone remembering.

For processes that do nothing else: what is installed here stays.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO

import httpx2
import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect

from resume_assets.batches import store
from resume_assets.database import retrying
from resume_assets_tests.faults.strikes import Strike, carry_out

OUR_CODE = f"{Path(store.__file__).parents[1]}{os.sep}"
_PLUMBING = (
    "/database/",
    "lease.py",
    "ledger.py",
    "attempt.py",
    "batch_api.py",
    "store.py",
    "private.py",
)
_WRITES = re.compile(r"\s*(insert|update|delete|create|alter|drop)\b", re.IGNORECASE)
_IDS = re.compile(r"(file|batch)[-_][0-9a-f]{16,}")
_KEY = re.compile(r"\d{8}-\d{6}-[a-z]{4}")
_FILE_EVENTS = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod")


class Boundaries:
    """Notes boundaries by name; `at` the nth of a name (from 0) it strikes, once."""

    def __init__(self, home: Path, at: tuple[str, int] | None, strike: Strike) -> None:
        self.names: list[str] = []
        self._home = str(home)
        self._at = at
        self._met = 0
        self._strike = strike
        self._on = False

    def install(self) -> None:
        """From now on."""
        self._watch_database()
        self._watch_files()
        self._watch_calls()
        self._on = True

    def mark(self, name: str) -> None:
        """Here is one."""
        if not self._on:
            return
        self.names.append(name)
        if self._at is None or self._at[0] != name:
            return
        self._met += 1
        if self._met == self._at[1] + 1:
            carry_out(self._strike, name)

    def stop(self) -> None:
        """From now on nothing is a boundary."""
        self._on = False

    def _watch_database(self) -> None:
        commit: Any = DefaultDialect.do_commit
        seen: dict[int, int] = {}

        def do_commit(dialect: Any, connection: Any) -> None:
            if not _is_ours() or not _changed(connection, seen):
                commit(dialect, connection)
                return
            place = _place()
            self.mark(f"before commit: {place}")
            commit(dialect, connection)
            self.mark(f"after commit: {place}")

        DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]

        def before_statement(*arguments: Any) -> None:
            statement = str(arguments[2])
            if _WRITES.match(statement) and _is_ours():
                table = re.sub(r'["\s]+', " ", statement).split("(")[0].split(" SET ")[0][:50]
                self.mark(f"before statement: {_place()}: {table.strip()}")

        sa.event.listen(sa.Engine, "before_cursor_execute", before_statement)

    def _watch_files(self) -> None:
        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if not self._on:
                return
            if event == "open":
                path, mode, flags = (*arguments, None, None, None)[:3]
                writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)
                if not writes or mode == "r":
                    return
            elif event in _FILE_EVENTS:
                path = arguments[0]
            else:
                return
            if isinstance(path, str | os.PathLike) and "batches" in os.fspath(path):
                shown = os.fspath(path)
                if isinstance(shown, str) and shown.startswith(self._home):
                    self.mark(f"before {event}: {_KEY.sub('*', Path(shown).name)}")

        sys.addaudithook(hook)
        write = store.BatchFiles.write

        @contextmanager
        def halved(files: store.BatchFiles, name: str) -> Iterator[BinaryIO]:
            with write(files, name) as stream:
                yield _Halved(stream, name, self.mark)  # type: ignore[misc]
                self.mark(f"written: {name}")
            self.mark(f"in place: {name}")

        store.BatchFiles.write = halved  # type: ignore[method-assign, assignment]

    def _watch_calls(self) -> None:
        handle = httpx2.HTTPTransport.handle_request

        def handle_request(
            transport: httpx2.HTTPTransport, request: httpx2.Request
        ) -> httpx2.Response:
            name = f"{request.method} {_IDS.sub('*', request.url.path)}"
            self.mark(f"before call: {name}")
            if request.method == "POST":
                request.stream = _HalfSent(request.stream, lambda: self.mark(f"half sent: {name}"))
            response = handle(transport, request)
            self.mark(f"answer begins: {name}")
            read = lambda: self.mark(f"answer half read: {name}")  # noqa: E731
            response.stream = _HalfSent(response.stream, read)
            return response

        httpx2.HTTPTransport.handle_request = handle_request  # type: ignore[method-assign, assignment]


class _HalfSent(httpx2.SyncByteStream):
    """A body whose first part is handed on in two halves, with a boundary between them."""

    def __init__(self, stream: Any, mark: Callable[[], None]) -> None:
        self._stream = stream
        self._mark = mark

    def __iter__(self) -> Iterator[bytes]:
        first = True
        for chunk in self._stream:
            if first:
                yield chunk[: len(chunk) // 2]
                self._mark()
                yield chunk[len(chunk) // 2 :]
                first = False
            else:
                yield chunk

    def close(self) -> None:
        if hasattr(self._stream, "close"):
            self._stream.close()


class _Halved:
    """A file whose every write reaches the disk in two halves, with a boundary between them."""

    def __init__(self, stream: BinaryIO, name: str, mark: Callable[[str], None]) -> None:
        self._stream = stream
        self._name = name
        self._mark = mark

    def write(self, data: bytes) -> int:
        half = len(data) // 2
        self._stream.write(data[:half])
        self._stream.flush()
        self._mark(f"half written: {self._name}")
        self._stream.write(data[half:])
        return len(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _changed(connection: Any, seen: dict[int, int]) -> bool:
    """Whether this connection has changed rows since its last commit."""
    driver = connection.driver_connection
    changes: int = driver.total_changes
    before = seen.get(id(driver), 0)
    seen[id(driver)] = changes
    return changes != before


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _is_ours() -> bool:
    """Whether the transaction is one of the platform's, not of Dagster's storage."""
    return any(frame.f_code is retrying.run_transaction.__code__ for frame in _frames())


def _place() -> str:
    """The step that is being taken: module and function."""
    for frame in _frames():
        file = frame.f_code.co_filename
        if file.startswith(OUR_CODE) and not any(part in file for part in _PLUMBING):
            name = frame.f_code.co_name
            if name not in ("update", "write", "<lambda>", "work", "get", "now"):
                return f"{Path(file).stem}.{name}"
    return "?"
