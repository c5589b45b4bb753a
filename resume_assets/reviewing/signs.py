"""What a reviewer should look at: the signs that a value may have, each with the reason for it."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

from resume_assets.batches.records.auditing import DateAudit, audit_record
from resume_assets.extraction.values import Change


class Sign(StrEnum):
    """Why a value should be looked at, in the order in which the page offers them."""

    not_borne_out = "not borne out"  # it does not stand in the resume
    cut = "cut"  # something that the answer told is missing
    assumed = "assumed"
    odd = "odd"
    differs = "differs"  # from what was there before, or by now from what the batch wrote


NOT_BORNE_OUT: Final = "it does not stand in the resume"

SIGN_OF: Final[Mapping[Change, Sign]] = {
    Change.refused: Sign.cut,
    Change.corrected: Sign.differs,
    Change.lost: Sign.cut,
    Change.invented: Sign.not_borne_out,
    Change.nulled: Sign.cut,
    Change.unread: Sign.cut,
    Change.cut: Sign.cut,
    Change.left_out: Sign.cut,
    Change.unknown: Sign.odd,
    Change.claimed: Sign.assumed,
    Change.chosen: Sign.assumed,
    Change.mended: Sign.odd,
    Change.assumed: Sign.assumed,
}
"""Of the other changes (a repeat left out, another order) there is nothing to be looked at."""

_IN_WORDS: Final[Mapping[Change, str]] = {
    Change.refused: "refused by the table, so it stayed as it was",
    Change.invented: "not in the resume, so it was not written",
    Change.nulled: "something that the answer told here is no value of the column: left out",
    Change.unread: "the date could not be read",
    Change.left_out: "the answer told more than there are columns for",
    Change.claimed: "not computed: a number of the model's own",
}
"""Where the change's own words would say too little."""


def in_words(change: Change) -> str:
    """What was done to a value, for people."""
    return _IN_WORDS.get(change, change.value)


def odd_dates(record: Mapping[str, Any], *, this_month: str) -> Iterator[tuple[str, str]]:
    """Yield column and reason of each date that can't be, or hardly; `this_month` as YYYY-MM."""
    audit = DateAudit()
    audit_record(audit, "", record, this_month=this_month)
    told = (
        (audit.formats, "no date as YYYY-MM"),
        (audit.order, "it begins after its end"),
        (audit.future, "it is in the future"),
        (audit.newest_first, "the next position is newer"),
    )
    for finding, why in told:
        for _, column in finding.offenders:
            yield column, why
