"""A batch's files: `<store>/<key>/…`, on a disk or in an object store.

A file is there whole or not at all. On a disk, files are private to their user: 0600 in 0700.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from upath import UPath

from resume_assets.errors import PlatformError
from resume_assets.private import FILE, private_folder

REQUESTS, OUTPUT, ERRORS = "requests.jsonl", "output.jsonl", "errors.jsonl"
_OWNER = ".installation"


class FilesGone(PlatformError):
    """The batch's files are no longer kept; the message says what that means."""


class FolderTaken(PlatformError):
    """The folder holds the files of another batch of that key."""


class BatchStore:
    """All batches' files under one URL or path."""

    def __init__(self, url: str) -> None:
        self.root = UPath(url)

    def batch(self, key: str) -> "BatchFiles":
        """The files of one batch; makes nothing."""
        return BatchFiles(self.root / key)


class BatchFiles:
    """One batch's folder."""

    def __init__(self, folder: UPath) -> None:
        self.folder = folder
        self._local = Path(folder.path) if folder.protocol in ("", "file") else None

    def has(self, name: str) -> bool:
        """Whether the file is there, and so complete."""
        return self.path(name).exists()

    def size(self, name: str) -> int:
        """Bytes; 0 for a file that is not there."""
        path = self.path(name)
        return path.stat().st_size if path.exists() else 0

    def path(self, name: str) -> UPath:
        """Where the file is or would be."""
        return self.folder / name

    def take(self, installation: str) -> None:
        """Make the folder this installation's, before the first file of a batch is written.

        Two databases may share a store and have a batch of the same key, and one that was restored
        may have forgotten a batch: their answers are not to be taken for this batch's. Raises
        FolderTaken, OSError.
        """
        is_new = not any(map(self.has, (_OWNER, REQUESTS, OUTPUT, ERRORS)))
        if is_new:
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

    def is_of_another(self, installation: str) -> bool:
        """Whether the folder says that it is another installation's."""
        return self.has(_OWNER) and self.path(_OWNER).read_bytes() != installation.encode()

    @contextmanager
    def read(self, name: str) -> Iterator[BinaryIO]:
        """Open a file to be read. Raises FilesGone."""
        try:
            stream = self.path(name).open("rb")
        except FileNotFoundError:
            raise FilesGone(
                f"{self.folder.name}: {name} is no longer kept (RESUME_KEEP_FILES_DAYS). "
                "The records in the database stay as they are."
            ) from None
        with stream:
            yield stream

    @contextmanager
    def write(self, name: str) -> Iterator[BinaryIO]:
        """Open a file to be written; it appears, whole, once the block ends well."""
        part, target = self.path(f"{name}.part"), self.path(name)
        try:
            if self._local is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                with part.open("wb") as stream:
                    yield stream
                part.rename(target)
            else:
                private_folder(self._local)
                part.unlink(missing_ok=True)
                flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
                descriptor = os.open(self._local / part.name, flags, FILE)
                with os.fdopen(descriptor, "wb", buffering=1 << 20) as local:
                    yield local
                    local.flush()
                    os.fsync(local.fileno())
                part.rename(target)
                _sync_folder(self._local)
        except BaseException:
            part.unlink(missing_ok=True)  # half a file is of no use, and takes room
            raise

    def remove(self) -> int:
        """Delete every file of the batch, and its folder.

        Returns how many there were, the owner's name left out.
        """
        if not self.folder.exists():
            return 0
        files = [path for path in self.folder.iterdir() if path.is_file()]
        files.sort(key=lambda path: path.name == _OWNER)  # last: as long as one is left, it is ours
        for path in files:
            path.unlink(missing_ok=True)
        if self._local is not None:
            self._local.rmdir()
        return sum(path.name != _OWNER for path in files)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
