"""A trial's answers become records in our own table; the candidate table is not touched."""

from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial
from typing import Any

import orjson
import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.closing import USAGE, usage_of
from resume_assets.batches.ledger.lease import Lease
from resume_assets.batches.ledger.states import BatchState, ItemState
from resume_assets.batches.receiving.results import Asked
from resume_assets.batches.records.applying import close_unusable, finish, write_answers
from resume_assets.batches.records.clearing import clear
from resume_assets.batches.records.discarding import discarded
from resume_assets.batches.records.rows import READING, Applied, Row
from resume_assets.batches.store import BatchStore
from resume_assets.database.connect import Database
from resume_assets.extraction.candidate import COLUMNS
from resume_assets.extraction.responses import Answer
from resume_assets.extraction.values import Record

_NAMES = tuple(column.name for column in COLUMNS)


def record(lease: Lease, store: BatchStore, *, today: date) -> batches.Batch:
    """Write the records of a collected batch and close its items; any other is left as it is.

    `today` ends current positions: the same for all variants, however long one of them waits.
    Raises FilesGone, DatabaseFailed, LeaseLost.
    """
    database = lease.database
    batch = database.read(lambda connection: batches.get(connection, database, lease.key))
    if batch.state != BatchState.collected:
        return batch
    results = write_answers(_Recorder(lease), store, batch, today)
    close_unusable(lease, batch, results, Applied())
    return lease.write(lambda connection: finish(connection, lease))


class _Recorder:
    """Writes the records of a trial's batch into its items."""

    wanted = ItemState.submitted

    def __init__(self, lease: Lease) -> None:
        self.lease = lease

    def rows(self, answers: Iterable[tuple[Asked, Answer]]) -> Iterator[tuple[Row, str]]:
        """Each usable answer that is not written yet, with its record as JSON."""
        database = self.lease.database
        for asked, answer in answers:
            record = answer.record
            if asked.state != self.wanted or record is None:
                continue
            clear(record, database.not_borne_out)
            told = _as_told(database, record)
            usage = usage_of(answer)
            row = Row(asked, (), usage, record.changes, record.unreadable, record.weight)
            yield row, orjson.dumps(told).decode()

    def write(self, rows: list[tuple[Row, str]]) -> None:
        """Write one chunk in one transaction."""
        self.lease.write(partial(self._write, rows=rows))

    def _write(self, connection: sa.Connection, *, rows: list[tuple[Row, str]]) -> None:
        lease, dialect = self.lease, self.lease.database.dialect
        state, now = ItemState.succeeded.value, dialect.utc_now(connection)
        gone = {id(row) for row in discarded(connection, lease, [row for row, _ in rows])}
        dialect.update_rows(
            connection,
            lease.items,
            ("batch_key", "userid"),
            ("state", *USAGE, *READING, "record", "closed_at"),
            [
                (state, *row.usage, *row.reading, told, now, lease.key, row.asked.userid)
                for row, told in rows
                if id(row) not in gone
            ],
        )


def _as_told(database: Database, record: Record) -> dict[str, str]:
    """A record's values by column, as the candidate table would have them; None left out.

    What the table would cut or leave out is cut and left out here, so that a record of a trial and
    the present one can be compared. A column that the table lacks has its value all the same.
    """
    there = database.candidates
    values = dict(zip(_NAMES, record.values, strict=True))
    fitted = there.fit_row(record.values, record.changes, keep_existing=True)
    values |= {column: text_of(value) for column, value in zip(there.columns, fitted, strict=True)}
    return {column: value for column, value in values.items() if value is not None}


def text_of(value: Any) -> str | None:
    """A value of the candidate table as a record has it: a day is its month."""
    if isinstance(value, date):  # or a datetime
        return f"{value:%Y-%m}"
    return None if value is None else str(value)
