"""A batch's files: `<store>/<key>/…`, on a disk or in an object store.

A file is there whole or not at all. On a disk, files are private to their user: 0600 in 0700. What
an object store's own library raises becomes a StoreFailed: its message might quote a secret key.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

from upath import UPath

from resume_assets.batches import object_store
from resume_assets.batches.store_errors import SETTING, StoreFailed, missing, shown_url, told
from resume_assets.errors import PlatformError
from resume_assets.private import FILE, private_folder
from resume_assets.settings import Settings

REQUESTS, OUTPUT, ERRORS = "requests.jsonl", "output.jsonl", "errors.jsonl"
REUSED = "reused.jsonl"
"""Lines of output files, this batch's or earlier ones', again for others with the same text."""
REVIEW = "review.html"
"""The page for people (`reviewing`), which is deleted with the other files."""
_OWNER = ".installation"

_BROKEN_AFTER: Final = timedelta(days=1)
"""An upload so old has nobody any more who would bring it to its end."""

OptionsOf = Callable[[str], Mapping[str, Any]]


def _no_options(_: str) -> Mapping[str, Any]:
    return {}


class FilesGone(PlatformError):
    """The batch's files are no longer kept; the message says what that means."""


class FolderTaken(PlatformError):
    """The folder holds the files of another batch of that key."""


class BatchStore:
    """All batches' files under one URL or path."""

    def __init__(
        self, url: str, options: OptionsOf = _no_options, *, called: str = SETTING
    ) -> None:
        """`url` may name a user and a password; `self.url`, for the ledger and people, does not.

        `options`: what fsspec is handed for a URL, this one or that of an older batch's store.
        `called`: the setting that it is from, for messages.
        """
        self.url, self.called = shown_url(url), called
        self._options = options
        with self.told("opening"):
            self.root = object_store.opened(url, options(url))
        self.is_local = _is_local(self.root)
        if self.is_local:
            self.url = str(Path(self.root.path).expanduser().absolute())
            self.root = UPath(self.url)

    @classmethod
    def configured(cls, settings: Settings) -> BatchStore:
        """The one of RESUME_BATCH_STORE. Raises StoreFailed."""
        return cls(settings.store_url, settings.store_arguments)

    def told(self, doing: str) -> AbstractContextManager[None]:
        """Turn what the store's library raises into a StoreFailed; `doing`: "writing to"."""
        return told(self.url, doing, self.called)

    def batch(self, key: str, noted: str | None = None) -> BatchFiles:
        """The files of one batch; creates no folder.

        `noted`: the store's `url` that the ledger has for the batch; None for one that has no
        files yet, or whose files were made before the ledger noted it.
        """
        store = self if noted in (None, self.url) else BatchStore(noted, self._options)
        return BatchFiles(store.root / key, store)

    def check(self) -> None:
        """Raise StoreFailed where the store is not there, or is an empty folder.

        An empty folder may be a mount point that nothing is mounted at.
        """
        if not self.is_local:
            with self.told("looking into"):
                is_bucket = object_store.has_buckets(self.root.protocol)
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

    def end_broken_uploads(self) -> int:
        """End uploads that somebody began a day ago or earlier, and will not end: their number.

        Raises StoreFailed.
        """
        if self.is_local:
            return 0
        with self.told("tidying up"):
            return object_store.end_broken_uploads(self.root, datetime.now(UTC) - _BROKEN_AFTER)

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
        return any(map(self.has, (_OWNER, REQUESTS, OUTPUT, ERRORS, REUSED)))

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
                path = self.path(name)
                stream = (
                    path.open("rb") if self._local else object_store.reading(path, self.store.told)
                )
        except FileNotFoundError:
            raise self._gone(name) from None
        with stream:
            yield stream

    @contextmanager
    def write(self, name: str, *, part: str | None = None) -> Iterator[BinaryIO]:
        """Open a file to be written; it appears, whole, once the block ends well.

        `part`: what it is called until then; nobody else may write it meanwhile.
        Raises StoreFailed, OSError.
        """
        part = part or f"{name}.part"
        path, told = self.path(name), self.store.told
        if self._local is not None:
            writing = _writing_on_disk(self._local, name, part)
        elif object_store.has_buckets(self.folder.protocol):
            writing = object_store.writing(path, told)
        else:
            writing = object_store.writing_beside(path, part, told)
        with writing as stream:
            yield stream

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
        is_away = self.store.is_local and not _is_there(self.store.root)
        if is_away or object_store.has_buckets(self.folder.protocol):
            self.store.check()
        return FilesGone(
            f"{self.folder.name}: {name} is no longer kept in {self.store.url} "
            "(RESUME_KEEP_FILES_DAYS). The records in the database stay as they are."
        )

    def _told(self, doing: str) -> AbstractContextManager[None]:
        return nullcontext() if self._local is not None else self.store.told(doing)


@contextmanager
def _writing_on_disk(folder: Path, name: str, half: str) -> Iterator[BinaryIO]:
    part = folder / half
    private_folder(folder)
    part.unlink(missing_ok=True)
    try:
        descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE)
        with os.fdopen(descriptor, "wb", buffering=1 << 20) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.rename(folder / name)
        _sync_folder(folder)
    except BaseException:
        part.unlink(missing_ok=True)  # half a file is of no use, and takes up space
        raise


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
