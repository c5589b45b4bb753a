"""What the log tells of values and records that the table did not take."""

import logging
from collections import Counter

import pytest

from resume_assets.batches.records.applying import _tell_of_refusals
from resume_assets.batches.records.rows import Applied
from resume_assets.extraction.values import Change


def told(applied: Applied, caplog: pytest.LogCaptureFixture) -> list[str]:
    with caplog.at_level(logging.WARNING):
        _tell_of_refusals("b1", applied)
    return caplog.messages


def test_where_all_was_taken_nothing_is_told(caplog: pytest.LogCaptureFixture) -> None:
    assert told(Applied(changes=Counter({("City", Change.cut): 3})), caplog) == []


def test_refused_values_are_told_by_column(caplog: pytest.LogCaptureFixture) -> None:
    changes: Counter[tuple[str, str]] = Counter(
        {("City", Change.refused): 1, ("State", Change.refused): 2}
    )
    [line] = told(Applied(changes=changes), caplog)
    assert line.endswith("by column: State 2, City 1")


def test_of_many_reasons_the_five_most_frequent_are_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    why = Counter({f"reason {number}": number for number in range(1, 8)})
    lines = told(Applied(not_taken=why), caplog)
    assert [line[: line.index(" records")] for line in lines] == [
        f"batch b1: {number}" for number in (7, 6, 5, 4, 3)
    ]
    assert all("Their answers are kept" in line for line in lines)
