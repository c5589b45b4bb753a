"""Whose fault it is, in whatever shape a server says so."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.extraction.faults import is_own, may_be_own
from resume_assets.extraction.responses import Answer, Outcome, read_line

TOO_LONG = "This model's maximum context length is 128000 tokens, yours has 131412 of Zofia."
OPENAI = {
    "message": TOO_LONG,
    "type": "invalid_request_error",
    "param": "messages",
    "code": "context_length_exceeded",
}


def shapes(status: int, error: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """One fault as servers put it, without `custom_id`."""
    inner = {"error": error}
    quoted = f"Error code: {status} - {inner}"
    return {
        "OpenAI": {"response": {"status_code": status, "request_id": "r", "body": inner}},
        "body in quotes": {"response": {"status_code": status, "body": json.dumps(inner)}},
        "response in quotes": {"response": json.dumps({"status_code": status, "body": inner})},
        "status in quotes": {"response": {"status_code": str(status), "body": inner}},
        "beside a null body": {"response": {"status_code": status, "body": None}, "error": error},
        "body is the error": {"response": {"status_code": status, "body": error}},
        "inside of a 200": {"response": {"status_code": 200, "body": inner | {"status": status}}},
        "no status": {"response": {"body": inner}, "error": None},
        "no response": {"response": None, "error": error},
        "status in the error": {"error": {"status": status, "message": "Zofia"}},
        "status as code": {"error": {"code": str(status), "message": "Zofia"}},
        "in a message": {"error": {"type": "request_failed", "message": quoted}},
        "text alone": {"error": quoted},
        "HTTP": {"error": {"type": "x", "message": f"upstream: HTTP/1.1 {status} for Zofia"}},
        "at the start": {"error": {"message": f"{status}: Zofia"}},
    }


def read(line: dict[str, Any]) -> Answer:
    return read_line(json.dumps({"custom_id": "17", **line}).encode())


@pytest.mark.parametrize("shape", list(shapes(400, OPENAI)))
def test_a_fault_of_the_request_s_own_uses_an_attempt(shape: str) -> None:
    answer = read(shapes(400, OPENAI)[shape])
    assert (answer.custom_id, answer.outcome, answer.attempt_used) == ("17", Outcome.failed, True)
    assert "Zofia" not in answer.reason


PASSING: dict[int, dict[str, Any]] = {
    429: {"message": "Slow down", "type": "requests", "code": "rate_limit_exceeded"},
    500: {"message": "Zofia", "type": "server_error", "code": None},
    503: {"message": "Overloaded", "type": "overloaded_error"},
}


@pytest.mark.parametrize("status", PASSING)
@pytest.mark.parametrize("shape", list(shapes(500, {})))
def test_what_passes_uses_none_however_often_it_comes(status: int, shape: str) -> None:
    answer = read(shapes(status, PASSING[status])[shape])
    assert (answer.outcome, answer.attempt_used) == (Outcome.failed, False)
    assert not may_be_own(answer.reason)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"type": "request_failed", "message": f"400 … {OPENAI} …"}, "http_400:context_length"),
        ({"type": "BadRequestError", "message": "Zofia"}, "error:BadRequestError"),
        ({"type": "x", "message": "litellm.ContextWindowExceededError: Zofia"}, "error:Context"),
        ({"code": 422, "message": "Zofia"}, "http_422"),
        ("status_code=413, Zofia", "http_413"),
        ("{'statusCode': 404}", "http_404"),
    ],
)
def test_other_words_for_a_fault_of_the_request_s_own(error: object, reason: str) -> None:
    answer = read({"error": error})
    assert answer.reason.startswith(reason)
    assert answer.attempt_used


def test_what_the_request_did_is_its_own_fault_whatever_status_it_goes_by() -> None:
    assert read(shapes(500, OPENAI)["OpenAI"]).attempt_used


@pytest.mark.parametrize(
    "message",
    [
        "Zofia has 400 certificates and 12 years",
        "maximum is 400 tokens",
        "processed 429 rows, then stopped",
        "code 4004",
        "error 400.25",
    ],
)
def test_a_number_in_a_sentence_is_no_status(message: str) -> None:
    answer = read({"error": {"type": "odd", "message": message}})
    assert (answer.reason, answer.attempt_used) == ("error:odd", False)
    assert may_be_own(answer.reason)  # should it come again


def test_a_word_in_a_sentence_is_no_reason() -> None:
    answer = read({"error": {"message": "Zofia_Nowak wrote skills_and_tools in NowakError"}})
    assert answer.reason == "error:unknown"


@pytest.mark.parametrize(
    ("status", "reason", "used"),
    [
        (200, "http_400", True),
        (299, "http_400", True),
        (300, "http_300", False),
        (399, "http_399", False),
        (503, "http_503", False),
    ],
)
def test_an_error_under_a_success_tells_the_status_itself(
    status: int, reason: str, used: bool
) -> None:
    body = {"error": {"status": 400, "message": "Zofia"}}
    answer = read({"response": {"status_code": status, "body": body}})
    assert (answer.reason, answer.attempt_used) == (reason, used)


def test_a_status_that_is_nobodys_fault_may_be_the_requests_own() -> None:
    assert not is_own("http_302")
    assert may_be_own("http_302")


@pytest.mark.parametrize("reason", ["http_500:context_length_exceeded", "http_400:server_error"])
def test_what_is_the_requests_own_in_one_word_may_not_pass_for_the_other(reason: str) -> None:
    assert is_own(reason)
    assert may_be_own(reason)


def test_a_known_code_counts_whatever_the_message_speaks_of() -> None:
    for code, used in (("invalid_value", True), ("server_error", False)):
        error = {"code": code, "message": "RateLimitError before, then BadRequestError for Zofia"}
        answer = read({"error": error})
        assert (answer.reason, answer.attempt_used) == (f"error:{code}", used)


@pytest.mark.parametrize("status", [*range(400, 429), *range(430, 500)])
def test_every_4xx_is_the_request_s_own(status: int) -> None:
    for shape, line in shapes(status, {"message": "Zofia"}).items():
        if shape not in ("no response", "no status", "inside of a 200"):  # where none is told
            assert read(line).attempt_used, shape


def test_an_account_without_money_is_nobody_s_fault() -> None:
    assert not is_own("http_403:insufficient_quota")
    assert not may_be_own("http_403:insufficient_quota")


@pytest.mark.parametrize("code", ["batch_expired", "batch_cancelled"])
def test_a_request_that_was_not_run_however_that_is_said(code: str) -> None:
    for line in (
        {"error": {"code": code}},
        {"error": {"type": code, "message": "m"}},
        {"response": {"status_code": None, "body": None}, "error": {"code": code}},
        {"response": {"status_code": 400, "body": {"error": {"code": code}}}},
    ):
        answer = read(line)
        assert answer.outcome.value == code.removeprefix("batch_")
        assert (answer.reason, answer.attempt_used) == (code, False)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)
errors = st.dictionaries(
    st.sampled_from(["code", "type", "message", "status", "status_code", "error"]), json_values
)


@given(st.none() | st.integers(100, 999), errors | json_values, json_values)
def test_nothing_raises_and_nothing_is_quoted(status: Any, error: Any, body: Any) -> None:
    for line in (
        {"error": error},
        {"response": {"status_code": status, "body": {"error": error}}},
        {"response": {"status_code": status, "body": body}, "error": error},
        {"response": body, "error": error},
    ):
        answer = read_line(json.dumps({"custom_id": "17", **line}).encode())
        assert answer.custom_id == "17"
        assert answer.candidate is None
        assert answer.reason.isascii()
        assert " " not in answer.reason
        assert not (answer.attempt_used and answer.reason.startswith(("http_429", "error:server")))


@pytest.mark.parametrize("code", ["content_filter", "400", None])
def test_a_resume_that_azures_filter_stops_is_refused(code: str | None) -> None:
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {}}
    error = {"message": "The response was filtered: Zofia", "type": None, "code": code}
    answer = read(shapes(400, {**error, "status": 400, "innererror": inner})["OpenAI"])
    assert (answer.outcome, answer.reason) == (Outcome.refused, "http_400:content_filter")
    assert answer.attempt_used


def test_another_inner_error_of_azures_is_not_its_filter() -> None:
    error = {"message": "Zofia", "code": None, "innererror": {"code": "Throttled"}}
    answer = read(shapes(400, error)["OpenAI"])
    assert (answer.outcome, answer.reason) == (Outcome.failed, "http_400")
