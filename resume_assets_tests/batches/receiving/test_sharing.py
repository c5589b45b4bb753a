"""One answer for all who sent the same text: each gets it once."""

from io import BytesIO

import orjson

from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.receiving.sharing import _copy, share
from resume_assets.batches.store import REUSED
from resume_assets_tests.extraction.answers import full_answer, output_bytes
from resume_assets_tests.faults.test_ends import change_batches, failed_with
from resume_assets_tests.flow import KEY, Flowing, resume


def line(custom_id: str, name: str = "Zofia", **changes: str) -> bytes:
    return output_bytes(full_answer(first_name=name), custom_id=custom_id, **changes) + b"\n"


def copied(answers: list[bytes], waiting: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Whom the copies are for, and the names in them."""
    stream = BytesIO()
    shared = _copy(BytesIO(b"".join(answers)), stream, waiting)
    lines = [orjson.loads(line) for line in stream.getvalue().splitlines()]
    assert len(lines) == shared
    told = [
        orjson.loads(one["response"]["body"]["choices"][0]["message"]["content"]) for one in lines
    ]
    return [(one["custom_id"], name["first_name"]) for one, name in zip(lines, told, strict=True)]


def test_of_two_requests_about_one_text_the_first_answer_is_for_the_others() -> None:
    others = ["3", "4"]
    waiting = {"1": others, "2": others}
    answers = [line("2", "Ada"), line("1", "Zofia"), line("2", "Ada")]
    assert copied(answers, waiting) == [("3", "Ada"), ("4", "Ada")]


def test_what_is_of_no_use_is_shared_with_nobody() -> None:
    answers = [
        line("1", finish_reason="length"),
        b"\n",
        line("9"),
        line("9").replace(b'"9"', b'"\\u0039"'),  # so that only parsing tells whose it is
        b'{"custom_id": "1"}\n',
        line("1", "Ada"),
    ]
    assert copied(answers, {"1": ["3"]}) == [("3", "Ada")]


def test_shared_again_it_is_the_same(flow: Flowing) -> None:
    flow.seed({4: resume(1), 5: resume(1), 6: resume(2)})
    flow.until_collected()
    files = flow.store.batch(KEY)
    before = files.path(REUSED).read_bytes()
    assert before.count(b"\n") == 3
    with leased(flow.database, KEY) as lease:
        assert share(lease, files, flow.batch()) == 3
    assert files.path(REUSED).read_bytes() == before


def test_where_all_texts_differ_nothing_is_shared(flow: Flowing) -> None:
    flow.until_collected()
    files = flow.store.batch(KEY)
    with leased(flow.database, KEY) as lease:
        assert share(lease, files, flow.batch()) == 0
    assert not files.has(REUSED)


def test_where_the_batch_failed_those_with_the_same_text_wait_too(flow: Flowing) -> None:
    flow.seed({4: resume(1)})
    flow.until_submitted()
    change_batches(flow, **failed_with("invalid_json_line", 2))
    flow.wait()
    flow.bring_in()
    [twin] = [who for who, item in flow.items().items() if item.same_text_as]
    ends = flow.ends()
    assert ends.pop(twin) == "released: same_text_unanswered"
    assert set(ends.values()) == {"released: batch_failed"}
    assert len(flow.waiting()) == 4
    assert flow.is_balanced()


def test_answers_of_earlier_batches_stay_where_others_are_shared(flow: Flowing) -> None:
    flow.until_done(rows=1)
    flow.seed({4: resume(1), 5: resume(2)})
    batch = flow.until_done("b2")
    assert (batch.requests, batch.reused, batch.succeeded) == (2, 2, 4)
    assert flow.written() == [1, 2, 3, 4, 5]
    assert flow.is_balanced()
