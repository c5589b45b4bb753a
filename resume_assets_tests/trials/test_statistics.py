"""Intervals hold the truth as often as they say, and ratios are of sums."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.trials.statistics import Figure, difference, ratio, share


def test_a_share_has_wilsons_interval() -> None:
    figure = share(9, 10)
    assert figure is not None
    # Worked out by hand: (0.9 + 3.8415/20 ± 1.96 √(0.009 + 3.8415/400)) / (1 + 0.38415)
    assert (figure.value, figure.cases) == (0.9, 10)
    assert figure.low == pytest.approx(0.5958, abs=1e-4)
    assert figure.high == pytest.approx(0.9821, abs=1e-4)


@pytest.mark.parametrize(("hits", "value"), [(0, 0.0), (200, 1.0)])
def test_none_or_all_of_a_sample_is_not_none_or_all_of_the_rest(hits: int, value: float) -> None:
    figure = share(hits, 200)
    assert figure is not None
    assert figure.value == value
    assert 0.015 < figure.high - figure.low < 0.02


def test_no_resumes_tell_nothing() -> None:
    assert share(0, 0) is None
    assert ratio([]) is None
    assert ratio([(0, 0)]) is None
    assert difference([], []) is None
    assert difference([(1, 1)], [(0, 0)]) is None


def test_a_ratio_is_that_of_the_sums() -> None:
    figure = ratio([(1, 1), (1, 9), (0, 0)])
    assert figure is not None
    assert (figure.value, figure.cases) == (0.2, 2)


def test_intervals_worked_out_by_hand() -> None:
    figure = ratio([(1, 2), (2, 2)] * 5)
    # 0.75; each is 0.5 off: √(10·0.25 / 90) / 2 = 0.08333, times 1.96
    assert figure is not None
    assert (figure.value, figure.cases) == (0.75, 10)
    assert (figure.low, figure.high) == pytest.approx((0.58667, 0.91333), abs=1e-5)
    figure = difference([(1, 4), (3, 4)] * 5, [(1, 1), (1, 2)] * 5)
    # 4/8 less 2/3; off by (1-2)/4 - (1-2/3)/1.5 = -0.4722 and as much the other way
    assert figure is not None
    assert figure.value == pytest.approx(-1 / 6)
    assert figure.cases == 10
    assert (figure.low, figure.high) == pytest.approx((-0.47518, 0.14184), abs=1e-5)


def test_only_resumes_that_tell_something_of_both_are_compared() -> None:
    figure = difference([(1, 1), (0, 1), (1, 1)], [(0, 0), (0, 1), (1, 1)])
    assert figure is not None
    assert (figure.value, figure.cases) == (0.0, 2)
    figure = difference([(0, 0), (0, 1), (1, 1)], [(1, 1), (0, 1), (1, 1)])
    assert figure is not None
    assert (figure.value, figure.cases) == (0.0, 2)


def test_no_interval_leaves_what_a_share_or_a_difference_can_be() -> None:
    figure = ratio([(0, 2), (2, 2), (1, 2)])
    assert figure is not None
    assert (figure.low, figure.high) == (0.0, 1.0)
    figure = difference([(1, 1), (1, 1), (0, 1)], [(0, 1), (0, 1), (1, 1)])
    assert figure is not None
    assert figure.low > -1.0
    assert figure.high == 1.0
    figure = difference([(0, 1), (0, 1), (1, 1)], [(1, 1), (1, 1), (0, 1)])
    assert figure is not None
    assert figure.low == -1.0


def test_one_resume_alone_tells_little() -> None:
    figure = ratio([(70, 78)])
    assert figure is not None
    assert figure.high - figure.low > 0.7


def test_a_ratio_without_spread_is_no_certainty() -> None:
    figure = ratio([(3, 3)] * 50)
    assert figure is not None
    assert figure.value == 1.0
    assert 0.92 < figure.low < 0.94


def test_resumes_that_are_alike_in_both_tell_a_small_difference_apart() -> None:
    # What is hard is hard for both: of each kind the second gets a tenth less.
    first = [(1.0, 1.0), (0.5, 1.0)] * 50
    second = [(0.9, 1.0), (0.4, 1.0)] * 50
    figure = difference(first, second)
    assert figure is not None
    assert figure.value == pytest.approx(0.1)
    assert figure.low == pytest.approx(0.1 - (1 - share(100, 100).low))  # type: ignore[union-attr]
    alone = ratio(first)
    assert alone is not None
    assert alone.high - alone.low > figure.high - figure.low


def test_two_lengths_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="zip"):
        difference([(1, 1)], [])


_pairs = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5)).map(lambda pair: (min(pair), max(pair))),
    max_size=30,
)


@given(_pairs)
def test_a_ratio_lies_within_its_interval_and_that_within_0_and_1(
    pairs: list[tuple[float, float]],
) -> None:
    figure = ratio(pairs)
    if figure is not None:
        assert 0 <= figure.low <= figure.value + 1e-12
        assert figure.value - 1e-12 <= figure.high <= 1


@given(_pairs)
def test_nothing_differs_from_itself(pairs: list[tuple[float, float]]) -> None:
    figure = difference(pairs, pairs)
    if figure is not None:
        assert figure.value == 0
        assert figure.low < 0 < figure.high


def _resume(draw: random.Random, right: float) -> tuple[float, float]:
    """The values of one resume, which are right or wrong together more often than by chance."""
    here = min(1.0, max(0.0, draw.gauss(right, 0.15)))
    values = draw.randint(5, 40)
    return sum(draw.random() < here for _ in range(values)), values


def _holding(figures: list[Figure | None], truth: float) -> float:
    held = [figure is not None and figure.low <= truth <= figure.high for figure in figures]
    return sum(held) / len(held)


def test_intervals_hold_the_truth_nineteen_times_in_twenty() -> None:
    draw = random.Random(7)
    everyone = [_resume(draw, 0.8) for _ in range(20_000)]
    truth = sum(right for right, _ in everyone) / sum(values for _, values in everyone)
    samples = [draw.sample(everyone, 200) for _ in range(400)]
    assert 0.92 <= _holding([ratio(sample) for sample in samples], truth) <= 0.98
    # As if each value were a case of its own, it would be held far less often.
    naive = [share(int(sum(r for r, _ in s)), int(sum(v for _, v in s))) for s in samples]
    assert _holding(naive, truth) < 0.9


def test_differences_hold_the_truth_nineteen_times_in_twenty() -> None:
    draw = random.Random(11)
    both = [(_resume(draw, 0.8), _resume(draw, 0.7)) for _ in range(20_000)]
    shares = [
        sum(pair[which][0] for pair in both) / sum(pair[which][1] for pair in both)
        for which in (0, 1)
    ]
    figures = []
    for _ in range(400):
        sample = draw.sample(both, 200)
        figures.append(difference([one for one, _ in sample], [other for _, other in sample]))
    assert 0.92 <= _holding(figures, shares[0] - shares[1]) <= 0.98
