"""The files of a folder, or those that were named, and their bytes."""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from resume_assets.documents.kinds import ENDINGS
from resume_assets.documents.limits import MOST_BYTES
from resume_assets.documents.reasons import Reason, Unreadable
from resume_assets.errors import WrongUseError

_NOT_FOR_PEOPLE = (".", "~$", "Thumbs.db", "desktop.ini", "__MACOSX")
"""How names begin of what programs leave beside documents."""


class NoSuchPlace(WrongUseError):
    """What was named is neither a file nor a folder."""


@dataclass(frozen=True, slots=True)
class Place:
    """A file, and what it is called: its path below the folder that was named, with slashes."""

    path: Path
    name: str

    @property
    def ending(self) -> str:
        """Of its name, in lower case."""
        return self.path.suffix.lower()


def places(named: Iterable[Path], *, but: Path | None = None) -> list[Place]:
    """All files, folders searched through, in the order of their names; `but`: the CSV.

    Links are not followed: a folder that others may write to could lead anywhere. Raises
    NoSuchPlace.
    """
    found: list[Place] = []
    for one in named:
        if one.is_dir():
            found += (Place(path, path.relative_to(one).as_posix()) for path in sorted(_in(one)))
        elif one.is_file():
            found.append(Place(one, one.name))
        else:
            raise NoSuchPlace(f"{one} is neither a file nor a folder. Nothing was imported.")
    omitted = None if but is None else but.absolute()
    return [place for place in found if place.path.absolute() != omitted]


def _in(folder: Path) -> Iterator[Path]:
    for at, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(_NOT_FOR_PEOPLE)]
        for name in files:
            path = Path(at) / name
            if not name.startswith(_NOT_FOR_PEOPLE) and not path.is_symlink():
                yield path


@dataclass(frozen=True, slots=True)
class Content:
    """A file's bytes, with their hash."""

    data: bytes
    sha256: str


def content(place: Place) -> Content:
    """Read a file whole. Raises Unreadable: other kind, too large, unreadable, empty."""
    if place.ending not in ENDINGS:
        raise Unreadable(Reason.other_kind)
    try:
        descriptor = os.open(place.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Unreadable(Reason.unreadable)
            data = stream.read(MOST_BYTES + 1)
    except OSError:
        raise Unreadable(Reason.unreadable) from None
    if len(data) > MOST_BYTES:
        raise Unreadable(Reason.too_large)
    if not data:
        raise Unreadable(Reason.empty)
    return Content(data, hashlib.sha256(data).hexdigest())
