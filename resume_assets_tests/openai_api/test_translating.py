"""What each answer of OpenAI's means to us, and that none is quoted."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx2
import openai
import pytest

from resume_assets.openai_api.errors import (
    AccessRefused,
    ApiFailed,
    ApiRefused,
    ApiUnavailable,
    Doubtful,
    NotThere,
    QueueFull,
    named_limit,
    safe_code,
)
from resume_assets.openai_api.translating import leave_alone, retry_after, translate

REQUEST = httpx2.Request("POST", "https://api.openai.com/v1/batches")
QUOTED = "Ada Lovelace"
SERVER = "gpu.example:8000"


def answer(
    status: int,
    code: Any = None,
    *,
    kind: Any = None,
    param: str | None = None,
    message: Any = QUOTED,
    headers: dict[str, str] | None = None,
) -> openai.APIStatusError:
    """What the client raises for an answer of that status."""
    response = httpx2.Response(status, headers=headers, request=REQUEST)
    body = {"code": code, "type": kind, "param": param, "message": message}
    return openai.APIStatusError(QUOTED, response=response, body=body)


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (answer(400, "bad"), ApiRefused),
        (answer(401, "invalid_api_key"), AccessRefused),
        (answer(403), AccessRefused),
        (answer(404), NotThere),
        (answer(400, param="input_file_id"), NotThere),
        (answer(422, param="input_file_id"), ApiRefused),
        (answer(409), ApiUnavailable),
        (answer(408), ApiUnavailable),
        (answer(410), ApiRefused),
        (answer(429), QueueFull),
        (answer(499), ApiRefused),
        (answer(500), ApiUnavailable),
        (answer(503), ApiUnavailable),
        (answer(429, "insufficient_quota"), AccessRefused),
        (answer(429, None, kind="insufficient_quota"), AccessRefused),
        (answer(400, "billing_hard_limit_reached"), AccessRefused),
        (answer(429, "token_limit_exceeded"), QueueFull),
        (answer(400, "token_limit_exceeded"), QueueFull),
        (openai.APITimeoutError(REQUEST), ApiUnavailable),
        (openai.APIConnectionError(request=REQUEST), ApiUnavailable),
        (openai.OpenAIError(QUOTED), ApiUnavailable),
    ],
)
def test_what_it_means(error: openai.OpenAIError, meaning: type[ApiFailed]) -> None:
    found = translate(error, SERVER, "doing it")
    assert type(found) is meaning
    assert "doing it" in str(found) or "full queue" in str(found)
    assert str(found).startswith(SERVER)  # which need not be OpenAI's
    assert "OpenAI " not in str(found)
    assert QUOTED not in str(found)


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (answer(500), Doubtful),
        (answer(408), Doubtful),
        (answer(409), Doubtful),
        (answer(400, "bad"), ApiRefused),
        (answer(429), QueueFull),
        (openai.APITimeoutError(REQUEST), Doubtful),
        (openai.OpenAIError(QUOTED), Doubtful),
    ],
)
def test_what_must_not_happen_twice_is_in_doubt_wherever_it_may_have_happened(
    error: openai.OpenAIError, meaning: type[ApiFailed]
) -> None:
    assert type(translate(error, SERVER, "doing it", once_only=True)) is meaning


@pytest.mark.parametrize(
    ("cause", "meaning"),
    [
        (httpx2.ConnectError("x"), ApiUnavailable),
        (httpx2.ConnectTimeout("x"), ApiUnavailable),
        (httpx2.PoolTimeout("x"), ApiUnavailable),
        (httpx2.ReadTimeout("x"), Doubtful),
        (httpx2.WriteError("x"), Doubtful),
    ],
)
def test_what_never_left_is_in_no_doubt(cause: Exception, meaning: type[ApiFailed]) -> None:
    error = openai.APIConnectionError(request=REQUEST)
    error.__cause__ = cause
    found = translate(error, SERVER, "doing it", once_only=True)
    assert type(found) is meaning
    assert type(cause).__name__ in str(found)


def test_a_full_queue_says_how_large_it_is_and_how_long_to_wait() -> None:
    limit = "Enqueued token limit reached. Limit: 900,000 enqueued tokens."
    full = translate(
        answer(400, "token_limit_exceeded", message=limit, headers={"retry-after": "7"}),
        SERVER,
        "x",
    )
    assert isinstance(full, QueueFull)
    assert (full.limit, full.retry_after) == (900_000, 7)
    rate = translate(answer(429, message=limit, headers={"retry-after": "9"}), SERVER, "x")
    assert isinstance(rate, QueueFull)
    assert (rate.limit, rate.retry_after) == (None, 9)
    odd = translate(answer(400, "token_limit_exceeded", message=["Limit: 5"]), SERVER, "x")
    assert isinstance(odd, QueueFull)
    assert odd.limit is None


@pytest.mark.parametrize(
    ("message", "limit"),
    [
        ("Limit: 900,000 enqueued tokens.", 900_000),
        ("limit 5", 5),
        ("The LIMIT:1_000_000", 1_000_000),
        ("You enqueued 12 tokens", None),
        ("Limit: none", None),
        ("Limit: ٣", None),
        ("", None),
        (None, None),
    ],
)
def test_a_limit_that_a_message_names(message: str | None, limit: int | None) -> None:
    assert named_limit(message) == limit


@pytest.mark.parametrize(
    ("code", "is_safe"),
    [
        ("rate_limit_exceeded", True),
        ("a.b.C1", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("sk-live", False),
        ("Ada Lovelace", False),
        ("line\n", False),
        ("é", False),
        ("", False),
        (7, False),
        (None, False),
    ],
)
def test_only_what_looks_like_a_code_is_shown(code: object, is_safe: bool) -> None:
    assert safe_code(code) == (code if is_safe else None)
    shown = str(translate(answer(400, code), SERVER, "x"))
    assert (str(code) in shown) == is_safe or code in ("", None, 7)
    assert "(HTTP 400" in shown


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("7", 7),
        ("0.5", 0.5),
        ("0", 0),
        ("-5", 0),
        ("3600", 3600),
        ("3601", 3600),
        ("inf", 3600),
        ("soon", None),
        ("", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 2015 07:28:00", None),  # no zone: whose clock?
        ("Fri, 01 Jan 2100 00:00:00 GMT", 3600),
    ],
)
def test_how_long_it_asks_to_be_left_alone(asked: str, seconds: float | None) -> None:
    response = httpx2.Response(429, headers={"retry-after": asked})
    assert retry_after(response) == seconds
    assert retry_after(httpx2.Response(429)) is None


def test_a_date_means_the_time_until_then() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    found = retry_after(httpx2.Response(503, headers={"retry-after": soon}))
    assert found is not None
    assert 60 < found < 91


@pytest.mark.parametrize(
    ("status", "body", "is_left_alone"),
    [
        (429, b'{"error": {"code": "insufficient_quota"}}', True),
        (429, b'{"error": {"type": "billing_not_active"}}', True),
        (429, b'{"error": {"code": "rate_limit_exceeded"}}', False),
        (400, b'{"error": {"code": "insufficient_quota"}}', False),
        (200, b"insufficient_quota, says a resume", False),
    ],
)
def test_an_account_without_money_is_not_asked_again(
    status: int, body: bytes, is_left_alone: bool
) -> None:
    response = httpx2.Response(status, content=body)
    leave_alone(response)
    assert (response.headers.get("x-should-retry") == "false") == is_left_alone
