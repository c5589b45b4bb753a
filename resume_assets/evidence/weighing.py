"""Whole records against the resumes that they were read from.

Most values stand there as they are. Those are found in microseconds (`folding.quick`); only for the
rest the resume is folded as a whole and the ways of `finding` are gone.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from resume_assets.evidence.finding import CONTACTS, VERBATIM, is_borne_out
from resume_assets.evidence.folding import Folded, quick, quick_values
from resume_assets.evidence.years import PRESENT
from resume_assets.extraction.candidate import COLUMNS, Evidence
from resume_assets.extraction.place_names import STATES
from resume_assets.extraction.values import Change, Changes


class Weight(NamedTuple):
    """How many values were looked for, and the columns of those that the resume does not bear out.

    Columns are spelt as in COLUMNS, and in that order.
    """

    checked: int
    missing: tuple[str, ...]


NO_WEIGHT: Final = Weight(0, ())
"""Of a record that has no resume any more."""

_KINDS: Final = [column.evidence for column in COLUMNS]
_NAMES: Final = [column.name for column in COLUMNS]


def _indexes(*kinds: Evidence) -> list[int]:
    return [index for index, kind in enumerate(_KINDS) if kind in kinds]


_COMPUTED: Final = _indexes(Evidence.computed)
_YEARS: Final = _indexes(Evidence.year)
_STATES: Final = _indexes(Evidence.state)
_EXACT: Final = _indexes(*CONTACTS)
_WORDED: Final = _indexes(*VERBATIM - CONTACTS - {Evidence.state})
_CODE: Final = 2  # letters of a state's
_LEAST: Final = 5  # bytes, with two spaces, of a value whose case does not count

Looked = tuple[int, list[int]]
"""How many values a quick look was taken at, and the columns of those that it did not find."""


def weigh(values: Sequence[str | None], changes: Changes, text: str) -> Weight:
    """Weigh a record's values, in the order of COLUMNS, against the text of its resume.

    Numbers of years count only where the model's own word stands for them (`Change.claimed`), and
    `Present` never does.
    """
    checked = 0
    doubtful: list[int] = []
    looks = (
        _contacts(values),
        _states(values, text),
        _years(values, text),
        _words(values, text),
        _claims(values, changes) if changes else _NOTHING,
    )
    for count, not_found in looks:
        checked += count
        doubtful += not_found
    if not doubtful:
        return Weight(checked, ())
    resume = Folded(text)
    known: dict[tuple[Evidence, str], bool] = {}  # the same place or year stands in several columns
    missing: list[str] = []
    for index in sorted(doubtful):
        key = _KINDS[index], values[index] or ""
        stands = known.get(key)
        if stands is None:
            stands = known[key] = is_borne_out(*key, resume)
        if not stands:
            missing.append(_NAMES[index])
    return Weight(checked, tuple(missing))


_NOTHING: Final[Looked] = 0, []


def _contacts(values: Sequence[str | None]) -> Looked:
    """`finding` takes a quick look of its own at these."""
    there = [index for index in _EXACT if values[index] is not None]
    return len(there), there


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
    dates = [
        (index, date) for index in _YEARS if (date := values[index]) is not None and date != PRESENT
    ]
    found = {year: _is_written(year, text) for year in {date[:4] for _, date in dates}}
    return len(dates), [index for index, date in dates if not found[date[:4]]]


def _is_written(year: str, text: str) -> bool:
    at = text.find(year)
    return at >= 0 and not (text[at - 1 : at].isdecimal() or text[at + 4 : at + 5].isdecimal())


def _words(values: Sequence[str | None], text: str) -> Looked:
    there = [(index, value) for index in _WORDED if (value := values[index]) is not None]
    folded = quick(text)
    folded_values = quick_values([value for _, value in there], ascii_only=text.isascii())
    return len(there), [
        index
        for (index, value), quickly in zip(there, folded_values, strict=True)
        if (len(quickly) < _LEAST or quickly not in folded) and not _is_state(index, value, text)
    ]


def _is_state(index: int, value: str, text: str) -> bool:
    """Tell whether it is a place of which no more than the state is known, behind a comma."""
    return (
        len(value) == _CODE
        and _KINDS[index] is Evidence.place
        and value in STATES
        and _is_behind_comma(value, text)
    )
