"""The errors of OpenAI's client in our words.

OpenAI's own messages may quote a key or a line of a file, so only their codes are handed on.
"""

from typing import Any

import httpx2
import openai

from resume_assets.batches.api_errors import (
    NO_MONEY,
    TOKEN_LIMIT,
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

_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


def translate(error: openai.OpenAIError, doing: str, *, once_only: bool = False) -> ApiFailed:
    """Our error for one of the client's; `doing` ends a sentence: "creating the batch".

    `once_only`: the call must not happen twice, so that a lost answer is Doubtful.
    """
    if isinstance(error, openai.APIStatusError):
        return _by_status(error, doing, once_only=once_only)
    if isinstance(error, openai.APIConnectionError):
        cause = error.__cause__
        what = type(cause).__name__ if cause is not None else type(error).__name__
        message = f"OpenAI's answer did not come while {doing} ({what})."
        if once_only and not isinstance(cause, _NEVER_SENT):
            return Doubtful(message)
        return ApiUnavailable(message)
    message = f"OpenAI's answer could not be read while {doing} ({type(error).__name__})."
    return Doubtful(message) if once_only else ApiUnavailable(message)


def _by_status(error: openai.APIStatusError, doing: str, *, once_only: bool) -> ApiFailed:
    status, code = error.status_code, _code(error)
    shown = f"HTTP {status}{f', {code}' if code else ''}"
    if code == TOKEN_LIMIT:
        return QueueFull(
            f"OpenAI's queue is full for this account ({shown}); the batch waits.",
            named_limit(_message(error)),
            retry_after=_retry_after(error),
        )
    if code in NO_MONEY:
        return AccessRefused(
            f"OpenAI says that the account has no money left ({shown}) while {doing}. "
            "Look at its billing page."
        )
    if status in (401, 403):
        return AccessRefused(
            f"OpenAI refused the key ({shown}) while {doing}. Check OPENAI_API_KEY, its project "
            "and its rights."
        )
    if status == 404:
        return NotThere(f"OpenAI knows of no such thing ({shown}) while {doing}.")
    if status == 400 and error.param == "input_file_id":
        return NotThere(f"OpenAI no longer has the request file ({shown}) while {doing}.")
    if status == 429:
        return QueueFull(
            f"OpenAI asks for fewer calls ({shown}) while {doing}.",
            retry_after=_retry_after(error),
        )
    if status >= 500 or status in (408, 409):
        message = f"OpenAI had a problem ({shown}) while {doing}."
        return Doubtful(message) if once_only else ApiUnavailable(message)
    return ApiRefused(f"OpenAI turned the call down ({shown}) while {doing}.")


def _code(error: openai.APIStatusError) -> str | None:
    return safe_code(error.code) or safe_code(error.type)


def _retry_after(error: openai.APIStatusError) -> float | None:
    """Seconds; the header's other form, a date, is not used by OpenAI."""
    try:
        return min(3600.0, max(0.0, float(error.response.headers.get("retry-after", ""))))
    except ValueError:
        return None


def _message(error: openai.APIStatusError) -> str | None:
    body: Any = error.body
    message = body.get("message") if isinstance(body, dict) else None
    return message if isinstance(message, str) else None
