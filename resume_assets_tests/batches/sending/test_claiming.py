"""What one batch claims: no more than its plan reserved, nor than one file holds."""

from typing import Any

import pytest

from resume_assets.batches.ledger import queue
from resume_assets.batches.ledger.queue import Waiting
from resume_assets.batches.planning.planner import preview
from resume_assets.batches.sending import claiming
from resume_assets.database.retrying import DuplicateKey
from resume_assets_tests.flow import KEY, Flowing, resume


@pytest.fixture
def five(flow: Flowing) -> Flowing:
    """Five resumes of the same length wait."""
    flow.seed({number: resume(number) for number in (4, 5)})
    assert flow.waiting() == [4, 1, 5, 2, 3]
    return flow


def test_no_more_tokens_than_were_reserved(five: Flowing) -> None:
    five.plan()
    five.update(tokens_planned=five.batch().tokens_planned * 2 // 5)
    claimed = five.claim()
    assert (claimed.rows, claimed.still_waiting) == (2, 3)
    assert sorted(five.claims()) == [1, 4]


def test_no_more_bytes_than_a_file_holds(five: Flowing, monkeypatch: pytest.MonkeyPatch) -> None:
    each = preview(five.database, five.settings, 5).bytes_per_row
    five.plan()
    monkeypatch.setattr(claiming, "MAX_FILE_BYTES", each * 3.5)
    assert five.claim().rows == 3
    assert sorted(five.claims()) == [1, 4, 5]


def test_a_resume_over_every_limit_goes_alone(
    five: Flowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claiming, "MAX_FILE_BYTES", 1)
    five.plan()
    five.update(tokens_planned=1)
    assert five.claim().rows == 1
    assert list(five.claims()) == [4]


class Raced:
    """The queue as a process sees it that claims without our lock: 1 seems to wait for a while."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, looks: float) -> None:
        self.looks = 0
        real = queue.waiting

        def waiting(*arguments: Any, **more: Any) -> list[Waiting]:
            self.looks += 1
            mistaken = [Waiting(1, 100)] if self.looks <= looks else []
            return mistaken + real(*arguments, **more)

        monkeypatch.setattr(claiming, "waiting", waiting)


@pytest.fixture
def taken(flow: Flowing) -> Flowing:
    """Somebody has claimed candidate 1 since the batch was planned."""
    flow.plan()
    claims = flow.database.ledger.claims
    flow.database.write(
        lambda connection: connection.execute(
            claims.insert().values(userid=1, batch_key="of another")
        )
    )
    return flow


@pytest.mark.parametrize("lost", [1, 5])
def test_whoever_loses_a_race_claims_what_is_left(
    taken: Flowing, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    raced = Raced(monkeypatch, looks=lost)
    locked = taken.installation().lock_count
    assert taken.claim().rows == 2
    assert taken.installation().lock_count == locked + 1  # it claims under the planning lock
    assert raced.looks == lost + 1
    assert taken.claims() == {1: "of another", 2: KEY, 3: KEY}


def test_races_that_are_lost_for_ever_end(taken: Flowing, monkeypatch: pytest.MonkeyPatch) -> None:
    raced = Raced(monkeypatch, looks=float("inf"))
    with pytest.raises(DuplicateKey):
        taken.claim()
    assert raced.looks == 6
    assert taken.claims() == {1: "of another"}
    assert taken.batch().state == "planned"


def test_a_claimed_resume_has_used_up_nothing_yet(five: Flowing) -> None:
    five.plan()
    claimed = five.claim()
    assert (claimed.rows, claimed.still_waiting) == (5, 0)
    items = sorted(five.items().values(), key=lambda item: item.position)
    assert [item.userid for item in items] == [4, 1, 5, 2, 3]
    assert [item.position for item in items] == [0, 1, 2, 3, 4]
    for item in items:
        assert (item.state, item.room, item.custom_id) == ("claimed", 1, str(item.userid))
        assert not any((item.attempt_used, item.forgiven, item.truncated))
    assert claimed.batch.message is None


def test_claiming_again_only_tells_what_was_claimed(five: Flowing) -> None:
    five.plan(rows=2)
    first, again = five.claim(), five.claim()
    assert (again.rows, again.still_waiting) == (first.rows, first.still_waiting) == (2, 3)


def test_a_batch_that_finds_nothing_says_so(five: Flowing) -> None:
    five.plan()
    for userid in range(1, 6):
        five.delete(userid)
    claimed = five.claim()
    assert (claimed.rows, claimed.still_waiting) == (0, 0)
    assert (claimed.batch.state, claimed.batch.message) == ("empty", "Nothing was waiting.")
