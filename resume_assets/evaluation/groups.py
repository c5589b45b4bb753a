"""The columns as they are compared: in which group, as part of which list, in which form.

Derived from `extraction.candidate`. A field that is not named here is compared by the kind of its
evidence, in a group of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from resume_assets.extraction.candidate import (
    PREFIXES,
    Candidate,
    Evidence,
    Field,
    Position,
    Rule,
    evidence,
    fields_of,
    fills,
)


class Form(StrEnum):
    """What a value is, as far as that matters for comparing it; see `equality`."""

    name = "name"  # people and cities
    street = "street"
    state = "state"
    place = "place"
    phone = "phone"
    email = "email"
    link = "link"
    degree = "degree"
    certificate = "certificate"
    job_title = "title"
    company = "company"
    start = "start"
    end = "end"
    term = "term"  # skills, languages, applications, hardware
    words = "words"
    years = "years"


class Together(StrEnum):
    """How the columns of one field belong together."""

    alone = "alone"  # one column, one value
    joined = "joined"  # one column, several values with commas between them
    ranked = "ranked"  # several columns; a value that is not known to be right is in the way of one
    open = "open"  # several columns; who knows some of the values does not rule out others


@dataclass(frozen=True, slots=True)
class Family:
    """The columns of one field, whose values are compared with each other."""

    field: str
    group: str
    form: Form
    together: Together
    columns: tuple[str, ...]


JUDGEMENT: Final = "judgement"
"""The group of the columns that are a matter of taste: the samples know no answers to them."""

_ALONE, _RANKED, _OPEN = Together.alone, Together.ranked, Together.open
_FIELDS: Final[Mapping[str, tuple[str, Form, Together]]] = {
    "first_name": ("name", Form.name, _ALONE),
    "middle_name": ("name", Form.name, _ALONE),
    "last_name": ("name", Form.name, _ALONE),
    "street": ("address", Form.street, _ALONE),
    "city": ("address", Form.name, _ALONE),
    "state": ("address", Form.state, _ALONE),
    "phones": ("contact", Form.phone, _RANKED),
    "emails": ("contact", Form.email, _RANKED),
    "linkedin": ("contact", Form.link, _ALONE),
    "bachelors": ("education", Form.degree, _ALONE),
    "masters": ("education", Form.degree, _ALONE),
    "certifications": ("education", Form.certificate, Together.joined),
    "titles": ("titles", Form.job_title, _RANKED),
    "industries": (JUDGEMENT, Form.words, _RANKED),
    "skills": ("skills", Form.term, _OPEN),
    "software_languages": ("skills", Form.term, _OPEN),
    "software_apps": ("skills", Form.term, _OPEN),
    "hardware": ("skills", Form.term, _OPEN),
    "categories": (JUDGEMENT, Form.words, _RANKED),
    "project_types": (JUDGEMENT, Form.words, _ALONE),
    "specialty": (JUDGEMENT, Form.words, _ALONE),
    "summary": (JUDGEMENT, Form.words, _ALONE),
    "years_in_us": ("years", Form.years, _ALONE),
    "years_experience": ("years", Form.years, _ALONE),
    "average_tenure": ("years", Form.years, _ALONE),
}
JOBS: Final = "jobs"
"""The group of the positions' columns, which are compared job by job."""

_JOB_FORMS: Final[Mapping[str, Form]] = {
    "company": Form.company,
    "start": Form.start,
    "end": Form.end,
    "location": Form.place,
}


_FORM_OF_EVIDENCE: Final[Mapping[Evidence, Form]] = {
    Evidence.name: Form.name,
    Evidence.company: Form.company,
    Evidence.degree: Form.degree,
    Evidence.term: Form.term,
    Evidence.terms: Form.certificate,
    Evidence.skill: Form.term,
    Evidence.place: Form.place,
    Evidence.state: Form.state,
    Evidence.phone: Form.phone,
    Evidence.email: Form.email,
    Evidence.link: Form.link,
    Evidence.computed: Form.years,
}


def _families() -> tuple[Family, ...]:
    return tuple(
        Family(name, *(_FIELDS.get(name) or _by_evidence(name, field)), fills(field).columns)
        for name, field in fields_of(Candidate).items()
        if name != "positions"
    )


def _by_evidence(name: str, field: Field) -> tuple[str, Form, Together]:
    form = _FORM_OF_EVIDENCE.get(evidence(field), Form.words)
    if fills(field).rule is Rule.joined:
        return name, form, Together.joined
    return name, form, _ALONE if len(fills(field).columns) == 1 else _RANKED


FAMILIES: Final = _families()
"""One for each field but the positions."""

JOB_PARTS: Final[Mapping[str, Form]] = MappingProxyType(
    {fills(field).columns[0]: _JOB_FORMS[name] for name, field in fields_of(Position).items()}
)
"""How the names of a position's columns end, and the form of each."""

JOB_COLUMNS: Final = tuple(
    MappingProxyType({part: prefix + part for part in JOB_PARTS}) for prefix in PREFIXES
)
"""For each of the seven positions, newest first: part -> column."""

GROUPS: Final = tuple(dict.fromkeys([*(family.group for family in FAMILIES), JOBS]))

_OF_FAMILIES = {column: family.group for family in FAMILIES for column in family.columns}
GROUP_OF: Final[Mapping[str, str]] = MappingProxyType(
    _OF_FAMILIES | {column: JOBS for job in JOB_COLUMNS for column in job.values()}
)
"""Column -> group, for every column."""
