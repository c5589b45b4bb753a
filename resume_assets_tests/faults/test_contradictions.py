"""What OpenAI says is believed when it adds up; nothing is sent again by a contradiction."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.batches.planning.planner import stuck_batches
from resume_assets.batches.receiving.collecting import NotEnded
from resume_assets.batches.receiving.contradictions import (
    LEAST_LOOKS,
    PATIENCE,
    Contradiction,
    has_lasted,
    is_due,
    unnamed_file,
)
from resume_assets.batches.store import OUTPUT
from resume_assets_tests.faults.test_ends import change_batches, forget
from resume_assets_tests.flow import KEY, Flow, Flowing
from resume_assets_tests.local_openai.faults import Change, Respond, rewrite
from resume_assets_tests.local_openai.hostile import (
    BATCHES,
    CONTENT,
    FILE,
    FILES,
    NOT_THERE,
    AtFirst,
    LateFileIds,
    untold_sizes,
)

COUNTS = {"total": 3, "completed": 3, "failed": 0}
STATUSES = ("completed", "expired", "cancelled")


def sent_and_ended(flow: Flow) -> None:
    """The server has ended the batch; nobody has looked."""
    flow.until_submitted()
    flow.wait_for_server(flow.batch().openai_batch_id)


def brought_in_once(flow: Flow) -> None:
    """Each candidate has its record, of one paid answer."""
    flow.wait()
    assert flow.bring_in().succeeded == 3
    assert flow.written() == [1, 2, 3]
    assert flow.batch().contradiction is None
    assert len(flow.book.completed()) == 3
    assert not flow.book.paid_twice()


def nothing_is_sent_again(flow: Flow, state: str = "submitted") -> None:
    assert flow.batch().state == state
    assert set(flow.ends().values()) == {"submitted"}
    assert flow.waiting() == []
    assert len(flow.claims()) == 3


class TestUnnamed:
    """Counts that claim answers, and no file is named."""

    @pytest.mark.parametrize("status", STATUSES)
    @pytest.mark.parametrize("error_file", [None, "", "file-of-errors"])
    @pytest.mark.parametrize("counts", [COUNTS, {**COUNTS, "completed": 1, "total": 9}])
    def test_it_has_not_ended(
        self, flow: Flowing, status: str, error_file: str | None, counts: dict[str, int]
    ) -> None:
        sent_and_ended(flow)
        change_batches(
            flow, status=status, output_file_id=None, error_file_id=error_file,
            request_counts=counts,
        )  # fmt: skip
        found = flow.poll()
        assert (found.out, found.ended, found.problems) == (1, [], {})
        nothing_is_sent_again(flow)
        assert "looked at again" in flow.batch().message
        flow.faults.clear()
        flow.later(minutes=1)
        brought_in_once(flow)
        assert flow.batch().message is None

    def test_the_pauses_grow_and_a_person_need_not_wait(self, flow: Flowing) -> None:
        sent_and_ended(flow)
        change_batches(flow, output_file_id=None)
        flow.poll()
        before = flow.faults.count("GET", BATCHES)
        assert flow.poll().out == 1
        assert flow.faults.count("GET", BATCHES) == before
        flow.poll(at_once=KEY)
        assert flow.faults.count("GET", BATCHES) == before + 1
        assert flow.batch().contradiction_looks == 2

    def test_after_an_hour_a_person_is_told_and_it_still_comes_in(self, flow: Flowing) -> None:
        sent_and_ended(flow)
        change_batches(flow, output_file_id=None)
        flow.poll()
        flow.later(hours=1)
        flow.poll()
        assert flow.poll().problems == {KEY: f"Batch {KEY}: {flow.batch().message}"}
        for word in (
            "the 3 answers that it counts",
            f"resume-assets check {KEY}",
            f"resume-assets cancel {KEY} --give-up",
        ):
            assert word in flow.batch().message
        nothing_is_sent_again(flow)
        flow.later(days=3)
        assert list(flow.poll().problems) == [KEY]
        assert list(flow.poll().problems) == [KEY]  # also while it is not due
        nothing_is_sent_again(flow)
        flow.faults.clear()
        flow.poll(at_once=KEY)
        brought_in_once(flow)

    def test_it_is_not_called_stuck_too(self, flow: Flowing) -> None:
        sent_and_ended(flow)
        change_batches(flow, output_file_id=None)
        flow.poll()
        flow.update(submitted_at=flow.batch().submitted_at - timedelta(days=2))
        look = lambda connection: stuck_batches(connection, flow.database, flow.settings)  # noqa: E731
        assert flow.database.read(look) == []

    @pytest.mark.parametrize(
        "counts",
        [
            None,
            {"total": 3, "completed": 0, "failed": 3},
            {"total": 0, "completed": 0, "failed": 0},
        ],
    )
    def test_what_claims_no_answers_is_believed_after_an_hour(
        self, flow: Flowing, counts: dict[str, int] | None
    ) -> None:
        sent_and_ended(flow)
        change_batches(flow, output_file_id="", error_file_id=None, request_counts=counts)
        flow.poll()
        flow.later(hours=1)
        flow.poll()
        nothing_is_sent_again(flow)
        assert flow.poll().ended == [KEY]
        flow.bring_in()
        assert set(flow.ends().values()) == {"missing: no_line"}
        assert flow.waiting() == [1, 2, 3]
        assert flow.is_balanced()

    @pytest.mark.parametrize("status", ["expired", "cancelled"])
    def test_a_batch_of_which_nothing_ran_adds_up(self, flow: Flowing, status: str) -> None:
        sent_and_ended(flow)
        nothing = {"total": 3, "completed": 0, "failed": 0}
        change_batches(
            flow, status=status, output_file_id=None, error_file_id=None, request_counts=nothing
        )
        assert flow.poll().ended == [KEY]

    def test_it_may_take_its_end_back(self, flow: Flowing) -> None:
        sent_and_ended(flow)
        change_batches(flow, output_file_id=None)
        flow.poll()
        flow.faults.clear()
        change_batches(flow, status="finalizing", output_file_id=None)
        flow.poll(at_once=KEY)
        assert (flow.batch().openai_status, flow.batch().contradiction) == ("finalizing", None)
        assert flow.batch().message is None
        flow.faults.clear()
        brought_in_once(flow)

    def test_an_hour_of_one_contradiction_is_none_of_another(self, flow: Flowing) -> None:
        sent_and_ended(flow)
        change_batches(flow, output_file_id=None)
        flow.poll()
        flow.later(days=1)
        flow.poll()
        flow.poll()
        flow.faults.clear()
        with unknown(flow):
            flow.poll(at_once=KEY)
            assert flow.batch().contradiction == Contradiction.batch_unknown
            nothing_is_sent_again(flow)
        flow.poll(at_once=KEY)
        brought_in_once(flow)

    def test_named_at_the_second_look(self, flow: Flowing) -> None:
        sent_and_ended(flow)
        flow.faults.add("GET", BATCHES, LateFileIds(2), times=None)
        flow.poll()
        flow.poll(at_once=KEY)
        assert flow.poll(at_once=KEY).ended == [KEY]
        brought_in_once(flow)

    def test_an_error_file_that_is_named_late_is_looked_for_once_more(self, flow: Flowing) -> None:
        """Its answers are there: nothing waits for what is only an explanation."""
        sent_and_ended(flow)
        counts = {"total": 3, "completed": 2, "failed": 1}
        change_batches(flow, request_counts=counts)
        assert flow.poll().ended == [KEY]
        moved: list[bytes] = []

        def split(lines: list[bytes]) -> list[bytes]:
            moved.append(lines[0])
            return lines[1:]

        rewrite(flow.server_folder, flow.batch().output_file_id, split)
        errors = flow.api.client.files.create(file=("e.jsonl", moved[0]), purpose="batch").id
        flow.faults.clear()
        change_batches(flow, error_file_id=errors)
        assert flow.bring_in().succeeded == 3


@contextmanager
def unknown(flow: Flow) -> Iterator[None]:
    """For a moment the server knows no batch."""
    nothing = Change(lambda page: {**page, "data": [], "has_more": False})
    flow.faults.add("GET", "/v1/batches", nothing, times=None)
    flow.faults.add("GET", BATCHES, NOT_THERE, times=None)
    yield
    flow.faults.clear()


class TestUnknownBatch:
    def test_one_404_is_not_believed(self, flow: Flowing) -> None:
        flow.until_submitted()
        with unknown(flow):
            assert flow.poll().out == 1
            nothing_is_sent_again(flow)
            assert "does not know it now" in flow.batch().message
        flow.later(minutes=1)
        brought_in_once(flow)

    def test_two_looks_an_hour_apart_are_too_few(self, flow: Flowing) -> None:
        flow.until_submitted()
        forget(flow)
        flow.poll()
        flow.later(hours=5)
        flow.poll()
        nothing_is_sent_again(flow)


class TestFile:
    """A file that is named and is not there, or not whole."""

    @pytest.mark.parametrize("path", [FILE, CONTENT, f"{FILE}(/content)?"])
    @pytest.mark.parametrize("times", [1, 2])
    def test_a_404_that_passes_soon_is_not_even_seen(
        self, flow: Flowing, path: str, times: int
    ) -> None:
        flow.until_ended()
        flow.faults.add("GET", path, AtFirst(NOT_THERE, times), times=None)
        brought_in_once(flow)

    def test_one_that_lasts_a_while(self, flow: Flowing) -> None:
        flow.until_ended()
        flow.faults.add("GET", CONTENT, NOT_THERE, times=None)
        for _ in range(5):
            with pytest.raises(NotEnded, match=f"resume-assets check {KEY}"):
                flow.collect()
            flow.later(minutes=10)
        nothing_is_sent_again(flow, "ended")
        flow.faults.clear()
        brought_in_once(flow)
        assert flow.batch().message is None

    def test_past_its_expiry_one_look_is_enough(self, flow: Flowing) -> None:
        flow.until_ended()
        flow.update(ended_at=flow.batch().ended_at - timedelta(days=14))
        flow.faults.add("GET", CONTENT, NOT_THERE, times=None)
        flow.bring_in()
        assert "no longer has its output.jsonl" in flow.batch().message
        assert flow.waiting() == [1, 2, 3]

    def test_the_content_is_the_judge_not_the_object(self, flow: Flowing) -> None:
        flow.until_ended()
        flow.faults.add("GET", FILE, NOT_THERE, times=None)
        brought_in_once(flow)

    @pytest.mark.parametrize("size", [0, None, "12", -1])
    def test_a_size_that_is_not_told(self, flow: Flowing, size: Any) -> None:
        flow.until_ended()
        flow.faults.add("GET", FILE, untold_sizes(size), times=None)
        brought_in_once(flow)

    def test_of_no_told_size_it_must_end_with_a_line(self, flow: Flowing) -> None:
        flow.until_ended()
        content = flow.api.client.files.content(flow.batch().output_file_id).read()
        flow.faults.add("GET", FILE, untold_sizes(), times=None)
        cut = flow.faults.add("GET", CONTENT, Respond(200, body=content[:-40]), times=None)
        with pytest.raises(NotEnded, match="empty or cut"):
            flow.collect()
        assert not flow.store.batch(KEY).has(OUTPUT)
        nothing_is_sent_again(flow, "ended")
        cut.body = content[:-1]  # without its newline the last line is whole
        brought_in_once(flow)

    def test_one_that_is_always_cut_is_taken_as_it_is(self, flow: Flowing) -> None:
        """Or the other answers, which are paid, would never come in."""
        flow.until_ended()
        content = flow.api.client.files.content(flow.batch().output_file_id).read()
        flow.faults.add("GET", FILE, untold_sizes(), times=None)
        flow.faults.add("GET", CONTENT, Respond(200, body=content[:-40]), times=None)
        for _ in range(LEAST_LOOKS):
            with pytest.raises(NotEnded):
                flow.collect()
        flow.later(hours=1)
        assert flow.bring_in().succeeded == 2

    def test_an_empty_one_though_answers_are_counted(self, flow: Flowing) -> None:
        flow.until_ended()
        flow.faults.add("GET", FILE, untold_sizes(), times=None)
        flow.faults.add("GET", CONTENT, Respond(200, body=b""), times=None)
        with pytest.raises(NotEnded, match="empty or cut"):
            flow.collect()
        nothing_is_sent_again(flow, "ended")
        flow.faults.clear()
        brought_in_once(flow)


class TestInputFile:
    def test_an_upload_of_no_told_size_is_adopted(self, flow: Flowing) -> None:
        flow.until_built()
        flow.faults.add("GET", FILES, untold_sizes(), times=None)
        flow.faults.add("POST", FILES, untold_sizes(), times=None)
        flow.update(upload_started_at=flow.batch().built_at)
        name = f"{flow.installation().installation_id}-{KEY}-1.jsonl"
        content = flow.store.batch(KEY).path("requests.jsonl").read_bytes()
        there = flow.api.client.files.create(file=(name, content), purpose="batch")
        assert flow.submit().input_file_id == there.id
        brought_in_once(flow)

    @pytest.mark.parametrize("times", [1, 2])
    def test_one_that_is_unknown_just_after_its_upload(self, flow: Flowing, times: int) -> None:
        flow.until_built()
        flow.faults.add("POST", "/v1/batches", NOT_THERE, times=times)
        flow.submit()
        assert flow.faults.count("POST", FILES) == 1
        brought_in_once(flow)

    def test_one_that_stays_unknown_is_uploaded_anew(self, flow: Flowing) -> None:
        flow.until_built()
        flow.faults.add("POST", "/v1/batches", NOT_THERE, times=3)
        flow.submit()
        assert flow.faults.count("POST", FILES) == 2
        brought_in_once(flow)


# The rules alone

NOW = datetime(2026, 11, 27)  # noqa: DTZ001 (the ledger's times have no zone)
file_ids = st.sampled_from([None, "", "file-1"])
counts = st.none() | st.integers(-1, 5)


def remote(status: str, output: Any, errors: Any, answered: Any, failed: Any) -> Any:
    told = SimpleNamespace(total=5, completed=answered, failed=failed)
    return SimpleNamespace(
        status=status, output_file_id=output, error_file_id=errors, request_counts=told
    )


@given(st.sampled_from(STATUSES), file_ids, file_ids, counts, counts)
def test_counted_answers_need_a_file(
    status: str, output: Any, errors: Any, answered: Any, failed: Any
) -> None:
    found = unnamed_file(remote(status, output, errors, answered, failed))
    claims = not output and answered is not None and answered > 0
    assert (found is Contradiction.answers_unnamed) == claims
    if output:
        assert found is None
    if status == "completed" and not output and not errors:
        assert found is not None


@given(st.integers(0, 40), st.floats(0, 200_000))
def test_looks_are_far_apart_and_never_end(looks: int, seconds: float) -> None:
    batch: Any = SimpleNamespace(
        contradiction=Contradiction.batch_unknown if looks else None,
        contradiction_looks=looks or None,
        contradiction_since=NOW if looks else None,
    )
    then = NOW + timedelta(seconds=seconds)
    lasted = looks >= LEAST_LOOKS and timedelta(seconds=seconds) >= PATIENCE
    assert has_lasted(batch, then) == lasted
    # 5, 10, 20 … seconds, and from the eleventh look on an hour each.
    pauses = [min(5 * 2**number, 3600) if number < 10 else 3600 for number in range(looks)]
    assert is_due(batch, then) == (seconds >= sum(pauses))
