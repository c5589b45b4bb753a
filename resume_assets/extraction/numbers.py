"""Years in the US, of experience, and average tenure, computed from the positions' dates.

Months are counted as integers, a year times twelve. A job given as `2019-03` to `2021-05` began and
ended somewhere within those months, so its length is their difference and half a month: a calendar
year (01 to 12) and a year by date (01 to 01) both come out as one year at one decimal.

Where some dates are missing, the number that the model took from the resume's own words may stand
in, as a *claim*. Average tenure is never claimed, since no resume tells it; and without positions
there are no numbers at all.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

LONGEST_CAREER = 70
"""Years; a larger number is no fact about a person's work."""


class Job(NamedTuple):
    """One position: months as integers (`month`), None where unknown; `in_us` None likewise."""

    start: int | None
    end: int | None
    in_us: bool | None


@lru_cache(maxsize=4096)
def month(date: str) -> int:
    """Return the number of the month that a `YYYY-MM` stands for."""
    return int(date[:4]) * 12 + int(date[5:])


@lru_cache(maxsize=1 << 14)  # the same periods come again and again
def job(start: str | None, end: str | None, in_us: bool | None, today: int) -> Job:
    """Return a position in months, from standardized dates; `today` is the current month.

    What lies in the future counts until today. Dates that contradict each other count as unknown.
    """
    first = month(start) if start else None
    last = None
    if end:
        last = today if end == "Present" else month(end)
        if last > today:
            last = today
    if first is not None and (first > today or (last is not None and first > last)):
        return Job(None, None, in_us)
    return Job(first, last, in_us)


@lru_cache(maxsize=1 << 14)
def _computed(half_months: int, count: int = 1) -> "Years":
    return Years(_text(half_months, count))


def _text(half_months: int, count: int = 1) -> str | None:
    """Return half months, divided by `count`, as years with one decimal, rounded half up."""
    tenths = (20 * half_months + 24 * count) // (48 * count)
    whole, tenth = divmod(tenths, 10)
    if whole > LONGEST_CAREER:
        return None
    return f"{whole}.{tenth}" if tenth else str(whole)


def stated(years: float | None) -> str | None:
    """Return the model's own number as text, None where it is none or not plausible."""
    if years is None or not 0 <= years <= LONGEST_CAREER:  # false for NaN too
        return None
    return _text(round(years * 24))


class Years(NamedTuple):
    """A number of years as text, None where there is none.

    `claimed`: it is the model's own, and could not be computed.
    """

    text: str | None
    claimed: bool = False


NO_YEARS = Years(None)


def _claim(said: float | None) -> Years:
    text = stated(said)
    return Years(text, claimed=text is not None)


def _lower_bound(computed: Years, said: float | None) -> Years:
    """Choose between what some of the dates prove and what the resume says."""
    claim = _claim(said)
    if computed.text is None or claim.text is None:
        return computed if computed.text else claim
    return claim if float(claim.text) > float(computed.text) else computed


def years_of_experience(jobs: Sequence[Job], said: float | None) -> Years:
    """Return the years in which at least one job was held; what overlaps is counted once.

    Jobs without dates make it a lower bound; then the resume's own number wins where it is larger.
    """
    if not jobs:
        return NO_YEARS
    spans = sorted(
        [(start, end) for start, end, _ in jobs if start is not None and end is not None]
    )
    if not spans:
        return _claim(said)
    total = 0
    first, last = spans[0]
    for start, end in spans[1:]:
        if start <= last + 1:  # the next month continues the work
            if end > last:
                last = end
        else:
            total += 2 * (last - first) + 1
            first, last = start, end
    computed = _computed(total + 2 * (last - first) + 1)
    if computed.text is not None and len(spans) == len(jobs):
        return computed
    return _lower_bound(computed, said)


def average_tenure(jobs: Iterable[Job]) -> Years:
    """Return the mean length of the jobs that have dates."""
    halves = [
        2 * (end - start) + 1 for start, end, _ in jobs if start is not None and end is not None
    ]
    return _computed(sum(halves), len(halves)) if halves else NO_YEARS


def length_in_us(jobs: Sequence[Job], today: int, said: float | None) -> Years:
    """Return the years since the first job in the US; for one who left, up to the last one there.

    The resume's own number stands in where no job is known to be in the US, or none has a start.
    """
    if not jobs:
        return NO_YEARS
    began: int | None = None
    all_begin = True
    last = last_here = -1
    where = None  # the job was that ended last
    for start, end, in_us in jobs:
        if end is not None and end > last:
            last, where = end, in_us
        if in_us:
            if start is None:
                all_begin = False
            elif began is None or start < began:
                began = start
            if end is not None and end > last_here:
                last_here = end
    # Where a job in the US ended in the same month as one abroad, `last_here` is that month too.
    until = last_here if where is False else today
    if began is None or until < began:
        return _claim(said)
    computed = _computed(2 * (until - began) + 1)
    if computed.text is not None and all_begin:
        return computed
    return _lower_bound(computed, said)
