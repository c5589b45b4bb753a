"""How far the evidence reaches on the samples, by kind: a table for the README.

`python -m resume_assets_tests.evidence.reach` prints it. True values are the known answers; foreign
ones are those of all other samples that do not stand in the text by a plain look.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from resume_assets import samples
from resume_assets.evidence.finding import is_borne_out
from resume_assets.evidence.folding import Folded
from resume_assets.evidence.years import PRESENT
from resume_assets.extraction.candidate import COLUMNS, Evidence

# What is computed stands in no resume, nor must it; what is judged is not looked for.
_APART = (Evidence.judged, Evidence.computed)
_LONGEST = 50_000  # characters: in the samples that are longer than a window is mostly filler
KINDS = {column.name: column.evidence for column in COLUMNS}


@dataclass
class Reach:
    """Of one kind of evidence: values looked for, and how many of them were found."""

    found: int = 0
    true: int = 0
    passed: int = 0
    foreign: int = 0


def values() -> Iterator[tuple[int, Evidence, str]]:
    """Every known answer that needs evidence: the sample's number, its kind and value."""
    for sample in samples.load():
        for column, value in sample.expected.items():
            if isinstance(value, str) and value != PRESENT and KINDS[column] not in _APART:
                yield sample.userid, KINDS[column], value


def measure() -> dict[Evidence, Reach]:
    texts = {sample.userid: sample.text for sample in samples.load() if sample.text}
    resumes = {userid: Folded(text) for userid, text in texts.items()}
    plain = {userid: _plain(text) for userid, text in texts.items() if len(text) < _LONGEST}
    reach: dict[Evidence, Reach] = {}
    for owner, kind, value in values():
        its = reach.setdefault(kind, Reach())
        its.true += 1
        its.found += is_borne_out(kind, value, resumes[owner])
        look = _look_for(kind, value)
        for userid, text in plain.items():
            if userid != owner and not look.search(text):
                its.foreign += 1
                its.passed += is_borne_out(kind, value, resumes[userid])
    return reach


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _look_for(kind: Evidence, value: str) -> re.Pattern[str]:
    if kind is Evidence.year:
        return re.compile(rf"{value[:4]}|['’]{value[2:4]}")
    return re.compile(rf"(?<!\w){re.escape(_plain(value))}(?!\w)")


def table(reach: dict[Evidence, Reach]) -> str:
    """The table in markdown."""
    lines = ["| evidence | true values found | foreign values passing |", "| --- | --- | --- |"]
    total = Reach()
    for kind in Evidence:
        if its := reach.get(kind):
            lines.append(_line(kind.value, its))
            total.found += its.found
            total.true += its.true
            total.passed += its.passed
            total.foreign += its.foreign
    return "\n".join([*lines, _line("all", total)])


def _line(name: str, its: Reach) -> str:
    return (
        f"| {name} | {its.found:,} of {its.true:,} ({its.found / its.true:.1%}) "
        f"| {its.passed:,} of {its.foreign:,} ({its.passed / its.foreign:.2%}) |"
    )


if __name__ == "__main__":
    print(table(measure()))  # noqa: T201
