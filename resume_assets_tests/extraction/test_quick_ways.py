"""What is common takes a quick way: it gives what the long way does, whatever is remembered."""

import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.extraction import mapping, numbers, values
from resume_assets.extraction.candidate import Candidate, ColumnKind, Fills, Never, Position
from resume_assets.extraction.contacts import (
    EMAIL,
    PHONE,
    PROFILE,
    emails_in,
    phones_in,
    profiles_in,
)
from resume_assets.extraction.dates import reading
from resume_assets.extraction.mapping import Record, to_record
from resume_assets.extraction.skills import skill
from resume_assets.extraction.text import clean
from resume_assets.extraction.values import Kind
from resume_assets_tests.extraction.answers import full_answer

TODAY = datetime.date(2026, 11, 23)
KINDS = [
    *(step.slot.kind for step in mapping._PLAN),
    mapping._COMPANIES,
    mapping._LOCATIONS,
]

odd_texts = st.text(alphabet="aN1 .-@/&\\*_([é\x00\u200b\ud800", max_size=12)
known_texts = st.sampled_from(
    ["Data Lead", "data lead", "N/A", "Null", "C", "May 2019", "Maria", "www.a.b", "  x ", "5 * 7"]
)
texts = st.one_of(odd_texts, known_texts)
dates = st.one_of(
    st.sampled_from(["2019-03", "2019", "Present", "3/4/2019", "15/3/2019", "2019 - 2021", ""]),
    texts,
)
positions = st.fixed_dictionaries(
    {
        "company": texts,
        "start": dates,
        "end": dates,
        "location": st.one_of(st.sampled_from(["Austin, TX", "Munich, DE", "Remote"]), texts),
    }
)
candidates = st.fixed_dictionaries(
    {
        name: st.lists(positions, max_size=9)
        if name == "positions"
        else st.lists(texts, max_size=12)
        if isinstance(value, list)
        else texts
        for name, value in full_answer().items()
        if not isinstance(value, int | float)
    }
)


def forget() -> None:
    """Empty all that the mapping remembers."""
    for kind in KINDS:
        kind.plain.clear()
        kind.odd.clear()
    for remembering in (mapping._place, reading._read_cached, numbers._computed, numbers.month):
        remembering.cache_clear()


def record(changes: dict[str, Any]) -> tuple[Any, ...]:
    made: Record = to_record(Candidate(**full_answer(**parsed(changes))), TODAY)
    return made.values, [*made.changes.items()], made.unreadable


def parsed(changes: dict[str, Any]) -> dict[str, Any]:
    """As an answer's JSON gives it: stripped texts, each an object of its own."""

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            given = {key: strip(item) for key, item in value.items()}
            return Position(**given)
        if isinstance(value, list):
            return [strip(item) for item in value]
        return "".join(value.strip())

    given: dict[str, Any] = strip({**full_answer(), **changes}["positions"])
    return {name: strip(value) for name, value in changes.items()} | {"positions": given}


@given(st.lists(candidates, min_size=1, max_size=3))
def test_a_record_is_the_same_whatever_was_read_before(answers):
    apart = []
    for answer in answers:
        forget()
        apart.append(record(answer))
    forget()
    assert [record(answer) for answer in answers] == apart
    assert [record(answer) for answer in answers] == apart


@pytest.mark.parametrize("titles", [["C", "C"], ["Lead", "Lead"], ["Lead", "lead"]])
def test_a_repeat_is_told_whichever_objects_the_texts_are(titles):
    for same in (titles, [*titles], ["".join([*title]) for title in titles]):
        forget()
        for _ in range(2):
            changes = dict(record({"titles": same})[1])
            assert changes["SecondaryTitle"] == "repeated"


@pytest.mark.parametrize(("texts", "end"), [(reading._STARTS, False), (reading._ENDS, True)])
def test_dates_as_asked_are_read_so(texts, end):
    assert len(texts) >= 2_400
    for text, date in texts.items():
        assert reading._read(text, end, None) == reading._Look(date)


@pytest.mark.parametrize(
    ("pattern", "find"), [(PHONE, phones_in), (EMAIL, emails_in), (PROFILE, profiles_in)]
)
def test_a_plain_contact_is_found_as_it_is(
    pattern: re.Pattern[str], find: Callable[[str], list[str]]
) -> None:
    @given(st.from_regex(pattern, fullmatch=True).filter(lambda text: len(text) <= 255))
    def check(text: str) -> None:
        assert clean(text) == text
        assert find(text) == [text]

    check()


@pytest.mark.parametrize("never", [(), (Never.placeholder,), tuple(Never)])
@pytest.mark.parametrize("shape", [None, skill])
def test_a_plain_text_needs_no_change(never: tuple[Never, ...], shape: Any) -> None:
    fills = Fills(("Skill1",), 30, kind=ColumnKind.text, never=never)

    @given(st.one_of(st.from_regex(values._PLAIN, fullmatch=True), texts.map(str.strip)))
    def check(text: str) -> None:
        kind = Kind(fills, shape)
        if kind.is_plain(text):
            assert kind._read(text) == (text, None)

    check()
