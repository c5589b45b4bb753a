"""One document into the candidate table: a new row, or the text of one that has none.

The row, its text and what is known of the file are one transaction: killed anywhere, all of it is
there or nothing is.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

import sqlalchemy as sa

from resume_assets.batches.ledger.forgotten import is_forgotten
from resume_assets.batches.ledger.queue import is_blank
from resume_assets.database.connect import Database
from resume_assets.database.retrying import DuplicateKey, Refused
from resume_assets.documents import ledger
from resume_assets.documents.reading import Document
from resume_assets.documents.reasons import Reason, Unreadable
from resume_assets.errors import WrongUseError

_TRIES = 20
"""At ids that another program takes at the same moment."""


class Outcome(StrEnum):
    """What became of a file that could be read."""

    imported = "imported"  # a new candidate
    filled = "filled"  # the text of the candidate whom the CSV names
    known = "known"  # the same bytes came before


class NoIds(WrongUseError):
    """The table does not make ids, and nobody said whose the files are."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is written down."""

    name: str
    sha256: str
    bytes: int
    delivery: str


@dataclass(frozen=True, slots=True)
class Put:
    """What became of it; the id of whom it is, where it was written now."""

    outcome: Outcome
    userid: Any = None


class Rows:
    """Where documents go."""

    def __init__(self, database: Database, *, first_userid: int | None = None) -> None:
        """`first_userid`: new rows are numbered from there, where the table does not do it.

        Raises NoIds only once a new row is wanted: see `require_ids`.
        """
        self._database = database
        self._first = first_userid

    def require_ids(self) -> None:
        """Raise NoIds where new candidates could have no id."""
        database, there = self._database, self._database.candidates
        if self._first is not None:
            if not issubclass(there.userid.type.python_type, int):
                raise NoIds(
                    f"The ids of {there.table.fullname} are no whole numbers: name them in a CSV "
                    "of file,userid (--csv). Nothing was imported."
                )
            return
        supplied = database.read(
            lambda connection: database.dialect.supplied(connection, there.table)
        )
        if there.userid.name.casefold() in supplied.always | supplied.by_default:
            return
        largest = self._largest()
        hint = "" if largest is None else f" (the largest is {largest:,})"
        number = (
            f", or number new candidates yourself with --first-userid{hint}"
            if issubclass(there.userid.type.python_type, int)
            else ""
        )
        raise NoIds(
            f"{there.table.fullname} makes no ids by itself: say whose each file is in a CSV of "
            f"file,userid (--csv){number}. Nothing was imported."
        )

    def put(self, file: File, document: Document, userid: Any = None) -> Put:
        """Write a document's text; `userid`: whose it is, None for a new candidate.

        Raises Unreadable with what the candidate or the table has against it; DatabaseFailed.
        """
        work = partial(self._work, file=file, document=document, userid=userid)
        for _ in range(_TRIES):
            try:
                return self._database.write(work)
            except DuplicateKey:
                continue  # another program took the id, or another import the file
            except Refused:
                break
        raise Unreadable(Reason.refused)

    def _work(
        self, connection: sa.Connection, *, file: File, document: Document, userid: Any
    ) -> Put:
        database = self._database
        database.dialect.lock(connection, database.ledger.installation)
        if (known := ledger.find(connection, database, file.sha256)) is not None:
            if known.forgotten_at is not None:
                raise Unreadable(Reason.forgotten)
            # Committed just now, and only the answer was lost.
            is_ours = (known.delivery, known.file_name) == (file.delivery, file.name)
            outcome = Outcome.imported if userid is None else Outcome.filled
            return Put(outcome, known.userid) if is_ours else Put(Outcome.known)
        if userid is None:
            put = Put(Outcome.imported, self._insert(connection, document.text))
        else:
            self._fill(connection, document.text, userid)
            put = Put(Outcome.filled, userid)
        self._require_as_written(connection, put.userid, document.text)
        ledger.note(
            connection,
            database,
            {
                "document_key": file.sha256,
                "userid": put.userid,
                "file_name": file.name[-400:],
                "bytes": file.bytes,
                "kind": document.kind.value,
                "pages": document.pages,
                "library": document.library[:200],
                "delivery": file.delivery,
            },
        )
        return put

    def _insert(self, connection: sa.Connection, text: str) -> Any:
        database, there = self._database, self._database.candidates
        values = {there.text.name: text, there.modified.name: self._now(connection)}
        if self._first is None:
            return database.dialect.insert_made(connection, there.table, values, there.userid.name)
        largest = sa.select(sa.func.max(there.userid)).where(there.userid >= self._first)
        found = connection.execute(largest).scalar()
        userid = self._first if found is None else found + 1
        connection.execute(there.table.insert().values({there.userid.name: userid, **values}))
        return userid

    def _fill(self, connection: sa.Connection, text: str, userid: Any) -> None:
        """Raises Unreadable: no such candidate, one who has a resume, or is forgotten."""
        database, there = self._database, self._database.candidates
        gone = is_forgotten(connection, database, there.userid)
        query = sa.select(there.text, there.processed).where(there.userid == userid)
        row = connection.execute(query).first()
        if row is None:
            raise Unreadable(Reason.no_candidate)
        if not isinstance(gone, sa.False_):
            theirs = sa.select(there.userid).where(there.userid == userid, gone)
            if connection.execute(theirs).first() is not None:
                raise Unreadable(Reason.forgotten)
        before, processed = row
        if processed is not None or (before is not None and not is_blank(before)):
            raise Unreadable(Reason.has_text)
        filled = there.table.update().where(there.userid == userid)
        values = {there.text: text, there.modified: self._now(connection)}
        connection.execute(filled.values(values))

    def _require_as_written(self, connection: sa.Connection, userid: Any, text: str) -> None:
        """A column of one code page has question marks for what it can't hold, without a word.

        Raises Unreadable: refused; then nothing of it is committed.
        """
        there = self._database.candidates
        query = sa.select(there.text).where(there.userid == userid)
        if connection.execute(query).scalar() != text:
            raise Unreadable(Reason.refused)

    def _now(self, connection: sa.Connection) -> Any:
        kind = self._database.candidates.modified.type
        now = self._database.dialect.clock(connection, kind)
        return str(now) if isinstance(kind, sa.String) else now

    def _largest(self) -> int | None:
        there = self._database.candidates
        if not issubclass(there.userid.type.python_type, int):
            return None
        query = sa.select(sa.func.max(there.userid))
        found: int | None = self._database.read(
            lambda connection: connection.execute(query).scalar()
        )
        return found
