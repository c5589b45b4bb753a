"""What each extracted column holds, in words, made from the one list in `candidate`."""

from collections.abc import Iterator

from resume_assets.extraction.candidate import (
    PREFIXES,
    Candidate,
    ColumnKind,
    Evidence,
    Field,
    Position,
    Rule,
    evidence,
    fields_of,
    fills,
)

_RANKS = ("", "second ", "third ", "fourth ", "fifth ", "sixth ", "seventh ")
_ORDINALS = ("1st", "2nd", "3rd")
_KINDS = {
    ColumnKind.start_date: "YYYY-MM",
    ColumnKind.end_date: "YYYY-MM or Present",
    ColumnKind.number: "years",
    ColumnKind.exact: "never cut",
}
_CALLED = {
    "years_in_us": "Years in the US",
    "years_experience": "Years of experience",
    "linkedin": "LinkedIn profile",
}
"""Where the field's name is no good English."""
_RULES = {Rule.joined: "a list, comma-separated", Rule.state: "two-letter code"}
_BORNE_OUT = {
    Evidence.computed: "computed from the positions",
    Evidence.judged: "the model's judgement",
    Evidence.year: "the year must stand in the resume",
}


def descriptions() -> dict[str, str]:
    """A line for each extracted column, by its name."""
    return dict(_all())


def _all() -> Iterator[tuple[str, str]]:
    for name, field in fields_of(Candidate).items():
        if name != "positions":
            yield from _of_field(name, field)
            continue
        for rank, prefix in zip(_RANKS, PREFIXES, strict=True):
            for part, of_position in fields_of(Position).items():
                for column, line in _of_field(part, of_position):
                    what, _, rest = line.partition(":")
                    yield prefix + column, f"{what} of the {rank}most recent position:{rest}"


def _of_field(name: str, field: Field) -> Iterator[tuple[str, str]]:
    mark = fills(field)
    facts = [
        _KINDS.get(mark.kind),
        _RULES.get(mark.rule),
        _BORNE_OUT.get(evidence(field), "must stand in the resume"),
    ]
    said = ", ".join(fact for fact in facts if fact is not None)
    words = _CALLED.get(name, name.replace("_", " ").capitalize())
    for number, column in enumerate(mark.columns, start=1):
        which = ""
        if len(mark.columns) > 1:
            ordinal = _ORDINALS[number - 1] if number <= len(_ORDINALS) else f"{number}th"
            which = f", the {ordinal} of {len(mark.columns)}"
        yield column, f"{words}{which}: {said}."
