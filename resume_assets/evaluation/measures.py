"""The measures: counts of verdicts, and the shares that follow from them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from resume_assets.evaluation.comparing import Verdict, judge
from resume_assets.evaluation.groups import GROUP_OF, GROUPS
from resume_assets.extraction.candidate import COLUMNS

FIGURES: Final = (
    "right",
    "wrong",
    "missing",
    "invented",
    "empty",
    "cases",
    "accuracy",
    "precision",
    "recall",
    "f1",
    "coverage",
)
"""The names of all that a `Score` tells, in the order in which it is shown."""


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


@dataclass(slots=True)
class Score:
    """Counts of verdicts on one column, a group or all. Shares are 0 to 1, None of nothing.

    A case is one known answer: a value, an item of a list in one column, or a known NULL.
    """

    right: int = 0
    """A value is known, and the record has it."""
    wrong: int = 0
    """A value is known, and the record has another in its place."""
    missing: int = 0
    """A value is known, and the record has none in its place."""
    invented: int = 0
    """It is known that there is no value, and the record has one."""
    empty: int = 0
    """It is known that there is no value, and the record has none."""

    @property
    def known(self) -> int:
        """The known values: right + wrong + missing."""
        return self.right + self.wrong + self.missing

    @property
    def nulls(self) -> int:
        """The known NULLs: invented + empty."""
        return self.invented + self.empty

    @property
    def cases(self) -> int:
        """All known answers: values and NULLs."""
        return self.known + self.nulls

    @property
    def met(self) -> int:
        """The known answers that the record meets: right + empty."""
        return self.right + self.empty

    @property
    def accuracy(self) -> float | None:
        """The share of the cases that are met: (right + empty) / cases."""
        return _share(self.met, self.cases)

    @property
    def precision(self) -> float | None:
        """Of the record's values that are judged: right / (right + wrong + invented)."""
        return _share(self.right, self.right + self.wrong + self.invented)

    @property
    def recall(self) -> float | None:
        """Of the known values: right / (right + wrong + missing)."""
        return _share(self.right, self.known)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of the two: 2 right / (2 right + 2 wrong + missing + invented)."""
        return _share(
            2 * self.right, 2 * self.right + 2 * self.wrong + self.missing + self.invented
        )

    @property
    def coverage(self) -> float | None:
        """Of the known values, those for which the record has any: (right + wrong) / known."""
        return _share(self.right + self.wrong, self.known)

    def as_dict(self) -> dict[str, int | float | None]:
        """Return counts and measures under their names, for programs; shares are 0 to 1."""
        return {name: getattr(self, name) for name in FIGURES}

    def count(self, verdict: Verdict) -> None:
        """Add one verdict."""
        setattr(self, verdict.value, getattr(self, verdict.value) + 1)

    def __add__(self, other: "Score") -> "Score":
        return Score(
            self.right + other.right,
            self.wrong + other.wrong,
            self.missing + other.missing,
            self.invented + other.invented,
            self.empty + other.empty,
        )


@dataclass(slots=True)
class Report:
    """The scores of many records."""

    records: int = 0
    by_column: dict[str, Score] = field(default_factory=dict)
    """The columns that were judged, in the order of COLUMNS."""

    @property
    def by_group(self) -> dict[str, Score]:
        """The sums by group, in the order of GROUPS; those that were judged."""
        sums: dict[str, Score] = {}
        for column, score in self.by_column.items():
            group = GROUP_OF[column]
            sums[group] = sums.get(group, Score()) + score
        return {group: sums[group] for group in GROUPS if group in sums}

    @property
    def total(self) -> Score:
        """The sum over all columns."""
        return sum(self.by_column.values(), Score())

    def worst_first(self) -> list[tuple[str, Score]]:
        """Return the columns by how many known answers are not met, most first."""
        return sorted(self.by_column.items(), key=lambda pair: pair[1].met - pair[1].cases)

    def as_dict(self) -> dict[str, Any]:
        """Return all figures as JSON can hold them: names, counts and shares, no values."""
        return {
            "records": self.records,
            "total": self.total.as_dict(),
            "groups": {name: score.as_dict() for name, score in self.by_group.items()},
            "columns": {
                name: {"group": GROUP_OF[name], **score.as_dict()}
                for name, score in self.by_column.items()
            },
        }


def score(pairs: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> Report:
    """Return the scores of (known answers, record) pairs, one pair a record.

    Both map columns, by the names of `COLUMNS`, to values; NULL is None or "". Of the known
    answers, None says that there is certainly no value, and a column that is not named is not
    judged; of a record, a column that is not named is NULL. `Not` may stand for an answer.
    """
    report = Report()
    found: dict[str, Score] = {}
    for known, record in pairs:
        report.records += 1
        for column, verdict in judge(known, record):
            found.setdefault(column, Score()).count(verdict)
    report.by_column = {
        column.name: found[column.name] for column in COLUMNS if column.name in found
    }
    return report
