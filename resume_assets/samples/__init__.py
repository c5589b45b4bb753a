"""Sample resumes with known answers: people, firms and numbers are all invented.

Each is one file in `resumes/`: what is known about it as TOML between two lines of `+++`, its text
below. Known is only what a careful reader would be sure of; the rest is a matter of taste and is
left out.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from itertools import zip_longest
from typing import Any, Final

from resume_assets.evaluation.gold import Answer, Known
from resume_assets.evaluation.groups import JOB_COLUMNS
from resume_assets.evaluation.marks import Since
from resume_assets.extraction.text import text_hash
from resume_assets.samples.filler import filler

__all__ = ["Sample", "gold", "load"]

_RANKS: Final = ("Primary", "Secondary", "Tertiary")
_PARTS: Final = ("Company", "StartDate", "EndDate", "Location")
_MORE: Final = "..."
_SHORT: Final = {
    "Skill": tuple(f"Skill{number}" for number in range(1, 11)),
    "SoftwareApp": tuple(f"SoftwareApp{number}" for number in range(1, 6)),
    "Hardware": tuple(f"Hardware{number}" for number in range(1, 6)),
    "SoftwareLanguage": tuple(f"{rank}SoftwareLanguage" for rank in _RANKS),
    "Title": tuple(f"{rank}Title" for rank in _RANKS),
    "Phone": ("Phone1", "Phone2"),
    "Mail": ("Email", "Email2"),
    "Name": ("FirstName", "MiddleName", "LastName"),
    "Home": ("Address", "City", "State"),
    "Years": ("LengthinUS", "YearsofExperience", "AvgTenure"),
}
"""Names that stand for several columns in a sample's head."""
_FILLER: Final = "{{filler}}\n"


@dataclass(frozen=True, slots=True)
class Sample:
    """One row of the candidate table, and what must come out of it."""

    userid: int
    text: str | None
    expected: Mapping[str, Answer]
    """Column -> its value; None where the column must be NULL. Columns not named are not judged."""
    note: str
    """What the sample is there for."""


def load() -> list[Sample]:
    """Return all samples, by userid.

    Raises ValueError for a file that is not in the form told above.
    """
    folder = files(__package__).joinpath("resumes")
    samples = [
        _read(entry.name, entry.read_text("utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".md")
    ]
    return sorted(samples, key=lambda sample: sample.userid)


def gold() -> list[Known]:
    """Return what is known of the samples, as an evaluation takes it."""
    return [
        Known(str(sample.userid), text_hash(sample.text), sample.expected)
        for sample in load()
        if sample.expected and sample.text is not None
    ]


def _read(name: str, content: str) -> Sample:
    number, dash, _ = name.partition("-")
    mark, head, text = [*content.split("+++\n", 2), "", ""][:3]
    if mark or not head or not dash or not number.isdecimal():
        raise ValueError(f"{name}: a sample is named <userid>-<words>.md and begins with +++")
    known = tomllib.loads(head)
    note = known.pop("note")
    return Sample(int(number), _text(known, text), _expected(known), note)


def _text(known: dict[str, Any], text: str) -> str | None:
    """The text below the answers, made what the keys `null`, `text`, `filler`, `line_end` say."""
    if known.pop("null", False):
        return None
    text = known.pop("text", text)
    size = known.pop("filler", None)
    if size is not None:
        text = text.replace(_FILLER, filler(size["characters"], size["seed"]))
    return text.replace("\n", known.pop("line_end", "\n"))


def _expected(known: dict[str, Any]) -> dict[str, Answer]:
    """Columns by their own names; the other keys are shorthands for several.

    `empty` lists columns that must be NULL, also by the names of `_SHORT`: "Skill" is Skill1 to
    Skill10. Of a list of values under such a name, `Skill = [...]`, the columns beyond its end must
    be NULL too, unless a "..." ends it. `since` holds the months that
    years are counted from. `positions` holds [company, start, end, location] from newest to oldest:
    "?" is not judged, "" must be NULL, and so must all positions after the last, unless a "..."
    follows it.
    """
    expected: dict[str, Answer] = {}
    for name in known.pop("empty", ()):
        expected |= dict.fromkeys(_SHORT.get(name, (name,)))
    for name, columns in _SHORT.items():
        if name in known:
            values = known.pop(name)
            expected |= _filled(columns, values)
    if "positions" in known:
        expected |= _positions(known.pop("positions"))
    expected |= {column: Since(month) for column, month in known.pop("since", {}).items()}
    return expected | known


def _filled(columns: tuple[str, ...], values: list[str]) -> dict[str, Answer]:
    told = [value for value in values if value != _MORE]
    rest = columns[len(told) :] if _MORE not in values else ()
    return dict(zip(columns, told, strict=False)) | dict.fromkeys(rest)


def _positions(positions: list[Any]) -> dict[str, Answer]:
    expected: dict[str, Answer] = {}
    ended = True
    for columns, position in zip_longest(JOB_COLUMNS, positions[: len(JOB_COLUMNS)]):
        if position == _MORE:
            ended = False
        elif position is not None:
            pairs = zip(_PARTS, position, strict=False)
            expected |= {columns[part]: value or None for part, value in pairs if value != "?"}
        elif ended:
            expected |= dict.fromkeys(columns.values())
    return expected
