"""What the resumes do not bear out is not written, as far as RESUME_NOT_BORNE_OUT says so.

A wrong e-mail address, phone or profile reaches another person: those are cleared by default.
"""

from typing import Final

from resume_assets.choices import NotBorneOut
from resume_assets.evidence.finding import CONTACTS, VERBATIM
from resume_assets.extraction.candidate import COLUMNS
from resume_assets.extraction.values import Change, Record, note

_COLUMNS: Final = {column.name: column for column in COLUMNS}
_CLEARED: Final = {
    NotBorneOut.contacts: CONTACTS,
    NotBorneOut.keep: frozenset[str](),
    NotBorneOut.null: VERBATIM,
}
"""The kinds of evidence whose values are cleared."""


def clear(record: Record, policy: NotBorneOut) -> None:
    """Make NULL, and note, what the resume does not bear out and the policy does not keep."""
    if not record.weight.missing:
        return  # nearly always
    kinds = _CLEARED[policy]
    cleared = [name for name in record.weight.missing if _COLUMNS[name].evidence in kinds]
    if cleared:
        names = frozenset(cleared)
        record.values = tuple(
            None if column.name in names else value
            for column, value in zip(COLUMNS, record.values, strict=True)
        )
        record.digests = ""  # they were of what was there before
    for name in cleared:
        note(record.changes, name, Change.invented)
