"""The candidate as the model must answer it: the one source of three things.

The structs below are the JSON schema that is sent, the validation of what comes back, and, through
the `Fills` on each field, the columns that are written. Lists keep the schema small: it is
paid for with every resume. Their lengths are told in the instructions, not in the schema: items
beyond them are cut off and counted, never a reason to lose a paid answer.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import groupby
from typing import Annotated, Any, NamedTuple, TypeVar, get_origin, get_type_hints

import msgspec


class ColumnKind(StrEnum):
    """What a column holds, as far as that matters for writing it."""

    text = "text"
    start_date = "start_date"  # YYYY-MM
    end_date = "end_date"  # YYYY-MM or Present
    number = "number"  # years, as text
    exact = "exact"  # an e-mail address, a phone, a link, a code: never cut, half would be wrong


class Never(StrEnum):
    """Kinds of text that are no value of a given column: they become NULL, and are counted.

    The patterns are in `values`. A text without a letter or digit is no value of any column.
    """

    placeholder = "placeholder"  # N/A, none, unknown, not provided
    email = "email"
    link = "link"
    date = "date"  # ISO dates and times, 07/31/2019, years, ranges of them
    number = "number"  # nothing but digits and signs, however few
    long_number = "long_number"  # five digits and more: 3M, 7-Eleven and 802.11 are names


_NOTHING = (Never.placeholder,)
NAME = (Never.placeholder, Never.email, Never.link, Never.date, Never.number)
"""What the names of people, titles, degrees and places are not."""
TERM = (Never.placeholder, Never.email, Never.link, Never.date, Never.long_number)
"""The same for companies and things, some of which are named by a number."""


class Evidence(StrEnum):
    """What a resume must hold for a column's value to be borne out by it (see `evidence`)."""

    # Verbatim: the value itself, folded as fits it
    name = "name"  # each of its words
    phrase = "phrase"
    company = "company"  # without what only tells its legal form
    degree = "degree"  # abbreviated or in full
    term = "term"  # a tool, a language, a certificate: also by its initials
    terms = "terms"  # each of a list that is in one column
    skill = "skill"  # its words, also inflected
    place = "place"  # the city, and no other state behind it
    state = "state"  # by code or name
    phone = "phone"
    email = "email"
    link = "link"
    # Others
    year = "year"  # of a date
    computed = "computed"  # from the positions; a number of the model's own must stand there
    judged = "judged"  # what the model thinks: nothing is looked for


class Rule(StrEnum):
    """How a field's value becomes column values; each has its function in `mapping`."""

    text = "text"
    state = "state"  # two-letter code
    link = "link"  # a profile at LinkedIn
    distinct = "distinct"  # a list over several columns, without repeats
    phones = "phones"
    emails = "emails"
    skills = "skills"  # two words at most
    categories = "categories"  # never empty
    joined = "joined"  # a list in one column, comma-separated
    years = "years"  # computed from the positions where their dates allow it


@dataclass(frozen=True, slots=True)
class Column:
    """One extracted column: length in UTF-16 code units, None = NVARCHAR(MAX)."""

    name: str
    length: int | None
    kind: ColumnKind = ColumnKind.text
    evidence: Evidence = Evidence.judged


@dataclass(frozen=True, slots=True)
class Fills:
    """Annotates a field of a model: the columns that it fills, in their order.

    In `Position` the names are suffixes, one column for each of `PREFIXES`. `names`: texts
    that are placeholders elsewhere and values here, in these spellings: people are named Null, Na.
    """

    columns: tuple[str, ...]
    length: int | None = 255
    rule: Rule = Rule.text
    kind: ColumnKind = ColumnKind.text
    never: tuple[Never, ...] = _NOTHING
    names: tuple[str, ...] = ()


PREFIXES = tuple(
    f"{which}MostRecent" for which in ("", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh")
)
"""How the names of the seven positions' columns begin, newest first."""


class Position(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One job."""

    company: Annotated[str, Fills(("Company",), never=TERM), Evidence.company]
    start: Annotated[str, Fills(("StartDate",), 7, kind=ColumnKind.start_date), Evidence.year]
    end: Annotated[str, Fills(("EndDate",), 10, kind=ColumnKind.end_date), Evidence.year]
    location: Annotated[str, Fills(("Location",), never=NAME), Evidence.place]


def _one_to(count: int, stem: str) -> tuple[str, ...]:
    return tuple(f"{stem}{number}" for number in range(1, count + 1))


def _ranked(stem: str, count: int) -> tuple[str, ...]:
    return tuple(f"{rank}{stem}" for rank in ("Primary", "Secondary", "Tertiary")[:count])


_SURNAMES = ("Na", "NA", "na", "Nil", "NIL", "Null", "NULL", "null")


class Candidate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A whole answer: "", [] and null stand for what the resume does not tell."""

    first_name: Annotated[
        str, Fills(("FirstName",), 100, never=NAME, names=("Na", "Nil")), Evidence.name
    ]
    middle_name: Annotated[str, Fills(("MiddleName",), 100, never=NAME), Evidence.name]
    last_name: Annotated[str, Fills(("LastName",), 100, never=NAME, names=_SURNAMES), Evidence.name]
    street: Annotated[str, Fills(("Address",), never=NAME), Evidence.phrase]
    city: Annotated[str, Fills(("City",), 100, never=NAME), Evidence.phrase]
    state: Annotated[str, Fills(("State",), 50, Rule.state, ColumnKind.exact, NAME), Evidence.state]
    phones: Annotated[
        list[str], Fills(_one_to(2, "Phone"), 50, Rule.phones, ColumnKind.exact), Evidence.phone
    ]
    emails: Annotated[
        list[str], Fills(("Email", "Email2"), 255, Rule.emails, ColumnKind.exact), Evidence.email
    ]
    linkedin: Annotated[str, Fills(("Linkedin",), 255, Rule.link, ColumnKind.exact), Evidence.link]
    bachelors: Annotated[str, Fills(("Bachelors",), never=NAME), Evidence.degree]
    masters: Annotated[str, Fills(("Masters",), never=NAME), Evidence.degree]
    certifications: Annotated[
        list[str], Fills(("Certifications",), None, Rule.joined, never=TERM), Evidence.terms
    ]
    titles: Annotated[
        list[str], Fills(_ranked("Title", 3), 255, Rule.distinct, never=NAME), Evidence.phrase
    ]
    positions: list[Position]
    industries: Annotated[
        list[str], Fills(_ranked("Industry", 2), 255, Rule.distinct, never=NAME), Evidence.judged
    ]
    skills: Annotated[
        list[str], Fills(_one_to(10, "Skill"), 100, Rule.skills, never=TERM), Evidence.skill
    ]
    software_languages: Annotated[
        list[str],
        Fills(_ranked("SoftwareLanguage", 3), 255, Rule.distinct, never=TERM),
        Evidence.term,
    ]
    software_apps: Annotated[
        list[str], Fills(_one_to(5, "SoftwareApp"), 255, Rule.distinct, never=TERM), Evidence.term
    ]
    hardware: Annotated[
        list[str], Fills(_one_to(5, "Hardware"), 255, Rule.distinct, never=TERM), Evidence.term
    ]
    categories: Annotated[
        list[str], Fills(_ranked("Category", 2), 255, Rule.categories, never=NAME), Evidence.judged
    ]
    project_types: Annotated[str, Fills(("ProjectTypes",), None), Evidence.judged]
    specialty: Annotated[str, Fills(("Specialty",), None), Evidence.judged]
    summary: Annotated[str, Fills(("Summary",), None), Evidence.judged]
    years_in_us: Annotated[
        float | None, Fills(("LengthinUS",), 50, Rule.years, ColumnKind.number), Evidence.computed
    ]
    years_experience: Annotated[
        float | None,
        Fills(("YearsofExperience",), 50, Rule.years, ColumnKind.number),
        Evidence.computed,
    ]
    average_tenure: Annotated[
        float | None, Fills(("AvgTenure",), 50, Rule.years, ColumnKind.number), Evidence.computed
    ]


class Field(NamedTuple):
    """A field of a struct: the type of its values, and what it is annotated with."""

    type: Any
    notes: tuple[object, ...] = ()


def fields_of(struct: type[msgspec.Struct]) -> dict[str, Field]:
    """Return a struct's fields by name, in their order."""
    return {
        name: Field(hint.__origin__, hint.__metadata__)
        if get_origin(hint) is Annotated
        else Field(hint)
        for name, hint in get_type_hints(struct, include_extras=True).items()
    }


def fills(field: Field) -> Fills:
    """Return what a field fills; LookupError for a field without `Fills`, a mistake in a struct."""
    return _noted(field, Fills)


def evidence(field: Field) -> Evidence:
    """Return what bears a field's values out; LookupError as above."""
    return _noted(field, Evidence)


_Noted = TypeVar("_Noted", Fills, Evidence)


def _noted(field: Field, kind: type[_Noted]) -> _Noted:
    for note in field.notes:
        if isinstance(note, kind):
            return note
    raise LookupError(f"a field of the candidate has no {kind.__name__}")


def _position_columns() -> Iterator[Column]:
    """Company for all seven, then each one's dates, then the locations: the table's own order."""
    fields = [*fields_of(Position).values()]
    for _, together in groupby(fields, key=lambda field: fills(field).kind is ColumnKind.text):
        group = list(together)
        for prefix in PREFIXES:
            for field in group:
                yield from _columns_of(field, prefix)


def _columns() -> Iterator[Column]:
    for name, field in fields_of(Candidate).items():
        if name == "positions":
            yield from _position_columns()
        else:
            yield from _columns_of(field)


def _columns_of(field: Field, prefix: str = "") -> Iterator[Column]:
    mark, borne_out_by = fills(field), evidence(field)
    for column in mark.columns:
        yield Column(prefix + column, mark.length, mark.kind, borne_out_by)


COLUMNS: tuple[Column, ...] = tuple(_columns())
"""Every extracted column, in the order of the candidate table."""


def _bare(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Leave out what costs tokens and tells nothing: titles, docstrings, references."""
    if "$ref" in schema:
        return _bare(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    if "anyOf" in schema:  # float | None, in fewer words
        return {"type": [option["type"] for option in schema["anyOf"]]}
    bare = {  # sorted, so that the same schema gives the same bytes whoever makes it
        key: schema[key] for key in sorted(schema) if key not in ("title", "description", "$defs")
    }
    if "items" in schema:
        bare["items"] = _bare(schema["items"], definitions)
    if "properties" in schema:
        bare["properties"] = {
            name: _bare(item, definitions) for name, item in schema["properties"].items()
        }
    return bare


def _schema() -> dict[str, Any]:
    schema = msgspec.json.schema(Candidate)
    return _bare(schema, schema["$defs"])


@cache
def _response_format_json() -> str:
    return json.dumps(
        {
            "type": "json_schema",
            "json_schema": {"name": "candidate", "strict": True, "schema": _schema()},
        },
        separators=(",", ":"),
    )


def response_format() -> dict[str, Any]:
    """Return a fresh copy of the `response_format` object: strict, every property required.

    Source of what strict allows: OpenAI's guide to structured outputs.
    """
    wanted: dict[str, Any] = json.loads(_response_format_json())
    return wanted


@cache
def schema_in_words() -> str:
    """Return the schema for instructions, a third as long: `{"city":string,"skills":[string]}`.

    For servers that take no schema beside the messages.
    """
    return _in_words(_schema())


def _in_words(schema: dict[str, Any]) -> str:
    kind = schema["type"]
    if kind == "object":
        named = (f'"{name}":{_in_words(item)}' for name, item in schema["properties"].items())
        return "{" + ",".join(named) + "}"
    if kind == "array":
        return f"[{_in_words(schema['items'])}]"
    return kind if isinstance(kind, str) else "|".join(kind)


SCHEMA_VERSION = hashlib.sha256(_response_format_json().encode()).hexdigest()[:12]
"""Changes whenever the schema does; kept with each item in the ledger."""
