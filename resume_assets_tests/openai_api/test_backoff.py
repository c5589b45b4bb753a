"""The wait before another try."""

import threading

import pytest

from resume_assets.openai_api import backoff as module
from resume_assets.openai_api.backoff import backoff


@pytest.mark.parametrize(("share", "seconds"), [(0.0, 0.75), (1.0, 1.0)])
def test_doubles_from_half_a_second_up_to_eight_with_some_jitter(
    monkeypatch: pytest.MonkeyPatch, share: float, seconds: float
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(module, "SECONDS", 0.5)  # tests of whole flows make it shorter
    monkeypatch.setattr(threading.Event, "wait", lambda _, wait: waits.append(wait))
    monkeypatch.setattr("random.uniform", lambda low, high: low + share * (high - low))
    for tries in range(1, 8):
        backoff(tries)
    assert waits == [each * seconds for each in (0.5, 1, 2, 4, 8, 8, 8)]
