"""Request lines: what the API takes, whatever a resume holds."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.choices import ResponseFormat
from resume_assets.extraction.candidate import response_format, schema_in_words
from resume_assets.extraction.prompt import load_prompt, prompt_of
from resume_assets.extraction.requests import RequestSettings, RequestTemplate, custom_id
from resume_assets.models.tokens import count

LEAN = load_prompt("lean")
STRICT = ResponseFormat.json_schema
SETTINGS = RequestSettings(
    "gpt-4o-mini-2024-07-18", 0.2, 4_000, "max_completion_tokens", LEAN, STRICT
)
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
                {"role": "system", "content": LEAN.text},
                {"role": "user", "content": "Jane Doe\nEngineer"},
            ],
        },
    }


def test_what_a_model_refuses_is_left_out():
    settings = RequestSettings("gpt-6-luna", None, 100, "max_tokens", LEAN, STRICT, "none")
    body: dict[str, Any] = json.loads(RequestTemplate(settings).line("1", "x"))["body"]
    assert "temperature" not in body
    assert body["reasoning_effort"] == "none"
    assert body["max_tokens"] == 100
    assert "max_completion_tokens" not in body
    assert "reasoning_effort" not in json.loads(TEMPLATE.line("1", "x"))["body"]


def test_a_temperature_of_zero_is_sent():
    settings = RequestSettings("m", 0.0, 100, "max_tokens", LEAN, STRICT)
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
    assert LEAN.text in TEMPLATE.fixed_text
    schema = TEMPLATE.fixed_text.removeprefix(LEAN.text)
    assert json.loads(schema) == response_format()
    assert TEMPLATE.fixed_bytes < 4_000


@pytest.mark.parametrize("userid", [17, "17", "abc_D-9", "x-short", "a" * 64])
def test_a_plain_userid_is_its_own_custom_id(userid):
    assert custom_id(userid) == str(userid)


@pytest.mark.parametrize(
    "userid", ["", "a b", "ü", "a" * 65, 10**64, "17\n", "a/b", "x-" + "0" * 32, "\ud83d", "१७"]
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


@pytest.mark.parametrize("form", ["json_object", "none"])
def test_without_a_schema_beside_them_the_instructions_tell_it(form):
    asked = replace(SETTINGS, response_format=ResponseFormat(form))
    template = RequestTemplate(asked)
    body = json.loads(template.line("1", "x"))["body"]
    system = body["messages"][0]["content"]
    assert body.get("response_format") == ({"type": form} if form == "json_object" else None)
    assert system.startswith(LEAN.text)
    assert "JSON" in system  # OpenAI refuses `json_object` without the word
    assert system.endswith(schema_in_words())
    assert template.fixed_text == system


def test_the_schema_in_words_names_every_field_with_its_type_in_fewer_tokens():
    told = schema_in_words()
    wanted = response_format()["json_schema"]["schema"]
    assert re.findall(r'"(\w+)":', told) == [
        name
        for field, shape in wanted["properties"].items()
        for name in (field, *shape.get("items", {}).get("properties", ()))
    ]
    assert '"city":string' in told
    assert '"skills":[string]' in told
    assert '"positions":[{"company":string,' in told
    assert '"average_tenure":number|null' in told
    assert count(told) < count(json.dumps(wanted, separators=(",", ":"))) * 0.4


def test_the_prompt_is_sent_as_it_is():
    mine = prompt_of("mine.md", 'Say "x"\nund Ä \\ {json}')
    line = RequestTemplate(replace(SETTINGS, prompt=mine)).line("1", "x")
    assert json.loads(line)["body"]["messages"][0]["content"] == mine.text
