"""Lists are read as far as they may still hold what was made since, whatever their order."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types import Batch

from resume_assets.openai_api.listing import CLOCK_SKEW, back_to, with_id

SINCE = datetime(2026, 11, 28, 4)  # noqa: DTZ001 (as the database has it)
LIMIT = (SINCE.replace(tzinfo=UTC) - CLOCK_SKEW).timestamp()


def batch(**values: Any) -> Batch:
    """One as the client makes it, which checks nothing."""
    made: Any = Batch
    one: Batch = made.model_construct(**values)
    return one


class Pages:
    """A list as the client gives it, that counts what was read of it."""

    def __init__(self, *times: Any) -> None:
        self.data = [batch(id=f"b{n}", created_at=made) for n, made in enumerate(times)]
        self.has_more = False
        self.read = 0

    def iter_pages(self) -> Iterator["Pages"]:
        yield Pages()
        for one in self.data:
            self.read += 1
            page = Pages()
            page.data = [one]
            yield page


def found(pages: Pages) -> list[str]:
    first: Any = pages
    return [one.id for one in back_to(SINCE, first)]


@given(st.lists(st.integers(int(LIMIT) - 50, int(LIMIT) + 50)))
def test_whatever_the_order_all_that_is_new_is_found_in_one_that_is_whole(times: list[int]) -> None:
    for order in (sorted(times), sorted(times, reverse=True)):
        pages = Pages(*order)
        expected = [f"b{n}" for n, made in enumerate(order) if made >= LIMIT]
        assert found(pages) == expected


@given(st.lists(st.integers(int(LIMIT) - 50, int(LIMIT) + 50), max_size=6))
def test_in_no_order_at_all_what_follows_a_rise_is_read_too(times: list[int]) -> None:
    rise = [int(LIMIT) - 60, int(LIMIT) - 59]
    pages = Pages(*rise, *times)
    assert found(pages) == [f"b{n + 2}" for n, made in enumerate(times) if made >= LIMIT]


def test_the_newest_first_are_read_no_further_than_the_first_that_is_older() -> None:
    pages = Pages(*(LIMIT + 2 - n for n in range(100)))
    assert found(pages) == ["b0", "b1", "b2"]
    assert pages.read == 4


def test_a_time_that_is_none_may_be_new() -> None:
    assert found(Pages(None, "soon")) == ["b0", "b1"]


@pytest.mark.parametrize(
    ("told", "status"),
    [("Validating", "validating"), ("Canceled", "cancelled"), ("in_progress", "in_progress")],
)
def test_a_status_is_spelled_one_way(told: str, status: str) -> None:
    one = batch(id="b", status=told, created_at="2026-11-28T04:00:00.249+00:00")
    assert with_id(one).status == status
    assert one.created_at == int(SINCE.replace(tzinfo=UTC).timestamp())
