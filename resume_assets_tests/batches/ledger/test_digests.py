"""Digests of values, pure: the same for one value in every form, another for every other."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.batches.ledger import digests
from resume_assets.extraction.candidate import COLUMNS

MARCH = datetime.date(2021, 3, 1)
NOON = datetime.datetime(2021, 3, 1, 12)  # noqa: DTZ001 (a column without zone)
MIDNIGHT = datetime.datetime(2021, 3, 1)  # noqa: DTZ001 (a column without zone)

values = (
    st.none()
    | st.text(max_size=20)
    | st.dates()
    | st.datetimes()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False, places=3)
    | st.floats(allow_nan=False, allow_infinity=False)
)


@given(st.lists(values, min_size=len(COLUMNS), max_size=len(COLUMNS)))
def test_a_records_digests_are_those_of_its_values(record: list[Any]) -> None:
    told = digests.digests_of([v.rstrip(" ") if isinstance(v, str) else v for v in record])
    parts = digests.parts_of(told)
    assert parts == [digests.digest(value) for value in record]
    assert digests.joined(parts) == told


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Ada", "Ada       "),  # a CHAR is padded
        (None, ""),
        (None, "   "),
        (MARCH, MIDNIGHT),
        (MARCH, MIDNIGHT.replace(tzinfo=datetime.UTC)),
        (MARCH, "2021-03-01"),
        (5, Decimal("5.00")),
        (Decimal("5.5"), 5.5),
        (Decimal("5.1"), 5.1),
        (Decimal("15550101234"), 15550101234.0),
        (Decimal("1E+3"), 1000),
        ("5", 5),
    ],
)
def test_one_value_in_two_forms(written: Any, read: Any) -> None:
    assert digests.digest(written) == digests.digest(read)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ada", "ada"), ("Ada", " Ada"), (None, "0"), (None, 0), (MARCH, NOON), (5, 5.1)],
)
def test_two_values(one: Any, other: Any) -> None:
    assert digests.digest(one) != digests.digest(other)


def test_nothing_is_compared_with_another_list_of_columns() -> None:
    told = digests.digests_of([None] * len(COLUMNS))
    assert digests.parts_of(told) == [digests.NULL] * len(COLUMNS)
    assert digests.parts_of("0" + told[1:]) is None
    assert digests.parts_of(None) is None


def test_what_is_refused_is_left_null() -> None:
    told = digests.digests_of(["x"] * len(COLUMNS))
    parts = digests.parts_of(digests.without(told, ["City"]))
    assert parts is not None
    assert [place for place, part in enumerate(parts) if part == digests.NULL] == [
        digests.PLACES["City"]
    ]


def test_the_ledgers_column_is_wide_enough() -> None:
    told = digests.digests_of(["x"] * len(COLUMNS))
    assert len(told) <= 800
    assert len(digests.UNKNOWN) == len(digests.NULL) == len(digests.digest("x"))
