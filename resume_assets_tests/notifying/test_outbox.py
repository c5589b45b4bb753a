"""Once each, in order, and by one process at a time."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from resume_assets.batches.ledger import lease
from resume_assets.database.connect import Database
from resume_assets.notifying import outbox, upkeep
from resume_assets.notifying.matters import Kind, Matter
from resume_assets_tests.databases import rows_of

A, B = "a" * 32, "b" * 32


def matter(about: str, *, comes_again: bool = False, what: str = "") -> Matter:
    return Matter(
        Kind.batch_failed,
        (about,),
        what or f"What of {about}",
        "do",
        about,
        comes_again=comes_again,
    )


def note(database: Database, *about: str, **more: Any) -> int:
    return outbox.note(database, [matter(one, **more) for one in about])


def whats(claimed: outbox.Claimed | None) -> list[str]:
    return [] if claimed is None else [notice.batch_key or "" for notice in claimed.notices]


def claim(database: Database, receiver: str = A, **more: Any) -> outbox.Claimed:
    claimed = outbox.claim(database, receiver, **more)
    assert claimed is not None
    return claimed


def earlier(database: Database, by: timedelta) -> None:
    """As if all that is noted had happened so much earlier."""
    times = ("lease_until", "tried_at", "next_try_at", "told_at", "given_up_at")
    for table, names in (
        (database.ledger.notices, ("came_up_at", "seen_at")),
        (database.ledger.deliveries, times),
    ):
        for row in rows_of(database, sa.select(table)):
            values = {
                name: value - by for name in names if (value := getattr(row, name)) is not None
            }
            keys = [column == getattr(row, column.name) for column in table.primary_key.columns]
            statement = table.update().where(*keys).values(values)
            if values:
                database.write(lambda c: c.execute(statement))  # noqa: B023 (called at once)


def standing(database: Database, receiver: str = A) -> outbox.Standing:
    return database.read(lambda c: outbox.standing(c, database, receiver))


def test_one_matter_is_noted_once(database: Database) -> None:
    assert note(database, "x", "y") == 2
    assert note(database, "x") == 0
    assert note(database, "y", "z") == 1
    assert note(database) == 0


def test_told_once_to_each_in_the_order_in_which_it_came_up(database: Database) -> None:
    note(database, "x", "y")
    note(database, "z")
    for receiver in (A, B):
        claimed = claim(database, receiver)
        assert whats(claimed) == ["x", "y", "z"]
        outbox.told(database, claimed)
        assert outbox.claim(database, receiver) is None
    note(database, "later")
    assert whats(outbox.claim(database, A)) == ["later"]
    assert standing(database, B) == outbox.Standing(1, 0, None)


def test_many_are_told_in_several_messages(database: Database) -> None:
    names = [f"{number:02}" for number in range(outbox.AT_ONCE * 2 + 3)]
    note(database, *names)
    found = []
    while (claimed := outbox.claim(database, A)) is not None:
        assert len(claimed.notices) <= outbox.AT_ONCE
        found += whats(claimed)
        outbox.told(database, claimed)
    assert found == names


def test_while_one_sends_no_other_does(database: Database) -> None:
    note(database, "x")
    first = claim(database)
    note(database, "newer")
    assert outbox.claim(database, A) is None  # the newer one waits, or it would come first
    assert outbox.claim(database, A, at_once=True) is None
    assert whats(outbox.claim(database, B)) == ["x", "newer"]
    outbox.told(database, first)
    assert whats(outbox.claim(database, A)) == ["newer"]


def test_what_a_process_killed_here_was_sending_is_sent_again_at_once(database: Database) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        *where, _, _, _ = lease.myself().split("|")
        owner = "|".join([*where, str(other.pid), lease._started(other.pid), "x"])
        note(database, "x")
        claim(database)
        table = database.ledger.deliveries
        database.write(lambda c: c.execute(table.update().values(lease_owner=owner)))
        assert outbox.claim(database, A) is None  # it lives
        other.kill()
    assert whats(outbox.claim(database, A)) == ["x"]


def test_what_a_process_killed_elsewhere_was_sending_is_sent_again(database: Database) -> None:
    note(database, "x")
    dead = claim(database)
    earlier(database, outbox.SENDING + timedelta(seconds=1))
    again = claim(database)
    assert whats(again) == ["x"]
    assert again.tries == 2
    outbox.told(database, dead)  # it was only slow: nothing is its any more
    assert standing(database).waiting == 1
    outbox.told(database, again)
    assert standing(database).waiting == 0


def test_a_receiver_that_is_down_is_left_alone_and_told_later(database: Database) -> None:
    note(database, "x")
    pauses = []
    for tries in range(1, 9):
        claimed = claim(database, at_once=True)
        assert claimed.tries == tries
        assert not outbox.not_told(database, claimed, "down")
        [row] = rows_of(database, sa.select(database.ledger.deliveries))
        now = database.read(database.dialect.utc_now)
        pauses.append(round((row.next_try_at - now).total_seconds() / 60))
        note(database, f"newer {tries}")
        assert outbox.claim(database, A) is None
        database.write(
            lambda c: c.execute(
                database.ledger.notices.delete().where(
                    database.ledger.notices.c.batch_key.like("newer%")
                )
            )
        )
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert standing(database) == outbox.Standing(1, 0, "down")
    earlier(database, timedelta(hours=1, seconds=1))
    note(database, "newest")
    claimed = claim(database)
    assert whats(claimed) == ["x", "newest"]
    outbox.told(database, claimed)
    assert standing(database) == outbox.Standing(0, 0, None)


def test_it_says_itself_for_how_long(database: Database) -> None:
    note(database, "x")
    outbox.not_told(database, claim(database), "busy", retry_after=1_800)
    earlier(database, timedelta(minutes=29))
    assert outbox.claim(database, A) is None
    earlier(database, timedelta(minutes=1, seconds=1))
    assert whats(outbox.claim(database, A)) == ["x"]


def test_what_is_refused_often_is_given_up_and_what_is_new_is_tried(database: Database) -> None:
    note(database, "x")
    for tries in range(1, outbox.REFUSALS + 1):
        given_up = outbox.not_told(database, claim(database, at_once=True), "404", refused=True)
        assert given_up == (tries == outbox.REFUSALS)
    assert outbox.claim(database, A, at_once=True) is None
    assert standing(database) == outbox.Standing(0, 1, "404")
    assert whats(outbox.claim(database, B)) == ["x"]  # the others are told
    note(database, "y")
    claimed = claim(database)
    assert whats(claimed) == ["y"]
    assert outbox.not_told(database, claimed, "410", refused=True, for_good=True)
    assert standing(database) == outbox.Standing(0, 2, "410")


def test_a_failure_without_end_ends_after_a_month(database: Database) -> None:
    note(database, "x")
    earlier(database, timedelta(days=29))
    assert outbox.claim(database, B) is None  # B was not there then
    note(database, "y")
    assert not outbox.not_told(database, claim(database), "down")
    earlier(database, timedelta(days=31))
    assert outbox.not_told(database, claim(database), "down")
    assert outbox.claim(database, A) is None


def test_a_new_receiver_is_told_what_is_not_long_past(database: Database) -> None:
    note(database, "long ago")
    earlier(database, outbox.NEW_FOR + timedelta(minutes=1))
    note(database, "last week")
    earlier(database, outbox.NEW_FOR - timedelta(minutes=1))
    note(database, "today")
    assert whats(outbox.claim(database, A)) == ["last week", "today"]


def test_what_comes_again_after_a_long_silence_is_new(database: Database) -> None:
    assert note(database, "x", comes_again=True) == 1
    for _ in range(5):  # each day: it goes on
        earlier(database, timedelta(days=1))
        assert note(database, "x", comes_again=True) == 0
    earlier(database, outbox.AGAIN_AFTER + timedelta(minutes=1))
    assert note(database, "x", comes_again=True) == 1
    assert len(rows_of(database, sa.select(database.ledger.notices))) == 2
    assert note(database, "y") == 1
    earlier(database, timedelta(days=300))
    assert note(database, "y") == 0  # never by silence alone


def test_old_ones_are_deleted(database: Database) -> None:
    note(database, "x")
    outbox.told(database, claim(database))
    earlier(database, upkeep.KEPT + timedelta(days=1))
    note(database, "y")
    assert upkeep.prune(database) == 1
    assert [row.batch_key for row in rows_of(database, sa.select(database.ledger.notices))] == ["y"]
    assert rows_of(database, sa.select(database.ledger.deliveries)) == []


def test_two_at_once_note_and_claim_once(database: Database) -> None:
    """Whoever is first; the other finds nothing."""
    together = threading.Barrier(4)

    def work(_: int) -> tuple[int, list[str]]:
        together.wait(20)
        noted = note(database, *(f"{number:02}" for number in range(5)))
        together.wait(20)
        return noted, whats(outbox.claim(database, A))

    for _ in range(3):
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(work, range(4)))
        assert sorted(noted for noted, _ in found)[-2:] == [0, 5]
        assert sorted(map(len, (names for _, names in found))) == [0, 0, 0, 5]
        for table in (database.ledger.deliveries, database.ledger.notices):
            database.write(lambda c: c.execute(table.delete()))  # noqa: B023 (called at once)


def test_whatever_happens_each_is_told_once_and_in_order(database: Database) -> None:
    """Notes, failures, refusals and deaths in any order, told to two receivers."""

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            for table in (database.ledger.deliveries, database.ledger.notices):
                database.write(lambda c: c.execute(table.delete()))  # noqa: B023
            self.noted: list[str] = []
            self.got: dict[str, list[str]] = {A: [], B: []}
            self.lost: dict[str, list[str]] = {A: [], B: []}

        @rule(about=st.integers(0, 9))
        def note(self, about: int) -> None:
            new = note(database, str(about))
            assert new == (str(about) not in self.noted)
            self.noted += [str(about)] * new

        @rule(receiver=st.sampled_from([A, B]), at_once=st.booleans(), outcome=st.integers(0, 3))
        def tell(self, receiver: str, at_once: bool, outcome: int) -> None:
            claimed = outbox.claim(database, receiver, at_once=at_once)
            if claimed is None:
                return
            if outcome == 0:
                self.got[receiver] += whats(claimed)
                outbox.told(database, claimed)
            elif outcome == 1:
                outbox.not_told(database, claimed, "down")
            elif outcome == 2:
                assert outbox.not_told(database, claimed, "gone", for_good=True)
                self.lost[receiver] += whats(claimed)
            else:
                pass  # it is killed

        @rule(minutes=st.sampled_from([1, 3, 70]))
        def time_passes(self, minutes: int) -> None:
            earlier(database, timedelta(minutes=minutes))

        @invariant()
        def once_and_in_order(self) -> None:
            for receiver in (A, B):
                got, lost = self.got[receiver], self.lost[receiver]
                assert sorted({*got, *lost}) == sorted([*got, *lost])
                assert got == [one for one in self.noted if one in got]
                left = standing(database, receiver).waiting
                assert len(got) + len(lost) + left == len(self.noted)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=10,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
