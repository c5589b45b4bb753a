"""Figures with their uncertainty: what a sample of resumes says of all resumes.

The resume is the unit that was drawn, so it is the unit that intervals are made of: the values of
one resume are right or wrong together more often than by chance.
"""

import math
from collections.abc import Iterable, Sequence
from statistics import NormalDist
from typing import Final

from pydantic.dataclasses import dataclass

CONFIDENCE: Final = 0.95
"""The share of such samples whose interval holds the figure that all resumes would give."""

_Z: Final = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


@dataclass(frozen=True)
class Figure:
    """A figure of a sample, and the interval that the figure of all resumes lies in, at 95 %.

    `cases`: resumes that it comes from.
    """

    value: float
    low: float
    high: float
    cases: int


def share(hits: int, cases: int) -> Figure | None:
    """A share of resumes; None of no resumes.

    Source of the interval: E. B. Wilson, Probable inference, 1927; unlike the usual one it holds
    for few cases, and where all or none are hits.
    """
    if cases <= 0:
        return None
    low, high = _wilson(hits / cases, cases)
    return Figure(hits / cases, low, high, cases)


def ratio(pairs: Iterable[tuple[float, float]]) -> Figure | None:
    """The sum of the first over the sum of the second numbers, one pair a resume, as a share.

    The first number is at most the second. Pairs whose second is 0 say nothing; None where none
    does. Source of the interval: W. G. Cochran, Sampling Techniques, ratio estimates.
    """
    told = [(part, whole) for part, whole in pairs if whole > 0]
    if not told:
        return None
    cases, whole = len(told), math.fsum(whole for _, whole in told)
    value = math.fsum(part for part, _ in told) / whole
    deviation = _deviation([part - value * one for part, one in told], whole / cases)
    if deviation == 0:  # all alike, say all right: the usual interval would be a point
        low, high = _wilson(value, cases)
    else:
        low, high = max(0.0, value - _Z * deviation), min(1.0, value + _Z * deviation)
    return Figure(value, low, high, cases)


def difference(
    first: Sequence[tuple[float, float]], second: Sequence[tuple[float, float]]
) -> Figure | None:
    """The first ratio less the second, where both have a pair for each of the same resumes.

    That the resumes are the same makes the interval narrower: what is hard is so for both. Pairs of
    a resume count where both wholes are above 0. Raises ValueError for sequences of two lengths.
    """
    told = [
        (one, other)
        for one, other in zip(first, second, strict=True)
        if one[1] > 0 and other[1] > 0
    ]
    if not told:
        return None
    cases = len(told)
    mean_first = math.fsum(one[1] for one, _ in told) / cases
    mean_second = math.fsum(other[1] for _, other in told) / cases
    value_first = math.fsum(one[0] for one, _ in told) / cases / mean_first
    value_second = math.fsum(other[0] for _, other in told) / cases / mean_second
    value = value_first - value_second
    residuals = [
        (one[0] - value_first * one[1]) / mean_first
        - (other[0] - value_second * other[1]) / mean_second
        for one, other in told
    ]
    half = _Z * _deviation(residuals, 1.0)
    if half == 0:  # alike in every resume; a resume that was not drawn may still differ
        half = 1 - _wilson(1.0, cases)[0]
    return Figure(value, max(-1.0, value - half), min(1.0, value + half), cases)


def _deviation(residuals: Sequence[float], mean_whole: float) -> float:
    """The standard deviation of a ratio, from each case's distance; 0 where one case tells none."""
    cases = len(residuals)
    if cases < 2:
        return 0.0
    squares = math.fsum(residual * residual for residual in residuals)
    # What is left of rounding is no distance.
    spread = squares / (cases * (cases - 1)) if squares > 1e-18 * cases else 0.0
    return math.sqrt(spread) / mean_whole


def _wilson(value: float, cases: int) -> tuple[float, float]:
    square = _Z * _Z / cases
    centre = (value + square / 2) / (1 + square)
    half = _Z * math.sqrt(value * (1 - value) / cases + square / (4 * cases)) / (1 + square)
    return max(0.0, centre - half), min(1.0, centre + half)
