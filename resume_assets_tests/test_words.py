"""Numbers in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.words import counted, dollars, duration, plural, size, verb


@pytest.mark.parametrize(
    ("number", "noun", "told"),
    [
        (0, "batch", "0 batches"),
        (1, "batch", "1 batch"),
        (1_200, "batch", "1,200 batches"),
        (2, "known answer", "2 known answers"),
        (3, "entry", "3 entries"),
        (3, "day", "3 days"),
        (2, "loss", "2 losses"),
    ],
)
def test_a_count_has_its_noun_and_its_thousands(number: int, noun: str, told: str) -> None:
    assert counted(number, noun) == told


def test_only_one_is_singular() -> None:
    assert [verb(number, "waits", "wait") for number in (0, 1, 2)] == ["wait", "waits", "wait"]
    assert plural("box") == "boxes"


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (None, "no price known"),
        (0, "$0"),
        (0.00001, "less than $0.0001"),
        (0.0325, "$0.0325"),
        (0.99996, "$1.00"),
        (1, "$1.00"),
        (1234.5, "$1,234.50"),
        (-2.5, "-$2.50"),
        (-0.02, "-$0.0200"),
    ],
)
def test_dollars(amount: float | None, told: str) -> None:
    assert dollars(amount) == told


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (999_960, "1.0 MB"),
        (1_400_000, "1.4 MB"),
        (2_500_000_000, "2.5 GB"),
        (7.5e15, "7,500.0 TB"),
    ],
)
def test_sizes(number: float, told: str) -> None:
    assert size(number) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.4, "0 s"),
        (89.4, "89 s"),
        (89.6, "1 min"),
        (119, "2 min"),
        (5_400, "1 h 30 min"),
        (7_200, "2 h"),
        (26 * 3_600 + 300, "26 h 5 min"),
        (3 * 86_400, "3 days"),
        (3 * 86_400 + 7_200, "3 days 2 h"),
    ],
)
def test_durations(seconds: float, told: str) -> None:
    assert duration(seconds) == told


@given(st.floats(0, 1e18))
def test_every_size_and_time_is_short(number: float) -> None:
    assert len(size(number)) <= 14
    assert len(duration(min(number, 1e9))) <= 16
