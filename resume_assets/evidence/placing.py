"""Where the values of a record stand in the text of its resume, for people to look at.

Nothing that is written depends on it: `weighing`, which only asks whether they stand there, is the
quicker way. Of several places it is the first, but a position's dates and location are looked for
around its company before.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from resume_assets.evidence.finding import find
from resume_assets.evidence.folding import Folded, Place
from resume_assets.extraction.candidate import COLUMNS, PREFIXES, Evidence
from resume_assets.extraction.values import Change

Places = tuple[Place, ...]

_KINDS: Final[Mapping[str, Evidence]] = {column.name: column.evidence for column in COLUMNS}
_BESIDE: Final = ("StartDate", "EndDate", "Location")
_REACH: Final = 3  # lines above and below a company's name that are of the same position, mostly
_MOST_TRIED: Final = 5  # places of a company's name
_NEXT: Final = 20_000  # characters within which it is named again


def places_of(
    values: Mapping[str, str | None], changes: Mapping[str, str], text: str
) -> dict[str, Places]:
    """Return by column where these values stand in the text: start and end of each part.

    Left out is what is not looked for (numbers of years as in `weighing.weigh`) and what does not
    stand there; of a list in one column, the parts that do are told.
    """
    resume = Folded(text)
    told = {
        column: value
        for column, value in values.items()
        if value is not None
        and (_KINDS[column] is not Evidence.computed or changes.get(column) == Change.claimed)
    }
    found = {column: _find(_KINDS[column], value, resume) for column, value in told.items()}
    for prefix in PREFIXES:
        company = f"{prefix}Company"
        beside = {prefix + part: told[prefix + part] for part in _BESIDE if prefix + part in told}
        if beside and found.get(company):
            found |= _of_position(beside, text, _each(told[company], found[company][0], text))
    return {column: places for column, places in found.items() if places}


def _find(kind: Evidence, value: str, resume: Folded) -> Places:
    places = find(kind, value, resume)
    if places is None and kind is Evidence.terms:
        items = (find(Evidence.term, item, resume) for item in value.split(", "))
        return tuple(place for each in items if each for place in each)
    return places or ()


def _each(company: str, first: Place, text: str) -> Iterator[Place]:
    """Yield where a company is named, from the first place on; the next where asked for it."""
    place = first
    for _ in range(_MOST_TRIED):
        yield place
        at = place[1]
        found = find(Evidence.company, company, Folded(text[at : at + _NEXT]))
        if not found:
            return
        place = at + found[0][0], at + found[0][1]


def _of_position(beside: Mapping[str, str], text: str, named: Iterator[Place]) -> dict[str, Places]:
    """Return those of a position's values that stand around its company's name.

    It may be named elsewhere as well (in a summary): the place counts that has most of them, then
    the one that has them nearest.
    """
    around = [_around(beside, text, place) for place in named]
    best = max(around, key=lambda found: (len(found), -sum(away for away, _ in found.values())))
    return {column: places for column, (_, places) in best.items()}


def _around(beside: Mapping[str, str], text: str, place: Place) -> dict[str, tuple[int, Places]]:
    """Return where these values stand in the lines around, and how many lines away.

    The line that has most of them counts, and the nearest one for those that it lacks.
    """
    lines = []
    for away, (start, end) in enumerate(_lines_around(text, place[0])):
        part = Folded(text[start:end])
        finds = {column: _find(_KINDS[column], value, part) for column, value in beside.items()}
        lines.append(
            {
                column: (away, tuple((start + one, start + other) for one, other in places))
                for column, places in finds.items()
                if places
            }
        )
    best = max(lines, key=len)
    return {column: found for line in (*reversed(lines), best) for column, found in line.items()}


def _lines_around(text: str, at: int) -> Iterator[Place]:
    """Yield the line that this is in and those around with text in them, nearest first."""
    line = text.rfind("\n", 0, at) + 1
    end = _end_of_line(text, line)
    yield line, end
    below, above = _below(text, end), _above(text, line)
    for _ in range(_REACH):
        yield from islice(below, 1)
        yield from islice(above, 1)


def _below(text: str, at: int) -> Iterator[Place]:
    while at < len(text):
        end = _end_of_line(text, at)
        if not text[at:end].isspace():
            yield at, end
        at = end


def _above(text: str, at: int) -> Iterator[Place]:
    while at > 0:
        start = text.rfind("\n", 0, at - 1) + 1
        if not text[start:at].isspace():
            yield start, at
        at = start


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def in_utf16(text: str, places: Places) -> Places:
    """Return places as JavaScript counts: in UTF-16 code units, of which an emoji has two."""
    if text.isascii() or not (wide := [at for at, one in enumerate(text) if one > "\uffff"]):
        return places
    return tuple(
        (start + bisect_left(wide, start), end + bisect_left(wide, end)) for start, end in places
    )
