"""The request file: one line a resume, each limit kept, what has no room given back."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from resume_assets.batches.sending import building
from resume_assets.batches.sending import lines as request_lines
from resume_assets.batches.store import REQUESTS
from resume_assets.batches.upkeep import people
from resume_assets.extraction.text import text_hash
from resume_assets.models.tokens import MARKER, TokenCounter, counter_for
from resume_assets.openai_api.limits import MAX_FILE_BYTES
from resume_assets_tests.flow import KEY, Flowing, resume


def lines(flow: Flowing) -> list[dict[str, Any]]:
    with flow.store.batch(KEY).read(REQUESTS) as stream:
        return [json.loads(line) for line in stream]


def texts(flow: Flowing) -> dict[str, str]:
    return {line["custom_id"]: line["body"]["messages"][1]["content"] for line in lines(flow)}


def test_each_resume_is_one_line_that_leads_back(flow: Flowing):
    batch = flow.until_built()
    assert batch.requests == 3
    assert batch.file_bytes == flow.store.batch(KEY).size(REQUESTS)
    assert texts(flow) == {str(number): resume(number) for number in (1, 2, 3)}
    assert [line["custom_id"] for line in lines(flow)] == ["1", "2", "3"]


def test_every_line_asks_the_same_but_for_the_resume(flow: Flowing):
    flow.until_built()
    asked = lines(flow)
    for line in asked:
        line["custom_id"] = line["body"]["messages"][1]["content"] = ""
    assert asked[0] == asked[1] == asked[2]
    body = asked[0]["body"]
    assert (asked[0]["method"], asked[0]["url"]) == ("POST", "/v1/chat/completions")
    assert body["model"] == "gpt-4o-mini-2024-07-18"
    assert body["temperature"] == 0.2
    assert body["store"] is False
    assert body["response_format"]["json_schema"]["strict"] is True


def test_another_server_than_openai_is_not_told_to_store_nothing(flow: Flowing):
    flow.set(openai_base_url="http://127.0.0.1:8321/v1")
    flow.until_built()
    assert all("store" not in line["body"] for line in lines(flow))


def test_a_model_that_refuses_a_temperature_gets_none(flow: Flowing):
    flow.set(model="gpt-6-luna")
    flow.until_built()
    assert "temperature" not in lines(flow)[0]["body"]


def test_building_again_makes_the_same_file(flow: Flowing):
    flow.until_built()
    with flow.store.batch(KEY).read(REQUESTS) as stream:
        first = stream.read()
    batches = flow.database.ledger.batches
    flow.database.write(
        lambda connection: connection.execute(batches.update().values(state="claimed"))
    )
    flow.build()
    with flow.store.batch(KEY).read(REQUESTS) as stream:
        assert stream.read() == first


def test_tokens_are_counted_exactly_and_the_hash_is_of_the_whole_text(flow: Flowing):
    batch = flow.until_built()
    counter = counter_for(batch.model)
    for userid, item in flow.items().items():
        assert item.estimated_tokens == counter.count(resume(userid))
        assert item.text_hash == text_hash(resume(userid))
        assert not item.truncated


def test_what_was_read_in_the_wrong_encoding_is_mended_and_the_hash_stays_the_tables(flow: Flowing):
    mangled = "# JosÃ© MÃ¼ller\n\nMarch 2019 â€“ today"
    flow.change(2, markdownResume=mangled)
    batch = flow.until_built()
    sent = texts(flow)["2"]
    assert sent == "# José Müller\n\nMarch 2019 – today"
    item = flow.items()[2]
    assert item.text_hash == text_hash(mangled)
    assert item.estimated_tokens == counter_for(batch.model).count(sent)
    assert (item.truncated, batch.truncated) == (False, 0)


def test_a_resume_beyond_the_window_loses_its_middle(flow: Flowing):
    long = "START " + "word " * 200_000 + "END"
    flow.change(2, markdownResume=long)
    batch = flow.until_built()
    assert batch.truncated == 1
    sent = texts(flow)["2"]
    assert sent.startswith("START")
    assert sent.endswith("END")
    assert MARKER in sent
    item = flow.items()[2]
    assert item.truncated
    assert item.text_hash == text_hash(long)
    sent_in_all = item.estimated_tokens + batch.overhead_tokens + batch.max_output_tokens
    assert 128_000 - 0.1 * batch.overhead_tokens - 50 < sent_in_all <= 128_000


def test_who_lost_the_resume_since_claiming_goes_back(flow: Flowing):
    flow.plan()
    flow.claim()
    flow.delete(1)
    flow.change(2, markdownResume=" ")
    batch = flow.build()
    assert batch.requests == 1
    assert flow.ends() == {1: "released: resume_gone", 2: "released: blank", 3: "claimed"}
    assert list(flow.claims()) == [3]


@pytest.mark.parametrize("blank", [" \n" * 600, "\u200b" * 2_000])
def test_a_long_resume_that_is_blank_is_claimed_once(flow: Flowing, blank: str):
    """Only short ones are looked at before they are claimed: reading all texts would take long."""
    flow.change(2, markdownResume=blank)
    flow.until_done()
    assert flow.ends() == {1: "succeeded", 2: "released: blank", 3: "succeeded"}
    assert (flow.items()[2].estimated_tokens, flow.items()[2].truncated) == (0, False)
    assert sorted(flow.book.sent()) == ["1", "3"]
    assert flow.waiting() == []
    assert [(one.userid, one.reason) for one in flow.given_up()] == [(2, "blank")]
    assert people.forgive(flow.database, flow.settings, [2]) == 1
    assert flow.waiting() == [2]
    flow.until_built("again")
    assert flow.batch("again").state == "empty"
    assert flow.waiting() == []
    flow.change(2, markdownResume=resume(2))
    assert flow.waiting() == [2]
    assert flow.given_up() == []


def test_a_batch_that_lost_all_its_resumes_is_empty(flow: Flowing):
    flow.plan()
    flow.claim()
    for userid in (1, 2, 3):
        flow.delete(userid)
    batch = flow.build()
    assert (batch.state, batch.message) == ("empty", "No resume was left to be sent.")
    assert flow.is_balanced()


def test_what_has_no_room_in_the_file_goes_back(flow: Flowing, monkeypatch):
    first = flow.until_built("first")
    each = first.file_bytes // 3
    flow.seed({number: resume(number) for number in (11, 12, 13)})
    flow.plan()
    flow.claim()
    monkeypatch.setattr(request_lines, "MAX_FILE_BYTES", each * 2 + each // 2)
    batch = flow.build()
    assert batch.requests == 2
    assert batch.file_bytes <= each * 2 + each // 2
    assert flow.ends()[13] == "released: file_full"
    assert flow.waiting() == [13]
    assert MAX_FILE_BYTES < 200_000_000


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_file_holds_as_many_requests_as_openai_takes(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    flow.plan()
    flow.claim()
    monkeypatch.setattr(building, "most_requests", lambda _: most)
    assert flow.build().requests == most
    assert sorted(flow.waiting()) == [1, 2, 3][most:]
    assert {flow.ends()[who] for who in (1, 2, 3)[most:]} <= {"released: file_full"}


def test_who_has_the_text_of_one_that_had_no_room_waits_too(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow.change(3, markdownResume=resume(2))
    flow.plan()
    flow.claim()
    monkeypatch.setattr(building, "most_requests", lambda _: 1)
    batch = flow.build()
    assert (batch.requests, batch.reused) == (1, 0)
    assert flow.ends() == {1: "claimed", 2: "released: file_full", 3: "released: file_full"}
    assert sorted(flow.waiting()) == [2, 3]


@pytest.mark.parametrize("above", [0, 1])
def test_a_long_prompt_is_reserved_at_its_price(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch, above: int
) -> None:
    """gpt-6-luna in a batch: 0.05 in and 0.25 out, twice and half as much again for long ones."""
    flow.set(model="gpt-6-luna")
    flow.plan()
    flow.claim()
    text = resume(1) + "\nword" * 2_000
    flow.change(1, markdownResume=text)
    count = counter_for(flow.batch().model).count
    long, others = count(text), count(resume(2)) + count(resume(3))
    monkeypatch.setattr(building, "measured_overhead", lambda *_: 600.0)
    monkeypatch.setattr(request_lines, "long_prompt_from", lambda *_: long + 600 - above)
    batch = flow.build()
    output = batch.estimated_output_tokens
    assert batch.estimated_input_tokens == long + others + 3 * 600
    if above:
        expected = (long + 600) * 0.10 + (others + 2 * 600) * 0.05
        expected += output / 3 * 0.375 + output * 2 / 3 * 0.25
    else:
        expected = (long + others + 3 * 600) * 0.05 + output * 0.25
    assert float(batch.estimated_cost) == pytest.approx(expected / 1e6, abs=2e-6)


@pytest.mark.parametrize(("short_of", "requests"), [(0, 3), (1, 2)])
def test_a_file_may_be_exactly_as_long_as_openai_takes(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch, short_of: int, requests: int
) -> None:
    longest = flow.until_built("first").file_bytes
    assert longest is not None
    flow.seed({number: resume(number) for number in (4, 5, 6)})  # as long as the first three
    flow.plan()
    flow.claim()
    monkeypatch.setattr(request_lines, "MAX_FILE_BYTES", longest - short_of)
    batch = flow.build()
    assert batch.requests == requests
    assert batch.file_bytes == longest * requests // 3


@pytest.mark.parametrize("most", [{"_PAGE_ROWS": 2}, {"_PAGE_BYTES": 1}])
def test_page_by_page_it_is_the_same_file(flow: Flowing, monkeypatch, most: dict[str, int]):
    for name, value in most.items():
        monkeypatch.setattr(building, name, value)
    batch = flow.until_built()
    assert [line["custom_id"] for line in lines(flow)] == ["1", "2", "3"]
    assert texts(flow) == {str(number): resume(number) for number in (1, 2, 3)}
    assert batch.requests == 3
    assert batch.file_bytes == flow.store.batch(KEY).size(REQUESTS)
    assert all(item.estimated_tokens for item in flow.items().values())


@pytest.mark.parametrize(
    "text",
    ["NUL \0 here", 'quotes " and \\ and --', "日本語 Łódź \N{ROCKET}", "<|endoftext|>"],
)
def test_odd_texts_make_a_line_like_any_other(flow: Flowing, text: str):
    flow.change(1, markdownResume=text)
    flow.until_built()
    assert texts(flow)["1"] == text


def test_after_a_cut_answer_there_is_more_room(flow: Flowing):
    flow.plan()
    flow.claim()
    items = flow.database.ledger.items
    flow.database.write(
        lambda connection: connection.execute(
            items.update().where(items.c.userid == 2).values(room=2)
        )
    )
    flow.build()
    assert [line["body"]["max_completion_tokens"] for line in lines(flow)] == [4000, 8000, 4000]


@pytest.mark.parametrize("many", [0, 1, 2, 5])
def test_each_after_the_next(many: int) -> None:
    made: list[int] = []

    def making() -> Iterator[int]:
        for number in range(many):
            made.append(number)
            yield number

    got = []
    for number in building._each_after_the_next(making()):
        assert made[-1] == min(number + 1, many - 1)
        got.append(number)
    assert got == list(range(many))


def test_what_goes_wrong_while_counting_leaves_the_batch_claimed(flow: Flowing, monkeypatch):
    monkeypatch.setattr(building, "_PAGE_ROWS", 1)
    flow.plan()
    flow.claim()
    with monkeypatch.context() as broken:
        broken.setattr(TokenCounter, "count_many", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            flow.build()
    assert flow.batch().state == "claimed"
    assert not flow.store.batch(KEY).has(REQUESTS)
    assert flow.build().requests == 3
