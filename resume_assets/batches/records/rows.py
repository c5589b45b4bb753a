"""What is to be written of the answers, and what came of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.closing import Usage
from resume_assets.batches.receiving.results import Asked
from resume_assets.evidence.weighing import Weight
from resume_assets.extraction.values import LOSSES, Change, Changes, note

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

_CUT = LOSSES - {Change.unread}


@dataclass(slots=True)
class Applied:
    """What a run of this step did; a chunk's counts are added once it is committed."""

    batch: batches.Batch | None = None
    written: int = 0
    superseded: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)  # column, what was done
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
    def share_borne_out(self) -> float:
        """Values that stand in the resumes over those that were looked for; 1 where none was."""
        if not self.values_checked:
            return 1.0
        return 1 - self.not_borne_out.total() / self.values_checked

    def add(self, row: "Row") -> None:
        """Count a written record."""
        self.written += 1
        if row.changes:
            self.changes.update(row.changes.items())
        self.values_checked += row.weight.checked
        if row.weight.missing:
            self.not_borne_out.update(row.weight.missing)

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
    refused: frozenset[str] = frozenset()  # columns that stay as they are

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

    def without(self, columns: frozenset[str]) -> "Row":
        """The row as it is to be written where the table refuses these columns."""
        changes = dict(self.changes)
        for column in columns:
            note(changes, column, Change.refused)
        return replace(self, refused=columns, changes=changes)

    def tells(self, columns: Sequence[str]) -> bool:
        """Whether there is a value in any of the columns (all of them) that is not refused."""
        return any(
            value is not None and column not in self.refused
            for column, value in zip(columns, self.values, strict=True)
        )


def _json(columns: Mapping[str, str] | Sequence[str]) -> str | None:
    return orjson.dumps(columns).decode() if columns else None
