"""Every way a line can be wrong, and what is still made of it."""

import json
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict

from resume_assets.extraction.candidate import Candidate, fields_of
from resume_assets.extraction.lenient import ShapeError, _Reader, _reader_of
from resume_assets.extraction.recovery import find_object
from resume_assets.extraction.responses import Answer, Outcome, read_line
from resume_assets_tests.extraction.answers import candidate, full_answer, output_bytes, output_line

FULL = json.dumps(full_answer())


def read(content: Any, **changes: Any) -> Answer:
    return read_line(output_bytes(content, **changes))


def http(status: int, body: Any) -> Answer:
    line = {"custom_id": "17", "response": {"status_code": status, "body": body}, "error": None}
    return read_line(json.dumps(line).encode())


def test_a_good_answer():
    answer = read(full_answer())
    assert (answer.custom_id, answer.outcome, answer.reason) == ("17", Outcome.succeeded, "")
    assert answer.candidate == candidate()
    assert (answer.input_tokens, answer.cached_tokens, answer.output_tokens) == (1900, 1024, 420)
    assert (answer.status_code, answer.attempt_used) == (200, True)
    assert (answer.odd_values, answer.recovered) == (0, False)


def test_memoryview_and_newline():
    data = output_bytes(full_answer()) + b"\n"
    assert read_line(memoryview(data)).outcome is Outcome.succeeded
    assert read_line(bytearray(data)).outcome is Outcome.succeeded


@pytest.mark.parametrize(
    ("changes", "outcome", "reason"),
    [
        ({"refusal": "I can't"}, Outcome.refused, "refusal"),
        ({"finish_reason": "content_filter"}, Outcome.refused, "content_filter"),
        ({"finish_reason": "length"}, Outcome.cut, "length"),
        ({"finish_reason": "tool_calls"}, Outcome.invalid, "finish_reason:tool_calls"),
        ({"finish_reason": None}, Outcome.invalid, "no_finish_reason"),
        ({"finish_reason": "Zofia Łódzka"}, Outcome.invalid, "no_finish_reason"),
        ({"finish_reason": ["stop"]}, Outcome.invalid, "no_finish_reason"),
    ],
)
def test_paid_answers_that_are_of_no_use(changes, outcome, reason):
    answer = read(full_answer(), **changes)
    assert (answer.outcome, answer.reason) == (outcome, reason)
    assert answer.candidate is None
    assert answer.attempt_used
    assert answer.output_tokens == 420


def test_a_cut_answer_is_cut_even_where_its_json_is_whole():
    assert read(FULL, finish_reason="length").candidate is None


@pytest.mark.parametrize(
    ("status", "body", "reason", "used"),
    [
        (
            400,
            {"error": {"type": "invalid_request_error", "message": "Zofia", "code": None}},
            "http_400:invalid_request_error",
            True,
        ),
        (
            400,
            {"error": {"type": "invalid_request_error", "code": "context_length_exceeded"}},
            "http_400:context_length_exceeded",
            True,
        ),
        (400, {"error": {"type": "a sentence about Zofia"}}, "http_400", True),
        (404, "not found", "http_404", True),
        (429, {"error": {"code": "insufficient_quota"}}, "http_429:insufficient_quota", False),
        (500, {"error": {"type": "server_error"}}, "http_500:server_error", False),
        (503, None, "http_503", False),
        (302, None, "http_302", False),
    ],
)
def test_http_errors(status, body, reason, used):
    answer = http(status, body)
    assert (answer.outcome, answer.reason, answer.attempt_used) == (Outcome.failed, reason, used)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        ({"code": "batch_expired", "message": "m"}, Outcome.expired, "batch_expired"),
        ({"code": "batch_cancelled", "message": "m"}, Outcome.cancelled, "batch_cancelled"),
        ({"code": "server_error"}, Outcome.failed, "error:server_error"),
        ({"code": 5, "message": "Zofia"}, Outcome.failed, "error:unknown"),
        ({}, Outcome.failed, "error:unknown"),
        (None, Outcome.failed, "no_response"),
        ("text", Outcome.failed, "no_response"),
    ],
)
def test_lines_without_a_response(error, outcome, reason):
    line = {"id": "b", "custom_id": "17", "response": None, "error": error}
    answer = read_line(json.dumps(line).encode())
    assert (answer.custom_id, answer.outcome, answer.reason) == ("17", outcome, reason)
    assert not answer.attempt_used


@pytest.mark.parametrize("line", [b"", b"\n", b"{", b"null", FULL.encode()[:300], b"\xff\xfe\x00"])
def test_what_is_not_json(line):
    answer = read_line(line)
    assert (answer.custom_id, answer.reason) == (None, "line_not_json")
    assert not answer.attempt_used


@pytest.mark.parametrize("line", [b"[]", b"5", b'"text"', b"true", b"1" * 5_000, b"[" * 100_000])
def test_json_of_another_shape(line):
    answer = read_line(line)
    assert answer.custom_id is None
    assert answer.outcome is Outcome.invalid


@pytest.mark.parametrize(
    "custom_id", [None, 17, ["17"], "", "a b", "ü", "x" * 65, "17\n", "\ud83d"]
)
def test_ids_that_we_never_sent_lead_back_to_nobody(custom_id):
    assert read_line(output_bytes(full_answer(), custom_id=custom_id)).custom_id is None


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (["response", "body"], None, "no_choices"),
        (["response", "body"], [], "no_choices"),
        (["response", "body", "choices"], [], "no_choices"),
        (["response", "body", "choices"], {}, "no_choices"),
        (["response", "body", "choices"], ["stop"], "no_choices"),
        (["response", "body", "choices", 0, "message"], None, "no_content"),
        (["response", "body", "choices", 0, "message", "content"], None, "no_content"),
        (["response", "body", "choices", 0, "message", "content"], ["a"], "no_content"),
        (["response", "body", "choices", 0, "message", "content"], "", "not_json"),
        (["response", "body", "choices", 0, "message", "content"], "{}", "schema:keys"),
    ],
)
def test_wrong_types_on_the_way_to_the_answer(path, value, reason):
    line = output_line(full_answer())
    place = line
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    answer = read_line(json.dumps(line).encode())
    assert answer.custom_id == "17"
    assert answer.reason == reason
    assert answer.candidate is None


@pytest.mark.parametrize(
    "usage", [None, [], {"prompt_tokens": "9"}, {"prompt_tokens": -1}, {"prompt_tokens": 2**40}]
)
def test_counts_that_are_none_are_zero(usage):
    line = output_line(full_answer())
    line["response"]["body"]["usage"] = usage
    answer = read_line(json.dumps(line).encode())
    assert answer.outcome is Outcome.succeeded
    assert answer.input_tokens == answer.cached_tokens == answer.output_tokens == 0


def test_odd_values_become_text_or_nothing_and_are_counted():
    odd = full_answer(
        city=75_001,
        state=None,
        street=["12 Elm Street", None, "Apt 4"],
        linkedin={"url": "x"},
        phones="512-555-0134; 512-555-0199",
        emails=None,
        skills=["SQL", 5, None, {"name": "x"}],
        years_experience="12+ years",
        years_in_us=True,
        average_tenure="long",
        nickname="Zo",
    )
    del odd["middle_name"]
    answer = read(odd)
    assert answer.outcome is Outcome.succeeded
    person = answer.candidate
    assert person is not None
    assert (person.city, person.state, person.street) == ("75001", "", "12 Elm Street, Apt 4")
    assert (person.linkedin, person.middle_name) == ("", "")
    assert person.phones == ["512-555-0134", "512-555-0199"]
    assert (person.emails, person.skills) == ([], ["SQL", "5"])
    assert (person.years_experience, person.years_in_us, person.average_tenure) == (12, None, None)
    # city, state, street, linkedin, phones, emails, three skills, three numbers, nickname, name
    assert answer.odd_values == 14
    assert answer.odd_fields["skills"] == 3
    assert answer.odd_fields[""] == 1


def test_a_list_given_as_text_is_parted_where_no_entity_is():
    answer = read(full_answer(skills="R&amp;D; SQL|S&atilde;o, C&#43;&#43;;"))
    assert answer.candidate is not None
    assert answer.candidate.skills == ["R&amp;D", "SQL", "S&atilde;o", "C&#43;&#43;"]


def test_odd_positions():
    answer = read(
        full_answer(positions=[{"company": "Acme", "start": 2019, "pay": 5}, "Globex", None, 7])
    )
    assert answer.candidate is not None
    assert [asdict(job) for job in answer.candidate.positions] == [
        {"company": "Acme", "start": "2019", "end": "", "location": ""}
    ]
    # pay, start, end, location; and three that are no position
    assert answer.odd_values == 7


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([full_answer()], "schema:object"),
        ({"error": "no resume"}, "schema:keys"),
        ({"summary": "x", "note": 1, "other": 2}, "schema:keys"),
        (full_answer(positions="Acme"), "schema:positions"),
        (full_answer(positions={"0": {}}), "schema:positions"),
        ({name: {"type": "string"} for name in fields_of(Candidate) if "s" not in name}, None),
        ("I can't read this resume.", "not_json"),
        ("{hello}", "not_json"),
        (FULL[:900], "truncated"),
        (FULL[: FULL.index("},") + 1], "truncated"),
        (FULL[:-1], "truncated"),
        (FULL + FULL.replace("Zofia", "Anna"), "ambiguous"),
        (FULL[:-1] + ",}" + FULL.replace("Zofia", "Anna"), "ambiguous"),
        ('"city": "Waco", ' + FULL, "ambiguous"),
    ],
)
def test_answers_that_are_no_candidate(content, reason):
    answer = read(content)
    assert answer.outcome is Outcome.invalid
    assert answer.reason == (reason or "schema:values")
    assert answer.attempt_used
    assert answer.candidate is None


@pytest.mark.parametrize(
    "content",
    [
        f"```json\n{FULL}\n```",
        f"Here is what I found in {{the resume}}:\n{FULL}\nI hope that helps!",
        f"{FULL}\n\n{FULL}",
        f"<think>maybe {FULL.replace('Zofia', 'Anna')}</think>\n{FULL}",
        FULL[:-1] + ",}",
        FULL.replace('"TX"', '"TX",').replace('"TX",,', '"TX",'),
        repr(full_answer()),
        json.dumps(FULL),
        "// the candidate\n" + FULL.replace('"city"', '/* where */ "city"'),
        f"<think>it is\n{FULL}",
        f'Of {{"the resume"}}:\n{FULL}',
        f"Here it is: {FULL[:-1]},}} I hope that helps!",
    ],
    ids=[
        *("fence", "prose", "twice", "thought", "comma", "same", "python", "in quotes"),
        *("comments", "thought without an end", "braces before", "comma in prose"),
    ],
)
def test_one_object_in_other_text_is_recovered(content):
    answer = read(content)
    assert answer.outcome is Outcome.succeeded
    assert answer.candidate == candidate()


def test_mending_never_makes_another_candidate():
    good = candidate()
    mended = 0
    for index in range(len(FULL)):
        broken = FULL[:index] + FULL[index + 1 :]
        answer = read(broken)
        if answer.recovered:
            assert answer.candidate == good or FULL[index] not in '{}[]:,"'
            mended += answer.candidate == good
    assert mended > 30


def test_recovery_is_told():
    assert read(f"```\n{FULL}\n```").recovered
    assert not read(FULL).recovered


def test_duplicate_keys_the_last_counts():
    content = FULL[:-1] + ', "city": "Dallas"}'
    candidate = read(content).candidate
    assert candidate is not None
    assert candidate.city == "Dallas"


@pytest.mark.parametrize("name", ["Z\x00o", "Zo\\u0000", "\ud83dZo", "Z\\ud83do", "\udc00\ud83d"])
def test_nul_and_lone_surrogates_cost_no_answer(name):
    answer = read(FULL.replace("Zofia", name))
    assert answer.outcome is Outcome.succeeded
    assert answer.candidate is not None
    answer.candidate.first_name.encode()


def test_what_only_the_standard_library_reads():
    data = output_bytes(FULL)
    assert read_line(b"\xef\xbb\xbf" + data).outcome is Outcome.succeeded
    assert read_line(data.replace(b"Zofia", b"Zof\xff")).outcome is Outcome.succeeded
    assert read_line(data.replace(b'"index": 0', b'"index": NaN')).outcome is Outcome.succeeded
    assert read(FULL.replace('"years_in_us": 6', '"years_in_us": NaN')).outcome is Outcome.succeeded


def test_a_line_of_fifty_megabytes():
    answer = read(full_answer(summary="words and words " * 3_300_000))
    assert answer.outcome is Outcome.succeeded
    broken = output_bytes("{" + "words " * 9_000_000)
    started = time.monotonic()
    assert read_line(broken).reason == "not_json"
    assert read_line(broken[:-1]).reason == "line_not_json"
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("unit", ['{"a":', "{", "[1,", '{"city":"x"}', '{"city":""b"}', "{'a"])
def test_deep_and_broken_answers_end_soon(unit):
    started = time.monotonic()
    assert read(unit * (190_000 // len(unit))).outcome is not Outcome.cut
    assert time.monotonic() - started < 10  # well under a second; json-repair alone takes minutes


def test_a_number_that_no_text_column_can_mean_is_none():
    assert _Reader._plain(2**256 - 1) == str(2**256 - 1)
    assert _Reader._plain(2**256) == ""


def test_a_field_of_a_new_type_is_a_mistake_in_the_model():
    with pytest.raises(TypeError, match="no reading for"):
        _reader_of(dict[str, str])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"first_name": "Ada", "skills": ["x"}', "truncated"),  # a bracket closes another
        ('{"first_name": ' + "[" * 7 + "]" * 7 + ", }", "truncated"),
        ('{"first_name": "a \\" b", "last_name": "c }', "truncated"),  # within quotes
    ],
)
def test_what_is_to_be_repaired_closes_once(text: str, reason: str):
    with pytest.raises(ShapeError, match=reason):
        find_object(text)


def test_huge_numbers():
    for number in (
        *("1" + "0" * 5_000, "-" + "9" * 400, "1e999"),
        *("1000000", "-1000000", "1500000", "-1500000"),
    ):
        content = FULL.replace('"years_experience": 10', f'"years_experience": {number}')
        for whole in (content, f"Here: {content}"):  # read exactly, and leniently
            answer = read(whole)
            assert answer.outcome is Outcome.succeeded
        assert answer.candidate is not None
        years = answer.candidate.years_experience
        assert years is None or not -1e6 < years < 1e6  # for `numbers` to refuse
    answer = read(full_answer(city=10**300))
    assert answer.outcome is Outcome.succeeded
    assert answer.candidate is not None
    assert answer.candidate.city == "1e+300"


NOBODY: dict[str, Any] = {
    name: [] if isinstance(value, list) else "" if isinstance(value, str) else None
    for name, value in full_answer().items()
}
JOB = {"company": "", "start": "", "end": "", "location": ""}


@pytest.mark.parametrize(
    "answer",
    [
        NOBODY,
        NOBODY | {"summary": "A person.", "skills": ["SQL"], "titles": ["Nurse"], "years_in_us": 3},
        NOBODY | {"first_name": "N/A", "last_name": "Unknown", "emails": ["-"], "phones": [""]},
        NOBODY | {"positions": [JOB, JOB | {"company": "Not provided", "end": "\u200b"}]},
        NOBODY | {"linkedin": "] }", "city": None},
    ],
)
def test_an_answer_that_names_nobody_is_empty(answer):
    found = read(answer)
    assert (found.outcome, found.reason) == (Outcome.invalid, "empty")
    assert found.candidate is None
    assert found.attempt_used


@pytest.mark.parametrize(
    "told",
    [
        *(
            {"first_name": "Zo"},
            {"first_name": "Z"},
            {"phones": ["N/A", "1"]},
            {"last_name": "李"},
            {"emails": ["a@x.example"]},
            {"phones": ["1"]},
        ),
        *({"linkedin": "in/x"}, {"street": "Elm 1"}, {"city": "Austin"}, {"bachelors": "BS"}),
        *({"certifications": ["PMP"]}, {"positions": [JOB | {"start": "2019"}]}),
    ],
)
def test_one_thing_about_a_person_is_enough(told):
    assert read(NOBODY | told).outcome is Outcome.succeeded


def test_reasons_never_hold_content():
    marker = "ZofiaMarker"
    for line in (
        output_line(marker),
        output_line({marker: marker}),
        output_line(full_answer(), refusal=marker),
        {"custom_id": "1", "error": {"code": f"{marker} was here", "message": marker}},
        {
            "custom_id": "1",
            "response": {"status_code": 400, "body": {"error": {"message": marker}}},
        },
    ):
        assert marker not in read_line(json.dumps(line).encode()).reason


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=20,
)
fields = st.sampled_from(list(fields_of(Candidate)))


@settings(max_examples=300)
@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_nothing_raises(data):
    assert isinstance(read_line(data).outcome, Outcome)


@settings(max_examples=300)
@given(st.dictionaries(fields, json_values, max_size=8), json_values)
def test_no_answer_raises(changes, other):
    for content in (full_answer(**changes), changes, json.dumps(other), other):
        answer = read_line(json.dumps(output_line(content), allow_nan=True).encode())
        assert answer.custom_id == "17"
        if answer.outcome is Outcome.succeeded:
            assert isinstance(answer.candidate, Candidate)
            msgspec.json.encode(answer.candidate)


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(["status_code", "body", "x"]), json_values), json_values)
def test_no_line_raises(response, error):
    line = {"custom_id": "17", "response": response, "error": error}
    assert read_line(json.dumps(line).encode()).candidate is None


def _in_quotes(line: dict[str, Any], *path: str) -> dict[str, Any]:
    place = line
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = json.dumps(place[path[-1]])
    return line


def _changed(change: Any, *path: Any) -> dict[str, Any]:
    line: Any = output_line(full_answer())
    place = line
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = change(place[path[-1]])
    return line  # type: ignore[no-any-return]


CONTENT = ("response", "body", "choices", 0, "message", "content")
SAME = {
    "body in quotes": _in_quotes(output_line(full_answer()), "response", "body"),
    "response in quotes": _in_quotes(output_line(full_answer()), "response"),
    "both in quotes": _in_quotes(
        _in_quotes(output_line(full_answer()), "response", "body"), "response"
    ),
    "no body around it": _changed(lambda response: response["body"], "response"),
    "status in quotes": _changed(str, "response", "status_code"),
    "no status": _changed(lambda _: None, "response", "status_code"),
    "status true": _changed(lambda _: True, "response", "status_code"),
    "status too large": _changed(lambda _: 10**30, "response", "status_code"),
    "status 201": _changed(lambda _: 201, "response", "status_code"),
    "in parts": _changed(lambda text: [{"type": "text", "text": text}], *CONTENT),
    "in two parts": _changed(
        lambda text: [{"type": "text", "text": text[:99]}, {"type": "text", "text": text[99:]}],
        *CONTENT,
    ),
    "after a thought": _changed(
        lambda text: [{"type": "thinking", "thinking": "{}"}, {"type": "text", "text": text}],
        *CONTENT,
    ),
    "as the object": _changed(json.loads, *CONTENT),
}


@pytest.mark.parametrize("shape", list(SAME))
def test_an_answer_in_another_shape_is_the_same_answer(shape: str):
    answer = read_line(json.dumps(SAME[shape]).encode())
    assert (answer.custom_id, answer.outcome, answer.reason) == ("17", Outcome.succeeded, "")
    assert answer.candidate == candidate()
    assert (answer.input_tokens, answer.output_tokens) == (1900, 420)
    assert answer.attempt_used


def test_a_refusal_in_parts():
    line = _changed(lambda _: [{"type": "refusal", "refusal": "I can't"}], *CONTENT)
    answer = read_line(json.dumps(line).encode())
    assert (answer.outcome, answer.reason) == (Outcome.refused, "refusal")


@pytest.mark.parametrize("body", ["", "no object", "[1]", '"{"', "{", "null", '{"choices": 1}'])
def test_a_body_in_quotes_that_is_no_object(body: str):
    assert http(200, body).reason == "no_choices"
    assert http(500, body).reason == "http_500"


@pytest.mark.parametrize(
    ("count", "kept"), [(1, 1), (2**31 - 1, 2**31 - 1), (2**31, 0), (7.0, 0), (True, 0)]
)
def test_a_count_is_kept_as_far_as_the_ledger_can_hold_it(count: object, kept: int) -> None:
    line = output_line(full_answer())
    details = {"cached_tokens": count, "cache_write_tokens": count}
    line["response"]["body"]["usage"] = {
        "prompt_tokens": count,
        "completion_tokens": count,
        "prompt_tokens_details": details,
    }
    answer = read_line(json.dumps(line).encode())
    assert (answer.input_tokens, answer.output_tokens) == (kept, kept)
    assert (answer.cached_tokens, answer.cache_write_tokens) == (kept, kept)


@pytest.mark.parametrize("status", [199, 300, 500])
def test_an_answer_under_a_status_of_no_success_is_none(status: int) -> None:
    answer = read_line(json.dumps(_changed(lambda _: status, "response", "status_code")).encode())
    assert (answer.outcome, answer.status_code) == (Outcome.failed, status)
    assert answer.candidate is None
    assert not answer.attempt_used


def test_an_answer_under_any_success_is_one() -> None:
    line = _changed(lambda _: 299, "response", "status_code")
    assert read_line(json.dumps(line).encode()).outcome is Outcome.succeeded


@pytest.mark.parametrize(
    ("told", "status"),
    [
        *((100, 100), (999, 999), ("503", 503)),
        *((99, None), (1_000, None), ("099", None), ("0200", None), ("9" * 5_000, None)),
        *(("2O0", None), (200.0, None), (True, None)),
    ],
)
def test_what_is_a_status(told: object, status: int | None) -> None:
    line = {"custom_id": "17", "response": {"status_code": told, "body": None}}
    assert read_line(json.dumps(line).encode()).status_code == status


@pytest.mark.parametrize("body", [None, {}, {"choices": []}, {"choices": [], "type": "x"}])
def test_a_success_without_an_answer_uses_an_attempt(body: object) -> None:
    answer = http(200, body)
    assert (answer.outcome, answer.reason) == (Outcome.invalid, "no_choices")
    assert answer.attempt_used


def test_a_response_that_tells_nothing() -> None:
    answer = read_line(b'{"custom_id": "17", "response": {}}')
    assert (answer.outcome, answer.reason) == (Outcome.failed, "no_status")
    assert not answer.attempt_used


ERROR = {"code": "context_length_exceeded"}


@pytest.mark.parametrize(
    "response",
    [
        {"body": {"error": ERROR}},
        {"body": {"error": ERROR, "type": "error", "message": "failed"}},
        {"body": None, "error": ERROR},
        {"error": ERROR},
    ],
)
def test_an_error_is_found_wherever_a_response_has_it(response: dict[str, Any]) -> None:
    line = {"custom_id": "17", "response": {"status_code": 400, **response}}
    answer = read_line(json.dumps(line).encode())
    assert answer.reason == "http_400:context_length_exceeded"
    assert answer.attempt_used


def test_a_refusal_beside_a_text_is_a_refusal() -> None:
    parts = [{"type": "text", "text": FULL}, {"type": "refusal", "refusal": "I can't"}]
    for content in (parts, parts[::-1]):
        line = _changed(lambda _, content=content: content, *CONTENT)
        assert read_line(json.dumps(line).encode()).reason == "refusal"


def test_a_list_given_as_one_value_and_no_positions_are_read_and_counted() -> None:
    answer = read(full_answer(skills=5, hardware=False, city=True, positions=None))
    assert answer.candidate is not None
    assert (answer.candidate.skills, answer.candidate.hardware) == (["5"], [])
    assert (answer.candidate.city, answer.candidate.positions) == ("", [])
    assert answer.odd_fields == {"skills": 1, "hardware": 1, "city": 1, "positions": 1}


def test_a_number_that_is_left_out_is_odd_and_one_that_is_null_is_not() -> None:
    without = full_answer(average_tenure=None)
    del without["years_in_us"]
    assert read(without).odd_fields == {"years_in_us": 1}


def test_as_many_keys_of_ours_as_others_make_a_candidate() -> None:
    assert read({"first_name": "Zofia", "note": 1}).outcome is Outcome.succeeded


@pytest.mark.parametrize(("depth", "is_cut"), [(6, False), (7, True)])
def test_how_deep_an_answer_may_be_to_be_repaired(depth: int, is_cut: bool) -> None:
    text = '{"first_name": ' + "[" * (depth - 1) + "]" * (depth - 1) + ", }"
    assert (read(text).reason == "truncated") is is_cut


def test_an_answer_that_others_share_cannot_be_changed() -> None:
    one = candidate()
    for changed in (one, one.positions[0]):
        with pytest.raises(AttributeError, match="immutable"):
            setattr(changed, changed.__struct_fields__[0], "Zoe")
