"""Records weighed against their resumes; what those do not bear out is not written.

That is, as far as RESUME_NOT_BORNE_OUT says so. A wrong e-mail address, phone or profile reaches
another person: those are cleared by default.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Final

from resume_assets.batches.receiving.results import Asked
from resume_assets.batches.records.weighing import TOGETHER, Load, Parcel, weigh_loads
from resume_assets.choices import NotBorneOut
from resume_assets.database.connect import Database
from resume_assets.evidence.finding import CONTACTS, VERBATIM
from resume_assets.evidence.weighing import Weight
from resume_assets.extraction.candidate import COLUMNS
from resume_assets.extraction.responses import Answer
from resume_assets.extraction.values import Change, Record, note

_COLUMNS: Final = {column.name: column for column in COLUMNS}
_CLEARED: Final = {
    NotBorneOut.contacts: CONTACTS,
    NotBorneOut.keep: frozenset[str](),
    NotBorneOut.null: VERBATIM,
}
"""The kinds of evidence whose values are cleared."""


_PAGE: Final = 5 * TOGETHER  # resumes that are read together

Pair = tuple[Asked, Answer]


def weighed(
    database: Database, answers: Iterable[Pair], *, expected: int = 0
) -> Iterator[tuple[Asked, Answer, Weight]]:
    """Weigh the answers' records against the resumes that were sent, and clear what must go.

    About as many are `expected`. A record whose resume is another by now, or gone, is left as it
    is, without weight. Raises WeigherDied, DatabaseFailed.
    """
    for pairs, weights in weigh_loads(_with_resumes(database, answers), expected=expected):
        for (asked, answer), weight in zip(pairs, weights, strict=True):
            if answer.record is not None and weight.missing:
                clear(answer.record, weight, database.not_borne_out)
            yield asked, answer, weight


def _with_resumes(database: Database, answers: Iterable[Pair]) -> Iterator[Parcel[list[Pair]]]:
    there = database.candidates
    waiting = iter(answers)
    while page := list(islice(waiting, _PAGE)):
        userids = [asked.userid for asked, _ in page]
        texts = database.read(partial(there.texts, userids=userids))
        for start in range(0, len(page), TOGETHER):
            pairs = page[start : start + TOGETHER]
            yield pairs, [_load(asked, answer, texts.get(asked.userid)) for asked, answer in pairs]


def _load(asked: Asked, answer: Answer, text: str | None) -> Load:
    if answer.record is None:
        return (), {}, None, None
    return answer.record.values, answer.record.changes, text, asked.text_hash


def clear(record: Record, weight: Weight, policy: NotBorneOut) -> None:
    """Make NULL, and note, what the resume does not bear out and the policy does not keep."""
    kinds = _CLEARED[policy]
    cleared = [name for name in weight.missing if _COLUMNS[name].evidence in kinds]
    if cleared:
        names = frozenset(cleared)
        record.values = tuple(
            None if column.name in names else value
            for column, value in zip(COLUMNS, record.values, strict=True)
        )
        record.digests = ""  # they were of what was there before
    for name in cleared:
        note(record.changes, name, Change.invented)
