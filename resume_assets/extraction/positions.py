"""The positions as their columns take them: newest first as far as dates tell, and none twice."""

from operator import gt
from typing import NamedTuple

from resume_assets.extraction.candidate import PREFIXES, Position
from resume_assets.extraction.dates.reading import DateReading
from resume_assets.extraction.places import Place
from resume_assets.extraction.text import clean
from resume_assets.extraction.values import Change, Changes, Record, Values, note

_RAW_DATE = 100  # characters of an unreadable date that the ledger keeps


class Job(NamedTuple):
    """A position; `named` is what was done to the company, `change` to the position as a whole."""

    company: str | None
    named: Change | None
    start: DateReading
    end: DateReading
    place: Place
    raw: Position
    change: Change | None = None


def in_order(jobs: list[Job]) -> list[Job]:
    """Return the jobs, each once, newest first; those without a date keep their place."""
    dates = _dates(jobs)
    if all(map(gt, dates, dates[1:])):  # nearly always: each is older than the one before it
        return jobs
    if len(set(dates)) < len(dates):  # else no two can be the same
        jobs = _each_once(jobs)
        dates = _dates(jobs)
    return jobs if dates == sorted(dates, reverse=True) else _newest_first(jobs, dates)


def _dates(jobs: list[Job]) -> list[tuple[str, str]]:
    """Return what the jobs are sorted by; empty texts where neither date is known.

    Letters sort after digits: Present after every YYYY-MM.
    """
    return [
        (end or start or "", start or end or "")
        for _, _, (start, _, _), (end, _, _), _, _, _ in jobs
    ]


def _each_once(jobs: list[Job]) -> list[Job]:
    """Drop positions that are there already: same company and dates, and no different place."""
    kept: list[Job] = []
    places: dict[object, list[int]] = {}
    for job in jobs:
        key = (job.company and job.company.casefold(), job.start.value, job.end.value)
        dated = bool(job.start.value or job.end.value)
        same = places.setdefault(key, [])
        for index in same:
            there = kept[index].place.text
            # Without dates nothing says that a place that is not given is the same one.
            if job.place.text == there or (dated and None in (job.place.text, there)):
                place = job.place if there is None else kept[index].place
                kept[index] = kept[index]._replace(place=place, change=Change.repeated)
                break
        else:
            same.append(len(kept))
            kept.append(job)
    return kept


def _newest_first(jobs: list[Job], dates: list[tuple[str, str]]) -> list[Job]:
    dated = [index for index, key in enumerate(dates) if key[0]]
    ordered = [*jobs]
    for index, source in zip(
        dated, sorted(dated, key=dates.__getitem__, reverse=True), strict=True
    ):
        if index != source:
            job = jobs[source]
            ordered[index] = job._replace(change=job.change or Change.reordered)
    return ordered


def columns_of(jobs: list[Job], record: Record) -> Values:
    """Return the values of the seven newest positions' columns, in the order of COLUMNS."""
    companies: Values = []
    dates: Values = []
    places: Values = []
    for prefix, job in zip(PREFIXES, jobs, strict=False):
        company, named, start, end, (place, _, placed), _, change = job
        first, first_assumed, first_unread = start
        last, last_assumed, last_unread = end
        companies.append(company)
        places.append(place)
        dates += (first, last)
        if named or change or placed:
            _note_texts(record.changes, prefix, job)
        if first_assumed or last_assumed:
            _note_assumed(record.changes, prefix, job)
        if first_unread or last_unread:
            _note_unreadable(record, prefix, job)
    if len(jobs) > len(PREFIXES):
        note(record.changes, f"{PREFIXES[-1]}Company", Change.left_out)
    gap: Values = [None] * (len(PREFIXES) - len(companies))
    return [*companies, *gap, *dates, *gap, *gap, *places, *gap]


def _note_texts(changes: Changes, prefix: str, job: Job) -> None:
    for column, change in (
        (f"{prefix}Company", job.named),
        (f"{prefix}Company", job.change),
        (f"{prefix}Location", job.place.change),
    ):
        if change is not None:
            note(changes, column, change)


def _note_assumed(changes: Changes, prefix: str, job: Job) -> None:
    for name, date in (("StartDate", job.start), ("EndDate", job.end)):
        if date.month_assumed:
            note(changes, prefix + name, Change.assumed)


def _note_unreadable(record: Record, prefix: str, job: Job) -> None:
    for name, date, raw in (
        ("StartDate", job.start, job.raw.start),
        ("EndDate", job.end, job.raw.end),
    ):
        if date.unreadable:
            record.unreadable[prefix + name] = clean(raw)[:_RAW_DATE]
            note(record.changes, prefix + name, Change.unread)
