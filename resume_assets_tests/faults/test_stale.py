"""A resume edited or deleted, or a candidate processed by someone else, while its batch was out."""

import datetime
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets.batches.ledger.batches import installation_of
from resume_assets.batches.ledger.lease import BatchBusy, leased
from resume_assets.batches.records.writing import Interference, Writer
from resume_assets.batches.store import FilesGone, FolderTaken
from resume_assets.batches.upkeep import people
from resume_assets.batches.upkeep.housekeeping import tidy
from resume_assets.choices import NotBorneOut
from resume_assets_tests.flow import KEY, Flow, Flowing, resume, settings_at
from resume_assets_tests.local_openai.faults import rewrite

NOON = datetime.datetime(2026, 2, 1, 12)  # noqa: DTZ001 (a column without zone)


def finish(flow: Flow) -> None:
    flow.wait()
    flow.bring_in()
    assert flow.is_balanced()


def edit(flow: Flow) -> None:
    flow.change(2, markdownResume=resume(2) + "\nedited")


def process(flow: Flow) -> None:
    flow.change(2, LastProcessed=NOON, FirstName="Somebody")


def empty(flow: Flow) -> None:
    flow.change(2, markdownResume=None)


@pytest.mark.parametrize("change", [edit, process, empty])
@pytest.mark.parametrize("when", ["out", "ended", "collected"])
def test_changed_while_out(flow: Flowing, change: Any, when: str) -> None:
    flow.until_submitted()
    if when == "out":
        change(flow)
    flow.wait()
    if when == "ended":
        change(flow)
    flow.collect()
    if when == "collected":
        change(flow)
    before = flow.candidate(2)
    applied = flow.apply()
    flow.settle()
    assert applied.written == 2
    assert applied.ends == {"stale: changed_meanwhile": 1}
    assert flow.ends()[2] == "stale: changed_meanwhile"
    assert not flow.items()[2].attempt_used
    assert flow.candidate(2) == before  # not a column of it was touched
    assert flow.is_balanced()
    assert flow.waiting() == ([2] if change is edit else [])
    assert flow.items()[2].input_tokens > 0  # it was paid all the same, and is in the invoice


def test_deleted_while_out(flow: Flowing) -> None:
    flow.until_submitted()
    flow.delete(2)
    finish(flow)
    assert flow.ends()[2] == "stale: changed_meanwhile"
    assert flow.written() == [1, 3]


def test_edited_and_back_again_is_not_stale(flow: Flowing) -> None:
    flow.until_submitted()
    edit(flow)
    flow.change(2, markdownResume=resume(2))
    finish(flow)
    assert flow.written() == [1, 2, 3]


def test_mended_on_the_way_out_is_not_stale(flow: Flowing) -> None:
    flow.change(2, markdownResume=f"JosÃ© MÃ¼ller\n\n{resume(2)}")
    flow.until_done()
    assert flow.ends() == {1: "succeeded", 2: "succeeded", 3: "succeeded"}


def test_touched_by_a_trigger_is_not_stale(flow: Flowing) -> None:
    flow.until_submitted()
    flow.change(2, datelastmodified=NOON)
    finish(flow)
    assert flow.written() == [1, 2, 3]
    assert flow.candidate(2).datelastmodified == NOON  # which is never ours to write


def test_changed_while_the_chunk_is_written(flow: Flowing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found by the comparison after the update: rolled back, and written without that one."""
    flow.until_collected()
    commit, looks = Writer._commit, []

    def late(self: Writer, connection: sa.Connection, rows: Any, *, look_first: bool) -> Any:
        looks.append(look_first)
        # The other program's change is in the same transaction here, so it is made each time.
        there = flow.database.candidates.table
        connection.execute(there.update().where(there.c.userid == 2).values(markdownResume="new"))
        return commit(self, connection, rows, look_first=look_first)

    monkeypatch.setattr(Writer, "_commit", late)
    applied = flow.apply()
    assert looks == [False, True]
    assert (applied.written, dict(applied.ends)) == (2, {"stale: changed_meanwhile": 1})
    assert flow.candidate(2).FirstName is None
    assert flow.is_balanced()


def test_another_program_that_never_rests(flow: Flowing, monkeypatch: pytest.MonkeyPatch) -> None:
    flow.until_collected()
    tries: list[int] = []

    def always(*_: Any, rows: Any, **__: Any) -> Any:
        tries.append(len(rows))
        raise Interference

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "_commit", always)
        with pytest.raises(BatchBusy, match="materialize updated_candidate_records again"):
            flow.apply()
    assert tries == [3] * 5 + [1] * 5 + [2] * 5 + [1] * 10
    assert flow.written() == []
    flow.apply()
    assert flow.written() == [1, 2, 3]
    with monkeypatch.context() as patch:  # nor is writing again without them taken for the whole
        patch.setattr(Writer, "_commit", always)
        with pytest.raises(BatchBusy, match="the same 3 candidates"):
            flow.apply()


def test_a_batch_with_an_item_that_is_still_open_is_not_applied(flow: Flowing) -> None:
    flow.until_collected()
    items = flow.database.ledger.items
    claimed = items.update().where(items.c.userid == 2).values(state="claimed")
    flow.database.write(lambda connection: connection.execute(claimed))
    with pytest.raises(BatchBusy, match="1 items are still open"):
        flow.apply()
    assert (flow.batch().state, flow.written()) == ("collected", [1, 3])


def test_edited_between_claim_and_file_is_sent_as_it_is_then(flow: Flowing) -> None:
    flow.plan()
    flow.claim()
    edit(flow)
    flow.build()
    assert b"edited" in flow.store.batch(KEY).path("requests.jsonl").read_bytes()
    flow.submit()
    finish(flow)
    assert flow.written() == [1, 2, 3]


@pytest.mark.parametrize("change", [empty, lambda flow: flow.delete(2)], ids=["no text", "deleted"])
def test_gone_between_claim_and_file_goes_back(flow: Flowing, change: Any) -> None:
    flow.plan()
    flow.claim()
    change(flow)
    assert flow.build().requests == 2
    assert flow.ends()[2] == "released: resume_gone"
    assert set(flow.claims()) == {1, 3}
    flow.submit()
    finish(flow)
    assert flow.written() == [1, 3]


def test_all_gone_between_claim_and_file_ends_it_as_empty(flow: Flowing) -> None:
    flow.plan()
    flow.claim()
    for number in (1, 2, 3):
        flow.delete(number)
    assert flow.build().state == "empty"
    assert flow.submit().state == "empty"
    assert flow.faults.calls == []
    assert flow.is_balanced()


def refuse(flow: Flow, condition: str) -> None:
    """The table refuses to have a row so."""
    trigger = (
        f"CREATE TRIGGER refuses BEFORE UPDATE ON aicandidate WHEN {condition} "
        "BEGIN SELECT RAISE(ABORT, 'not so'); END"
    )
    flow.database.write(lambda connection: connection.exec_driver_sql(trigger))


def drop_trigger(flow: Flow) -> None:
    flow.database.write(lambda connection: connection.exec_driver_sql("DROP TRIGGER refuses"))


def test_goes_on_where_it_was_stopped(flow: Flowing, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written is not written again."""
    flow.until_collected()
    write = Writer.write

    def once(self: Writer, rows: Any) -> None:
        write(self, rows[:1])
        raise KeyboardInterrupt

    monkeypatch.setattr(Writer, "write", once)
    with pytest.raises(KeyboardInterrupt):
        flow.apply()
    monkeypatch.undo()
    [first] = flow.written()
    flow.change(first, City="changed by somebody")
    assert flow.apply().written == 2
    assert flow.candidate(first).City == "changed by somebody"
    assert flow.is_balanced()


class TestAgain:
    """`updated_candidate_records` materialized again: the kept answers, by today's rules."""

    def test_rewrites_what_is_still_as_it_was_left(self, flow: Flowing) -> None:
        flow.until_done()
        before = flow.candidate(2)
        flow.wrote(2, Email="changed by another rule", City=None)
        calls = len(flow.faults.calls)
        applied = flow.apply()
        assert (applied.written, applied.superseded) == (3, 0)
        assert flow.candidate(2) == before
        assert len(flow.faults.calls) == calls

    def test_no_attempt_and_no_cost(self, flow: Flowing) -> None:
        flow.until_done()
        items, batch = flow.items(), flow.batch()
        flow.wrote(2, City="of another rule")
        flow.collect()
        assert flow.apply().written == 3
        assert flow.candidate(2).City != "of another rule"
        bill = flow.settle()
        assert flow.items() == items
        leased_since = {"lease_until": flow.batch().lease_until}
        assert flow.batch()._asdict() == batch._asdict() | leased_since
        assert bill.totals.cost == pytest.approx(float(batch.batch_cost))

    def test_the_ledger_tells_of_todays_reading(self, flow: Flowing) -> None:
        flow.until_done()
        items = flow.items()
        of_yesterday = {"months_assumed": 9, "values_cut": 9, "unread": '{"City": "x"}'}
        change = flow.database.ledger.items.update().values(of_yesterday)
        flow.database.write(lambda connection: connection.execute(change))
        assert flow.items() != items
        flow.apply()
        assert flow.items() == items

    def test_keeps_what_the_answer_does_not_know_where_told(self, flow: Flowing) -> None:
        flow.until_done()
        flow.wrote(1, SeventhMostRecentCompany="Old Ltd", City="Oldtown")
        flow.database.keep_existing = True
        assert flow.apply().written == 3
        assert flow.candidate(1).SeventhMostRecentCompany == "Old Ltd"
        assert flow.candidate(1).City == "Springfield"
        flow.database.keep_existing = False
        flow.apply()
        assert flow.candidate(1).SeventhMostRecentCompany is None

    def test_what_the_table_refused_is_written_once_it_may_be(self, flow: Flowing) -> None:
        """Paid for once; shown to a person meanwhile, and never sent again."""
        refuse(flow, "NEW.userid = 2")
        flow.until_done()
        assert flow.ends() == {1: "succeeded", 2: "unwritable: refused_by_database", 3: "succeeded"}
        assert (flow.batch().state, flow.batch().succeeded) == ("done", 2)
        assert flow.is_balanced()
        assert flow.waiting() == []
        assert [one.userid for one in flow.given_up()] == [2]
        calls, bill = len(flow.faults.calls), flow.settle()
        applied = flow.apply()
        assert (applied.written, applied.superseded) == (2, 1)
        drop_trigger(flow)
        applied = flow.apply()
        assert (applied.written, applied.superseded) == (3, 0)
        assert applied.batch is not None
        assert (flow.batch().state, flow.batch().succeeded) == ("done", 3)
        assert flow.written() == [1, 2, 3]
        assert flow.candidate(2).Email == "ada2@example.com"
        assert flow.ends() == dict.fromkeys((1, 2, 3), "succeeded")
        assert not flow.items()[2].attempt_used
        assert flow.given_up() == []
        assert len(flow.faults.calls) == calls
        assert flow.settle().totals.cost == bill.totals.cost
        assert flow.apply().written == 3  # from now on it is one like the others

    def test_edited_since_it_was_refused_it_is_sent_again(self, flow: Flowing) -> None:
        refuse(flow, "NEW.userid = 2")
        flow.until_done()
        drop_trigger(flow)
        edit(flow)
        assert flow.waiting() == [2]
        assert flow.apply().written == 2  # the kept answer is about another text
        flow.until_done("second")
        assert flow.written() == [1, 2, 3]
        assert flow.apply().written == 2  # and the newer one stays
        assert flow.ends()[2] == "unwritable: refused_by_database"

    def test_what_is_refused_now_stays_as_it_is(self, flow: Flowing) -> None:
        flow.until_done()
        flow.wrote(2, City="Old town", State="OT")
        refuse(flow, "NEW.City IS NOT OLD.City")
        applied = flow.apply()
        assert (applied.written, dict(applied.refused)) == (3, {"City": 1})
        assert (flow.candidate(2).City, flow.candidate(2).State) == ("Old town", "IL")
        drop_trigger(flow)
        flow.wrote(2, City="Old town", State="OT")
        refuse(flow, "NEW.userid = 2")
        applied = flow.apply()
        assert (applied.written, applied.superseded) == (2, 1)
        assert (flow.candidate(2).City, flow.candidate(2).State) == ("Old town", "OT")
        assert flow.ends()[2] == "succeeded"

    @pytest.mark.parametrize("change", [edit, process, empty, lambda flow: flow.delete(2)])
    def test_leaves_what_is_no_longer_so(self, flow: Flowing, change: Any) -> None:
        flow.until_done()
        change(flow)
        query = sa.select(flow.database.candidates.table).where(
            flow.database.candidates.userid == 2
        )
        before = flow.rows(query)
        applied = flow.apply()
        assert (applied.written, applied.superseded) == (2, 1)
        assert flow.rows(query) == before
        assert flow.ends()[2] == "succeeded"

    def test_leaves_what_a_later_batch_wrote(self, flow: Flowing) -> None:
        flow.database.not_borne_out = NotBorneOut.keep  # the other address is in no resume
        flow.until_done("first")
        processed = flow.candidate(2).LastProcessed
        flow.change(2, LastProcessed=None)
        flow.until_ended("second")
        rewrite(
            flow.server_folder,
            flow.batch("second").output_file_id,
            lambda lines: [line.replace(b"ada2@", b"later@") for line in lines],
        )
        flow.bring_in("second")
        assert flow.candidate(2).Email == "later@example.com"
        applied = flow.apply("first")
        assert (applied.written, applied.superseded) == (2, 1)
        # Even where both were written within the same second.
        flow.change(2, LastProcessed=processed)
        items = flow.database.ledger.items
        later = items.update().where(items.c.batch_key == "second")
        flow.database.write(
            lambda connection: connection.execute(later.values(last_processed=processed))
        )
        applied = flow.apply("first")
        assert (applied.written, applied.superseded) == (2, 1)
        assert flow.candidate(2).Email == "later@example.com"

    def test_with_the_files_gone_it_says_so(self, flow: Flowing) -> None:
        flow.until_done()
        flow.set(keep_files_days=0)
        tidied = tidy(flow.database, flow.settings, flow.store, None)
        assert (tidied.local_batches, tidied.local_files) == (1, 2)
        for step in (flow.collect, flow.apply):
            with pytest.raises(FilesGone, match="no longer kept"):
                step()
        assert flow.written() == [1, 2, 3]
        assert flow.settle().batch.state == "done"


class TestSharedStore:
    """Two databases with a batch of the same key, whose files are in the same place."""

    @pytest.fixture
    def other(self, flow: Flowing, tmp_path: Path) -> Iterator[Flow]:
        """Another database; the same candidates, other batches."""
        made = Flow(tmp_path / "other", settings_at(tmp_path / "other"), flow.api)
        made.store = flow.store
        made.seed(3)
        made.plan()
        made.claim()
        yield made
        made.database.dispose()

    @pytest.mark.parametrize("until", ["built", "submitted", "collected", "done"])
    def test_neither_is_given_the_others_answers(
        self, flow: Flowing, other: Flow, until: str
    ) -> None:
        """Of the same people and the same texts: nothing else would tell them apart."""
        getattr(flow, f"until_{until}")()
        before = {path.name: path.read_bytes() for path in flow.store.batch(KEY).folder.iterdir()}
        with pytest.raises(FolderTaken, match="resume-assets cancel b1"):
            other.build()
        after = {path.name: path.read_bytes() for path in flow.store.batch(KEY).folder.iterdir()}
        assert after == before
        assert (other.batch().state, len(other.claims())) == ("claimed", 3)
        with leased(other.database, KEY) as lease:
            people.cancel(lease, other.settings, other.store, other.api)
        assert other.waiting() == [1, 2, 3]
        other.set(keep_files_days=0)
        assert tidy(other.database, other.settings, other.store, None).local_files == 0
        assert {path.name for path in flow.store.batch(KEY).folder.iterdir()} == set(before)

    def test_nor_is_a_database_that_forgot_a_batch(self, flow: Flowing) -> None:
        """Restored from before it: its files are still there."""
        flow.until_done()
        tables = flow.database.ledger
        for table in (tables.items, tables.batches):
            delete = table.delete()
            flow.database.write(lambda connection: connection.execute(delete))  # noqa: B023
        for number in (1, 2, 3):
            flow.change(number, LastProcessed=None)
        flow.plan()
        flow.claim()
        with pytest.raises(FolderTaken):
            flow.build()
        assert flow.batch().state == "claimed"

    def test_a_crash_in_the_middle_is_not_another(self, flow: Flowing) -> None:
        flow.plan()
        flow.claim()
        flow.store.batch(KEY).take(installation_of_(flow))
        flow.build()
        flow.update(state="claimed")  # the file was there, and the ledger did not say so yet
        assert flow.build().state == "built"


def installation_of_(flow: Flow) -> str:
    return flow.database.read(lambda connection: installation_of(connection, flow.database))


def test_null_means_null_unless_told(flow: Flowing) -> None:
    """A record is one answer: what an earlier one left is not mixed in."""
    flow.change(1, SeventhMostRecentCompany="Old Ltd")
    flow.until_done()
    assert flow.candidate(1).SeventhMostRecentCompany is None
    flow.database.keep_existing = True
    flow.change(1, SeventhMostRecentCompany="Old Ltd", LastProcessed=None)
    flow.until_done("second")
    assert flow.candidate(1).SeventhMostRecentCompany == "Old Ltd"


def test_two_processes_apply_the_same_batch(flow: Flowing, monkeypatch: pytest.MonkeyPatch) -> None:
    flow.until_collected()
    close = Writer._close_written
    closed: list[Any] = []

    def noticed(self: Writer, connection: sa.Connection, rows: Any, seen: Any) -> None:
        closed.extend(row.asked.userid for row in rows)
        close(self, connection, rows, seen)

    monkeypatch.setattr(Writer, "_close_written", noticed)
    outcomes: list[Any] = []
    barrier = threading.Barrier(2)

    def run() -> None:
        barrier.wait(10)
        try:
            outcomes.append(flow.apply().written)
        except BatchBusy as busy:
            outcomes.append(busy)

    workers = [threading.Thread(target=run) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    # The other found it busy, or done: then it reads the answers anew, and closes nothing.
    assert len(outcomes) == 2
    assert all(outcome == 3 or isinstance(outcome, BatchBusy) for outcome in outcomes)
    assert sorted(closed) == [1, 2, 3]
    assert flow.written() == [1, 2, 3]
    assert flow.is_balanced()
