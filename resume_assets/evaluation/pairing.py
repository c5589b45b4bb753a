"""Which job of a record is which known job: one to one, by how much they have in common."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from resume_assets.evaluation.equality import likeness, plain
from resume_assets.evaluation.groups import JOB_PARTS
from resume_assets.evaluation.marks import Not

_WEIGHTS: Final[Mapping[str, int]] = {"Company": 4, "StartDate": 2, "EndDate": 2, "Location": 1}
_NEITHER: Final = 0.5  # how much it counts that both have no value, beside both having the same
_TIE: Final = 1e-6  # for the same place: of equal pairings the one with the least moves wins

Job = Mapping[str, Any]


def pair(stated: Sequence[Job], found: Sequence[Job]) -> Iterator[tuple[int, Job]]:
    """Yield each place of a known job with the record's job that belongs there, {} for none.

    `stated`: of each position what is known, part -> answer; `found`: of each position all parts.
    Jobs of which a value is known are paired so that the sum of likenesses is the largest. The
    record's other jobs take the places of which nothing is known, as far as they come before the
    first that is known to be none; then those that are known to be none.
    """
    jobs = [place for place, job in enumerate(stated) if any(map(_is_value, job.values()))]
    there = [place for place, job in enumerate(found) if any(map(_is_value, job.values()))]
    partners = _assign(
        [[_alike(stated[mine], found[other], mine == other) for other in there] for mine in jobs]
    )
    for mine, partner in zip(jobs, partners, strict=True):
        yield mine, {} if partner is None else found[there[partner]]
    others = [found[place] for index, place in enumerate(there) if index not in partners]
    nothing = [place for place, job in enumerate(stated) if job and place not in jobs]
    first = nothing[0] if nothing else len(stated)
    del others[: sum(not job for job in stated[:first])]
    for place in nothing:
        yield place, others.pop(0) if others else {}


def _is_value(answer: Any) -> bool:
    return isinstance(answer, Not) or plain(answer) is not None


def _alike(known: Job, job: Job, is_same_place: bool) -> float:
    """Return the likeness of what is known of a job to a job."""
    total = _TIE if is_same_place else 0.0
    for part, answer in known.items():
        value = plain(answer.value if isinstance(answer, Not) else answer)
        common = likeness(JOB_PARTS[part], value, job.get(part))
        total += _WEIGHTS[part] * common * (_NEITHER if value is None else 1.0)
    return total


def _assign(alike: Sequence[Sequence[float]]) -> list[int | None]:
    """Return for each row its column: one to one, as many as can be, the largest sum.

    By trying all sets of columns: there are seven at most.
    """
    columns = range(len(alike[0]) if alike else 0)

    @cache
    def best(row: int, taken: int) -> tuple[int, float, tuple[int | None, ...]]:
        if row == len(alike):
            return 0, 0.0, ()
        count, total, rest = best(row + 1, taken)
        found: tuple[int, float, tuple[int | None, ...]] = (count, total, (None, *rest))
        for column in columns:
            if taken & 1 << column:
                continue
            count, total, rest = best(row + 1, taken | 1 << column)
            tried = (count + 1, total + alike[row][column], (column, *rest))
            if tried[:2] > found[:2]:
                found = tried
        return found

    return list(best(0, 0)[2])
