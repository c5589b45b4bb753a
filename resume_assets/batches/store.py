"""A batch's files: `<store>/<key>/…`, on a disk or in an object store.

A file is there whole or not at all. On a disk, files are private to their user: 0600 in 0700. What
an object store's own library raises becomes a StoreFailed: its message might quote a secret key.
"""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, BinaryIO

from upath import UPath

from resume_assets.batches.store_errors import SETTING, StoreFailed, missing, shown_url, told
from resume_assets.errors import PlatformError
from resume_assets.private import FILE, private_folder

REQUESTS, OUTPUT, ERRORS = "requests.jsonl", "output.jsonl", "errors.jsonl"
REVIEW = "review.html"
"""The page for people (`reviewing`), which is deleted with the other files."""
_OWNER = ".installation"

_BUCKETS = frozenset(
    {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss", "cos", "obs", "tos"}
)
"""Protocols whose folders are only parts of object names: `mkdir` could only make a bucket."""

_BUFFER = 1 << 20


class FilesGone(PlatformError):
    """The batch's files are no longer kept; the message says what that means."""


class FolderTaken(PlatformError):
    """The folder holds the files of another batch of that key."""


class BatchStore:
    """All batches' files under one URL or path."""

    def __init__(self, url: str, *, called: str = SETTING) -> None:
        """`url` may name a user and a password; `self.url`, for the ledger and people, does not.

        `called`: the setting that it is from, for messages.
        """
        self.url, self.called = shown_url(url), called
        with told(self.url, "opening", called):
            self.root = UPath(url)
        self.is_local = _is_local(self.root)
        if self.is_local:
            self.url = str(Path(self.root.path).expanduser().absolute())
            self.root = UPath(self.url)

    def batch(self, key: str, noted: str | None = None) -> BatchFiles:
        """The files of one batch; creates no folder.

        `noted`: the store's `url` that the ledger has for the batch; None for one that has no
        files yet, or whose files were made before the ledger noted it.
        """
        store = self if noted in (None, self.url) else BatchStore(noted)
        return BatchFiles(store.root / key, store)

    def check(self) -> None:
        """Raise StoreFailed where the store is not there, or is an empty folder.

        An empty folder may be a mount point that nothing is mounted at.
        """
        if not self.is_local:
            with told(self.url, "looking into", self.called):
                is_bucket = self.root.protocol in _BUCKETS
                top = self.root.drive if is_bucket else self.root.path
                if not _is_there(self.root, top):
                    raise missing(self.url, self.called)
        elif not self.root.is_dir() or not any(self.root.iterdir()):
            raise StoreFailed(f"{self.url} is not there, or nothing is mounted at it.")

    def probe(self) -> None:
        """Write a small file, read it back, delete it. Raises StoreFailed, OSError."""
        probe = self.batch(f".doctor-{secrets.token_hex(8)}")
        content = secrets.token_bytes(16)
        with probe.write(_OWNER) as stream:
            stream.write(content)
        with probe.read(_OWNER) as stream:
            is_same = stream.read() == content
        probe.remove()
        if not is_same or probe.has(_OWNER):
            raise StoreFailed(f"{self.url} does not give back, or does not delete, what it takes.")

    def find(self, key: str, noted: str | None, installation: str) -> BatchFiles:
        """The files of one batch, in whichever store they were made; `noted` as in `batch`.

        `installation`: the id of the one whose files they are (see `installation_of`). Files in
        this store come first: the home may have been moved or copied, with the store in it. Raises
        StoreFailed.
        """
        here = self.batch(key)
        is_here = noted in (None, self.url) or here.is_of(installation)
        return here if is_here else self.batch(key, noted)


class BatchFiles:
    """One batch's folder."""

    def __init__(self, folder: UPath, store: BatchStore) -> None:
        self.folder = folder
        self.store = store
        self._local = Path(folder.path) if _is_local(folder) else None

    def has(self, name: str) -> bool:
        """Whether the file is there, and so complete."""
        with self._told("looking into"):
            return _is_there(self.path(name))

    def size(self, name: str) -> int:
        """Bytes; 0 for a file that is not there."""
        with self._told("looking into"):
            path = self.path(name)
            return path.stat().st_size if _is_there(path) else 0

    def path(self, name: str) -> UPath:
        """Where the file is or would be."""
        return self.folder / name

    def shown(self, name: str) -> str:
        """The same for people: without credentials."""
        return f"{self.store.url.rstrip('/')}/{self.folder.name}/{name}"

    def is_anything_there(self) -> bool:
        """Whether the folder has any file."""
        return any(map(self.has, (_OWNER, REQUESTS, OUTPUT, ERRORS)))

    def take(self, installation: str) -> None:
        """Make the folder this installation's, before the first file of a batch is written.

        Two databases may share a store and have a batch of the same key, and one that was restored
        may have forgotten a batch: answers of such a batch are not to be taken for this one's.
        Raises FolderTaken, StoreFailed, OSError.
        """
        if not self.is_anything_there():
            with self.write(_OWNER) as stream:
                stream.write(installation.encode())
        unknown = not self.has(_OWNER)
        if unknown or self.is_of_another(installation) or self.has(OUTPUT) or self.has(ERRORS):
            raise FolderTaken(
                f"Batch {self.folder.name}: its folder in the batch store holds the files of "
                "another batch of that key, of another database or of this one before it was "
                f"restored. They are left as they are; `resume-assets cancel {self.folder.name}` "
                "gives the resumes back, for a batch of another key."
            )

    def is_of(self, installation: str) -> bool:
        """Whether the folder says that it is this installation's."""
        return self._owner() == installation.encode()

    def is_of_another(self, installation: str) -> bool:
        """Whether the folder says that it is another installation's."""
        return self._owner() not in (None, installation.encode())

    def _owner(self) -> bytes | None:
        with self._told("looking into"):
            owner = self.path(_OWNER)
            return bytes(owner.read_bytes()) if _is_there(owner) else None

    @contextmanager
    def read(self, name: str) -> Iterator[BinaryIO]:
        """Open a file to be read. Raises FilesGone, StoreFailed."""
        try:
            with self._told("reading from"):
                if not _is_there(self.path(name)):
                    raise self._gone(name)
                stream = self.path(name).open("rb")
        except FileNotFoundError:
            raise self._gone(name) from None
        with stream:
            # An object store's file reads a whole block for each line it is asked for.
            yield stream if self._local else io.BufferedReader(self._raw(stream), _BUFFER)

    @contextmanager
    def write(self, name: str, *, part: str | None = None) -> Iterator[BinaryIO]:
        """Open a file to be written; it appears, whole, once the block ends well.

        `part`: what it is called until then; nobody else may write it meanwhile.
        Raises StoreFailed, OSError.
        """
        half, target = self.path(part or f"{name}.part"), self.path(name)
        try:
            if self._local is None:
                with self._told("writing to"):
                    if self.folder.protocol not in _BUCKETS:
                        self.folder.mkdir(parents=True, exist_ok=True)
                    raw = self._raw(half.open("wb"))
                with raw, io.BufferedWriter(raw, _BUFFER) as remote:
                    yield remote
                with self._told("writing to"):
                    half.rename(target)
            else:
                private_folder(self._local)
                half.unlink(missing_ok=True)
                flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
                descriptor = os.open(self._local / half.name, flags, FILE)
                with os.fdopen(descriptor, "wb", buffering=1 << 20) as local:
                    yield local
                    local.flush()
                    os.fsync(local.fileno())
                half.rename(target)
                _sync_folder(self._local)
        except BaseException:
            # Half a file is of no use, and takes up space. Where not even deleting it works, the
            # error that is raised again says why.
            with suppress(StoreFailed), self._told("deleting from"):
                half.unlink(missing_ok=True)
            raise

    def remove(self) -> int:
        """Delete every file of the batch, and its folder.

        Returns how many there were, not counting `.installation`. Raises StoreFailed, OSError.
        """
        names = self.names()
        # `.installation` last: a file that is left must still be known as ours.
        self.discard(*names, _OWNER)
        if self._local is not None and self._local.exists():
            self._local.rmdir()
        return len(names)

    def names(self) -> list[str]:
        """The files that are there, also halves, without `.installation`. Raises StoreFailed."""
        with self._told("looking into"):
            if not _is_there(self.folder):
                return []
            found = [path.name for path in self.folder.iterdir() if path.is_file()]
        return sorted(name for name in found if name != _OWNER)

    def discard(self, *names: str) -> None:
        """Delete these files, should they be there. Raises StoreFailed, OSError."""
        with self._told("deleting from"):
            for name in names:
                self.path(name).unlink(missing_ok=True)

    def _gone(self, name: str) -> PlatformError:
        if self.folder.protocol in _BUCKETS:
            self.store.check()
        return FilesGone(
            f"{self.folder.name}: {name} is no longer kept in {self.store.url} "
            "(RESUME_KEEP_FILES_DAYS). The records in the database stay as they are."
        )

    def _told(self, doing: str) -> AbstractContextManager[None]:
        return (
            nullcontext()
            if self._local is not None
            else told(self.store.url, doing, self.store.called)
        )

    def _raw(self, stream: Any) -> _Raw:
        return _Raw(stream, self.store)


class _Raw(io.RawIOBase):
    """An object store's stream, whose errors become StoreFailed."""

    def __init__(self, stream: Any, store: BatchStore) -> None:
        self._stream = stream
        self._store = store

    def readable(self) -> bool:
        return bool(self._stream.readable())

    def writable(self) -> bool:
        return bool(self._stream.writable())

    def readinto(self, buffer: Any) -> int:
        with self._told("reading from"):
            data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: Any) -> int:
        with self._told("writing to"):
            self._stream.write(bytes(data))
        return len(data)

    def close(self) -> None:
        if not self.closed:
            super().close()
            with self._told("writing to"):
                self._stream.close()

    def _told(self, doing: str) -> AbstractContextManager[None]:
        return told(self._store.url, doing, self._store.called)


def _is_there(path: UPath, name: str | None = None) -> bool:
    """Whether the file or folder is there, or another name in its store.

    fsspec's own `exists` returns False after an error of any kind.
    """
    if _is_local(path):
        return bool(path.exists())
    try:
        path.fs.info(path.path if name is None else name)
    except FileNotFoundError:
        return False
    return True


def _is_local(path: UPath) -> bool:
    return path.protocol in ("", "file", "local")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
