"""The sensor looks once an interval, by the tick that is nearest."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from resume_assets.batches.receiving.pace import TICK_SECONDS, is_time_to_look

JITTER = st.lists(st.floats(min_value=-5, max_value=5), min_size=200, max_size=200)


def looks(interval: float, jitter: list[float]) -> list[float]:
    """The times of the ticks that look."""
    last: float | None = None
    found = []
    for number, late in enumerate(jitter):
        now = 1_000.0 + number * TICK_SECONDS + late
        if is_time_to_look(last, now, interval):
            found.append(now)
            last = now
    return found


@given(JITTER)
def test_each_tick_looks_where_the_interval_is_no_longer_than_a_tick(jitter: list[float]) -> None:
    for interval in (0.5, 59, 60):
        assert len(looks(interval, jitter)) == len(jitter)


@given(JITTER, st.floats(min_value=61, max_value=3_600))
def test_it_is_near_the_interval_and_never_half_a_tick_early(
    jitter: list[float], interval: float
) -> None:
    times = looks(interval, jitter)
    assert times[0] == 1_000.0 + jitter[0]
    for before, after in pairwise(times):
        assert interval - 30 <= after - before <= interval + 30 + 10


def test_a_clock_that_was_set_back_stops_nothing() -> None:
    assert is_time_to_look(5_000.0, 1_000.0, 3_600)
