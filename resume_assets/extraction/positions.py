"""The positions as their columns take them: newest first as far as dates tell, and none twice."""

from typing import NamedTuple

from resume_assets.extraction.candidate import PREFIXES, Position
from resume_assets.extraction.dates.reading import DateReading
from resume_assets.extraction.places import Place
from resume_assets.extraction.text import clean
from resume_assets.extraction.values import Change, Changes, Reading, Record, Values, note

_RAW_DATE = 100  # characters of an unreadable date that the ledger keeps


class Job(NamedTuple):
    """A position; `change` is what was done to the whole of it."""

    company: Reading
    start: DateReading
    end: DateReading
    place: Place
    raw: Position
    change: Change | None = None

    @property
    def is_dated(self) -> bool:
        """Tell whether either date is known."""
        return bool(self.start.value or self.end.value)


def in_order(jobs: list[Job]) -> list[Job]:
    """Return the jobs, each once, newest first; those without a date keep their place."""
    return _newest_first(_each_once(jobs))


def _each_once(jobs: list[Job]) -> list[Job]:
    """Drop positions that are there already: same company and dates, and no other place."""
    keys = [
        (job.company.value and job.company.value.casefold(), job.start.value, job.end.value)
        for job in jobs
    ]
    if len(set(keys)) == len(keys):
        return jobs
    kept: list[Job] = []
    places: dict[object, list[int]] = {}
    for key, job in zip(keys, jobs, strict=True):
        same = places.setdefault(key, [])
        for index in same:
            there = kept[index].place.text
            # Without dates nothing says that a place that is not given is the same one.
            if job.place.text == there or (job.is_dated and None in (job.place.text, there)):
                place = job.place if there is None else kept[index].place
                kept[index] = kept[index]._replace(place=place, change=Change.repeated)
                break
        else:
            same.append(len(kept))
            kept.append(job)
    return kept


def _newest_first(jobs: list[Job]) -> list[Job]:
    # Letters sort after digits: Present after every YYYY-MM.
    keys = [
        (job.end.value or job.start.value or "", job.start.value or job.end.value or "")
        for job in jobs
    ]
    if keys == sorted(keys, reverse=True):
        return jobs
    dated = [index for index, key in enumerate(keys) if key[0]]
    ordered = [*jobs]
    for index, source in zip(dated, sorted(dated, key=keys.__getitem__, reverse=True), strict=True):
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
        companies.append(job.company.value)
        places.append(job.place.text)
        dates += (job.start.value, job.end.value)
        if job.company.change or job.place.change or job.change:
            _note_texts(record.changes, prefix, job)
        if job.start.month_assumed or job.end.month_assumed:
            _note_assumed(record.changes, prefix, job)
        if job.start.unreadable or job.end.unreadable:
            _note_unreadable(record, prefix, job)
    if len(jobs) > len(PREFIXES):
        note(record.changes, f"{PREFIXES[-1]}Company", Change.left_out)
    gap: Values = [None] * (len(PREFIXES) - len(companies))
    return [*companies, *gap, *dates, *gap, *gap, *places, *gap]


def _note_texts(changes: Changes, prefix: str, job: Job) -> None:
    for column, change in (
        (f"{prefix}Company", job.company.change),
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
