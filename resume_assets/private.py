"""Folders that only their user may look into."""

from pathlib import Path

FOLDER, FILE = 0o700, 0o600


def private_folder(folder: Path) -> Path:
    """Make the folder, and each that is missing above it, for its user alone; returns it.

    One that is there already keeps the rights its owner gave it.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=FOLDER, exist_ok=True)
    return folder
