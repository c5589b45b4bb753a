"""Lines of a batch's kept files that are about people who are forgotten: blanks in their place.

The file keeps its size and its other lines, which are read as before: a blank line is nobody's.
"""

from collections.abc import Iterator
from functools import partial
from typing import BinaryIO, Final

import sqlalchemy as sa

from resume_assets.batches.ledger.closing import USAGE, Usage, usage_of
from resume_assets.batches.ledger.forgotten import mask, secret_of
from resume_assets.batches.ledger.lease import Lease
from resume_assets.batches.store import ERRORS, OUTPUT, REQUESTS, REUSED, BatchFiles
from resume_assets.extraction.responses import custom_id_of, read_line

FILES: Final = (REQUESTS, OUTPUT, ERRORS, REUSED)


def blank(lease: Lease, files: BatchFiles) -> int:
    """Blank the lines of those who are forgotten in the files that are here; returns how many.

    What their answers cost is noted first. Each file is written anew, whole or not at all. Lines
    that can't be told to be anybody's go too, where somebody is forgotten. Raises StoreFailed,
    OSError, LeaseLost.
    """
    secret, masks = lease.database.read(partial(_masks, lease=lease))
    if secret is None or not masks:
        return 0  # nearly always
    blanked = 0
    for name in FILES:
        if files.has(name) and _is_in(files, name, secret, masks):
            blanked += _blank(lease, files, name, secret, masks)
    return blanked


def _masks(connection: sa.Connection, *, lease: Lease) -> tuple[str | None, set[str]]:
    """The ledger's key, and what stands for the custom_ids of those who are forgotten."""
    items = lease.items
    query = sa.select(items.c.custom_id).where(
        items.c.batch_key == lease.key, items.c.forgotten_at.is_not(None)
    )
    masks = set(connection.execute(query).scalars())
    return secret_of(connection, lease.database) if masks else None, masks


def _whose(line: bytes, secret: str) -> str | None:
    """What would stand for the line's custom_id; None for a line that leads back to nobody."""
    custom_id = custom_id_of(line)
    return None if custom_id is None else mask(secret, custom_id)


def _is_theirs(line: bytes, secret: str, masks: set[str]) -> bool:
    if line.isspace():
        return False
    whose = _whose(line, secret)
    return whose is None or whose in masks


def _is_in(files: BatchFiles, name: str, secret: str, masks: set[str]) -> bool:
    """Whether there is anything to blank: a file in which there is not is left as it is."""
    with files.read(name) as lines:
        return any(_is_theirs(line, secret, masks) for line in lines)


def _blank(lease: Lease, files: BatchFiles, name: str, secret: str, masks: set[str]) -> int:
    used: dict[str, Usage] = {}
    blanked = 0
    with files.read(name) as lines, files.write(name) as stream:
        for line, is_theirs in _told(lines, secret, masks):
            if is_theirs:
                blanked += 1
                _note_usage(used, line, secret)
                line = b" " * len(line.rstrip(b"\n")) + b"\n" * line.endswith(b"\n")
            stream.write(line)
        # Before the file takes the other's place: afterwards nothing would tell it.
        if used and name != REQUESTS:
            lease.write(partial(_keep_usage, lease=lease, used=used))
    return blanked


def _told(lines: BinaryIO, secret: str, masks: set[str]) -> Iterator[tuple[bytes, bool]]:
    for line in lines:
        yield line, _is_theirs(line, secret, masks)


def _note_usage(used: dict[str, Usage], line: bytes, secret: str) -> None:
    whose, usage = _whose(line, secret), usage_of(read_line(line))
    if whose is not None and any(usage):
        used.setdefault(whose, usage)


def _keep_usage(connection: sa.Connection, *, lease: Lease, used: dict[str, Usage]) -> None:
    """What the answers cost, in the items that were not read before: they are paid all the same."""
    lease.database.dialect.update_rows(
        connection,
        lease.items,
        ("batch_key", "custom_id"),
        USAGE,
        [(*usage, lease.key, custom_id) for custom_id, usage in used.items()],
        only_null=USAGE[:1],
    )
