"""One is made while the one before it is used; what goes wrong is told where it would have been."""

import threading
from collections.abc import Iterator

import pytest

from resume_assets.ahead import ahead

LONG = 30.0


def test_all_of_them_in_their_order() -> None:
    with ahead(range(1, 6)) as each:
        assert list(each) == [1, 2, 3, 4, 5]
    with ahead(()) as none:
        assert list(none) == []


def test_an_item_that_is_none_is_no_end() -> None:
    with ahead([None, 0, None]) as each:
        assert list(each) == [None, 0, None]


def test_the_next_one_is_made_while_this_one_is_used_and_only_that_one() -> None:
    made = [threading.Event() for _ in range(4)]

    def making() -> Iterator[int]:
        for number, event in enumerate(made):
            event.set()
            yield number

    with ahead(making()) as each:
        assert next(each) == 0
        assert made[1].wait(LONG)
        assert not made[2].is_set()
        assert next(each) == 1
        assert made[2].wait(LONG)
        assert not made[3].is_set()


def test_what_making_one_raises_comes_after_those_before_it() -> None:
    def making() -> Iterator[int]:
        yield 1
        raise KeyError("second")

    got: list[int] = []
    with pytest.raises(KeyError, match="second"), ahead(making()) as each:
        got.extend(each)
    assert got == [1]


def test_leaving_early_waits_for_the_one_that_is_being_made() -> None:
    begun, goes_on, ended = (threading.Event() for _ in range(3))

    def making() -> Iterator[int]:
        yield 1
        begun.set()
        goes_on.wait(LONG)
        ended.set()
        yield 2

    with ahead(making()) as each:
        next(each)
        assert begun.wait(LONG)
        threading.Timer(0.1, goes_on.set).start()
    assert ended.is_set()
    assert not [one for one in threading.enumerate() if one.name.startswith("ahead")]
