"""What the resumes do not bear out is not written, as far as RESUME_NOT_BORNE_OUT says so.

A wrong e-mail address, phone or profile reaches another person: those are cleared by default.
"""

from typing import Final

from resume_assets.evidence.finding import CONTACTS, VERBATIM
from resume_assets.evidence.weighing import Weight
from resume_assets.extraction.candidate import COLUMNS
from resume_assets.extraction.values import Change, Record, note
from resume_assets.settings import NotBorneOut

_CLEARED: Final = {
    NotBorneOut.contacts: CONTACTS,
    NotBorneOut.keep: frozenset[str](),
    NotBorneOut.null: VERBATIM,
}
"""The kinds of evidence whose values are cleared."""


def clear(record: Record, weight: Weight, policy: NotBorneOut) -> None:
    """Make NULL, and note, what the resume does not bear out and the policy does not keep."""
    missing = frozenset(weight.missing)
    values = list(record.values)
    for index, column in enumerate(COLUMNS):
        if column.name in missing and column.evidence in _CLEARED[policy]:
            values[index] = None
            note(record.changes, column.name, Change.invented)
    record.values = tuple(values)
