"""Whether anything of a batch's values was lost."""

import pytest

from resume_assets.batches.records.losses import Losses


@pytest.mark.parametrize(
    ("losses", "passed"),
    [
        (Losses(0, 0, 0, 0), True),
        (Losses(0, 0, 3, 0), True),  # a month that was assumed is there
        (Losses(1, 0, 0, 0), False),
        (Losses(0, 1, 0, 0), False),
        (Losses(0, 0, 0, 1), False),
        (Losses(0, 0, 0, 0, lost=[("7", "City", "nulled")]), False),
    ],
)
def test_each_kind_by_itself(losses: Losses, passed: bool) -> None:
    assert losses.passed is passed


def test_fifty_are_named_and_all_are_counted() -> None:
    found = Losses(0, 0, 0, 0)
    for number in range(51):
        found.add(str(number), {"City": "cut"})
    assert (found.changes, len(found.lost)) == ({("City", "cut"): 51}, 50)
