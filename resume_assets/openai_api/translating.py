"""The errors of OpenAI's client in our words, which name the server that was asked.

A server's own messages may quote a key or a line of a file, so only their codes are handed on.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import openai

from resume_assets.openai_api.errors import (
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
from resume_assets.servers import Access
from resume_assets.tallies import Tally, count

_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


def translate(
    error: openai.OpenAIError,
    server: str,
    doing: str,
    access: Access = Access.openai,
    *,
    once_only: bool = False,
) -> ApiFailed:
    """Our error for one of the client's; `doing` ends a sentence: "creating the batch".

    `server`: what people call the one that was asked. `once_only`: the call must not happen twice,
    so a lost answer becomes Doubtful.
    """
    if isinstance(error, openai.APIStatusError):
        return _by_status(error, server, doing, access, once_only=once_only)
    if isinstance(error, openai.APIConnectionError):
        cause = error.__cause__
        what = type(cause).__name__ if cause is not None else type(error).__name__
        message = f"{server} gave no answer while {doing} ({what})."
        if once_only and not isinstance(cause, _NEVER_SENT):
            return Doubtful(message)
        return ApiUnavailable(message)
    message = f"{server} gave an answer that can't be read while {doing} ({type(error).__name__})."
    return Doubtful(message) if once_only else ApiUnavailable(message)


def _by_status(
    error: openai.APIStatusError, server: str, doing: str, access: Access, *, once_only: bool
) -> ApiFailed:
    status, code = error.status_code, _code(error)
    if TOKEN_LIMIT in (_message(error) or ""):  # where Azure says it, in some regions
        code = TOKEN_LIMIT
    shown = f"HTTP {status}{f', {code}' if code not in (None, str(status)) else ''}"
    if code == TOKEN_LIMIT:
        return QueueFull(
            f"{server} has a full queue for this account ({shown}); the batch waits.",
            named_limit(_message(error)),
            retry_after=_retry_after(error),
        )
    if code in NO_MONEY:
        return AccessRefused(
            f"{server} says that the account has no money left ({shown}) while {doing}. "
            "Look at its billing page."
        )
    if status in (401, 403):
        what = "identity" if access is Access.entra else "key"
        return AccessRefused(f"{server} refused the {what} ({shown}) while {doing}. {access.value}")
    if status == 404:
        return NotThere(f"{server} knows of no such thing ({shown}) while {doing}.")
    if status == 400 and error.param == "input_file_id":
        return NotThere(f"{server} no longer has the request file ({shown}) while {doing}.")
    if status == 429:
        return QueueFull(
            f"{server} asks for fewer calls ({shown}) while {doing}.",
            retry_after=_retry_after(error),
        )
    if status >= 500 or status in (408, 409):
        message = f"{server} had a problem ({shown}) while {doing}."
        return Doubtful(message) if once_only else ApiUnavailable(message)
    return ApiRefused(f"{server} turned the call down ({shown}) while {doing}.")


def _code(error: openai.APIStatusError) -> str | None:
    return safe_code(error.code) or safe_code(error.type)


def _retry_after(error: openai.APIStatusError) -> float | None:
    return retry_after(error.response)


def retry_after(response: httpx2.Response) -> float | None:
    """Seconds that the answer asks to be left alone for, an hour at most; None where it does not.

    Reads both forms of `Retry-After` (RFC 9110, 10.2.3): OpenAI gives seconds, a proxy perhaps a
    date.
    """
    asked = response.headers.get("retry-after", "")
    try:
        seconds = float(asked)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError, OverflowError):  # neither, or a date without a zone
            return None
    return min(3600.0, max(0.0, seconds))


def counted(request: httpx2.Request) -> None:
    """Count a call that the client makes again; it says so itself in a header."""
    if request.headers.get("x-stainless-retry-count", "0") != "0":
        count(Tally.repeated)


def api_key_header(key: str, base_url: str) -> Callable[[httpx2.Request], None]:
    """Put the key where Azure's own examples have it, and gateways before Azure look for it.

    The client knows of no such header: where a server sends it on elsewhere, it would go along.
    """
    there = _origin(httpx2.URL(base_url))

    def put(request: httpx2.Request) -> None:
        for name in ("authorization", "api-key"):
            request.headers.pop(name, None)
        if _origin(request.url) == there:
            request.headers["api-key"] = key

    return put


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def leave_alone(response: httpx2.Response) -> None:
    """Keep the client from retrying where the account has no money: waiting does not help.

    To the client it is a 429 like any other, to be tried again after half a second; the header
    `x-should-retry` tells it otherwise. Source: the `openai` package (3.54).
    """
    if response.status_code != 429:
        return
    count(Tally.throttled)
    response.read()
    if any(code.encode() in response.content for code in NO_MONEY):
        response.headers["x-should-retry"] = "false"


def _message(error: openai.APIStatusError) -> str | None:
    body: Any = error.body
    message = body.get("message") if isinstance(body, dict) else None
    return message if isinstance(message, str) else None
