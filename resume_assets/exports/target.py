"""The file that records go to: whole or not at all, for its user alone, on a disk or elsewhere."""

import io
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from resume_assets.batches.store import BatchFiles, BatchStore
from resume_assets.choices import ExportFormat
from resume_assets.errors import WrongUseError
from resume_assets.private import FILE, private_folder

try:
    import fcntl
except ImportError:  # Windows: two exports into one file at once are not told from one another
    fcntl = None  # type: ignore[assignment]

ENDINGS = {
    ExportFormat.jsonresume: (".jsonl", ".ndjson", ".json"),
    ExportFormat.csv: (".csv",),
    ExportFormat.parquet: (".parquet",),
}
"""Of each format's files; the first is what we call one."""

_BUFFER = 1 << 20


class BadTarget(WrongUseError):
    """Nothing is written there; the message says why."""


class Target:
    """A file to be written; `out`: a path or URL of it, or of a folder that it is to be in."""

    def __init__(
        self, out: str, name: str, form: ExportFormat, options: Mapping[str, Any] | None = None
    ) -> None:
        """`name`: what it is called in a folder, without its ending; `options`: fsspec's.

        Raises BadTarget.
        """
        folder, self.name = _split(out, f"{name}{ENDINGS[form][0]}")
        store = BatchStore(folder, lambda _: options or {}, called="--out or RESUME_EXPORT_STORE")
        self._files = BatchFiles(store.root, store)
        self.shown = f"{store.url.rstrip('/')}/{self.name}"
        self._local = Path(store.url) / self.name if store.is_local else None
        self._refuse_another_kind(form)

    @contextmanager
    def write(self) -> Iterator["Counted"]:
        """Open it; it appears, in place of a former one, once the block ends well.

        Raises BadTarget, StoreFailed, OSError.
        """
        if self._local is None:
            part = f"{self.name}.{secrets.token_hex(4)}.part"
            with self._files.write(self.name, part=part) as stream:
                yield Counted(stream)
            return
        private_folder(self._local.parent)
        part_of = self._local.with_name(f"{self._local.name}.part")
        with os.fdopen(_held(part_of), "wb", buffering=_BUFFER) as local:
            try:
                yield Counted(local)
                local.flush()
                os.fsync(local.fileno())
                part_of.replace(self._local)
            except BaseException:
                with suppress(OSError):
                    part_of.unlink(missing_ok=True)
                raise

    def _refuse_another_kind(self, form: ExportFormat) -> None:
        """What is there is replaced only if it looks like an export: a database is none.

        It is not opened to find out: see `private`.
        """
        if self._local is None or not self._local.exists():
            return
        if self._local.is_file() and self._local.suffix.lower() in ENDINGS[form]:
            return
        raise BadTarget(
            f"{self.shown} is there and does not end in {' or '.join(ENDINGS[form])}: it is not "
            "overwritten. Give the file another name, or delete it first."
        )


class Counted(io.BufferedIOBase):
    """What is written goes on to the stream; it can tell how far it is, as a store's can't."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._at = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any, /) -> int:
        """Pass on and count."""
        self._stream.write(data)
        self._at += memoryview(data).nbytes
        return memoryview(data).nbytes

    def tell(self) -> int:
        """Bytes so far."""
        return self._at


def _split(out: str, name: str) -> tuple[str, str]:
    """The folder, and the file's name in it; `name` where `out` is a folder."""
    is_url = "://" in out
    is_folder = out.endswith("/" if is_url else ("/", os.sep))
    if not is_url:
        out = str(Path(out).expanduser().absolute())
        is_folder = is_folder or Path(out).is_dir()
    separator = "/" if is_url else os.sep
    folder, _, last = out.rpartition(separator)
    if is_folder or folder.endswith(":/"):  # of a URL, nothing but the bucket
        return out, name
    return folder or separator, last


def _held(part: Path) -> int:
    """A descriptor of the half-written file, empty and held by nobody else. Raises BadTarget.

    What a process left that was killed is used again.
    """
    while True:
        descriptor = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW, FILE)
        try:
            if fcntl is not None:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            here = os.fstat(descriptor)
            is_mine = _is(part, here)
            if is_mine:
                os.fchmod(descriptor, FILE)
                os.ftruncate(descriptor, 0)
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            raise BadTarget(
                f"Another export is writing {part.with_suffix('')}: wait until it is done, or give "
                "the file another name."
            ) from None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # the other had just put it in its place


def _is(path: Path, found: os.stat_result) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (found.st_dev, found.st_ino)
