"""Degrees: what was studied, to which level, where and when."""

import re
from dataclasses import dataclass
from typing import Final

from resume_assets.local_openai.rules.lines import Line
from resume_assets.local_openai.rules.periods import find_periods
from resume_assets.local_openai.rules.vocabulary import fold


@dataclass(slots=True)
class Degree:
    """One degree; `level` is bachelor, master or doctor."""

    text: str
    level: str
    school: str | None = None
    start: str | None = None
    end: str | None = None


_LEVELS: Final = (
    (
        "doctor",
        re.compile(
            r"(?<!\w)(?:Ph\.?\s?D\b\.?|Doctor(?:ate)? (?:of|in)\b|Dr\. rer|D\.Phil|Ed\.?D\b|Doctorat\b|Doutorado\b|Doktor\b|博士)"
        ),
    ),
    (
        "master",
        re.compile(
            r"(?<!\w)(?:M\.\s?S\.?\s?c?\b\.?|MSc?\b|M\.E\b\.?|M\.A\.|MA(?= (?:in|of)\b|,)|M\.?Eng\b\.?|MEng\b|M\.?B\.?A\b\.?|MFA\b|MSN\b"
            r"|M\.?Ed\b\.?|M\.?Tech\b\.?|M\.?Com\b\.?|MPH\b|Master(?:['’]?s)?\b(?! (?:Electrician|Plumber|Chef|Sergeant))|Maestr[ií]a\b"
            r"|Máster\b|Mestrado\b|Magister\b|mgr\b|Dipl(?:om)?\.?-?\s?(?:Ing|Inf|Kfm)\w*\.?|Diplôme d['’]ingénieur|修士)"
        ),
    ),
    (
        "bachelor",
        re.compile(
            r"(?<!\w)(?:B\.\s?S\.?\s?c?\b\.?|BSc?\b|B\.E\b\.?|BE(?= |,)|B\.A\.|BA(?= |,|$)|B\.?Eng\b\.?|B\.?Tech\b\.?|BBA\b|B\.?F\.?A\b\.?|BSN\b|BSEE\b|BSME\b"
            r"|BSBA\b|B\.?Com\b\.?|B\.?Ed\b\.?|LL\.?B\b\.?|Bachelor(?:['’]?s)?\b|Licence\b(?! (?:no|#|number))|Licenciatura\b|Licenciad[oa]\b"
            r"|Grado en\b|Bacharel(?:ado)?\b|Graduação em\b|Licencjat\b|Inżynier\b|inż\.|学士|Laurea\b|工学部|学部)"
        ),
    ),
)
_STOP: Final = re.compile(
    r"\s*[|•·;\t]\s*|\s+[–—]\s+|\s+-\s+|\s{3,}|\s*\(|\s+(?:from|at|an der|à l['’]|na)\s+|(?<=[a-z]{3})\.\s+(?=[A-Z])"
)
_SCHOOL: Final = re.compile(
    r"universi|college|institut|school|academy|polytechni|politechni|hochschule|école|ecole|escuela|faculdade|fachhoch|大学|uczelnia|akademi|\bMIT\b|\bIIT\b",
    re.IGNORECASE,
)
_HINTS: Final = ("b", "m", "d", "l", "g", "i", "学", "修", "博")
_ONLY_DEGREE: Final = re.compile(
    r"[\w.'’]{1,12}|(?:Bachelor|Master)(?:['’]?s)?(?: of [A-Z]\w+| Degree)?", re.IGNORECASE
)
_MINOR: Final = re.compile(
    r"\s+(?:with|minor|cum|magna|summa|gpa|honou?rs|first class)\b.*$", re.IGNORECASE
)
_WORD_EDGE: Final = " ,.;:–—-|*"


def read_degrees(lines: list[Line]) -> list[Degree]:
    """The degrees in the education section, or in the whole resume where it has none."""
    own = [line for line in lines if line.section == "education" and line.text]
    searched = (
        own[:80]
        or [
            line
            for line in lines[:3_000]
            if line.text and line.section in {"top", "summary", "other", "certifications", "skills"}
        ][:150]
    )
    degrees: list[Degree] = []
    for at, line in enumerate(searched):
        found = _degree(line.text, strict=not own)
        if found is None:
            continue
        around = [line.text, *(each.text for each in searched[at + 1 : at + 3])]
        if at and not _degree(searched[at - 1].text, strict=not own):
            around.append(searched[at - 1].text)
        found.school = _school(around)
        for text in around:
            periods = find_periods(text)
            if periods:
                found.start, found.end = periods[0].start, periods[0].end
                if periods[0].single:
                    found.start = None
                break
        degrees.append(found)
    return degrees


def _degree(text: str, *, strict: bool) -> Degree | None:
    best: tuple[int, str] | None = None
    for level, pattern in _LEVELS:
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


def level_words(text: str) -> str:
    """Folded text of a degree, to compare two."""
    return fold(text)
