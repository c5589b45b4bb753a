"""Whether a folder has changed: a hash of its files' names, sizes and times."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from resume_assets.documents.finding import places

_PARTS = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """What a folder looked like at the last look, and at the last delivery, with its key."""

    last: str = ""
    delivered: str = ""
    key: str = ""

    def __str__(self) -> str:
        return f"{self.last} {self.delivered} {self.key}"

    @classmethod
    def of(cls, text: str | None) -> Self:
        """As it was kept; nothing where that was not by us."""
        parts = (text or "").split(" ")
        return cls(*parts) if len(parts) == _PARTS else cls()


def seen_in(folder: Path) -> str:
    """What the folder looks like; the same text as long as nothing in it changes."""
    digest = hashlib.sha256()
    for place in places([folder]):
        try:
            found = place.path.stat()
        except OSError:  # it has just gone
            continue
        digest.update(
            f"{place.name}\0{found.st_size}\0{found.st_mtime_ns}\n".encode(errors="replace")
        )
    return digest.hexdigest()
