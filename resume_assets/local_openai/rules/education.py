"""Degrees: what was studied, to which level, where and when."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from resume_assets.local_openai.rules.lines import Line
from resume_assets.local_openai.rules.periods import find_periods
from resume_assets.local_openai.rules.vocabulary import DEGREES


@dataclass(slots=True)
class Degree:
    """One degree; `level` is bachelor, master or doctor."""

    text: str
    level: str
    school: str | None = None
    start: str | None = None
    end: str | None = None


_STOP: Final = re.compile(
    r"\s*[|•·;\t]\s*|\s+[–—]\s+|\s+-\s+|\s{3,}|\s*\(|\s+(?:from|at|an der|à l['’]|na)\s+"
    r"|(?<=[a-z]{3})\.\s+(?=[A-Z])"
)
_SCHOOL: Final = re.compile(
    r"universi|college|institut|school|academy|polytechni|politechni|politecnico|hochschule|école"
    r"|ecole|escuela|faculdade|大学|uczelnia|akademi|\bMIT\b|\bIIT\b",
    re.IGNORECASE,
)
_ONLY_DEGREE: Final = re.compile(
    r"[\w.'’]{1,12}|(?:Bachelor|Master)(?:['’]?s)?(?: of [A-Z]\w+| Degree)?", re.IGNORECASE
)
_MINOR: Final = re.compile(
    r"\s+(?:with|minor|cum|magna|summa|gpa|honou?rs|first class)\b.*$", re.IGNORECASE
)
_MOST_LINES: Final = 120
_NO_DEGREES: Final = frozenset({"experience", "contact", "languages", "projects"})
_WORD_EDGE: Final = " ,.;:–—-|*"


def read_degrees(lines: list[Line]) -> list[Degree]:
    """The degrees in the education section, or in the whole resume where it has none."""
    own = list(islice(_parts(lines, lambda section: section == "education"), _MOST_LINES))
    searched = own or list(
        islice(_parts(lines, lambda section: section not in _NO_DEGREES), _MOST_LINES)
    )
    degrees: list[Degree] = []
    for at, text in enumerate(searched):
        found = _degree(text, strict=not own)
        if found is None:
            continue
        around = [text, *searched[at + 1 : at + 3]]
        if at and not _degree(searched[at - 1], strict=not own):
            around.append(searched[at - 1])
        found.school = _school(around)
        for beside in around:
            periods = find_periods(beside)
            if periods:
                found.start, found.end = periods[0].start, periods[0].end
                if periods[0].single:
                    found.start = None
                break
        degrees.append(found)
    return degrees


def _parts(lines: list[Line], wanted: Callable[[str], bool]) -> Iterator[str]:
    for line in lines:
        if line.text and wanted(line.section):
            yield from filter(None, line.text.split("; "))


def _degree(text: str, *, strict: bool) -> Degree | None:
    best: tuple[int, str] | None = None
    for level, pattern in DEGREES.items():
        match = pattern.search(text)
        if match is not None and (best is None or match.start() < best[0]):
            best = match.start(), level
    if best is None or (strict and len(text) > 250):
        return None
    periods = find_periods(text[best[0] :])
    end = best[0] + periods[0].first if periods else len(text)
    words = _named(text[best[0] : end])
    return Degree(words, best[1]) if len(words) > 1 else None


def _named(text: str) -> str:
    """The degree and its field, without school, honours and place."""
    pieces = [piece for piece in _STOP.split(text) if piece and piece.strip(_WORD_EDGE)]
    if not pieces:
        return ""
    parts = [part.strip() for part in pieces[0].split(",")]
    taken = [parts[0]]
    if len(parts) > 1 and _ONLY_DEGREE.fullmatch(parts[0]) and not _SCHOOL.search(parts[1]):
        taken.append(parts[1])
    elif (
        len(parts) == 1
        and len(pieces) > 1
        and _ONLY_DEGREE.fullmatch(parts[0])
        and not _SCHOOL.search(pieces[1])
        and not pieces[1].strip()[:1].isdigit()
    ):
        taken.append(pieces[1].split(",")[0].strip(" )"))
    words = _MINOR.sub("", ", ".join(part for part in taken if part))
    words = words.strip(" ,;:–—-|*")
    return words if words.endswith(("A.", "S.", "c.", "B.")) else words.rstrip(".")


def _school(texts: list[str]) -> str | None:
    for text in texts:
        if not _SCHOOL.search(text):
            continue
        for piece in re.split(r"\s*[|•·;\t,]\s*|\s+[–—-]\s+|\s{3,}|\s(?:from|at)\s", text):
            if _SCHOOL.search(piece) and len(piece) < 100:
                periods = find_periods(piece)
                return (piece[: periods[0].first] if periods else piece).strip(" ,(") or None
    return None
