"""A delivery: files are found, read beside one another, and written one by one.

Whatever stops it, what was written stays, and the next try goes on: no bytes ever come twice.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from resume_assets.database import rights
from resume_assets.database.connect import Database
from resume_assets.documents import ledger, naming
from resume_assets.documents.finding import Content, Place, content, places
from resume_assets.documents.reading import Document, read
from resume_assets.documents.reasons import Reason, Unreadable
from resume_assets.documents.rows import File, Outcome, Put, Rows
from resume_assets.processors import processors
from resume_assets.progress import Unit, step

_AHEAD = 4
"""Files, for each processor, that are read before the first of them is written."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that was not imported, with the reason."""

    file: str
    reason: Reason


@dataclass(slots=True)
class Delivered:
    """What came of a delivery."""

    delivery: str
    files: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    unread: list[Unread] = field(default_factory=list)
    userids: list[Any] = field(default_factory=list)  # of those that were written
    readable: int = 0  # of a dry run: files that would be written

    @property
    def reasons(self) -> Counter[Reason]:
        """How many files were not imported, by reason."""
        return Counter(one.reason for one in self.unread)


def delivery_name(now: datetime) -> str:
    """What a delivery of that moment is called."""
    return f"{now:%Y%m%d-%H%M%S}"


def deliver(
    database: Database,
    named: Sequence[Path],
    *,
    delivery: str | None = None,
    csv: Path | None = None,
    first_userid: int | None = None,
    dry_run: bool = False,
) -> Delivered:
    """Import these files, and those in these folders.

    `csv`: whose each is; without one a `userids.csv` in the one folder that is named, and where
    there is none, each file is a new candidate. `dry_run`: reads, and writes nothing. Raises
    NoSuchPlace, BadNames, BadUserid, NoIds, RightsMissing, DatabaseFailed.
    """
    if csv is None and len(named) == 1 and (brought := named[0] / naming.USERIDS).is_file():
        csv = brought
    names = naming.Names({}) if csv is None else naming.read(database, csv)
    found = places(named, but=csv)
    rows = Rows(database, first_userid=first_userid)
    if not dry_run:
        rights.require_import(database)
        if csv is None:
            rows.require_ids()
    now = database.read(database.dialect.utc_now)
    done = Delivered(delivery or delivery_name(now), len(found))
    importing = _Importing(database, rows, names, done, dry_run=dry_run)
    with step("importing", Unit.file, len(found)) as counting:
        for place, reading in _read_ahead(found, importing.look):
            importing.write(place, reading)
            counting.advance(1)
    missing = names.userids.keys() - {place.name for place in found}
    done.unread += (Unread(name, Reason.no_file) for name in sorted(missing))
    return done


@dataclass(frozen=True, slots=True)
class _Looked:
    """A file as it was found: its content, and what was read of it; known ones are not read."""

    content: Content
    document: Document | None


class _Importing:
    def __init__(
        self,
        database: Database,
        rows: Rows,
        names: naming.Names,
        done: Delivered,
        *,
        dry_run: bool,
    ) -> None:
        self._database = database
        self._rows = rows
        self._names = names
        self._done = done
        self._dry_run = dry_run

    def look(self, place: Place) -> _Looked:
        """Find a file's bytes and, unless they are known, read them. Raises Unreadable."""
        if self._names.source is not None and place.name not in self._names.userids:
            raise Unreadable(Reason.not_named)
        found = content(place)
        if (known := ledger.known(self._database, found.sha256)) is not None:
            if known.forgotten_at is not None:
                raise Unreadable(Reason.forgotten)
            return _Looked(found, None)
        return _Looked(found, read(place.ending, found.data))

    def write(self, place: Place, reading: Future[_Looked]) -> None:
        """Write what was read, and count what came of it."""
        try:
            looked = reading.result()
            put = self._put(place, looked)
        except Unreadable as unreadable:
            self._done.unread.append(Unread(place.name, unreadable.reason))
            return
        if put is None:
            self._done.readable += 1
            return
        self._done.outcomes[put.outcome] += 1
        if put.userid is not None:
            self._done.userids.append(put.userid)

    def _put(self, place: Place, looked: _Looked) -> Put | None:
        if looked.document is None:
            return Put(Outcome.known)
        if self._dry_run:
            return None
        file = File(
            place.name, looked.content.sha256, len(looked.content.data), self._done.delivery
        )
        return self._rows.put(file, looked.document, self._names.userids.get(place.name))


def _read_ahead(
    found: Sequence[Place], look: Callable[[Place], _Looked]
) -> Iterator[tuple[Place, Future[_Looked]]]:
    """Each file in its order, with what reading it comes to; a few are read at once."""
    workers = processors()
    waiting = iter(found)
    with ThreadPoolExecutor(workers, thread_name_prefix="reading") as pool:
        ahead: deque[tuple[Place, Future[_Looked]]] = deque()
        try:
            while True:
                room = workers * _AHEAD - len(ahead)
                ahead += ((place, pool.submit(look, place)) for place in islice(waiting, room))
                if not ahead:
                    return
                yield ahead.popleft()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
