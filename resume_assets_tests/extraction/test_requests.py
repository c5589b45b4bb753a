"""Request lines: what the API takes, whatever a resume holds."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.extraction.candidate import response_format
from resume_assets.extraction.prompt import INSTRUCTIONS
from resume_assets.extraction.requests import RequestSettings, RequestTemplate, custom_id

SETTINGS = RequestSettings("gpt-4o-mini-2024-07-18", 0.2, 4_000, "max_completion_tokens")
TEMPLATE = RequestTemplate(SETTINGS)


def test_a_line():
    line = TEMPLATE.line("17", "Jane Doe\nEngineer")
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "custom_id": "17",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {
            "model": "gpt-4o-mini-2024-07-18",
            "temperature": 0.2,
            "max_completion_tokens": 4_000,
            "response_format": response_format(),
            "messages": [
                {"role": "system", "content": INSTRUCTIONS},
                {"role": "user", "content": "Jane Doe\nEngineer"},
            ],
        },
    }


def test_what_a_model_refuses_is_left_out():
    settings = RequestSettings("gpt-6-luna", None, 100, "max_tokens", "none")
    body: dict[str, Any] = json.loads(RequestTemplate(settings).line("1", "x"))["body"]
    assert "temperature" not in body
    assert body["reasoning_effort"] == "none"
    assert body["max_tokens"] == 100
    assert "max_completion_tokens" not in body
    assert "reasoning_effort" not in json.loads(TEMPLATE.line("1", "x"))["body"]


def test_a_temperature_of_zero_is_sent():
    settings = RequestSettings("m", 0.0, 100, "max_tokens")
    assert json.loads(RequestTemplate(settings).line("1", "x"))["body"]["temperature"] == 0


@pytest.mark.parametrize(
    ("resume", "sent"),
    [
        ("a\x00b", "a\x00b"),
        ("a\ud83d", "a\ufffd"),
        ("\ud83d\ude00", "😀"),
        ('"}]}}\n{"custom_id"', '"}]}}\n{"custom_id"'),
        ("\u2028 line \x85", "\u2028 line \x85"),
        ("\0", "\0"),
        ("", ""),
    ],
)
def test_odd_resumes(resume, sent):
    line = TEMPLATE.line("1", resume)
    assert line.count(b"\n") == 1
    assert json.loads(line)["body"]["messages"][1]["content"] == sent


@given(st.text(st.characters(codec=None)), st.text(max_size=20))
def test_one_line_of_valid_json_and_known_size(resume, name):
    line = TEMPLATE.line(name, resume)
    sent = json.loads(line)
    text = sent["body"]["messages"][1]["content"]
    assert line.count(b"\n") == 1
    assert sent["custom_id"] == name.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if not any("\ud800" <= character <= "\udfff" for character in resume):
        assert text == resume
    # Both in as few bytes as JSON allows, so that 200 MB hold as much as they can.
    shortest = len(_shortest(text)) + len(_shortest(sent["custom_id"]))
    assert len(line) == TEMPLATE.fixed_bytes + shortest - 4


def _shortest(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False).replace("\\u007f", "\x7f").encode()


def test_fixed_text_is_what_every_line_carries():
    assert INSTRUCTIONS in TEMPLATE.fixed_text
    schema = TEMPLATE.fixed_text.removeprefix(INSTRUCTIONS)
    assert json.loads(schema) == response_format()
    assert TEMPLATE.fixed_bytes < 4_000


@pytest.mark.parametrize("userid", [17, "17", "abc_D-9", "x-short", "a" * 64])
def test_a_plain_userid_is_its_own_custom_id(userid):
    assert custom_id(userid) == str(userid)


@pytest.mark.parametrize(
    "userid", ["", "a b", "ü", "a" * 65, "17\n", "a/b", "x-" + "0" * 32, "\ud83d", "१७"]
)
def test_other_userids_are_hashed(userid):
    hashed = custom_id(userid)
    assert hashed.startswith("x-")
    assert len(hashed) == 34
    assert hashed != userid
    assert custom_id(userid) == hashed


def test_known_hash():
    # printf 'a b' | sha256sum
    assert custom_id("a b") == "x-c8687a08aa5d6ed2044328fa6a697ab8"


@given(st.sets(st.text(st.characters(codec=None)), max_size=30))
def test_custom_ids_are_unique_and_plain(userids):
    ids = [custom_id(userid) for userid in userids]
    assert len(set(ids)) == len(ids)
    assert all(one.isascii() and 1 <= len(one) <= 64 for one in ids)
