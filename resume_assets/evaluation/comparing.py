"""Which value of a record is compared with which known answer, and the verdict on it.

The values of a list are compared as a set, wherever in the list they stand; each value counts once.
Jobs are paired one to one before their columns are compared (`pairing`). What then is left over:

- A known value without a counterpart is *wrong* where a value of the record is left over that can
  only stand in its place, else *missing*.
- A value of the record without a counterpart is *invented* where the known answers leave no room
  for it: it takes a column that is not judged first, then one that is known to be NULL.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from resume_assets.evaluation.equality import items_of, plain, same
from resume_assets.evaluation.groups import (
    FAMILIES,
    JOB_COLUMNS,
    JOB_PARTS,
    Family,
    Form,
    Together,
)
from resume_assets.evaluation.marks import Not
from resume_assets.evaluation.pairing import pair
from resume_assets.extraction.candidate import COLUMNS


class Verdict(StrEnum):
    """How one known answer and the record compare; `measures.Score` says what each means."""

    right = "right"
    wrong = "wrong"
    missing = "missing"
    invented = "invented"
    empty = "empty"


class Agreement(StrEnum):
    """How one column of two records compares."""

    equal = "equal"
    different = "different"
    only_one = "only one"  # has a value


Verdicts = Iterator[tuple[str, Verdict]]


def judge(known: Mapping[str, Any], record: Mapping[str, Any]) -> Verdicts:
    """Yield a verdict on each known answer, with its column.

    A column that holds a list has one for each item of it, each other at most one.
    """
    for family in FAMILIES:
        stated = {name: known[name] for name in family.columns if name in known}
        if not stated:
            continue
        if family.together is Together.alone:
            [column] = stated
            yield from _one(column, family.form, stated[column], plain(record.get(column)))
        elif family.together is Together.joined:
            [column] = stated
            yield from _joined(column, family.form, stated[column], plain(record.get(column)))
        else:
            yield from _several(family, stated, record)
    yield from _jobs(known, record)


def _one(column: str, form: Form, answer: Any, value: str | None) -> Verdicts:
    if isinstance(answer, Not):
        if not same(form, plain(answer.value), value):
            return
        yield column, Verdict.missing if value is None else Verdict.wrong
        return
    answer = plain(answer)
    if answer is None:
        yield column, Verdict.empty if value is None else Verdict.invented
    elif value is None:
        yield column, Verdict.missing
    else:
        yield column, Verdict.right if same(form, answer, value) else Verdict.wrong


def _joined(column: str, form: Form, answer: Any, value: str | None) -> Verdicts:
    """Item by item: who looks for one certificate finds it or does not, whatever the others are."""
    if isinstance(answer, Not):
        yield from _one(column, form, answer, value)
        return
    wanted, free = items_of(plain(answer)), items_of(value)
    if not wanted and not free:
        yield column, Verdict.empty
    unmet = 0
    for item in wanted:
        if _take(form, item, free):
            yield column, Verdict.right
        else:
            unmet += 1
    for place in range(max(unmet, len(free))):
        if place >= unmet:
            yield column, Verdict.invented
        else:
            yield column, Verdict.wrong if place < len(free) else Verdict.missing


def _several(family: Family, stated: Mapping[str, Any], record: Mapping[str, Any]) -> Verdicts:
    free = [value for name in family.columns if (value := plain(record.get(name))) is not None]
    unjudged = _unjudged(family, stated)
    unmet, nulls, lacking = [], [], []
    for column, answer in stated.items():
        if isinstance(answer, Not):
            if (bad := plain(answer.value)) is None:
                lacking.append(column)
            elif _take(family.form, bad, free):
                yield column, Verdict.wrong
                continue
            unjudged += 1
        elif (text := plain(answer)) is None:
            nulls.append(column)
        elif _take(family.form, text, free):
            yield column, Verdict.right
        else:
            unmet.append(column)
    spare = len(free)
    if family.together is Together.open:
        spare = max(0, spare - unjudged)
        unjudged = 0
    for column in unmet:
        yield column, Verdict.wrong if spare > 0 else Verdict.missing
        spare -= 1
    spare = max(0, spare)
    for column in lacking[min(spare, len(lacking)) :]:
        yield column, Verdict.missing
    spare -= unjudged
    for column in nulls:
        yield column, Verdict.invented if spare > 0 else Verdict.empty
        spare -= 1


def _unjudged(family: Family, stated: Mapping[str, Any]) -> int:
    """How many columns of a list may hold anything: none behind a known NULL, where it ends."""
    for place, column in enumerate(family.columns):
        is_stated = column in stated and not isinstance(stated[column], Not)
        if is_stated and plain(stated[column]) is None:
            return sum(name not in stated for name in family.columns[:place])
    return len(family.columns) - len(stated)


def _take(form: Form, wanted: str, free: list[str]) -> bool:
    """Take an equal of what is wanted out of what is free; tell whether there was one."""
    for place, value in enumerate(free):
        if same(form, wanted, value):
            del free[place]
            return True
    return False


def _jobs(known: Mapping[str, Any], record: Mapping[str, Any]) -> Verdicts:
    stated = [
        {part: known[column] for part, column in job.items() if column in known}
        for job in JOB_COLUMNS
    ]
    if not any(stated):
        return
    found = [
        {part: plain(record.get(column)) for part, column in job.items()} for job in JOB_COLUMNS
    ]
    for place, job in pair(stated, found):
        for part, answer in stated[place].items():
            value = job.get(part)
            yield from _one(JOB_COLUMNS[place][part], JOB_PARTS[part], answer, value)


def agreement(record_a: Mapping[str, Any], record_b: Mapping[str, Any]) -> dict[str, Agreement]:
    """Return how two records compare, by column; a column that is NULL in both is left out.

    Lists and jobs are compared as with known answers, under the columns of the first record: a
    value that only the second has stands under a column that the first leaves free.
    """
    everything = {column.name: record_a.get(column.name) for column in COLUMNS}
    verdicts: dict[str, set[Verdict]] = {}
    for column, verdict in judge(everything, record_b):
        verdicts.setdefault(column, set()).add(verdict)
    return {
        column: _agreement(found) for column, found in verdicts.items() if found != {Verdict.empty}
    }


def _agreement(verdicts: set[Verdict]) -> Agreement:
    if verdicts == {Verdict.right}:
        return Agreement.equal
    if verdicts <= {Verdict.missing} or verdicts <= {Verdict.invented}:
        return Agreement.only_one
    return Agreement.different
