"""A person is forgotten: markers are looked for in all that is kept, byte by byte."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets.batches.ledger.lease import BatchBusy, leased
from resume_assets.batches.receiving.blanking import blank
from resume_assets.batches.records.rows import Row
from resume_assets.batches.records.writing import Writer
from resume_assets.batches.store import BatchStore
from resume_assets.batches.upkeep import cleaning, forgetting
from resume_assets.batches.upkeep.cleaning import Found
from resume_assets.batches.upkeep.housekeeping import Tidied, tidy
from resume_assets.batches.upkeep.receipts import Receipt, keep, kept
from resume_assets.batches.upkeep.remote_files import RemoteFile
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.openai_api.client import BatchApi
from resume_assets.openai_api.errors import ApiUnavailable
from resume_assets_tests.flow import KEY, Flow, Flowing, flow_at
from resume_assets_tests.forgetting import OTHERS, PERSON, forget, told_by_address, traces
from resume_assets_tests.local_openai.faults import DropAfter, DropBefore, Respond, rewrite

THERE = "local_openai"
"""The server's folder: as far away as OpenAI itself."""


@pytest.fixture
def flow(tmp_path: Path) -> Iterator[Flowing]:
    with told_by_address(tmp_path / "home") as opened:
        yield opened


def rows(flow: Flow, table: sa.Table) -> list[Any]:
    return list(flow.rows(sa.select(table)))


def in_ledger(flow: Flow) -> str:
    """All that our own tables hold, as text."""
    told = []
    for table in flow.database.ledger.metadata.sorted_tables:
        told += [str(row) for row in rows(flow, table)]
    return "\n".join(told)


def is_gone(flow: Flow, *, record: bool = False) -> None:
    """The person is nowhere but where they may be: in their row, whose text is the users' own."""
    assert "zerelda" not in in_ledger(flow).casefold()
    assert "Quixby" not in in_ledger(flow)
    flow.delete(PERSON)  # by the users; what is left in the file then would be ours
    if not record:
        forget(flow)
    flow.database.dispose()
    assert traces(flow.home, but=(THERE,)) == {}
    assert traces(flow.home / "batches") == {}


def states(flow: Flow, key: str = KEY) -> list[str]:
    return sorted(flow.ends(key).values())


def keep_house(flow: Flow) -> Tidied:
    return tidy(flow.database, flow.settings, flow.store, flow.api)


def allow_again(flow: Flow, *userids: Any) -> int:
    return forgetting.allow_again(flow.database, flow.settings, flow.store, flow.api, userids)


def test_of_a_batch_that_is_done(flow: Flowing) -> None:
    flow.until_done()
    assert set(flow.written()) == {PERSON, *OTHERS}
    assert traces(flow.home / "batches")
    receipt = forget(flow)
    assert (receipt.people, receipt.batches, receipt.ledger_rows) == (1, 1, 1)
    assert receipt.lines_blanked == 2  # the request and its answer
    assert (receipt.answers_discarded, receipt.left) == (0, [])
    assert states(flow) == ["succeeded"] * 3
    # Nobody's row: the counts stay, and what it cost.
    [theirs] = [row for row in flow.items().values() if row.forgotten_at is not None]
    assert theirs.userid not in (PERSON, *OTHERS)
    assert theirs.custom_id.startswith("gone-")
    assert (theirs.text_hash, theirs.digests, theirs.unread, theirs.changes) == (None,) * 4
    assert theirs.input_tokens > 0
    # The record is the users' own, unless they say so.
    assert flow.candidate(PERSON).LastName == "Quixby"
    is_gone(flow)
    assert {row.userid for row in flow.items().values()} >= set(OTHERS)


def test_their_record_too(flow: Flowing) -> None:
    flow.until_done()
    before = flow.candidate(OTHERS[0])
    receipt = forget(flow, records=True)
    assert receipt.records_emptied == 1
    there = flow.candidate(PERSON)
    names = flow.database.candidates.names
    assert [name for name in names if getattr(there, name) is not None] == []
    assert there.LastProcessed is None
    assert there.markdownResume  # the users' own
    assert flow.candidate(OTHERS[0]) == before
    assert flow.waiting() == []  # though LastProcessed is NULL
    is_gone(flow, record=True)


def test_again_is_nothing_more(flow: Flowing) -> None:
    flow.until_done()
    forget(flow)
    ledger = in_ledger(flow)
    receipt = forget(flow)
    assert (receipt.ledger_rows, receipt.lines_blanked, receipt.batches) == (0, 0, 0)
    assert not receipt.found_anything
    assert in_ledger(flow).splitlines()[: ledger.count("\n") - 1]
    assert [one["people"] for one in kept(flow.database)] == [1, 1]


@pytest.mark.parametrize(
    "found",
    [
        {"ledger_rows": 1},
        {"journal_entries": 1},
        {"trials": 1},
        {"documents": 1},
        {"lines_blanked": 1},
        {"files_removed": 1},
        {"records_emptied": 1},
        {"left": ["later"]},
    ],
)
def test_whatever_was_theirs_was_found(found: dict[str, Any]) -> None:
    assert Receipt(**found).found_anything
    assert not Receipt(people=1, batches=1).found_anything


def test_a_receipt_is_kept_and_tells_nothing(flow: Flowing) -> None:
    flow.until_done()
    assert Receipt().as_dict()["made_at"] is None
    receipt = forget(flow, records=True)
    [there] = kept(flow.database)
    assert there == receipt.as_dict()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", there["made_at"])
    assert "zerelda" not in json.dumps(there).casefold()
    keep(flow.database, receipt)  # again, where only the commit's answer was lost
    assert len(kept(flow.database)) == 1


def test_all_that_went_in_a_batch_is_in_the_receipt() -> None:
    receipt, file = Receipt(), RemoteFile(KEY, "file-1", date(2026, 1, 31))
    for _ in range(2):
        receipt.add(Found(1, 2, 3, 4, ["b1/review.html"], 5, [file]))
    told = receipt.as_dict()
    del told["receipt"]
    assert {name: value for name, value in told.items() if value} == {
        "batches": 2,
        "ledger_rows": 2,
        "answers_discarded": 4,
        "journal_entries": 6,
        "lines_blanked": 8,
        "files_removed": 2,
        "removed": ["b1/review.html"] * 2,
        "remote_files_deleted": 10,
        "remote": [{"batch": KEY, "file": "file-1", "until": "2026-01-31"}] * 2,
    }


def test_the_rest_of_the_files_is_as_it_was(flow: Flowing) -> None:
    flow.until_done()
    files = flow.store.batch(KEY)
    names = ("requests.jsonl", "output.jsonl")
    before = {name: files.path(name).read_bytes().splitlines() for name in names}
    size = {name: files.size(name) for name in names}
    forget(flow)
    for name in names:
        now = files.path(name).read_bytes().splitlines()
        changed = [(old, new) for old, new in zip(before[name], now, strict=True) if old != new]
        [(old, new)] = changed
        assert b"Quixby" in old
        assert new == b" " * len(old)
        assert files.size(name) == size[name]
        assert files.path(name).stat().st_mode & 0o077 == 0
    # Materialized again: the others are rewritten, and all requests are accounted for.
    batch = flow.collect()
    assert json.loads(batch.tally) == {"succeeded": 2, "forgotten: by_request": 1}
    assert flow.apply().written == 2
    assert flow.settle().batch.batch_cost == pytest.approx(batch.batch_cost)


STAGES: dict[str, Callable[[Flowing], Any]] = {
    "claimed": lambda flow: (flow.plan(), flow.claim()),
    "built": lambda flow: flow.until_built(),
    "submitted": lambda flow: flow.until_submitted(),
    "ended": lambda flow: flow.until_ended(),
    "collected": lambda flow: flow.until_collected(),
}


@pytest.mark.parametrize("stage", list(STAGES))
def test_of_an_open_batch(flow: Flowing, stage: str) -> None:
    STAGES[stage](flow)
    receipt = forget(flow)
    assert receipt.answers_discarded == 1
    assert "zerelda" not in in_ledger(flow).casefold()
    assert set(flow.claims()) == set(OTHERS)
    assert traces(flow.home / "batches") == {}
    is_sent = stage not in ("claimed", "built")
    assert bool(receipt.remote) == is_sent
    flow.build()
    flow.submit()
    if flow.batch().state == "submitted":
        flow.wait()
    batch = flow.bring_in()
    assert batch.state == "done"
    assert states(flow) == ["forgotten: by_request", "succeeded", "succeeded"]
    assert flow.is_balanced()
    assert flow.written() == sorted(OTHERS)
    assert flow.candidate(PERSON).LastProcessed is None
    assert len(flow.book.sent()) == (3 if is_sent else 2)
    # Paid for all the same, and counted.
    paid = sum(row.input_tokens or 0 for row in flow.items().values())
    assert paid == sum(entry.input_tokens for entry in flow.book.entries())
    assert batch.input_tokens == paid
    tally = json.loads(batch.tally)
    assert tally == {"succeeded": 2, "forgotten: by_request": 1}
    assert flow.waiting() == []
    is_gone(flow)


def test_nobody_is_left_in_the_batch(flow: Flowing) -> None:
    flow.until_built()
    forget(flow, PERSON, *OTHERS)
    assert flow.batch().state == "claimed"
    assert flow.build().state == "empty"
    assert flow.is_balanced()
    assert flow.book.sent() == []


def test_of_a_batch_that_waits_for_room(flow: Flowing) -> None:
    """Its upload is there already: it is deleted, and the next has them no more."""
    flow.faults.add("POST", "/v1/batches", Respond(429, "token_limit_exceeded"))
    assert flow.until_submitted().state == "quota"
    assert traces(flow.server_folder)
    receipt = forget(flow)
    assert receipt.remote == []
    assert traces(flow.server_folder) == {}
    assert flow.batch().state == "claimed"
    flow.build()
    assert flow.submit().state in ("submitted", "ended")
    assert len(flow.book.sent()) == 2


def test_of_a_batch_in_doubt_that_was_created(flow: Flowing) -> None:
    flow.until_built()
    in_doubt(flow, DropAfter())
    assert forget(flow).remote
    assert flow.submit().state in ("submitted", "ended")  # found, and adopted
    flow.wait()
    assert flow.bring_in().state == "done"
    assert len(flow.book.sent()) == 3
    assert states(flow) == ["forgotten: by_request", "succeeded", "succeeded"]
    is_gone(flow)


def test_of_a_batch_in_doubt_that_was_not_created(flow: Flowing) -> None:
    flow.until_built()
    in_doubt(flow, DropBefore())
    forget(flow)
    # What is sent instead has them no more.
    assert flow.submit().state == "claimed"
    flow.build()
    assert flow.submit().state in ("submitted", "ended")
    assert len(flow.book.sent()) == 2
    flow.wait()
    flow.bring_in()
    assert states(flow) == ["forgotten: by_request", "succeeded", "succeeded"]


def in_doubt(flow: Flowing, fault: DropAfter | DropBefore) -> None:
    """The answer to its creation is lost, and so is the list of batches that would tell."""
    flow.faults.add("POST", "/v1/batches", fault)
    flow.faults.add("GET", "/v1/batches", Respond(500, "server_error"), times=None)
    with pytest.raises(ApiUnavailable):
        flow.submit()
    flow.faults.clear()
    assert flow.batch().state == "submitting"


def test_another_worker_is_at_it(flow: Flowing) -> None:
    """What it holds is left for later, and the daily job does it."""
    flow.until_collected()
    with leased(flow.database, KEY):
        receipt = forget(flow, patience=0)
    [told] = receipt.left
    assert KEY in told
    assert "zerelda" not in told
    # Its worker honours it meanwhile.
    flow.apply()
    assert flow.written() == sorted(OTHERS)
    assert states(flow) == ["forgotten: by_request", "succeeded", "succeeded"]
    flow.settle()
    tidied = tidy(flow.database, flow.settings, flow.store, flow.api)
    assert (tidied.problems, tidied.forgotten) == ([], 1)
    assert len(kept(flow.database)) == 2
    is_gone(flow)
    assert tidy(flow.database, flow.settings, flow.store, flow.api).forgotten == 0


def test_the_file_is_clean_once_the_daily_job_has_done_what_was_left(flow: Flowing) -> None:
    flow.until_done()
    with leased(flow.database, KEY):
        assert forget(flow, patience=0).left
    flow.delete(PERSON)
    assert keep_house(flow).forgotten == 1
    flow.database.dispose()
    assert traces(flow.home, but=(THERE,)) == {}


def test_the_daily_job_does_nothing_where_nothing_is_left(flow: Flowing) -> None:
    flow.until_done()
    assert keep_house(flow).forgotten == 0
    assert kept(flow.database) == []
    with leased(flow.database, KEY):
        assert forget(flow, patience=0).left
    for _ in range(2):
        assert keep_house(flow).problems == []
        assert [bool(one["left_for_later"]) for one in kept(flow.database)] == [True, False]


def test_the_daily_job_does_it_where_forgetting_was_killed(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is noted who is to be forgotten, and no receipt says that something is left."""
    flow.until_done()
    forget(flow, OTHERS[0])
    with monkeypatch.context() as patched:
        patched.setattr(forgetting, "clean", _killed)
        with pytest.raises(KeyboardInterrupt):
            forget(flow)
    assert keep_house(flow).forgotten == 1
    is_gone(flow)


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_what_is_left_for_later_is_told_by_the_daily_job_too(flow: Flowing) -> None:
    flow.until_done()
    with leased(flow.database, KEY):
        [left] = forget(flow, patience=0).left
        problems = keep_house(flow).problems
        assert [one for one in problems if "lease" in one][-1].startswith(f"Batch {KEY}: another")
        assert left.startswith(f"Batch {KEY}: another")  # and names the batch once
    assert left.count(KEY) == 1


@pytest.mark.parametrize("failed", [None, "The disk is full."])
def test_as_long_as_the_databases_file_is_not_clean_it_is_tried_again(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch, failed: str | None
) -> None:
    flow.until_done()

    def scrub(_: object) -> bool:
        if failed is not None:
            raise DatabaseFailed(failed)
        return False

    with monkeypatch.context() as patched:
        patched.setattr(flow.database.dialect, "scrub", scrub)
        [told] = forget(flow).left
        assert told == (
            failed or "The database's log is in use; it is emptied once nobody reads it."
        )
        assert keep_house(flow).problems == [told]
    assert keep_house(flow).problems == []
    assert len(kept(flow.database)) == 3
    assert keep_house(flow).problems == []
    assert len(kept(flow.database)) == 3


def test_a_journals_entry_that_was_written_meanwhile_goes_too(flow: Flowing) -> None:
    flow.until_done()
    table = flow.database.ledger.journal
    entry = {"batch_key": KEY, "userid": PERSON, "record": "{}", "written_at": sa.func.now()}
    with leased(flow.database, KEY):
        assert forget(flow, patience=0).left
    flow.database.write(lambda connection: connection.execute(table.insert().values(entry)))
    assert keep_house(flow).problems == []
    assert rows(flow, table) == []
    assert kept(flow.database)[-1]["journal_entries"] == 1


def test_another_is_to_be_forgotten_while_the_files_are_cleaned(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow.until_done()

    def asked_for_too(*arguments: Any) -> int:
        if not asked:
            asked.append(forget(flow, OTHERS[0], patience=0))
        return blank(*arguments)

    asked: list[Receipt] = []
    monkeypatch.setattr(cleaning, "blank", asked_for_too)
    receipt = forget(flow)
    assert asked[0].left
    assert (receipt.ledger_rows, receipt.left) == (2, [])
    assert OTHERS[0] not in in_ledger(flow)
    assert OTHERS[0].encode() not in flow.store.batch(KEY).path("output.jsonl").read_bytes()
    assert flow.batch().forgetting_since is None


def test_between_what_is_read_of_their_answer_and_its_writing(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request comes when their record is on its way into the next chunk."""
    flow.until_collected()
    write = Writer.write

    def asked_for_first(writer: Writer, chunk: list[Row]) -> None:
        assert PERSON in [row.asked.userid for row in chunk]
        receipts.append(forget(flow, patience=0))
        write(writer, chunk)

    receipts: list[Receipt] = []
    monkeypatch.setattr(Writer, "write", asked_for_first)
    flow.apply()
    assert receipts[0].left
    assert flow.written() == sorted(OTHERS)
    assert states(flow) == ["forgotten: by_request", "succeeded", "succeeded"]


def test_while_its_file_is_built(flow: Flowing) -> None:
    flow.plan()
    flow.claim()
    with leased(flow.database, KEY):
        assert forget(flow, patience=0).left
    flow.build()
    assert sorted(flow.ends().values()) == ["claimed", "claimed", "released: by_request"]
    assert traces(flow.home / "batches") == {}
    assert forget(flow).ledger_rows == 1
    is_gone(flow)


def test_the_files_can_not_be_reached(flow: Flowing) -> None:
    flow.until_done()
    (flow.home / "batches").rename(flow.home / "elsewhere")
    receipt = forget(flow)
    assert receipt.ledger_rows == 1
    [told] = receipt.left
    assert "not there" in told
    (flow.home / "elsewhere").rename(flow.home / "batches")
    assert traces(flow.home / "batches")
    assert tidy(flow.database, flow.settings, flow.store, flow.api).problems == []
    assert traces(flow.home / "batches") == {}


def test_files_that_are_deleted_are_looked_for_no_more(flow: Flowing) -> None:
    """Their store may be gone by then."""
    flow.set(keep_files_days=0.0)
    flow.until_done()
    assert keep_house(flow).local_files == 2
    (flow.home / "batches").rename(flow.home / "elsewhere")
    receipt = forget(flow)
    assert (receipt.ledger_rows, receipt.left) == (1, [])


def test_of_a_batch_that_has_no_files_yet_no_store_is_needed(flow: Flowing) -> None:
    flow.plan()
    flow.claim()
    receipt = forget(flow)
    assert (receipt.ledger_rows, receipt.left) == (1, [])


def test_the_files_of_another_databases_batch_are_left_alone(flow: Flowing) -> None:
    flow.until_done()
    files = flow.store.batch(KEY)
    names = ("requests.jsonl", "output.jsonl")
    before = {name: files.path(name).read_bytes() for name in names}
    with files.write(".installation") as stream:
        stream.write(b"another")
    receipt = forget(flow)
    assert (receipt.ledger_rows, receipt.lines_blanked, receipt.left) == (1, 0, [])
    assert {name: files.path(name).read_bytes() for name in names} == before


def test_files_in_an_object_store(flow: Flowing) -> None:
    flow.set(batch_store=f"memory://{abs(hash(flow.home))}")
    flow.store = BatchStore(flow.settings.store_url)
    flow.until_done()
    files = flow.store.batch(KEY)
    with files.write("review.html") as stream:
        stream.write(PERSON.encode())
    assert b"Quixby" in files.path("output.jsonl").read_bytes()
    receipt = forget(flow)
    assert (receipt.lines_blanked, receipt.removed) == (2, [f"{KEY}/review.html"])
    assert files.names() == ["output.jsonl", "requests.jsonl"]
    for name in files.names():
        assert b"uixby" not in files.path(name).read_bytes()


def test_lines_of_nobody_go_with_theirs(flow: Flowing) -> None:
    """Half a line, no JSON, another's shape: no record comes of them, and they may be hers."""
    flow.until_ended()

    def spoil(lines: list[bytes]) -> list[bytes]:
        return [*lines, b'{"custom_id": "x", "response": ', b"zerelda\n", b'["Quixby"]\n', b"\n"]

    assert rewrite(flow.server_folder, flow.batch().output_file_id, spoil)
    flow.collect()
    assert traces(flow.home / "batches")
    forget(flow)
    assert traces(flow.home / "batches") == {}
    flow.apply()
    assert flow.written() == sorted(OTHERS)


def test_others_of_the_batch_are_left_alone_in_halves_of_their_names(flow: Flowing) -> None:
    """An id within another is another's."""
    flow.until_done()
    with flow.store.batch(KEY).write("sample.html") as stream:
        stream.write(b"<td>azerelda.quixby@example.com</td>")
    assert forget(flow).removed == []


def test_a_page_that_holds_them_goes_and_another_stays(flow: Flowing) -> None:
    flow.until_done()
    files = flow.store.batch(KEY)
    for name, content in (
        ("review.html", f"<td>{PERSON}</td>"),
        ("sample.html", f"<td>{OTHERS[0]}</td>"),
        ("errors.jsonl.part", "half a line"),
    ):
        with files.write(name) as stream:
            stream.write(content.encode())
    receipt = forget(flow)
    assert receipt.removed == [f"{KEY}/review.html"]
    assert files.names() == ["output.jsonl", "requests.jsonl", "sample.html"]


def test_pages_of_those_who_were_left_for_later(flow: Flowing) -> None:
    """Nobody knows by then whose they are."""
    flow.until_done()
    files = flow.store.batch(KEY)
    with files.write("review.html") as stream:
        stream.write(PERSON.encode())
    with leased(flow.database, KEY):
        assert forget(flow, patience=0).left
    assert forget(flow, OTHERS[0]).removed == [f"{KEY}/review.html"]
    assert traces(flow.home / "batches") == {}


def test_not_sent_again_until_somebody_says_so(flow: Flowing) -> None:
    forget(flow)
    assert flow.waiting() == sorted(OTHERS)
    assert "zerelda" not in in_ledger(flow).casefold()
    text = flow.candidate(PERSON).markdownResume
    flow.delete(PERSON)
    flow.seed({PERSON: text})  # brought back by the users' own import
    assert flow.waiting() == sorted(OTHERS)
    assert allow_again(flow, PERSON) == 1
    assert allow_again(flow, PERSON) == 0
    assert set(flow.waiting()) == {PERSON, *OTHERS}
    flow.until_done()
    assert PERSON in flow.written()
    assert forget(flow).ledger_rows == 1


def test_nobody_is_allowed_again_who_was_never_forgotten(flow: Flowing) -> None:
    assert allow_again(flow, PERSON) == 0


def test_not_allowed_again_before_all_is_forgotten(flow: Flowing) -> None:
    """What was still left would be theirs for good."""
    flow.until_done()
    with leased(flow.database, KEY):
        assert forget(flow, patience=0).left
        with pytest.raises(BatchBusy, match="Not all is forgotten yet: Batch b1: another worker"):
            allow_again(flow, PERSON)
    assert allow_again(flow, PERSON) == 1
    assert "zerelda" not in in_ledger(flow).casefold()


def test_files_at_openai_are_named_with_their_last_day(flow: Flowing) -> None:
    flow.until_submitted()
    batch = flow.batch()
    receipt = forget(flow)
    named = {one.file_id: one.until for one in receipt.remote}
    assert named[batch.input_file_id] == (batch.uploaded_at + timedelta(days=14)).date()
    assert isinstance(named[None], date)  # of the answers, once they are there
    flow.wait()
    flow.bring_in()
    assert traces(flow.server_folder / "files")
    assert tidy(flow.database, flow.settings, flow.store, flow.api).remote_files == 2
    assert traces(flow.server_folder / "files") == {}


def test_files_at_openai_that_nobody_needs_are_deleted(flow: Flowing) -> None:
    flow.until_done()
    receipt = forget(flow)
    assert (receipt.remote_files_deleted, receipt.remote) == (2, [])
    assert traces(flow.server_folder) == {}


def test_without_an_endpoint_they_are_named(flow: Flowing) -> None:
    flow.until_done()
    without: BatchApi | None = None
    receipt = forgetting.forget(flow.database, flow.settings, flow.store, without, [PERSON])
    assert len(receipt.remote) == 2
    assert receipt.left == []


def test_an_endpoint_that_does_not_answer_is_no_obstacle(flow: Flowing) -> None:
    flow.until_done()
    flow.faults.add("DELETE", "/v1/files/.*", Respond(503, "server_error"), times=None)
    receipt = forget(flow)
    assert (receipt.ledger_rows, receipt.lines_blanked, receipt.left) == (1, 2, [])
    assert (receipt.remote_files_deleted, len(receipt.remote)) == (0, 2)


def test_it_is_noted_under_the_planning_lock(flow: Flowing) -> None:
    """Nobody plans or claims them meanwhile."""
    locked = flow.installation().lock_count
    forget(flow)
    assert flow.installation().lock_count == locked + 1


def test_numbers_stay_and_tell_nobody(tmp_path: Path) -> None:
    with flow_at(tmp_path / "home") as flow:
        flow.seed(3)
        flow.until_done()
        receipt = forget(flow, 2)
        assert (receipt.ledger_rows, receipt.lines_blanked) == (1, 2)
        row = flow.items()[2]
        assert (row.text_hash, row.digests) == (None, None)
        assert row.custom_id.startswith("gone-")
        for name in ("requests.jsonl", "output.jsonl"):
            kept_text = flow.store.batch(KEY).path(name).read_text()
            assert "ada2@" not in kept_text
            assert "ada3@" in kept_text
        # Nothing undoes it, and nothing reads it again.
        flow.change(2, LastProcessed=None)
        assert flow.waiting() == []


def test_what_is_old_in_the_ledger(flow: Flowing) -> None:
    flow.set(keep_files_days=0.0, keep_ledger_days=30.0)
    flow.until_done()
    assert tidy(flow.database, flow.settings, flow.store, flow.api).ledger_rows == 0
    done = flow.batch().done_at
    flow.update(done_at=done - timedelta(days=31))
    assert tidy(flow.database, flow.settings, flow.store, flow.api).ledger_rows == 3
    assert tidy(flow.database, flow.settings, flow.store, flow.api).ledger_rows == 0
    told = in_ledger(flow)
    assert not any(one in told for one in (PERSON, *OTHERS))
    assert states(flow) == ["succeeded"] * 3
    assert {item.forgiven for item in rows(flow, flow.database.ledger.items)} == {True}
    assert flow.waiting() == []  # what is written stays so


def test_what_failed_on_the_same_resume_is_remembered(flow: Flowing) -> None:
    """However old: else it would be sent, and paid, once more."""
    flow.set(keep_files_days=0.0, keep_ledger_days=30.0, max_attempts=1)
    flow.until_ended()
    flow.collect()
    with leased(flow.database, KEY) as lease:
        items = lease.items
        lease.write(
            lambda connection: connection.execute(
                items.update()
                .where(items.c.userid == PERSON)
                .values(state="invalid", reason="x", attempt_used=True, closed_at=sa.func.now())
            )
        )
        lease.write(
            lambda connection: connection.execute(
                flow.database.ledger.claims.delete().where(
                    flow.database.ledger.claims.c.userid == PERSON
                )
            )
        )
    flow.apply()
    flow.settle()
    flow.update(done_at=flow.batch().done_at - timedelta(days=31))
    assert tidy(flow.database, flow.settings, flow.store, flow.api).ledger_rows == 2
    assert flow.waiting() == []
    assert [one.userid for one in flow.given_up()] == [PERSON]
    # Once they are forgotten, nobody waits for a decision about them.
    forget(flow)
    assert flow.given_up() == []
