"""From a candidate to the values of its columns.

What a column can't hold is made to fit and counted; what is no value of its kind becomes NULL and
is counted. Nothing here refuses a record: a paid answer is written as far as it goes.
"""

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from resume_assets.extraction import numbers
from resume_assets.extraction.candidate import (
    COLUMNS,
    PREFIXES,
    Candidate,
    Position,
    Rule,
    fills,
)
from resume_assets.extraction.dates.reading import DateReading, read_period
from resume_assets.extraction.places import NOWHERE, Place, location, state
from resume_assets.extraction.text import clean, fit, is_placeholder, two_words
from resume_assets.extraction.values import Cleaner, Record, Values

__all__ = ["FALLBACK_CATEGORIES", "Record", "fit", "to_record"]

FALLBACK_CATEGORIES = ("Unclassified", "Other")
"""For the category columns, which are never empty, where neither categories nor industries do."""

_LONGEST_EMAILS = 1_000  # characters that are searched for addresses
_RAW_DATE = 100  # characters of an unreadable date that the ledger keeps


class _Job(NamedTuple):
    """A position as its columns take it."""

    company: str | None
    start: DateReading
    end: DateReading
    place: Place
    raw: Position


class _Mapper(Cleaner):
    """Maps one candidate; the counters end in its record."""

    def __init__(self, candidate: Candidate, today: datetime.date) -> None:
        super().__init__(Record(()))
        self.fields: dict[str, Any] = candidate.__dict__  # quicker than the model's attributes
        self.today = today.year * 12 + today.month - 1
        self.jobs = self._sorted_jobs()
        self._months: list[numbers.Job] | None = None

    # Rules: one for each of candidate.Rule

    def name(self, slot: "_Slot") -> Values:
        text = self.cleaned(self.fields[slot.field])
        return [self.fitted(text, slot.length) if text else None]

    def text(self, slot: "_Slot") -> Values:
        return [self.value(self.fields[slot.field], slot.length)]

    def state(self, slot: "_Slot") -> Values:
        text = self.value(self.fields[slot.field], None)
        return [self.fitted(state(text), slot.length) if text else None]

    def distinct(self, slot: "_Slot") -> Values:
        return self.several(self.values(self.fields[slot.field], slot.length), slot.count)

    def joined(self, slot: "_Slot") -> Values:
        values = self.values(self.fields[slot.field], None)
        text = ", ".join(filter(None, self.several(values, len(values))))
        return [self.fitted(text, slot.length) if text else None]

    def phones(self, slot: "_Slot") -> Values:
        """By their digits: without at least three it is none, with the same ones it is the same."""
        phones: dict[str, str] = {}
        for phone in self.values(self.fields[slot.field], slot.length):
            digits = phone.translate(_PHONE_SIGNS)
            if not digits.isdecimal():
                digits = _NO_DIGITS.sub("", phone)
            if len(digits) >= 3:
                phones.setdefault(digits, phone)
            else:
                self.record.odd_values += 1
        return self.several(list(phones.values()), slot.count)

    def emails(self, slot: "_Slot") -> Values:
        emails: list[str] = []
        for text in self.values(self.fields[slot.field], None):
            found = _ADDRESS.findall(text[:_LONGEST_EMAILS])
            self.record.odd_values += not found
            emails += [self.fitted(address, slot.length) for address in found]
        return self.several(emails, slot.count)

    def skills(self, slot: "_Slot") -> Values:
        skills = self.values(self.fields[slot.field], slot.length)
        for index, skill in enumerate(skills):
            if skill.count(" ") > 1:
                skills[index] = two_words(skill)
                self.record.trimmed += 1
        return self.several(skills, slot.count)

    def categories(self, slot: "_Slot") -> Values:
        given = self.distinct(slot)
        if given[-1] is not None:
            return given
        # Never empty: the industries say at least in whose business; then we say that we can't.
        self.record.defaulted += given.count(None)
        industries = [clean(text) for text in self.fields["industries"]]
        stand_ins = [text for text in industries if text and not is_placeholder(text)]
        kept = {value.casefold(): value for value in given if value}
        for value in (*stand_ins, *FALLBACK_CATEGORIES):
            if len(kept) < slot.count:
                short = fit(value, slot.length or 2 * len(value))
                kept.setdefault(short.casefold(), short)
        return list(kept.values())

    def years(self, slot: "_Slot") -> Values:
        said: float | None = self.fields[slot.field]
        jobs = self.months()
        if slot.field == "years_in_us":
            return [numbers.length_in_us(jobs, self.today, said)]
        if slot.field == "years_experience":
            return [numbers.years_of_experience(jobs, said)]
        return [numbers.average_tenure(jobs, said)]

    # Positions

    def months(self) -> Sequence[numbers.Job]:
        """Return all positions, also those beyond the columns, in months."""
        if self._months is None:
            self._months = [
                numbers.job(job.start.value, job.end.value, job.place.in_us, self.today)
                for job in self.jobs
            ]
        return self._months

    def _sorted_jobs(self) -> list[_Job]:
        """Return the positions that say anything, newest first where all dates can be read."""
        jobs = [job for job in map(self._job, self.fields["positions"]) if job]
        # Letters sort after digits: Present after every YYYY-MM.
        dates = [(job.end.value or "", job.start.value or "") for job in jobs]
        newest_first = sorted(dates, reverse=True)
        if dates == newest_first or not all(map(all, dates)):
            return jobs
        jobs.sort(key=lambda job: (job.end.value, job.start.value), reverse=True)  # stable
        return jobs

    def _job(self, raw: Position) -> _Job | None:
        if not (raw.company or raw.start or raw.end or raw.location):
            return None
        start, end = read_period(raw.start, raw.end)
        place = NOWHERE
        text = self.value(raw.location, None)
        if text is not None:
            place = location(text)
            if place.text is None:
                self.record.odd_values += 1
        return _Job(self.value(raw.company, _COMPANY.length), start, end, place, raw)

    def positions(self, slot: "_Slot") -> Values:
        record = self.record
        if len(self.jobs) > len(PREFIXES):
            record.too_many += len(self.jobs) - len(PREFIXES)
        companies: Values = []
        dates: Values = []
        places: Values = []
        for prefix, job in zip(PREFIXES, self.jobs, strict=False):
            companies.append(job.company)
            places.append(self.fitted(job.place.text, slot.length) if job.place.text else None)
            dates += (job.start.value, job.end.value)
            record.months_assumed += job.start.month_assumed + job.end.month_assumed
            if job.start.unreadable:
                record.unreadable[f"{prefix}StartDate"] = clean(job.raw.start)[:_RAW_DATE]
            if job.end.unreadable:
                record.unreadable[f"{prefix}EndDate"] = clean(job.raw.end)[:_RAW_DATE]
        missing = len(PREFIXES) - len(companies)
        gap: Values = [None] * missing
        return [*companies, *gap, *dates, *gap, *gap, *places, *gap]


_COMPANY = fills(Position.model_fields["company"])
_LOCATION = fills(Position.model_fields["location"])
_PHONE_SIGNS = dict.fromkeys(map(ord, " ()-+."))
_NO_DIGITS = re.compile(r"\D+")
_ADDRESS = re.compile(r"[^\s@<>()\[\]:;,\"]+@[^\s@<>()\[\]:;,\"]+")


@dataclass(frozen=True, slots=True)
class _Slot:
    """A field's place in the record."""

    field: str
    length: int | None
    count: int


_RuleFunction = Callable[[_Mapper, _Slot], Values]


def _plan() -> list[tuple[_RuleFunction, _Slot]]:
    """Return each field's rule and slot, in the order of the fields, which is that of COLUMNS."""
    plan: list[tuple[_RuleFunction, _Slot]] = []
    for name, info in Candidate.model_fields.items():
        if name == "positions":
            plan.append((_Mapper.positions, _Slot(name, _LOCATION.length, 4 * len(PREFIXES))))
            continue
        mark = fills(info)
        rule: _RuleFunction = getattr(_Mapper, Rule(mark.rule).value)
        plan.append((rule, _Slot(name, mark.length, len(mark.columns))))
    return plan


_PLAN = _plan()


def to_record(candidate: Candidate, today: datetime.date) -> Record:
    """Return the candidate's values by column. Never raises.

    `today` ends current positions and bounds the others. All positions given count for the three
    numbers; the seven newest have columns.
    """
    mapper = _Mapper(candidate, today)
    values: Values = []
    for rule, slot in _PLAN:
        values += rule(mapper, slot)
    mapper.record.values = tuple(values)
    return mapper.record


assert len(COLUMNS) == sum(slot.count for _, slot in _PLAN)  # noqa: S101 - once, at import
