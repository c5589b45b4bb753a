"""The CSV that says which file is whose: `file,userid`."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from resume_assets.batches.upkeep.naming import typed_userids
from resume_assets.database.connect import Database
from resume_assets.errors import WrongUseError

USERIDS = "userids.csv"
"""What the file is called that a folder brings along."""

_HEAD = ("file", "userid")


class BadNames(WrongUseError):
    """The CSV can't be read as one, or says two things about a file or a candidate."""


@dataclass(frozen=True, slots=True)
class Names:
    """Whose each file is: path below the folder, with slashes, -> id in the table's own type."""

    userids: Mapping[str, Any]
    source: Path | None = None  # None: no CSV, each file is a new candidate


def read(database: Database, path: Path) -> Names:
    """Read the CSV. Raises BadNames, BadUserid."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = [row for row in csv.reader(stream) if any(map(str.strip, row))]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = getattr(error, "strerror", None) or "it is no CSV in UTF-8"
        raise BadNames(f"{path} can't be read: {why}. Nothing was imported.") from None
    if rows and tuple(cell.strip().lower() for cell in rows[0][:2]) == _HEAD:
        del rows[0]
    files: dict[str, str] = {}
    for number, row in enumerate(rows, start=1):
        if len(row) != len(_HEAD) or not all(map(str.strip, row)):
            raise BadNames(f"{path}, row {number}: it takes two cells, file,userid.")
        name = str(PurePosixPath(row[0].strip().replace("\\", "/")))
        if name in files:
            raise BadNames(
                f"{path}, row {number}: the file was named before. Nothing was imported."
            )
        files[name] = row[1].strip()
    if not files:
        raise BadNames(f"{path} names no file: it takes rows of file,userid.")
    userids = typed_userids(database, [*files.values()])
    if len(set(userids)) < len(userids):
        raise BadNames(f"{path} names a candidate twice: one resume each. Nothing was imported.")
    return Names(dict(zip(files, userids, strict=True)), path)
