"""Who waits: the newest first, nobody twice, and nobody whose attempts are used up on this text."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets.batches.ledger import attempts, queue
from resume_assets.batches.ledger.attempts import GivenUp, given_up
from resume_assets.batches.ledger.queue import count_back, count_sendable, count_waiting
from resume_assets.batches.ledger.states import MAX_SENDINGS
from resume_assets.batches.upkeep.people import forgive
from resume_assets.extraction.text import text_hash
from resume_assets_tests.flow import KEY, Flowing, resume


def test_the_newest_come_first(flow: Flowing):
    assert flow.waiting() == [1, 2, 3]
    assert flow.waiting(2) == [1, 2]
    assert [row.cuts for row in flow.queue()] == [0, 0, 0]


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", " ", "\n\t \r\n", "\u3000\u00a0", "\u200b", "\ufeff \u200b\n", "\x01\x02"),
        *("\u2060\u200e\u202a", "\u00ad", "\ue000", "\u3164\u2800", "\u200b" * 100, " " * 1_000),
    ],
)
def test_without_a_resume_nobody_waits(flow: Flowing, text: str | None):
    flow.change(2, markdownResume=text)
    assert flow.waiting() == [1, 3]
    assert _count(flow) == 2


def test_a_longer_text_is_looked_at_when_it_is_claimed(flow: Flowing):
    flow.change(2, markdownResume=" " * 1_001)
    assert (flow.waiting(), _count(flow)) == ([1, 2, 3], 3)
    flow.until_built()
    assert flow.ends()[2] == "released: blank"


@pytest.mark.parametrize("text", ["-", "\u200bx", "李", "\ufeff.", "😀"])
def test_what_can_be_seen_is_a_resume(flow: Flowing, text: str):
    flow.change(2, markdownResume=text)
    assert flow.waiting() == [1, 2, 3]
    assert _count(flow) == 3


def test_many_blank_texts_do_not_hide_who_comes_after_them(flow: Flowing):
    flow.seed({100 + number: " " for number in range(300)})
    flow.change(3, datelastmodified=None)  # comes last of all
    assert flow.waiting(3) == [1, 2, 3]


def test_who_is_processed_or_claimed_does_not_wait(flow: Flowing):
    flow.plan(rows=1)
    flow.claim()
    flow.change(2, LastProcessed=flow.database.read(flow.database.dialect.utc_now))
    assert flow.waiting() == [3]


def test_attempts_are_used_up_on_one_text(flow: Flowing):
    _fail(flow, 1, times=3)
    assert flow.waiting() == [2, 3]
    assert [one.userid for one in flow.given_up()] == [1]


def test_two_attempts_of_three_leave_one(flow: Flowing):
    _fail(flow, 1, times=2)
    assert flow.waiting() == [1, 2, 3]


def test_an_edited_text_starts_afresh(flow: Flowing):
    _fail(flow, 1, times=3)
    flow.change(1, markdownResume=resume(99))
    assert flow.waiting() == [1, 2, 3]
    assert flow.given_up() == []
    sendable = flow.database.read(lambda c: count_sendable(c, flow.database, max_attempts=3))
    assert sendable == 3


def test_the_old_text_again_is_still_used_up(flow: Flowing):
    _fail(flow, 1, times=3)
    flow.change(1, markdownResume=resume(99))
    flow.change(1, markdownResume=resume(1))
    assert flow.waiting() == [2, 3]


def test_a_success_in_between_starts_afresh(flow: Flowing):
    # Someone set LastProcessed to NULL by hand to have the candidate done again.
    _fail(flow, 1, times=3)
    _end(flow, 1, "succeeded", batch="later", attempt_used=False)
    assert flow.waiting() == [1, 2, 3]


def test_what_was_forgiven_does_not_count(flow: Flowing):
    _fail(flow, 1, times=3)
    assert forgive(flow.database, flow.settings) == 1
    assert flow.waiting() == [1, 2, 3]
    assert forgive(flow.database, flow.settings) == 0


def test_ends_that_use_no_attempt_are_limited_too(flow: Flowing):
    _fail(flow, 1, times=MAX_SENDINGS - 1, state="expired", attempt_used=False)
    assert flow.waiting() == [1, 2, 3]
    _end(flow, 1, "expired", batch="last", attempt_used=False)
    assert flow.waiting() == [2, 3]


@pytest.mark.parametrize(
    ("state", "reason"),
    [("failed", "error:request_failed"), ("failed", "no_response"), ("missing", "no_line")],
)
def test_a_fault_that_comes_again_uses_an_attempt_each_time(flow: Flowing, state: str, reason: str):
    for number in range(3):
        assert flow.waiting() == [1, 2, 3], number
        _end(flow, 1, state, batch=f"b{number}", attempt_used=False, reason=reason)
    assert flow.waiting() == [2, 3]
    assert [one.reason for one in flow.given_up()] == [reason]


def test_faults_of_which_nothing_tells_whose_they_are_count_together(flow: Flowing):
    faults = [("failed", "error:odd"), ("missing", "no_line"), ("failed", "no_status")]
    for number, (state, reason) in enumerate(faults):
        _end(flow, 1, state, batch=f"b{number}", attempt_used=False, reason=reason)
    assert flow.waiting() == [2, 3]


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("failed", "http_500"),
        ("failed", "http_503:overloaded_error"),
        ("failed", "http_429:rate_limit_exceeded"),
        ("failed", "error:server_error"),
        ("missing", "batch_lost"),
        ("expired", "batch_expired"),
        ("cancelled", "no_line"),
        ("stale", "changed_meanwhile"),
    ],
)
def test_what_is_nobody_s_fault_uses_none_however_often(flow: Flowing, state: str, reason: str):
    for number in range(MAX_SENDINGS - 1):
        _end(flow, 1, state, batch=f"b{number}", attempt_used=False, reason=reason)
    assert flow.waiting() == [1, 2, 3]


def test_one_fault_of_unknown_cause_between_two_answers_uses_none(flow: Flowing):
    _fail(flow, 1, times=2)
    _end(flow, 1, "failed", batch="between", attempt_used=False, reason="error:odd")
    assert flow.waiting() == [1, 2, 3]


def test_two_faults_of_unknown_cause_after_an_answer_use_up_the_rest(flow: Flowing):
    _fail(flow, 1, times=1)
    for number in range(2):
        assert flow.waiting() == [1, 2, 3]
        _end(flow, 1, "failed", batch=f"b{number}", attempt_used=False, reason="error:odd")
    assert flow.waiting() == [2, 3]


def test_a_fault_that_used_an_attempt_counts_once(flow: Flowing):
    for number in range(2):
        _end(flow, 1, "failed", batch=f"b{number}", attempt_used=True, reason="error:odd")
    assert flow.waiting() == [1, 2, 3]


@pytest.mark.parametrize(
    ("state", "reason"), [("failed", "error:request_failed"), ("missing", "no_line")]
)
def test_where_one_attempt_is_allowed_a_single_fault_of_unknown_cause_uses_it(
    flow: Flowing, state: str, reason: str
):
    flow.set(max_attempts=1)
    _end(flow, 1, state, batch="b1", attempt_used=False, reason=reason)
    _end(flow, 2, "failed", batch="b1", attempt_used=False, reason="http_500")
    assert flow.waiting() == [2, 3]
    assert [one.userid for one in flow.given_up()] == [1]
    flow.set(max_attempts=2)
    assert flow.waiting() == [1, 2, 3]


def test_while_repeats_are_held_back_only_those_wait_that_used_no_attempt(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
):
    _fail(flow, 1, times=1)
    _end(flow, 2, "failed", batch="b1", attempt_used=False, reason="error:odd")

    def look(*, without_held: bool) -> list[Any]:
        found = flow.database.read(
            lambda connection: queue.waiting(
                connection, flow.database, 9, max_attempts=3, without_held=without_held
            )
        )
        return [row.userid for row in found]

    assert look(without_held=True) == [1, 2, 3]
    monkeypatch.setattr(queue, "are_repeats_held", lambda *_: True)
    assert look(without_held=True) == [2, 3]
    assert look(without_held=False) == [1, 2, 3]


@pytest.mark.parametrize(
    ("state", "reason"), [("unwritable", "refused_by_database"), ("released", "blank")]
)
@pytest.mark.parametrize("failed", [0, 1])
def test_what_another_attempt_would_not_change_uses_all_of_them(
    flow: Flowing, state: str, reason: str, failed: int
):
    _fail(flow, 1, times=failed)
    _end(flow, 1, state, batch="b1", attempt_used=False, reason=reason)
    _end(flow, 2, "released", batch="b1", attempt_used=False, reason="resume_gone")
    assert flow.waiting() == [2, 3]
    assert [(one.userid, one.state, one.reason) for one in flow.given_up()] == [(1, state, reason)]
    # Nor is it forgiven to whom nothing failed.
    assert forgive(flow.database, flow.settings, [1, 2, 3]) == 1
    assert flow.waiting() == [1, 2, 3]
    assert flow.given_up() == []


def test_a_failure_without_a_reason_is_one(flow: Flowing):
    _end(flow, 1, "failed", batch="b1", attempt_used=False)
    assert flow.waiting() == [1, 2, 3]
    _fail(flow, 1, times=3)
    assert flow.waiting() == [2, 3]


POOR, FAIR, FIRST, NEITHER = (None, True), (None, False), (False, None), (None, None)


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([], False),
        ([POOR], False),
        ([POOR, POOR], True),
        ([FAIR, POOR], False),
        ([POOR, FAIR], False),
        ([FAIR, POOR, POOR], True),
        ([POOR, POOR, POOR], True),
        ([POOR, POOR, FAIR], False),
        ([POOR, POOR, FIRST], False),  # one of first requests that went well
        ([POOR, NEITHER, POOR, (True, None)], True),  # others tell nothing about repeats
    ],
)
def test_repeats_are_held_while_the_last_two_batches_of_them_were_poor(
    flow: Flowing, shares: list[tuple[bool | None, bool | None]], expected: bool
):
    keys = [f"b{number}" for number in range(len(shares))]
    times = _closed(flow, dict(zip(keys, shares, strict=True)))
    assert _are_held(flow) is expected
    if not expected or len(keys) != 2:
        return
    # Only batches that ended since a person let them go on, and that are settled, count.
    installation = flow.database.ledger.installation

    def resumed(at: datetime) -> None:
        flow.database.write(lambda c: c.execute(installation.update().values(resumed_at=at)))

    resumed(times[0])
    assert _are_held(flow)
    resumed(times[1])
    assert not _are_held(flow)
    resumed(times[0])
    flow.update(keys[1], state="applied")
    assert not _are_held(flow)


def _closed(flow: Flowing, shares: dict[str, tuple[bool | None, bool | None]]) -> list[datetime]:
    """Batches that are done, an hour after one another, with these shares of usable answers."""
    now = flow.database.read(flow.database.dialect.utc_now)
    times = [now - timedelta(hours=len(shares) - number) for number in range(len(shares))]
    for (key, (first, repeats)), at in zip(shares.items(), times, strict=True):
        flow.plan(key)
        flow.update(key, state="done", done_at=at, low_share=first, low_share_repeats=repeats)
    return times


def _are_held(flow: Flowing) -> bool:
    return flow.database.read(lambda c: attempts.are_repeats_held(c, flow.database))


def test_what_was_given_back_unsent_counts_for_nothing(flow: Flowing):
    _fail(flow, 1, times=MAX_SENDINGS + 1, state="released", attempt_used=False)
    assert flow.waiting() == [1, 2, 3]


def test_cut_answers_get_more_room_the_next_time(flow: Flowing):
    _fail(flow, 1, times=2, state="cut")
    assert {row.userid: row.cuts for row in flow.queue()} == {1: 2, 2: 0, 3: 0}


def test_of_the_same_time_the_higher_id_comes_first_and_one_letter_is_a_resume(flow: Flowing):
    flow.change(2, datelastmodified=flow.candidate(1).datelastmodified, markdownResume="x")
    assert flow.waiting() == [2, 1, 3]
    assert _count(flow) == 3


def test_who_is_given_up_is_told_with_the_last_end(flow: Flowing):
    _fail(flow, 2, times=2)
    _end(flow, 2, "cut", batch="last", attempt_used=True, reason="length")
    _fail(flow, 3, times=3)
    assert flow.given_up() == [
        GivenUp(2, "cut", "length", "last"),
        GivenUp(3, "invalid", None, "past02"),
    ]
    assert [one.userid for one in _given_up(flow, "last")] == [2]
    assert [one.userid for one in _given_up(flow, "past00")] == [2, 3]
    assert _given_up(flow, "another") == []


def test_who_is_processed_or_has_no_resume_any_more_waits_for_nobody(flow: Flowing):
    for userid in (1, 2, 3):
        _fail(flow, userid, times=3)
    flow.change(1, LastProcessed=flow.database.read(flow.database.dialect.utc_now))
    flow.change(2, markdownResume=None)
    assert [one.userid for one in flow.given_up()] == [3]


def test_so_many_that_they_are_looked_at_in_pages(flow: Flowing, monkeypatch: pytest.MonkeyPatch):
    flow.seed({number: resume(number) for number in range(4, 8)})
    for userid in (1, 4, 5, 7):
        _fail(flow, userid, times=3)
    expected = flow.waiting(), flow.given_up()
    assert sorted(expected[0]) == [2, 3, 6]
    assert [one.userid for one in expected[1]] == [1, 4, 5, 7]
    for rows in (1, 2, 3):
        for module in (queue, attempts):
            monkeypatch.setattr(module, "PAGE", rows)
        assert (flow.waiting(), flow.given_up()) == expected


def test_sendings_are_counted_per_text_too(flow: Flowing):
    """Ten of the old text and one of this one: this one has its ten still to come."""
    _fail(flow, 1, times=10, state="expired", attempt_used=False)
    flow.change(1, markdownResume=resume(99))
    assert flow.waiting() == [1, 2, 3]
    for number in range(10):
        assert 1 in flow.waiting()
        _end(flow, 1, "missing", batch=f"new{number}", attempt_used=False)
    assert flow.waiting() == [2, 3]


def test_the_hash_is_of_the_text_alone_and_takes_any():
    assert text_hash("a") != text_hash("a ")
    assert len(text_hash("lone \ud800 surrogate")) == 64


def _count(flow: Flowing) -> int:
    return flow.database.read(lambda connection: count_waiting(connection, flow.database))


def _given_up(flow: Flowing, batch: str) -> list[GivenUp]:
    most = flow.settings.max_attempts
    return flow.database.read(
        lambda connection: list(
            given_up(connection, flow.database, max_attempts=most, batch_key=batch)
        )
    )


def _fail(
    flow: Flowing, userid: Any, *, times: int, state: str = "invalid", attempt_used: bool = True
) -> None:
    for number in range(times):
        _end(flow, userid, state, batch=f"past{number:02d}", attempt_used=attempt_used)


def _end(
    flow: Flowing,
    userid: Any,
    state: str,
    *,
    batch: str,
    attempt_used: bool,
    reason: str | None = None,
) -> None:
    """An item of an earlier batch, on the text that is there now."""
    items = flow.database.ledger.items
    values = {
        "batch_key": batch,
        "userid": userid,
        "position": 0,
        "custom_id": str(userid),
        "state": state,
        "reason": reason,
        "attempt_used": attempt_used,
        "forgiven": False,
        "text_bytes": 1,
        "text_hash": text_hash(flow.candidate(userid).markdownResume),
        "truncated": False,
        "room": 1,
        "closed_at": flow.database.read(flow.database.dialect.utc_now),
    }
    flow.database.write(lambda connection: connection.execute(items.insert().values(values)))


class TestCounts:
    """Counted, not subtracted."""

    def counts(self, flow: Flowing, most: int) -> tuple[int, int]:
        """How many may be sent, and how many wait for a person."""

        def look(connection: sa.Connection) -> tuple[int, int]:
            people = list(given_up(connection, flow.database, max_attempts=most))
            return count_sendable(connection, flow.database, max_attempts=most), len(people)

        return flow.database.read(look)

    def back(self, flow: Flowing, key: str, most: int) -> int:
        return flow.database.read(
            lambda connection: count_back(connection, flow.database, key, max_attempts=most)
        )

    def refuse(self, flow: Flowing, key: str, *userids: int) -> None:
        """As if the model had refused them."""
        items, there = flow.database.ledger.items, flow.database.candidates
        ours = items.c.userid.in_(userids) & (items.c.batch_key == key)
        refused = items.update().where(ours).values(state="refused", attempt_used=True)
        again = there.table.update().where(there.userid.in_(userids))
        for statement in (refused, again.values({there.processed.name: None})):
            flow.database.write(lambda connection: connection.execute(statement))  # noqa: B023

    def test_they_agree_with_the_queue(self, flow: Flowing) -> None:
        flow.seed({7: None, 8: "", 9: " \n "})
        assert self.counts(flow, 3) == (3, 0)
        flow.until_done()
        self.refuse(flow, KEY, 1, 2)
        for most, expected in ((1, (0, 2)), (2, (2, 0)), (3, (2, 0))):
            assert self.counts(flow, most) == expected
            assert self.back(flow, KEY, most) == expected[0]

    def test_whatever_attempts_are_allowed_now(self, flow: Flowing) -> None:
        flow.until_done()
        self.refuse(flow, KEY, 1, 2)
        flow.until_submitted("b2", rows=1)
        assert self.counts(flow, 1) == (0, 1)
        assert self.counts(flow, 3) == (1, 0)
        assert self.back(flow, KEY, 3) == 1

    def test_of_a_batch_that_went_well_nothing_is_back(self, flow: Flowing) -> None:
        flow.until_done()
        assert self.back(flow, KEY, 3) == 0
