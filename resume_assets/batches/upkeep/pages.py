"""Pages and other files that were made of people's records, and hold one who is forgotten.

They can be made again, without that person: so they are removed whole.
"""

import re
from collections.abc import Iterable, Sequence
from html import escape
from json import dumps
from typing import Any, Final

from resume_assets.batches.receiving.blanking import FILES
from resume_assets.batches.store import BatchFiles
from resume_assets.extraction.requests import custom_id
from resume_assets.settings import Settings

_HALF: Final = ".part"


def remove_pages(files: BatchFiles, userids: Sequence[Any]) -> list[str]:
    """Remove what is beside the batch's own files and holds one of these people; its names.

    Halves of files go in any case; and where nobody is named, for what was left for later, all of
    it does. Raises StoreFailed, OSError.
    """
    others = [name for name in files.names() if name not in FILES]
    halves = [name for name in others if name.endswith(_HALF)]
    files.discard(*halves)
    pages = [name for name in others if name not in halves]
    if userids:
        sign = _sign(userids)
        pages = [name for name in pages if _holds(files, name, sign)]
    files.discard(*pages)
    return pages


def remove_trial_pages(settings: Settings, userids: Sequence[Any]) -> int:
    """Remove trials' pages in the home that name one of these people; returns how many."""
    folder, removed = settings.home_folder / "trials", 0
    sign = _sign(userids) if userids else None
    for page in sorted(folder.glob("*.html")) if sign is not None else ():
        if sign is not None and sign.search(page.read_bytes()):
            page.unlink(missing_ok=True)
            removed += 1
    return removed


def _holds(files: BatchFiles, name: str, sign: "re.Pattern[bytes]") -> bool:
    with files.read(name) as stream:
        return sign.search(stream.read()) is not None


def _sign(userids: Iterable[Any]) -> "re.Pattern[bytes]":
    """Finds an id, as it is or as JSON or HTML write it, or its custom_id; not within a word."""
    forms: set[str] = set()
    for userid in userids:
        text = str(userid)
        forms |= {
            text,
            escape(text),
            escape(text, quote=False),
            dumps(text)[1:-1],
            dumps(text, ensure_ascii=False)[1:-1],
            custom_id(userid),
        }
    known = b"|".join(re.escape(one.encode("utf-8", "replace")) for one in sorted(forms))
    return re.compile(rb"(?<![0-9A-Za-z_])(?:" + known + rb")(?![0-9A-Za-z_])")
