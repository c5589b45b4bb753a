"""Sample resumes with known answers: people, firms and numbers are all invented.

Each is one file in `resumes/`: what is known about it as TOML between two lines of `+++`, its text
below. Known is only what a careful reader would be sure of; the rest is a matter of taste and is
left out.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from resume_assets.samples.filler import filler

__all__ = ["Sample", "load"]

_PREFIXES: Final = tuple(
    f"{which}MostRecent" for which in ("", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh")
)
_SUFFIXES: Final = ("Company", "StartDate", "EndDate", "Location")
_FILLER: Final = "{{filler}}\n"


@dataclass(frozen=True, slots=True)
class Sample:
    """One row of the candidate table, and what must come out of it."""

    userid: int
    text: str | None
    expected: Mapping[str, str | None]
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


def _expected(known: dict[str, Any]) -> dict[str, str | None]:
    """Columns by their own names; `empty` lists those that must be NULL.

    `positions` holds [company, start, end, location] from newest to oldest: "?" is not judged, ""
    must be NULL, and after the last one there must be no other, unless a "..." follows it.
    """
    expected: dict[str, str | None] = dict.fromkeys(known.pop("empty", ()))
    for prefix, position in zip(_PREFIXES, known.pop("positions", ()), strict=False):
        if position == "...":
            continue
        for suffix, value in zip(_SUFFIXES, position, strict=False):
            if value != "?":
                expected[prefix + suffix] = value or None
    return expected | known
