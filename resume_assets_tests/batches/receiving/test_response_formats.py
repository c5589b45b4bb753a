"""Servers without strict schemas: the answers are read all the same, once the setting says so."""

import json

import pytest

from resume_assets.batches.store import REQUESTS
from resume_assets.choices import ResponseFormat
from resume_assets_tests.flow import KEY, Flowing
from resume_assets_tests.local_openai.plain import knows_only

KNOWN = {
    ResponseFormat.json_object: ("text", "json_object"),
    ResponseFormat.none: ("text",),
}


@pytest.mark.parametrize("form", KNOWN)
def test_a_whole_batch(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch, form: ResponseFormat
) -> None:
    with_schema = flow.until_done("strict", rows=1)
    expected = {**flow.candidate(1)._mapping, "userid": 2, "Email": "ada2@example.com"}
    knows_only(monkeypatch, *KNOWN[form])
    flow.set(response_format=form)
    batch = flow.until_done(rows=1)
    assert (batch.succeeded, batch.response_format) == (1, form)
    assert flow.is_balanced()
    read = dict(flow.candidate(2)._mapping)
    for column in ("markdownResume", "datelastmodified", "LastProcessed", "Phone1", "LastName"):
        del read[column], expected[column]
    assert read == expected
    # The schema in the instructions is counted, and has fewer tokens than the strict one.
    assert batch.overhead_tokens < with_schema.overhead_tokens
    assert batch.overhead_measured == pytest.approx(batch.overhead_tokens, rel=0.25)


def test_the_word_that_openai_demands_is_in_each_request(flow: Flowing) -> None:
    """The local server refuses `json_object` without it, as OpenAI does."""
    flow.set(response_format=ResponseFormat.json_object)
    batch = flow.until_ended()
    assert (batch.requests_completed, batch.requests_failed) == (3, 0)
    with flow.store.batch(KEY).read(REQUESTS) as stream:
        body = json.loads(stream.readline())["body"]
    assert body["response_format"] == {"type": "json_object"}


def test_before_the_setting_says_so_nothing_is_lost(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    knows_only(monkeypatch, "text", "json_object")
    batch = flow.until_done()
    assert batch.succeeded == 0
    assert set(flow.ends().values()) == {"failed: http_500:server_error"}
    assert not any(item.attempt_used for item in flow.items().values())
    flow.set(response_format=ResponseFormat.json_object)
    assert flow.until_done("again").succeeded == 3
