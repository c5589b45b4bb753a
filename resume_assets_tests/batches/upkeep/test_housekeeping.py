"""What is not needed any more goes: at the server and here, and nothing else."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets.batches.ledger.batches import installation_of
from resume_assets.batches.ledger.lease import Lease, leased
from resume_assets.batches.sending.uploading import upload_name
from resume_assets.batches.store import BatchStore
from resume_assets.batches.store_errors import StoreFailed
from resume_assets.batches.upkeep import housekeeping, people
from resume_assets.batches.upkeep.housekeeping import Tidied, tidy
from resume_assets.batches.upkeep.remote_files import delete_remote
from resume_assets.openai_api.errors import ApiUnavailable, OtherEndpoint
from resume_assets_tests.databases import put_document
from resume_assets_tests.flow import KEY, Flow, Flowing
from resume_assets_tests.local_openai.faults import Respond

FILES = "/v1/files"


def keep_house(flow: Flow) -> Tidied:
    return tidy(flow.database, flow.settings, flow.store, flow.api)


def delete(flow: Flow) -> int:
    with leased(flow.database, KEY) as lease:
        return delete_remote(lease, flow.api)


def age(flow: Flow, hours: float) -> None:
    """Every file at the server was made so many hours ago."""
    with sqlite3.connect(flow.server_folder / "state.db", timeout=30) as state:
        made = time.time() - hours * 3_600
        state.execute("UPDATE files SET created_at = ?", (made,))


def upload(flow: Flow, name: str) -> str:
    return flow.api.client.files.create(file=(name, b"{}\n"), purpose="batch").id


def own_name(flow: Flow, key: str, number: int = 1) -> str:
    installation = flow.database.read(lambda c: installation_of(c, flow.database))
    return upload_name(installation, key, number)


class TestRemote:
    def test_only_once_the_records_are_written(self, flow: Flowing) -> None:
        flow.until_submitted()
        for step in (lambda: None, flow.wait, flow.collect):
            step()
            assert delete(flow) == 0
            assert keep_house(flow) == Tidied()
        flow.apply()
        assert delete(flow) == 2
        assert flow.book.files() == []
        assert flow.batch().remote_deleted_at is not None

    def test_once(self, flow: Flowing) -> None:
        flow.until_done()
        assert keep_house(flow).remote_files == 2
        calls = flow.faults.count("DELETE", f"{FILES}/.*")
        assert keep_house(flow).remote_files == 0
        assert delete(flow) == 0
        assert flow.faults.count("DELETE", f"{FILES}/.*") == calls

    def test_the_rest_next_time_where_it_broke_off(self, flow: Flowing) -> None:
        flow.until_done()
        flow.faults.add("DELETE", f"{FILES}/.*", Respond(500), nth=2)
        with pytest.raises(ApiUnavailable):
            delete(flow)
        assert flow.batch().remote_deleted_at is None
        assert keep_house(flow).remote_files == 1
        assert flow.book.files() == []

    def test_one_that_is_gone_already_is_deleted(self, flow: Flowing) -> None:
        flow.until_done()
        flow.api.delete_file(flow.batch().input_file_id)
        assert keep_house(flow).remote_files == 1
        assert flow.batch().remote_deleted_at is not None

    def test_not_at_another_endpoint(self, flow: Flowing) -> None:
        flow.until_done()
        flow.api = flow.client.api(endpoint="https://api.openai.com/v1")
        with pytest.raises(OtherEndpoint, match="at local_openai, not deleted"):
            delete(flow)
        assert len(keep_house(flow).problems) == 1
        assert len(flow.book.files()) == 2

    def test_unknown_to_another_key_is_not_deleted(self, flow: Flowing) -> None:
        flow.until_done()
        for file_id in flow.book.files():
            flow.api.delete_file(file_id)
        flow.update(key_hash="another")
        assert "expire by themselves" in keep_house(flow).problems[0]
        assert flow.batch().remote_deleted_at is None

    def test_a_batch_that_a_worker_is_at_is_left_for_later(self, flow: Flowing) -> None:
        flow.until_done()
        with leased(flow.database, KEY):
            assert "another worker" in keep_house(flow).problems[0]
        assert keep_house(flow).remote_files == 2

    def test_an_endpoint_that_does_not_answer_keeps_nothing_else_waiting(
        self, flow: Flowing
    ) -> None:
        flow.set(keep_files_days=0)
        flow.until_done()
        flow.faults.add("DELETE", f"{FILES}/.*", Respond(503), times=None)
        tidied = keep_house(flow)
        assert len(tidied.problems) == 1
        assert tidied.local_files == 2

    def test_without_an_endpoint(self, flow: Flowing) -> None:
        flow.until_done()
        assert tidy(flow.database, flow.settings, flow.store, None).problems == []
        assert len(flow.book.files()) == 2


class TestUnusedUploads:
    @pytest.mark.parametrize("key", ["gone", KEY, "with-hyphens-1", "2026_x"])
    def test_found_by_their_name_and_deleted(self, flow: Flowing, key: str) -> None:
        flow.until_done()
        keep_house(flow)
        upload(flow, own_name(flow, key, 7))
        age(flow, 2)
        assert keep_house(flow).unused_uploads == 1
        assert flow.api.uploads("") == []

    def test_not_while_they_may_still_be_used(self, flow: Flowing) -> None:
        batch = flow.until_submitted()
        upload(flow, own_name(flow, "fresh"))
        age(flow, 0.9)
        assert keep_house(flow).unused_uploads == 0  # it may be on its way into the ledger
        age(flow, 1.1)
        assert keep_house(flow).unused_uploads == 1
        assert [file.id for file in flow.api.uploads("")] == [batch.input_file_id]

    def test_also_those_of_a_batch_that_has_another_by_now(self, flow: Flowing) -> None:
        batch = flow.until_submitted()
        upload(flow, own_name(flow, KEY, 7))
        age(flow, 2)
        assert keep_house(flow).unused_uploads == 1
        assert [file.id for file in flow.api.uploads("")] == [batch.input_file_id]

    def test_not_those_of_a_batch_that_is_uploading(self, flow: Flowing) -> None:
        flow.until_built()
        file_id = upload(flow, own_name(flow, KEY))
        age(flow, 2)
        assert keep_house(flow).unused_uploads == 0
        assert [file.id for file in flow.api.uploads("")] == [file_id]

    def test_not_those_of_others(self, flow: Flowing) -> None:
        for name in ("mine.jsonl", "0123456789abcdef-b1-1.jsonl"):
            upload(flow, name)
        age(flow, 1_000)
        assert keep_house(flow) == Tidied()

    def test_of_a_batch_that_was_called_back(self, flow: Flowing) -> None:
        flow.until_built()
        flow.faults.add("POST", "/v1/batches", Respond(400, "bad"))
        flow.faults.add("DELETE", f"{FILES}/.*", Respond(500))
        with pytest.raises(Exception, match="bad"):
            flow.submit()
        with leased(flow.database, KEY) as lease:
            people.cancel(lease, flow.settings, flow.store, flow.api)
        assert len(flow.api.uploads("")) == 1
        assert keep_house(flow).remote_files == 1
        assert flow.api.uploads("") == []


class TestLocal:
    def test_kept_for_so_many_days(self, flow: Flowing) -> None:
        flow.until_done()
        assert keep_house(flow).local_files == 0
        done_at = flow.batch().done_at
        flow.update(done_at=done_at - timedelta(days=29.9))
        assert keep_house(flow).local_files == 0
        flow.update(done_at=done_at - timedelta(days=30.1))
        tidied = keep_house(flow)
        assert (tidied.local_batches, tidied.local_files) == (1, 2)
        assert not flow.store.batch(KEY).folder.exists()
        assert flow.batch().local_deleted_at is not None
        assert keep_house(flow).local_batches == 0

    def test_a_folder_that_can_not_go_keeps_no_other_waiting(self, flow: Flowing) -> None:
        flow.set(keep_files_days=0)
        for key in ("a", "b"):
            flow.until_done(key, rows=1)
        (flow.store.batch("a").folder / "somebody's").mkdir()
        tidied = keep_house(flow)
        assert (tidied.local_batches, tidied.local_files) == (1, 2)
        [problem] = tidied.problems
        assert "deleting the files of batch a" in problem
        assert not problem.startswith("Batch a")  # which it names already
        left = [path.name for path in flow.store.batch("a").folder.iterdir()]
        assert left == ["somebody's"]  # its own are gone all the same
        assert flow.batch("a").local_deleted_at is None
        assert flow.batch("b").local_deleted_at is not None

    @pytest.mark.parametrize("state", ["built", "submitted", "ended", "collected", "applied"])
    def test_never_those_of_an_open_batch(self, flow: Flowing, state: str) -> None:
        flow.set(keep_files_days=0)
        flow.until_done()
        flow.update(state=state)
        assert keep_house(flow).local_files == 0
        assert flow.store.batch(KEY).has("output.jsonl")

    def test_never_those_of_a_batch_that_was_planned_anew_meanwhile(
        self, flow: Flowing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Between the list of what is due and its lease, a key that was given up is planned."""
        flow.set(keep_files_days=0)
        flow.until_built()
        with leased(flow.database, KEY) as lease:
            people.cancel(lease, flow.settings, flow.store, flow.api)

        @contextmanager
        def late(*arguments: Any) -> Iterator[Lease]:
            flow.plan()
            flow.claim()
            flow.build()
            with leased(*arguments) as lease:
                yield lease

        monkeypatch.setattr(housekeeping, "leased", late)
        assert keep_house(flow).local_files == 0
        assert flow.store.batch(KEY).has("requests.jsonl")
        assert flow.batch().local_deleted_at is None

    def test_also_those_of_a_batch_that_was_given_up(self, flow: Flowing) -> None:
        flow.set(keep_files_days=0)
        flow.until_built()
        with leased(flow.database, KEY) as lease:
            people.cancel(lease, flow.settings, flow.store, flow.api)
        assert keep_house(flow).local_files == 1


class TestLedger:
    """What the ledger keeps for a time; more is in `test_forgetting`."""

    def test_the_journal_is_kept_for_so_many_days(self, flow: Flowing) -> None:
        flow.until_done()
        now = flow.database.read(flow.database.dialect.utc_now)
        old, new = (now - timedelta(days=days) for days in (31, 29))
        entries = [
            {"batch_key": KEY, "userid": userid, "record": "{}", "written_at": at}
            for userid, at in ((1, old), (2, new), (3, old))
        ]
        table = flow.database.ledger.journal
        flow.database.write(lambda connection: connection.execute(table.insert(), entries))
        flow.set(keep_journal_days=30)
        assert keep_house(flow).journal_entries == 2
        assert [row.userid for row in flow.rows(sa.select(table))] == [2]

    def test_where_nothing_says_for_how_long_all_the_rest_is_kept(self, flow: Flowing) -> None:
        flow.set(keep_files_days=0)
        flow.until_done()
        put_document(flow.database, 1, "one", days=10_000)
        flow.update(done_at=flow.batch().done_at - timedelta(days=10_000))
        assert keep_house(flow).ledger_rows == 0
        assert all(item.text_hash for item in flow.items().values())

    def test_names_of_imported_files_go_with_the_rows(self, flow: Flowing) -> None:
        flow.set(keep_files_days=0, keep_ledger_days=30)
        flow.until_done()
        flow.update(done_at=flow.batch().done_at - timedelta(days=31))
        put_document(flow.database, 1, "old", days=31)
        put_document(flow.database, 1, "new", days=29)
        assert keep_house(flow).ledger_rows == 4
        found = flow.rows(sa.select(flow.database.ledger.documents))
        assert sorted(str(row.file_name) for row in found) == ["None", "new.pdf"]
        assert keep_house(flow).ledger_rows == 0

    def test_rows_for_people_that_are_missing_are_written(self, flow: Flowing) -> None:
        flow.until_submitted()
        status, count = sa.table("aicandidateBatchStatus"), sa.func.count()
        flow.database.write(lambda connection: connection.execute(status.delete()))
        keep_house(flow)
        assert flow.rows(sa.select(count).select_from(status))[0][0] == 1


class TestStores:
    """RESUME_BATCH_STORE was changed: each batch's files stay in the store they were made in."""

    @pytest.fixture
    def moved(self, flow: Flowing) -> Flowing:
        """Batch b1 is done; another store is configured now, and has a batch of its own."""
        flow.set(keep_files_days=0)
        flow.until_done(rows=1)
        flow.store = BatchStore(str(flow.home / "another"))
        flow.until_built("b2", rows=1)
        return flow

    def test_are_noted(self, moved: Flowing) -> None:
        assert moved.batch().store_url == str(moved.home / "batches")
        assert moved.batch("b2").store_url == str(moved.home / "another")

    def test_files_go_from_where_they_are(self, moved: Flowing) -> None:
        tidied = keep_house(moved)
        assert (tidied.local_batches, tidied.local_files, tidied.problems) == (1, 2, [])
        assert not (moved.home / "batches" / KEY).exists()
        assert (moved.home / "another" / "b2").exists()

    @pytest.mark.parametrize("is_mounted", [False, True])
    def test_one_that_is_not_there_is_told_and_tried_again(
        self, moved: Flowing, is_mounted: bool
    ) -> None:
        old, away = moved.home / "batches", moved.home / "away"
        old.rename(away)
        if is_mounted:
            old.mkdir()  # an empty place, where it should be mounted
        for _ in range(2):
            tidied = keep_house(moved)
            assert (tidied.local_batches, tidied.local_files) == (0, 0)
            [problem] = tidied.problems
            assert "Batch b1" in problem
            assert f"{old} is not there, or nothing is mounted at it" in problem
            assert moved.batch().local_deleted_at is None
        if is_mounted:
            old.rmdir()
        away.rename(old)
        assert keep_house(moved).local_files == 2

    def test_files_that_are_gone_are_not_counted_and_told_once(self, moved: Flowing) -> None:
        shutil.move(moved.home / "batches" / KEY, moved.home / "by hand")
        (moved.home / "batches" / "somebody's").mkdir()
        tidied = keep_house(moved)
        assert (tidied.local_batches, tidied.local_files) == (0, 0)
        [problem] = tidied.problems
        assert f"none of its files are in {moved.home / 'batches'}" in problem
        assert "older than the ledger's note" not in problem
        assert keep_house(moved).problems == []

    def test_of_a_batch_older_than_the_note_it_is_said_that_they_may_be_elsewhere(
        self, moved: Flowing
    ) -> None:
        moved.update(store_url=None)
        [problem] = keep_house(moved).problems
        assert f"none of its files are in {moved.home / 'another'}" in problem
        assert "if RESUME_BATCH_STORE was another one then, they are still there" in problem

    def test_a_batch_that_never_had_files_is_no_problem(self, flow: Flowing) -> None:
        flow.set(keep_files_days=0)
        flow.plan()
        with leased(flow.database, KEY) as lease:
            people.cancel(lease, flow.settings, flow.store, flow.api)
        assert keep_house(flow) == Tidied()
        assert flow.batch().local_deleted_at is not None

    def test_a_store_that_can_not_be_opened_keeps_no_other_waiting(self, moved: Flowing) -> None:
        moved.update(store_url="nosuch://place")
        with leased(moved.database, "b2") as lease:
            people.cancel(lease, moved.settings, moved.store, moved.api)
        tidied = keep_house(moved)
        assert tidied.local_batches == 1
        [problem] = tidied.problems
        assert "nosuch://place" in problem

    def test_one_in_which_no_broken_uploads_can_be_looked_for_keeps_nothing_waiting(
        self, flow: Flowing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def failing(_: BatchStore) -> int:
            raise StoreFailed("out of reach")

        flow.set(keep_files_days=0)
        flow.until_done()
        with monkeypatch.context() as patched:
            patched.setattr(BatchStore, "end_broken_uploads", failing)
            tidied = keep_house(flow)
        assert (tidied.broken_uploads, tidied.local_files) == (0, 2)
        assert tidied.problems == ["Broken uploads are not looked for: out of reach"]
        monkeypatch.setattr(BatchStore, "end_broken_uploads", lambda _: 3)
        assert (keep_house(flow).broken_uploads, keep_house(flow).problems) == (3, [])

    def test_a_batch_goes_on_in_its_store(self, flow: Flowing) -> None:
        flow.until_submitted()
        flow.store = BatchStore(str(flow.home / "another"))
        flow.wait()
        assert flow.bring_in().succeeded == 3
        assert (flow.home / "batches" / KEY / "output.jsonl").exists()
        assert not (flow.home / "another").exists()
        assert flow.apply().written == 3  # again, from the kept files

    def test_a_home_that_was_moved_takes_its_store_along(self, flow: Flowing) -> None:
        flow.until_submitted()
        (flow.home / "batches").rename(flow.home / "moved")
        flow.store = BatchStore(str(flow.home / "moved"))
        flow.wait()
        assert flow.bring_in().succeeded == 3
        flow.set(keep_files_days=0)
        assert keep_house(flow).local_files == 2

    def test_a_copy_of_a_home_leaves_the_files_of_the_other_alone(self, flow: Flowing) -> None:
        flow.set(keep_files_days=0)
        flow.until_done()
        shutil.copytree(flow.home / "batches", flow.home / "copy")
        flow.store = BatchStore(str(flow.home / "copy"))
        assert keep_house(flow).local_files == 2
        assert not (flow.home / "copy" / KEY).exists()
        assert (flow.home / "batches" / KEY / "output.jsonl").exists()

    def test_files_of_another_databases_batch_stay(self, flow: Flowing) -> None:
        flow.set(keep_files_days=0)
        flow.until_done()
        with flow.store.batch(KEY).write(".installation") as stream:
            stream.write(b"another installation")
        tidied = keep_house(flow)
        assert (tidied.local_batches, tidied.local_files) == (0, 0)
        assert "none of its files are in" in tidied.problems[0]
        assert flow.store.batch(KEY).names() == ["output.jsonl", "requests.jsonl"]

    def test_another_databases_batch_of_that_key_is_not_taken_for_it(self, flow: Flowing) -> None:
        flow.until_ended()
        (flow.home / "batches").rename(flow.home / "away")
        flow.store = BatchStore(str(flow.home / "shared"))
        files = flow.store.batch(KEY)
        files.take("another installation")
        for name in ("requests.jsonl", "output.jsonl"):
            with files.write(name) as stream:
                stream.write(b"of somebody else")
        flow.collect()
        assert (flow.home / "batches" / KEY / "output.jsonl").exists()

    def test_a_key_that_is_planned_again_stays_in_its_store(self, flow: Flowing) -> None:
        flow.until_built()
        with leased(flow.database, KEY) as lease:
            people.cancel(lease, flow.settings, flow.store, flow.api)
        flow.store = BatchStore(str(flow.home / "another"))
        flow.until_built()
        assert flow.batch().store_url == str(flow.home / "batches")


class TestPlannedAgain:
    """A key that was given up and planned anew has nothing of its first life."""

    def test_its_new_file_is_uploaded(self, flow: Flowing) -> None:
        flow.until_built(rows=1)
        flow.faults.add("POST", "/v1/batches", Respond(400, "bad"))
        with pytest.raises(Exception, match="bad"):
            flow.submit()
        first = flow.batch().input_file_id
        with leased(flow.database, KEY) as lease:
            people.cancel(lease, flow.settings, flow.store, flow.api)
        flow.change(1, markdownResume=None)
        flow.plan()
        fresh: Any = flow.batch()
        assert fresh.try_number == 2
        assert fresh.input_file_id is None
        assert fresh.claimed_at is None
        flow.claim()
        flow.build()
        assert flow.submit().input_file_id != first
        flow.wait()
        assert flow.bring_in().succeeded == 2
        assert flow.book.sent() == ["2", "3"]
