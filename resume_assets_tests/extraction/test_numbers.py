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
        ([("2015-01", "2017-05"), ("2017-07", "2019-12")], "4.8"),
        ([("2015-01", "2015-02"), ("2016-01", "2016-03")], "0.3"),
        ([("2019-05", "2019-05")], "0"),
        ([("2024-11", "2031-01")], "2"),
    ],
)
def test_years_of_experience(spans, years):
    assert years_of_experience(jobs(*spans), 60) == (years, False)
    assert years_of_experience(jobs(*reversed(spans)), None) == (years, False)


def test_experience_with_missing_dates_is_a_lower_bound():
    some = jobs(("2015-01", "2017-01"), (None, "2012-01"))
    assert years_of_experience(some, 9) == ("9", True)
    assert years_of_experience(some, 1) == ("2", False)
    assert years_of_experience(some, 2) == ("2", False)
    assert years_of_experience(some, None) == ("2", False)
    assert years_of_experience(jobs((None, None)), 9.25) == ("9.3", True)


def test_without_positions_there_is_no_number():
    assert years_of_experience([], 25) == (None, False)
    assert length_in_us([], TODAY, 25) == (None, False)
    assert average_tenure([]) == (None, False)


def test_contradictory_dates_count_as_missing():
    assert years_of_experience(jobs(("2020-01", "2019-01")), 3) == ("3", True)
    assert years_of_experience(jobs(("2030-01", "Present")), None) == (None, False)


def test_a_job_that_begins_this_month_and_one_that_is_still_to_begin():
    assert job("2026-11", None, True, TODAY) == (TODAY, None, True)
    assert job("2026-12", None, True, TODAY) == (None, None, True)
    assert job("2026-10", "2026-12", None, TODAY) == (TODAY - 1, TODAY, None)


def test_average_tenure():
    assert average_tenure(jobs(("2019-01", "2019-05"))).text == "0.4"
    seven = [("2019-01", "2019-01")] * 5 + [("2019-01", "2019-05"), ("2019-01", "2019-06")]
    assert average_tenure(jobs(*seven)).text == "0.1"  # 0.149 years
    assert average_tenure(jobs(("2015-01", "2017-01"), ("2017-01", "2018-01"))).text == "1.5"
    assert average_tenure(jobs(("2015-01", "2017-01"), (None, "2018-01"))).text == "2"
    assert average_tenure(jobs((None, "2018-01"))) == (None, False)


@pytest.mark.parametrize(
    ("spans", "said", "years", "claimed"),
    [
        ([("2016-11", "Present", True), ("2010-01", "2016-01", False)], 40, "10", False),
        ([("2020-01", "Present", False), ("2010-01", "2015-01", True)], 40, "5", False),
        ([("2020-01", "Present", None), ("2016-11", "2018-01", True)], 40, "10", False),
        ([("2016-11", None, True)], 40, "10", False),
        ([("2016-11", "Present", True), (None, "2010-01", True)], 40, "40", True),
        ([("2016-11", "Present", True), (None, "2010-01", True)], 4, "10", False),
        ([("2016-11", "Present", False)], 12, "12", True),
        ([(None, "Present", True)], 12, "12", True),
        ([("2016-11", "Present", None)], None, None, False),
        ([("2015-01", None, True), ("2016-01", "Present", False)], 3, "3", True),
        ([("2015-01", "2015-01", False), ("2010-01", "2015-01", True)], 40, "5", False),
        ([("2012-01", None, False), ("2010-01", None, True)], 40, "16.9", False),
        ([("2026-07", "Present", True)], None, "0.4", False),
        ([("1940-01", "Present", True)], 12, "12", True),
        (
            [
                ("2016-01", "2018-01", False),
                ("2013-01", "2015-01", True),
                ("2010-01", "2012-01", True),
            ],
            40,
            "5",
            False,
        ),
        (
            [
                ("2016-01", "2018-01", False),
                ("2015-01", None, True),
                ("2010-01", "2012-01", True),
            ],
            40,
            "2",
            False,
        ),
        ([("2010-01", "2010-01", True), ("2012-01", "2013-01", False)], 40, "0", False),
        (
            [("2015-01", None, True), (None, "2010-01", True), ("2016-01", "Present", False)],
            3,
            "3",
            True,
        ),
    ],
)
def test_length_in_us(spans, said, years, claimed):
    assert length_in_us(jobs(*spans), TODAY, said) == (years, claimed)


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
    assert years_of_experience(jobs(("1900-01", "Present")), 12) == ("12", True)
    assert years_of_experience(jobs(("1900-01", "Present")), None) == (None, False)


months = st.none() | st.builds("{:04d}-{:02d}".format, st.integers(1900, 2099), st.integers(1, 12))


@given(
    st.lists(st.tuples(months, months | st.just("Present"), st.sampled_from([None, True, False]))),
    st.none() | st.floats(),
)
def test_properties(spans, said):
    held = jobs(*spans)
    experience, tenure = years_of_experience(held, said), average_tenure(held)
    in_us = length_in_us(held, TODAY, said)
    for found in (experience, tenure, in_us):
        assert found.text is None or 0 <= float(found.text) < 71
        assert found.text is None or not found.text.endswith(".0")
        assert not found.claimed or found.text == stated(said)
    lengths = [one.end - one.start for one in held if one.start is not None and one.end is not None]
    if experience.text is not None and not experience.claimed:
        # No less than the longest job, no more than all of them after each other.
        assert float(experience.text) >= max(lengths) / 12 - 0.05
        assert float(experience.text) <= sum(lengths) / 12 + len(lengths) / 12 + 0.05
    if tenure.text is not None:
        assert min(lengths) / 12 - 0.05 <= float(tenure.text) <= max(lengths) / 12 + 0.1
    if in_us.text is not None and not in_us.claimed:
        first = min(one.start for one in held if one.in_us and one.start is not None)
        assert float(in_us.text) <= (TODAY - first) / 12 + 0.1
    if not any(one.in_us for one in held):
        assert in_us.text is None or in_us.claimed


@given(st.lists(st.tuples(months, months), min_size=1), st.none() | st.floats(0, 70))
def test_the_order_of_the_jobs_does_not_matter(spans, said):
    held, turned = jobs(*spans), jobs(*reversed(spans))
    assert years_of_experience(held, said) == years_of_experience(turned, said)
    assert average_tenure(held) == average_tenure(turned)
