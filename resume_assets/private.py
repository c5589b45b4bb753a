"""Folders and files that only their user may look into."""

import os
import threading
from contextlib import suppress
from pathlib import Path

FOLDER, FILE = 0o700, 0o600

_making = threading.Lock()


def private_folder(folder: Path) -> Path:
    """Make the folder, and each that is missing above it, for its user alone; returns it.

    A folder that is there already keeps the rights its owner gave it.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=FOLDER, exist_ok=True)
    return folder


def private_file(path: Path) -> Path:
    """Make an empty file for its user alone where there is none; returns it.

    A file that is there is never opened, and keeps the rights its owner gave it: to close a
    descriptor of an SQLite database drops every lock that this process has on it, and then other
    processes delete its write-ahead log while it is in use. Raises OSError.
    """
    # The lock: no other thread's SQLite has the file while we close what we made.
    with _making, suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, FILE))
    return path


def private_text(path: Path, content: str) -> Path:
    """Write a text file for its user alone, whole or not at all; returns it. Raises OSError.

    A folder that is not there is made, private; a file that is there becomes private.
    """
    if not path.parent.exists():
        private_folder(path.parent)
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(content)
    part.replace(path)
    return path
