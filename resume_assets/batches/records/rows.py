"""What is to be written of the answers, and what came of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import orjson

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.closing import Usage, usage_of
from resume_assets.batches.ledger.digests import PLACES, digests_of, without
from resume_assets.batches.receiving.results import Asked
from resume_assets.batches.records.journal import Entry
from resume_assets.database.candidates import CandidateTable
from resume_assets.database.connect import Database
from resume_assets.extraction.responses import Answer
from resume_assets.extraction.values import LOSSES, Change, Changes, Weight, note

REFUSED = "refused_by_database"
"""The reason of items whose record the candidate table did not take."""

READING = (
    "months_assumed",
    "values_cut",
    "changes",
    "unread",
    "values_checked",
    "values_not_borne_out",
    "not_borne_out",
)
"""The items' columns for how an answer was read, in the order of `Row.reading`."""

LEFT = ("digests", "overwrote")
"""The items' columns for what became of the record, in the order of `Row.left`."""

_CUT = LOSSES - {Change.unread}


@dataclass(slots=True)
class Applied:
    """What a run of this step did; a chunk's counts are added once it is committed."""

    batch: batches.Batch | None = None
    written: int = 0
    superseded: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)  # column, what was done
    journaled: int = 0  # records in which something stood before
    values_checked: int = 0  # that were looked for in the resumes
    not_borne_out: Counter[str] = field(default_factory=Counter)  # those not found, by column
    not_taken: Counter[str] = field(default_factory=Counter)  # records, by what the database says
    left_open: int = 0  # candidates that other programs kept changing

    @property
    def months_assumed(self) -> int:
        """Dates whose month was not given."""
        return self._count(Change.assumed)

    @property
    def dates_unread(self) -> int:
        """Dates that could not be read."""
        return self._count(Change.unread)

    @property
    def values_cut(self) -> int:
        """Values that are not in the table as a whole."""
        return self._count(*_CUT)

    @property
    def corrections_kept(self) -> int:
        """Values that a person had changed, and that therefore stay."""
        return self._count(Change.corrected)

    @property
    def share_borne_out(self) -> float:
        """Values that stand in the resumes over those that were looked for; 1 where none was."""
        if not self.values_checked:
            return 1.0
        return 1 - self.not_borne_out.total() / self.values_checked

    def add(self, rows: Sequence["Row"]) -> None:
        """Count written records."""
        self.written += len(rows)
        self.journaled += sum(row.entry is not None for row in rows)
        self.changes.update(chain.from_iterable(row.changes.items() for row in rows))
        self.values_checked += sum(row.weight.checked for row in rows)
        self.not_borne_out.update(chain.from_iterable(row.weight.missing for row in rows))

    @property
    def refused(self) -> Counter[str]:
        """Values that the table did not take, by column."""
        found = self.changes.items()
        return Counter({column: n for (column, what), n in found if what == Change.refused})

    def _count(self, *changes: Change) -> int:
        return sum(count for (_, what), count in self.changes.items() if what in changes)


@dataclass(slots=True)
class Row:
    """A usable answer, ready to be written; `values` as the candidate table takes them.

    The answer itself is not kept: five hundred at once would cost more than reading them.
    """

    asked: Asked
    values: Sequence[Any]
    usage: Usage
    changes: Changes
    unread: dict[str, str]
    weight: Weight
    digests: str = ""  # of what it leaves in the record
    refused: frozenset[str] = frozenset()  # columns that stay as they are
    overwrote: bool = False  # something stood in the record before this batch
    entry: Entry | None = None  # what of that this run still has to keep

    @property
    def reading(self) -> tuple[int | str | None, ...]:
        """What the ledger keeps of how the answer was read, in the order of READING."""
        checked, missing = self.weight
        borne_out = checked, len(missing), _json(missing)
        if not self.changes:
            return 0, 0, None, None, *borne_out
        done = [*self.changes.values()]
        cut = sum(change in _CUT for change in done)
        assumed = done.count(Change.assumed)
        return assumed, cut, _json(self.changes), _json(self.unread), *borne_out

    @property
    def left(self) -> tuple[str, bool]:
        """What the ledger keeps of the record, in the order of LEFT."""
        return self.digests, self.overwrote

    def without(self, columns: frozenset[str]) -> "Row":
        """The row as it is to be written where the table refuses these columns."""
        changes = dict(self.changes)
        for column in columns:
            note(changes, column, Change.refused)
        return replace(
            self, refused=columns, changes=changes, digests=without(self.digests, columns)
        )

    def tells(self, columns: Sequence[str]) -> bool:
        """Whether there is a value in any of the columns (all of them) that is not refused."""
        return any(
            value is not None and column not in self.refused
            for column, value in zip(columns, self.values, strict=True)
        )


def prepare(asked: Asked, answer: Answer, database: Database) -> Row:
    """The row of a usable answer, as if nothing stood in the record yet."""
    if (record := answer.record) is None:
        raise ValueError("a usable answer has a record")
    there = database.candidates
    values = there.fit_row(record.values, record.changes, keep_existing=database.keep_existing)
    return Row(
        asked,
        values,
        usage_of(answer),
        changes=record.changes,
        unread=record.unreadable,
        weight=record.weight,
        # Whoever read the answer has made them, for a table that takes its values as they are.
        digests=(values is record.values and record.digests) or _digests(there, values),
    )


def to_write(rows: Sequence[Row], there: CandidateTable) -> tuple[list[str], list[Sequence[Any]]]:
    """The columns to be written, and each row's values of them."""
    refused = rows[0].refused if rows else frozenset[str]()
    if not refused:  # nearly always; a row of which some are refused is written alone
        return there.names, [row.values for row in rows]
    rest = [place for place, name in enumerate(there.columns) if name not in refused]
    return [there.names[place] for place in rest], [
        [row.values[place] for place in rest] for row in rows
    ]


def rows_without(rows: list[Row], others: list[Row]) -> list[Row]:
    """The rows that are not among the others."""
    left_out = {id(row) for row in others}
    return [row for row in rows if id(row) not in left_out]


def _digests(there: CandidateTable, values: Sequence[Any]) -> str:
    if len(values) == len(PLACES):
        return digests_of(values)
    whole: list[Any] = [None] * len(PLACES)
    for target, value in zip(there.targets, values, strict=True):
        whole[target.index] = value
    return digests_of(whole)


def _json(columns: Mapping[str, str] | Sequence[str]) -> str | None:
    return orjson.dumps(columns).decode() if columns else None
