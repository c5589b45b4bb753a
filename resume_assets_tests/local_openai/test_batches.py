from typing import Any

import openai
import pytest

from resume_assets.local_openai.book import Book
from resume_assets.local_openai.settings import Limits, Pace
from resume_assets_tests.local_openai.support import (
    ENDPOINT,
    MODEL,
    START,
    Driver,
    driven,
    jsonl,
    request,
    requests,
)

DAY = 86_400


def test_a_batch_lives_through_its_states(manual: Driver, folder) -> None:
    assert manual.clock
    made = manual.submit(requests(50), metadata={"batch_key": "a", "try": "1"})
    assert (made.object, made.status, made.endpoint) == ("batch", "validating", ENDPOINT)
    assert made.completion_window == "24h"
    assert made.metadata == {"batch_key": "a", "try": "1"}
    assert (made.created_at, made.expires_at) == (START, START + DAY)
    assert made.request_counts
    assert made.request_counts.total == 0
    empty = (made.errors, made.output_file_id, made.error_file_id, made.model)
    assert empty == (None,) * 4
    assert made.in_progress_at is made.completed_at is None

    manual.clock.advance(1)
    batch = manual.client.batches.retrieve(made.id)
    assert (batch.status, batch.model, batch.in_progress_at) == ("in_progress", MODEL, START + 1)
    seen = []
    for _ in range(4):
        manual.clock.advance(20)
        counts = manual.client.batches.retrieve(made.id).request_counts
        assert counts
        seen.append((counts.completed, counts.total))
    assert seen == [(10, 50), (20, 50), (30, 50), (40, 50)]
    manual.clock.advance(20)
    batch = manual.client.batches.retrieve(made.id)
    assert (batch.status, batch.finalizing_at) == ("finalizing", START + 101)
    assert batch.output_file_id is None
    manual.clock.advance(2)
    batch = manual.client.batches.retrieve(made.id)
    assert (batch.status, batch.completed_at) == ("completed", START + 103)
    assert (batch.error_file_id, batch.errors) == (None, None)

    lines = manual.lines(batch.output_file_id)
    order = [line["custom_id"] for line in lines]
    assert sorted(order) == sorted(f"r-{n}" for n in range(50))
    assert order != sorted(order, key=lambda name: int(name[2:]))
    for line in lines:
        assert line["error"] is None
        assert line["response"]["status_code"] == 200
        answer = line["response"]["body"]["choices"][0]
        assert answer["finish_reason"] == "stop"
    usage = batch.usage
    assert usage
    used = [line["response"]["body"]["usage"] for line in lines]
    assert usage.input_tokens == sum(u["prompt_tokens"] for u in used) > 0
    assert usage.output_tokens == sum(u["completion_tokens"] for u in used) > 0
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    assert Book(folder).billed_tokens() == (usage.input_tokens, usage.output_tokens)
    assert sorted(Book(folder).completed(made.id)) == sorted(order)
    output = manual.client.files.retrieve(batch.output_file_id or "")
    assert (output.purpose, output.expires_at) == ("batch_output", None)


def test_one_file_may_be_two_batches_each_paid(quick: Driver, folder) -> None:
    file = quick.upload(requests(2))
    first, second = quick.create(file.id), quick.create(file.id)
    assert first.id != second.id
    for batch in (first, second):
        assert quick.wait(batch.id).status == "completed"
    assert Book(folder).paid_twice() == {"r-0": 2, "r-1": 2}


def test_output_expires_after(manual: Driver) -> None:
    assert manual.clock
    made = manual.submit(
        requests(1), output_expires_after={"anchor": "created_at", "seconds": 3_600}
    )
    manual.clock.advance(200)
    output = manual.client.files.retrieve(
        manual.client.batches.retrieve(made.id).output_file_id or ""
    )
    assert output.expires_at == START + 200 + 3_600


@pytest.mark.parametrize(
    ("changed", "code", "param"),
    [
        ({"endpoint": "/v1/embeddings"}, "invalid_value", "endpoint"),
        ({"endpoint": None}, "missing_required_parameter", "endpoint"),
        ({"endpoint": 5}, "invalid_type", "endpoint"),
        ({"completion_window": "1h"}, "invalid_value", "completion_window"),
        ({"completion_window": None}, "missing_required_parameter", "completion_window"),
        ({"input_file_id": None}, "missing_required_parameter", "input_file_id"),
        ({"input_file_id": "file-unknown"}, None, "input_file_id"),
        ({"metadata": "x"}, "invalid_type", "metadata"),
        ({"metadata": {"k": 5}}, "invalid_type", "metadata.k"),
        (
            {"metadata": {f"k{n}": "" for n in range(17)}},
            "object_above_max_properties",
            "metadata",
        ),
        ({"metadata": {"k" * 65: ""}}, "string_above_max_length", "metadata"),
        ({"metadata": {"k": "v" * 513}}, "string_above_max_length", "metadata.k"),
        ({"output_expires_after": "x"}, "invalid_type", "output_expires_after"),
        (
            {"output_expires_after": {"anchor": "created_at", "seconds": 1}},
            "integer_below_min_value",
            "output_expires_after.seconds",
        ),
        ({"surprise": 1}, "unknown_parameter", "surprise"),
    ],
)
def test_a_wrong_creation_is_refused(
    shared: Driver, changed: dict[str, Any], code: str | None, param: str
) -> None:
    body = {
        "input_file_id": shared.upload(requests(1)).id,
        "endpoint": ENDPOINT,
        "completion_window": "24h",
        **changed,
    }
    with pytest.raises(openai.BadRequestError) as error:
        shared.client.post("/batches", cast_to=object, body=body)
    assert (error.value.code, error.value.param) == (code, param)
    assert error.value.type == "invalid_request_error"
    assert list(shared.client.batches.list()) == []


def test_metadata_at_its_limits_is_kept(manual: Driver) -> None:
    metadata = {f"{n:064}": "v" * 512 for n in range(16)}
    assert manual.submit(requests(1), metadata=metadata).metadata == metadata


def test_only_batch_files_make_batches(manual: Driver) -> None:
    other = manual.client.files.create(file=("a.jsonl", requests(1)), purpose="user_data")
    deleted = manual.upload(requests(1))
    manual.client.files.delete(deleted.id)
    for file in (other, deleted):
        with pytest.raises(openai.BadRequestError) as error:
            manual.create(file.id)
        assert error.value.param == "input_file_id"


def test_unknown_batches_are_404(manual: Driver) -> None:
    for call in (manual.client.batches.retrieve, manual.client.batches.cancel):
        with pytest.raises(openai.NotFoundError):
            call("batch_unknown")


def test_a_thousand_batches_are_listed_by_the_hundred(manual: Driver) -> None:
    file = manual.upload(requests(1))
    ids = [manual.create(file.id).id for _ in range(1_000)]
    pages = list(manual.client.batches.list(limit=100).iter_pages())
    assert [len(page.data) for page in pages] == [100] * 10
    assert [batch.id for page in pages for batch in page.data] == ids[::-1]
    assert [page.has_more for page in pages] == [True] * 9 + [False]
    raw = manual.client.get("/batches?limit=2", cast_to=object)
    assert isinstance(raw, dict)
    assert (raw["object"], raw["first_id"], raw["last_id"]) == ("list", ids[-1], ids[-2])
    assert [batch.id for batch in manual.client.batches.list(limit=100)] == ids[::-1]
    assert len(manual.client.batches.list().data) == 20
    last = manual.client.batches.list(after=ids[1], limit=100)
    assert ([batch.id for batch in last.data], last.has_more) == ([ids[0]], False)
    for wrong in (0, 101):
        with pytest.raises(openai.BadRequestError):
            manual.client.batches.list(limit=wrong)


def test_cancelled_keeps_what_was_done(manual: Driver, folder) -> None:
    assert manual.clock
    made = manual.submit(requests(50))
    manual.clock.advance(41)
    cancelling = manual.client.batches.cancel(made.id)
    assert (cancelling.status, cancelling.cancelling_at) == ("cancelling", START + 41)
    assert manual.client.batches.cancel(made.id).status == "cancelling"
    manual.clock.advance(4)
    assert manual.status(made.id) == "cancelling"
    manual.clock.advance(1)
    batch = manual.client.batches.retrieve(made.id)
    assert (batch.status, batch.cancelled_at) == ("cancelled", START + 46)
    done = {line["custom_id"] for line in manual.lines(batch.output_file_id)}
    rest = manual.lines(batch.error_file_id)
    assert len(done) == 20
    assert {line["custom_id"] for line in rest} == {f"r-{n}" for n in range(50)} - done
    assert all(line["response"] is None for line in rest)
    assert {line["error"]["code"] for line in rest} == {"batch_cancelled"}
    assert set(Book(folder).completed(made.id)) == done
    with pytest.raises(openai.ConflictError, match="Cannot cancel a batch with status 'cancelled'"):
        manual.client.batches.cancel(made.id)


def test_cancelled_before_it_ran_has_no_files(manual: Driver, folder) -> None:
    assert manual.clock
    made = manual.submit(requests(5))
    manual.client.batches.cancel(made.id)
    manual.clock.advance(10)
    batch = manual.client.batches.retrieve(made.id)
    assert batch.status == "cancelled"
    assert batch.output_file_id is batch.error_file_id is None
    assert Book(folder).completed() == []


def test_expired_keeps_what_was_done(folder) -> None:
    with driven(folder, pace=Pace(1, 100, expire_after_seconds=51)) as driver:
        assert driver.clock
        made = driver.submit(requests(50))
        driver.clock.advance(200)
        batch = driver.client.batches.retrieve(made.id)
        assert (batch.status, batch.expires_at) == ("expired", START + 51)
        assert batch.expired_at == START + 200
        assert batch.completed_at is None
        done = {line["custom_id"] for line in driver.lines(batch.output_file_id)}
        rest = driver.lines(batch.error_file_id)
        assert len(done) == 25
        assert {line["custom_id"] for line in rest} == {f"r-{n}" for n in range(50)} - done
        assert {line["error"]["code"] for line in rest} == {"batch_expired"}
        assert set(Book(folder).completed(made.id)) == done


def test_failed_lines_are_answered_one_by_one(quick: Driver, folder) -> None:
    bad = [request("bad-1", temperature=3), request("bad-2", surprise=1)]
    made = quick.submit(jsonl([bad[0], request("good"), bad[1]]))
    batch = quick.wait(made.id)
    assert batch.status == "completed"
    assert batch.request_counts
    assert (batch.request_counts.completed, batch.request_counts.failed) == (1, 2)
    assert [line["custom_id"] for line in quick.lines(batch.output_file_id)] == ["good"]
    errors = {line["custom_id"]: line for line in quick.lines(batch.error_file_id)}
    assert errors.keys() == {"bad-1", "bad-2"}
    for line in errors.values():
        assert line["error"] is None
        assert line["response"]["status_code"] == 400
        assert line["response"]["body"]["error"]["type"] == "invalid_request_error"
    assert Book(folder).completed() == ["good"]
    assert [e.input_tokens for e in Book(folder).entries() if not e.completed] == [0, 0]


def test_all_lines_failed_leaves_no_output_file(quick: Driver) -> None:
    batch = quick.wait(quick.submit(jsonl([request("bad", temperature=3)])).id)
    assert (batch.status, batch.output_file_id) == ("completed", None)
    assert len(quick.lines(batch.error_file_id)) == 1


def test_a_deleted_input_runs_only_what_was_validated(manual: Driver, folder) -> None:
    assert manual.clock
    unread, read = manual.submit(requests(3)), manual.submit(requests(4))
    manual.client.files.delete(unread.input_file_id)
    manual.clock.advance(1)
    manual.client.files.delete(read.input_file_id)
    manual.clock.advance(200)
    failed = manual.client.batches.retrieve(unread.id)
    assert failed.status == "failed"
    assert failed.errors
    assert failed.errors.data
    assert failed.errors.data[0].code == "invalid_input_file"
    assert manual.status(read.id) == "completed"
    assert len(Book(folder).completed()) == 4
    assert len(list((folder / "files").iterdir())) == 1


def test_enqueued_tokens_are_limited_until_a_batch_ends(folder) -> None:
    content = requests(10)
    limits = Limits(exact_tokens=False, enqueued_tokens=1_000)
    with driven(folder, pace=Pace(1, 100, 0, 2, 5), limits=limits) as driver:
        assert driver.clock
        first = driver.submit(content)
        driver.clock.advance(1)
        assert driver.status(first.id) == "in_progress"
        refused = driver.submit(content)
        driver.clock.advance(1)
        failed = driver.client.batches.retrieve(refused.id)
        assert (failed.status, failed.failed_at) == ("failed", START + 2)
        assert failed.errors
        assert failed.errors.data
        (error,) = failed.errors.data
        assert (error.code, error.line) == ("token_limit_exceeded", None)
        assert f"reached for {MODEL}" in (error.message or "")
        assert "Limit: 1,000 enqueued tokens" in (error.message or "")
        driver.clock.advance(200)
        again = driver.create(refused.input_file_id)
        driver.clock.advance(200)
        assert driver.status(again.id) == "completed"
        assert len(driver.client.batches.list().data) == 3


def test_the_token_limit_may_answer_the_creation(folder) -> None:
    limits = Limits(exact_tokens=False, enqueued_tokens=10, refuse_tokens_at="creation")
    with driven(folder, limits=limits) as driver:
        with pytest.raises(openai.RateLimitError) as error:
            driver.submit(requests(10))
        assert error.value.code == "token_limit_exceeded"
        assert driver.client.batches.list().data == []


def test_many_batches_share_the_worker(quick: Driver, folder) -> None:
    large = quick.submit(requests(3_000))
    small = [quick.submit(requests(2)).id for _ in range(20)]
    for batch_id in small:
        assert quick.wait(batch_id).status == "completed"
    assert quick.wait(large.id).status == "completed"
    book = Book(folder)
    assert len(book.completed(large.id)) == len(set(book.completed(large.id))) == 3_000
