"""Whole records against the resumes that they were read from.

Most values stand there as they are. Those are found in microseconds (`folding.quick`); only for the
rest the resume is folded as a whole and the ways of `finding` are gone.
"""

from collections.abc import Sequence
from typing import Final

from resume_assets.evidence.finding import CONTACTS, VERBATIM, WAYS, first_found
from resume_assets.evidence.folding import Folded, quick, quick_values
from resume_assets.evidence.years import PRESENT
from resume_assets.extraction.candidate import COLUMNS, Evidence
from resume_assets.extraction.place_names import STATES
from resume_assets.extraction.values import Change, Changes, Weight

_KINDS: Final = [column.evidence for column in COLUMNS]
_NAMES: Final = [column.name for column in COLUMNS]


def _indexes(*kinds: Evidence) -> list[int]:
    return [index for index, kind in enumerate(_KINDS) if kind in kinds]


_LOOKED_FOR: Final = [WAYS.get(kind, ()) for kind in _KINDS]
_ALIKE: Final = [_KINDS.index(kind) for kind in _KINDS]  # the first column of the same kind
_COMPUTED: Final = _indexes(Evidence.computed)
_YEARS: Final = _indexes(Evidence.year)
_STATES: Final = _indexes(Evidence.state)
_EXACT: Final = _indexes(*CONTACTS)
_WORDED: Final = _indexes(*VERBATIM - CONTACTS - {Evidence.state})
_CODE: Final = 2  # letters of a state's
_LEAST: Final = 5  # characters, with two spaces, of a value whose case does not count
_NEXT: Final = 300  # characters within which the next value is found, nearly always

_ASIDE: Final = frozenset(["", *" \t\r\n|,;()[]<>"])  # beside a contact, surely no part of it

Looked = tuple[int, list[int]]
"""How many values a quick look was taken at, and the columns of those that it did not find."""


def weigh(values: Sequence[str | None], changes: Changes, text: str) -> Weight:
    """Weigh a record's values, in the order of COLUMNS, against the text of its resume.

    Numbers of years count only where the model's own word stands for them (`Change.claimed`), and
    `Present` never does.
    """
    checked = 0
    doubtful: list[int] = []
    quickly = quick(text)
    looks = (
        _contacts(values, text),
        _states(values, text),
        _years(values, text),
        _words(values, text, quickly),
        _claims(values, changes) if changes else _NOTHING,
    )
    for count, not_found in looks:
        checked += count
        doubtful += not_found
    if not doubtful:
        return Weight(checked, ())
    resume = Folded(text, quickly)
    known: dict[tuple[int, str], bool] = {}  # the same place or year stands in several columns
    missing: list[str] = []
    for index in sorted(doubtful):
        value = values[index] or ""
        key = _ALIKE[index], value
        if key not in known:
            known[key] = first_found(_LOOKED_FOR[index], value, resume) is not None
        if not known[key]:
            missing.append(_NAMES[index])
    return Weight(checked, tuple(missing))


_NOTHING: Final[Looked] = 0, []


def _contacts(values: Sequence[str | None], text: str) -> Looked:
    there = [(index, value) for index in _EXACT if (value := values[index]) is not None]
    return len(there), [index for index, value in there if not _stands_alone(value, text)]


def _stands_alone(value: str, text: str) -> bool:
    at = text.find(value)
    end = at + len(value)
    return at >= 0 and text[at - 1 : at] in _ASIDE and text[end : end + 1] in _ASIDE


def _claims(values: Sequence[str | None], changes: Changes) -> Looked:
    claimed = [
        index
        for index in _COMPUTED
        if values[index] is not None and changes.get(_NAMES[index]) is Change.claimed
    ]
    return len(claimed), claimed


def _states(values: Sequence[str | None], text: str) -> Looked:
    there = [(index, code) for index in _STATES if (code := values[index]) is not None]
    return len(there), [index for index, code in there if not _is_behind_comma(code, text)]


def _is_behind_comma(code: str, text: str) -> bool:
    at = text.find(f", {code}")
    end = at + 2 + len(code)
    return at >= 0 and not (text[end : end + 1].isalpha() or text[end : end + 1] == "&")


def _years(values: Sequence[str | None], text: str) -> Looked:
    checked = 0
    not_found: list[int] = []
    known: dict[str, bool] = {}  # most years stand in two dates
    for index in _YEARS:
        date = values[index]
        if date is None or date == PRESENT:
            continue
        checked += 1
        year = date[:4]
        if year not in known:
            known[year] = _is_written(year, text)
        if not known[year]:
            not_found.append(index)
    return checked, not_found


def _is_written(year: str, text: str) -> bool:
    at = text.find(year)
    return at >= 0 and not (text[at - 1 : at].isdecimal() or text[at + 4 : at + 5].isdecimal())


def _words(values: Sequence[str | None], text: str, quickly: str) -> Looked:
    there = [index for index in _WORDED if values[index] is not None]
    folded = quick_values([values[index] or "" for index in there], ascii_only=text.isascii())
    find = quickly.find
    not_found: list[int] = []
    at = 0  # where the value before was found
    for index, value in zip(there, folded, strict=True):
        found = find(value, at, at + _NEXT)
        if found < 0:
            found = find(value)
        if found >= 0 and len(value) >= _LEAST:
            at = found
        elif not _is_state(index, values[index] or "", text):
            not_found.append(index)
    return len(there), not_found


def _is_state(index: int, value: str, text: str) -> bool:
    """Tell whether it is a place of which no more than the state is known, behind a comma."""
    return (
        len(value) == _CODE
        and _KINDS[index] is Evidence.place
        and value in STATES
        and _is_behind_comma(value, text)
    )
