"""The three numbers, from dates where these allow it."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.extraction.numbers import (
    Job,
    average_tenure,
    job,
    length_in_us,
    month,
    stated,
    years_of_experience,
)

TODAY = month("2026-11")


def jobs(*spans: tuple[Any, ...]) -> list[Job]:
    """Return jobs from (start, end) or (start, end, in_us)."""
    return [job(span[0], span[1], span[2] if len(span) > 2 else None, TODAY) for span in spans]


@pytest.mark.parametrize(
    ("spans", "years"),
    [
        ([("2019-01", "2019-12")], "1"),
        ([("2019-01", "2020-01")], "1"),
        ([("2015-01", "2020-01")], "5"),
        ([("2020-01", "2021-06")], "1.5"),
        ([("2019-11", "Present")], "7"),
        ([("2015-01", "2018-01"), ("2017-01", "2020-01")], "5"),
        ([("2010-01", "2020-01"), ("2012-01", "2013-01")], "10"),
        ([("2015-01", "2017-05"), ("2017-06", "2019-12")], "5"),
        ([("2015-01", "2016-01"), ("2018-01", "2019-01")], "2.1"),
        ([("2019-05", "2019-05")], "0"),
        ([("2024-11", "2031-01")], "2"),
    ],
)
def test_years_of_experience(spans, years):
    assert years_of_experience(jobs(*spans), 60) == years
    assert years_of_experience(jobs(*reversed(spans)), None) == years


def test_experience_with_missing_dates_is_a_lower_bound():
    some = jobs(("2015-01", "2017-01"), (None, "2012-01"))
    assert years_of_experience(some, 9) == "9"
    assert years_of_experience(some, 1) == "2"
    assert years_of_experience(some, None) == "2"
    assert years_of_experience(jobs((None, None)), 9.25) == "9.3"
    assert years_of_experience([], None) is None


def test_contradictory_dates_count_as_missing():
    assert years_of_experience(jobs(("2020-01", "2019-01")), 3) == "3"
    assert years_of_experience(jobs(("2030-01", "Present")), None) is None


def test_average_tenure():
    assert average_tenure(jobs(("2015-01", "2017-01"), ("2017-01", "2018-01")), 9) == "1.5"
    assert average_tenure(jobs(("2015-01", "2017-01"), (None, "2018-01")), 9) == "2"
    assert average_tenure(jobs((None, "2018-01")), 2.5) == "2.5"
    assert average_tenure([], None) is None


@pytest.mark.parametrize(
    ("spans", "said", "years"),
    [
        ([("2016-11", "Present", True), ("2010-01", "2016-01", False)], 40, "10"),
        ([("2020-01", "Present", False), ("2010-01", "2015-01", True)], 40, "5"),
        ([("2020-01", "Present", None), ("2016-11", "2018-01", True)], 40, "10"),
        ([("2016-11", None, True)], 40, "10"),
        ([("2016-11", "Present", True), (None, "2010-01", True)], 40, "40"),
        ([("2016-11", "Present", True), (None, "2010-01", True)], 4, "10"),
        ([("2016-11", "Present", False)], 12, "12"),
        ([(None, "Present", True)], 12, "12"),
        ([], None, None),
        ([("2015-01", None, True), (None, "2010-01", True), ("2016-01", "Present", False)], 3, "3"),
    ],
)
def test_length_in_us(spans, said, years):
    assert length_in_us(jobs(*spans), TODAY, said) == years


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (7, "7"),
        (7.5, "7.5"),
        (7.25, "7.3"),
        (0, "0"),
        (70, "70"),
        (70.5, None),
        (-1, None),
        (math.nan, None),
        (math.inf, None),
        (None, None),
    ],
)
def test_stated(number, text):
    assert stated(number) == text


def test_no_career_is_longer_than_seventy_years():
    assert years_of_experience(jobs(("1900-01", "Present")), 12) == "12"
    assert years_of_experience(jobs(("1900-01", "Present")), None) is None


months = st.none() | st.builds("{:04d}-{:02d}".format, st.integers(1900, 2099), st.integers(1, 12))


@given(
    st.lists(st.tuples(months, months | st.just("Present"), st.sampled_from([None, True, False]))),
    st.none() | st.floats(),
)
def test_properties(spans, said):
    held = jobs(*spans)
    for text in (
        years_of_experience(held, said),
        average_tenure(held, said),
        length_in_us(held, TODAY, said),
    ):
        assert text is None or 0 <= float(text) < 71
        assert text is None or not text.endswith(".0")
