"""From a candidate to the values of its columns.

What a column can't hold is made to fit, what is no value of its kind becomes NULL, and both are
noted by column. Nothing here refuses a record: a paid answer is written as far as it goes.
"""

import datetime
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from msgspec.structs import asdict

from resume_assets.extraction import numbers
from resume_assets.extraction.candidate import (
    PREFIXES,
    Candidate,
    Fills,
    Position,
    Rule,
    fields_of,
    fills,
)
from resume_assets.extraction.contacts import (
    EMAIL,
    PHONE,
    PROFILE,
    each_phone_once,
    emails_in,
    phones_in,
    profiles_in,
)
from resume_assets.extraction.dates.reading import read_period
from resume_assets.extraction.places import NOWHERE, Place, location, state
from resume_assets.extraction.positions import Job, columns_of, in_order
from resume_assets.extraction.skills import skill
from resume_assets.extraction.text import clean, fit, is_placeholder
from resume_assets.extraction.values import (
    ANSWER,
    Change,
    Cleaner,
    Kind,
    Reading,
    Record,
    Values,
    are_different,
    column_of,
    note,
)

__all__ = ["FALLBACK_CATEGORIES", "Record", "fit", "note_shape", "to_record"]

FALLBACK_CATEGORIES = ("Unclassified", "Other")
"""Fill the category columns, which are never empty, where categories and industries do not."""


class _Mapper(Cleaner):
    """Maps one candidate; what it does is noted in its record."""

    def __init__(self, candidate: Candidate, today: datetime.date) -> None:
        super().__init__(Record((), {}, {}))
        self.fields = asdict(candidate)  # quicker than attributes by name
        self.today = today.year * 12 + today.month
        self.jobs = in_order(
            [
                _job(raw)
                for raw in self.fields["positions"]
                if raw.company or raw.start or raw.end or raw.location
            ]
        )
        self._months: list[numbers.Job] | None = None

    # One method for each member of candidate.Rule, of the same name

    def text(self, slot: "_Slot") -> Values:
        text = self.fields[slot.field]
        if not text:
            return [None]
        return [self.value(text, slot.columns[0], slot.kind)]

    def state(self, slot: "_Slot") -> Values:
        column = slot.columns[0]
        text = self.value(self.fields[slot.field], column, slot.kind)
        if text is None:
            return [None]
        found, change = state(text)
        if change is not None:
            note(self.changes, column, change)
        return [found]

    def distinct(self, slot: "_Slot") -> Values:
        texts: list[str] = self.fields[slot.field]
        columns, kind = slot.columns, slot.kind
        lacking = len(columns) - len(texts)
        if lacking >= 0 and kind.plain.issuperset(texts) and are_different(texts):
            return texts + [None] * lacking  # nearly always, and with fewer calls
        return self.filled_up(self.different(texts, columns, kind), columns)

    skills = distinct  # their `Kind` has shortened them

    def joined(self, slot: "_Slot") -> Values:
        values = self.different(self.fields[slot.field], slot.columns, slot.kind)
        return [", ".join(values) or None]

    def phones(self, slot: "_Slot") -> Values:
        found = self._found(slot, self.fields[slot.field], PHONE, phones_in)
        if len(found) > 1 and len(phones := each_phone_once(found)) < len(found):
            note(self.changes, slot.columns[-1], Change.repeated)
            found = phones
        return self.filled_up(self.each_once(found, slot.columns), slot.columns)

    def emails(self, slot: "_Slot") -> Values:
        found = self._found(slot, self.fields[slot.field], EMAIL, emails_in)
        return self.filled_up(self.each_once(found, slot.columns), slot.columns)

    def link(self, slot: "_Slot") -> Values:
        text = self.fields[slot.field]
        if not text:
            return [None]
        return [*self._found(slot, [text], PROFILE, profiles_in)] or [None]

    def _found(
        self,
        slot: "_Slot",
        texts: list[str],
        plain: re.Pattern[str],
        find: Callable[[str], list[str]],
    ) -> list[str]:
        """Return what is found in the texts, without what is too long for its column.

        `plain` matches texts in which no more and no less than themselves would be found.
        """
        found: list[str] = []
        longest = slot.length or 0
        for place, text in enumerate(texts):
            if len(text) <= longest and plain.fullmatch(text):
                found.append(text)  # nearly always
                continue
            these = find(clean(text))
            if these == [text] and len(text) <= longest:
                found.append(text)
                continue
            fitting = [one for one in these if len(one) <= longest]
            if text:
                column = column_of(slot.columns, place)
                note(self.changes, column, _change_of_found(text, these, fitting))
            found += fitting
        return found

    def categories(self, slot: "_Slot") -> Values:
        given = self.distinct(slot)
        if given[-1] is not None:
            return given
        # Never empty: the industries stand in, then FALLBACK_CATEGORIES.
        kept = {value.casefold(): value for value in given if value}
        for column in slot.columns[len(kept) :]:
            note(self.changes, column, Change.chosen)
        industries = [slot.kind.read(text).value for text in self.fields["industries"] if text]
        for value in (*filter(None, industries), *FALLBACK_CATEGORIES):
            if len(kept) < len(slot.columns):
                kept.setdefault(value.casefold(), value)
        return list(kept.values())

    def years(self, slot: "_Slot") -> Values:
        said: float | None = self.fields[slot.field]
        jobs = self.months()
        if slot.field == "years_in_us":
            found = numbers.length_in_us(jobs, self.today, said)
        elif slot.field == "years_experience":
            found = numbers.years_of_experience(jobs, said)
        else:
            found = numbers.average_tenure(jobs)
        text, claimed = found
        if claimed:
            note(self.changes, slot.columns[0], Change.claimed)
        elif text is None and said is not None:
            note(self.changes, slot.columns[0], Change.nulled)
        return [text]

    def months(self) -> Sequence[numbers.Job]:
        """Return all positions, also those beyond the columns, in months."""
        if self._months is None:
            self._months = [
                numbers.job(start, end, in_us, self.today)
                for _, _, (start, _, _), (end, _, _), (_, in_us, _), _, _ in self.jobs
            ]
        return self._months

    def positions(self, slot: "_Slot") -> Values:
        del slot  # the positions' columns have an order of their own
        return columns_of(self.jobs, self.record)


_OF_POSITION = fields_of(Position)
_COMPANIES = Kind(fills(_OF_POSITION["company"]))
_LOCATIONS = Kind(fills(_OF_POSITION["location"]))
_NO_TEXT = Reading(None, None)


_values_of: Callable[[Position], tuple[str, ...]] = attrgetter(*_OF_POSITION)


def _job(raw: Position) -> Job:
    company, begin, finish, where = _values_of(raw)
    start, end = read_period(begin, finish)
    named: Change | None = None
    name: str | None = company
    if company not in _COMPANIES.plain and not _COMPANIES.is_plain(company):
        name, named = _COMPANIES.read(company) if company else _NO_TEXT
    return Job(name, named, start, end, _place(where) if where else NOWHERE, raw)


@lru_cache(maxsize=16_384)
def _place(text: str) -> Place:
    value, change = _LOCATIONS.read(text)
    if value is None:
        return Place(None, None, change)
    place = location(value)
    if place.text is not None and _LOCATIONS.length is not None:
        short = fit(place.text, _LOCATIONS.length)
        if short != place.text:
            return Place(short, place.in_us, Change.cut)
    return place if place.change else place._replace(change=change)


def _change_of_found(text: str, found: list[str], fitting: list[str]) -> Change:
    if found == fitting and found:
        return Change.mended
    return Change.placeholder if is_placeholder(clean(text)) else Change.nulled


@dataclass(frozen=True, slots=True)
class _Slot:
    """A field of the answer, and the columns that it fills."""

    field: str
    columns: tuple[str, ...]
    length: int | None
    kind: Kind


_RuleFunction = Callable[[_Mapper, _Slot], Values]


def _slot(name: str, mark: Fills) -> _Slot:
    kind = Kind(mark, skill if mark.rule is Rule.skills else None)
    return _Slot(name, mark.columns, mark.length, kind)


class _Step(NamedTuple):
    """How a field becomes values; `plain` is its remembered texts where its rule is `text`."""

    rule: _RuleFunction
    slot: _Slot
    field: str
    plain: set[str] | None


def _plan() -> list[_Step]:
    """Return the steps in the order of the fields, which is that of COLUMNS."""
    plan: list[_Step] = []
    for name, info in fields_of(Candidate).items():
        if name == "positions":
            columns = tuple(f"{prefix}Company" for prefix in PREFIXES)
            plan.append(_Step(_Mapper.positions, _slot(name, Fills(columns)), name, None))
            continue
        mark = fills(info)
        slot = _slot(name, mark)
        rule: _RuleFunction = getattr(_Mapper, Rule(mark.rule).value)
        plan.append(_Step(rule, slot, name, slot.kind.plain if mark.rule is Rule.text else None))
    return plan


_PLAN = _plan()
_FIRST_COLUMNS = {step.field: step.slot.columns[0] for step in _PLAN}


def to_record(candidate: Candidate, today: datetime.date) -> Record:
    """Return the candidate's values by column. Never raises.

    `today` ends current positions and bounds the others. All positions given count for the three
    numbers (`numbers`); the seven newest have columns.
    """
    mapper = _Mapper(candidate, today)
    fields = mapper.fields
    values: Values = []
    for rule, slot, name, plain in _PLAN:
        if plain is not None and (text := fields[name]) in plain:
            values.append(text)  # nearly always, and without a call
        elif plain is not None and not text:
            values.append(None)
        else:
            values += rule(mapper, slot)
    mapper.record.values = tuple(values)
    return mapper.record


def note_shape(record: Record, fields: Iterable[str], *, recovered: bool) -> None:
    """Note what was odd in the record's answer: in these fields, or (`recovered`) as a whole."""
    for name in fields:
        note(record.changes, _FIRST_COLUMNS.get(name, ANSWER), Change.mended)
    if recovered:
        note(record.changes, ANSWER, Change.mended)
