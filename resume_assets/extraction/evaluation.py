"""How well records meet known answers, column by column.

Two values match if a reader would call them the same. These do not count: case, spacing and full
stops, the form of a phone number or link, whether a degree is abbreviated, and the place within a
list, be it in one column or over several (skills, titles, phones).
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Verdict(StrEnum):
    """How one column of one record compares with its known answer."""

    right = "right"
    wrong = "wrong"  # another value, or one where there must be none
    missing = "missing"  # NULL where there is an answer


_RANKED: Final = re.compile(r"(?:Primary|Secondary|Tertiary)(\w+)|(Skill|SoftwareApp|Hardware)\d+")
_CONTACT: Final = {"Phone1": "Phone", "Phone2": "Phone", "Email": "Email", "Email2": "Email"}
_PUNCTUATION: Final = str.maketrans({"’": "'", "‘": "'", "–": "-", "—": "-", ".": "", ",": " "})
_LINK_START: Final = re.compile(r"^(?:https?://)?(?:www\.)?")
_NATIONAL_DIGITS: Final = 10
_DEGREES: Final = {
    "bs": "bachelor science",
    "bsc": "bachelor science",
    "ba": "bachelor arts",
    "bsn": "bachelor science nursing",
    "beng": "bachelor engineering",
    "btech": "bachelor technology",
    "bba": "bachelor business administration",
    "ms": "master science",
    "msc": "master science",
    "ma": "master arts",
    "meng": "master engineering",
    "mtech": "master technology",
    "mba": "master business administration",
    "bachelors": "bachelor",
    "bachelor's": "bachelor",
    "masters": "master",
    "master's": "master",
}
_DEGREE_FILLERS: Final = frozenset({"in", "of", "degree", "the", "-"})


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_PUNCTUATION)
    return " ".join(folded.split())


def _phone(text: str) -> str:
    digits = "".join(letter for letter in text if letter.isdecimal())
    return digits[-_NATIONAL_DIGITS:] or _plain(text)  # with or without the country's code


def _link(text: str) -> str:
    return _LINK_START.sub("", text.strip().casefold()).rstrip("/")


def _degree(text: str) -> str:
    words = (_DEGREES.get(word, word) for word in _plain(text).split())
    return " ".join(word for word in words if word not in _DEGREE_FILLERS)


def _listed(text: str) -> str:
    return ", ".join(sorted(_plain(item) for item in text.split(",")))


def _number(text: str) -> str:
    try:
        return format(float(text), "g")
    except ValueError:
        return _plain(text)


_FORMS: Final[Mapping[str, Callable[[str], str]]] = {
    "Phone": _phone,
    "Linkedin": _link,
    "Bachelors": _degree,
    "Masters": _degree,
    "Certifications": _listed,
    "LengthinUS": _number,
    "YearsofExperience": _number,
    "AvgTenure": _number,
}


def _family(column: str) -> str:
    """The name that the columns of one list share; a column's own name where it is alone."""
    ranked = _RANKED.fullmatch(column)
    if ranked is not None:
        return ranked[1] or ranked[2]
    return _CONTACT.get(column, column)


def compare(
    expected: Mapping[str, str | None], actual: Mapping[str, str | None]
) -> dict[str, Verdict]:
    """Return a verdict on each column that is expected; None expects NULL, "" counts as NULL."""
    families: dict[str, set[str]] = {}
    for column, value in actual.items():
        if value:
            family = _family(column)
            families.setdefault(family, set()).add(_FORMS.get(family, _plain)(value))
    verdicts: dict[str, Verdict] = {}
    for column, value in expected.items():
        found = actual.get(column)
        if not value:
            verdicts[column] = Verdict.wrong if found else Verdict.right
            continue
        family = _family(column)
        if _FORMS.get(family, _plain)(value) in families.get(family, ()):
            verdicts[column] = Verdict.right
        else:
            verdicts[column] = Verdict.wrong if found else Verdict.missing
    return verdicts


@dataclass(slots=True)
class ColumnScore:
    """The verdicts on one column."""

    column: str
    right: int = 0
    wrong: int = 0
    missing: int = 0

    @property
    def expected(self) -> int:
        """How many answers were known."""
        return self.right + self.wrong + self.missing

    @property
    def accuracy(self) -> float:
        """The share that is right, 0 to 1; 1 where nothing was known."""
        return self.right / self.expected if self.expected else 1.0


@dataclass(slots=True)
class Evaluation:
    """The verdicts on many records, added up."""

    records: int = 0
    columns: dict[str, ColumnScore] = field(default_factory=dict)

    def add(self, verdicts: Mapping[str, Verdict]) -> None:
        """Count the verdicts on one record."""
        self.records += 1
        for column, verdict in verdicts.items():
            score = self.columns.setdefault(column, ColumnScore(column))
            setattr(score, verdict.value, getattr(score, verdict.value) + 1)

    def merge(self, other: "Evaluation") -> None:
        """Count the verdicts of another evaluation."""
        self.records += other.records
        for column, theirs in other.columns.items():
            score = self.columns.setdefault(column, ColumnScore(column))
            score.right += theirs.right
            score.wrong += theirs.wrong
            score.missing += theirs.missing

    @property
    def expected(self) -> int:
        """How many answers were known."""
        return sum(score.expected for score in self.columns.values())

    @property
    def right(self) -> int:
        """How many known answers were met."""
        return sum(score.right for score in self.columns.values())

    @property
    def share(self) -> float:
        """The share that was met, 0 to 1; 1 where nothing was known."""
        return self.right / self.expected if self.expected else 1.0

    def in_order(self, columns: Iterable[str]) -> list[ColumnScore]:
        """Return the scores of those of the columns that were judged, in the order given."""
        return [self.columns[column] for column in columns if column in self.columns]


def evaluate(
    pairs: Iterable[tuple[Mapping[str, str | None], Mapping[str, str | None]]],
) -> Evaluation:
    """Return the evaluation of (expected, actual) pairs, one a record."""
    evaluation = Evaluation()
    for expected, actual in pairs:
        evaluation.add(compare(expected, actual))
    return evaluation
