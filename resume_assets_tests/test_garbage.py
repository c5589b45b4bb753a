"""What collections pass over, and that they do so no longer than they are told."""

import gc
import weakref

import pytest

from resume_assets.garbage import SELDOM, passed_over


class Circle:
    """Garbage that only a collection finds."""

    def __init__(self) -> None:
        self.itself = self


def test_what_was_there_before_stays_until_the_block_ends() -> None:
    gc.collect()
    before = weakref.ref(Circle())
    with passed_over():
        assert gc.get_threshold()[0] == SELDOM
        within = weakref.ref(Circle())
        gc.collect()
        assert within() is None
        assert before() is not None
    gc.collect()
    assert before() is None


def test_also_where_the_block_fails() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="within"), passed_over():
        raise ValueError("within")
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == before
