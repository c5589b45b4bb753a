"""The review page as one HTML file: data, style and script in it, nothing loaded.

What comes from resumes, answers and the table goes into the page as JSON, and from there into text
nodes only. The file is personal data: whoever writes it makes it private.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any, Final

from resume_assets.evaluation.gold_file import FORMS
from resume_assets.evaluation.groups import GROUP_OF, GROUPS, JOB_COLUMNS, JOBS
from resume_assets.pages import document
from resume_assets.reviewing.gathering import Review
from resume_assets.reviewing.records import Field, Reviewed
from resume_assets.reviewing.signs import Sign

_SIGNS: Final[Mapping[Sign, tuple[str, str]]] = {
    Sign.not_borne_out: ("?", "does not stand in the resume"),
    Sign.cut: ("…", "something that the answer told is missing"),
    Sign.assumed: ("≈", "a month, a category or a number that was assumed"),
    Sign.odd: ("!", "not recognised, mended, or a date that can hardly be"),
    Sign.differs: ("≠", "from what was there before, or from what the batch wrote"),
}
_ORDER: Final = tuple(Sign)
_NAMED: Final = 50  # ids of candidates that are not shown, for each reason
_JOBS: Final = {column: number for number, job in enumerate(JOB_COLUMNS) for column in job.values()}
_PARTS: Final = {column: part for job in JOB_COLUMNS for part, column in job.items()}


def page_of(review: Review) -> str:
    """The page."""
    key = review.batch.batch_key
    return document(
        f"Review of {key}",
        _asset("page.html").replace("{key}", escape(key)),
        style=_asset("page.css"),
        script=_asset("page.js"),
        data=_data(review),
    )


@cache
def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _data(review: Review) -> dict[str, Any]:
    """What the script shows; its keys are told in page.js."""
    batch = review.batch
    columns = [column for group in _ordered(review.columns) for column in group]
    index = {column: number for number, column in enumerate(columns)}
    return {
        "key": batch.batch_key,
        "installation": review.installation,
        "about": _about(review),
        "signs": [[sign.value, *_SIGNS[sign]] for sign in _ORDER],
        "columns": [
            [column, _PARTS.get(column, column), _heading(column), FORMS[column].value]
            for column in columns
        ],
        "records": [_record(record, index) for record in review.records],
        "notShown": [
            [why, len(ids), [str(userid) for userid in ids[:_NAMED]]]
            for why, ids in review.not_shown.items()
        ],
    }


def _ordered(columns: Iterable[str]) -> list[list[str]]:
    """The table's columns by group, those of positions one after the other."""
    there = set(columns)
    by_group: dict[str, list[str]] = {group: [] for group in GROUPS if group != JOBS}
    for column in columns:
        if column not in _JOBS:
            by_group[GROUP_OF[column]].append(column)
    jobs = [[column for column in job.values() if column in there] for job in JOB_COLUMNS]
    return [*by_group.values(), *jobs]


def _heading(column: str) -> str:
    number = _JOBS.get(column)
    if number is None:
        return GROUP_OF[column]
    return "job 1, the newest" if number == 0 else f"job {number + 1}"


def _about(review: Review) -> list[str]:
    batch, shown = review.batch, len(review.records)
    what = "records with a sign" if review.flagged else "records that the batch wrote"
    drawn = f", drawn at random from {review.of:,}" if review.drawn else ""
    told = [f"{shown:,} {what}{drawn}.", f"Read by {batch.model}, prompt {batch.prompt_name}."]
    if review.answers_gone:
        told.append("The answers themselves are no longer kept.")
    return told


def _record(record: Reviewed, index: Mapping[str, int]) -> list[Any]:
    fields = [
        [index[column], *_field(each)] for column, each in record.fields.items() if _is_told(each)
    ]
    return [
        str(record.userid),
        record.text_hash,
        record.text,
        _bits(record.signs),
        record.notes,
        sorted(fields),
    ]


def _is_told(each: Field) -> bool:
    return each.value is not None or bool(each.signs)


def _field(each: Field) -> tuple[Any, ...]:
    places = [list(place) for place in each.places]
    return each.value, each.told, each.before, _bits(each.signs), each.notes, places


def _bits(signs: Iterable[Sign]) -> int:
    return sum(1 << _ORDER.index(sign) for sign in signs)
