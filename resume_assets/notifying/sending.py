"""A message on its way to one receiver: a single try, in a few seconds, that repeats nothing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import orjson

from resume_assets.deadlines import TookTooLong, within
from resume_assets.notifying import mailing, wording
from resume_assets.notifying.failures import NotTold
from resume_assets.notifying.receivers import LOOPBACK, Form, Receiver
from resume_assets.notifying.wording import Message
from resume_assets.openai_api.errors import safe_code

if TYPE_CHECKING:
    import httpx2

MOST_SECONDS = 10.0
"""For one message, from the name's look-up to the answer."""

_CONNECT_SECONDS, _SECONDS = 4.0, 6.0
_READ = 200  # bytes of an answer, in which a code may stand
_FORMS = {Form.slack: wording.slack, Form.teams: wording.teams, Form.json: wording.as_json}
_PASSES = frozenset({408, 409, 423, 425, 429})
_GONE = 410


_this = threading.local()


def _is_loggable(_: logging.LogRecord) -> bool:
    return not getattr(_this, "is_telling", False)


@contextmanager
def _unlogged() -> Iterator[None]:
    """HTTPX2 logs the address of each call, and this one's is a secret."""
    logging.getLogger("httpx2").addFilter(_is_loggable)  # a second time changes nothing
    _this.is_telling = True
    try:
        yield
    finally:
        _this.is_telling = False


def send(receiver: Receiver, message: Message) -> str:
    """Send it; returns what the receiver answered, in a few words. Raises NotTold."""

    def work() -> str:
        if receiver.form is Form.mail:
            return mailing.send(receiver, message)
        return _post(receiver, message)

    try:
        return within(MOST_SECONDS, "Telling", work)
    except TookTooLong:
        raise NotTold(f"{receiver.shown} did not answer in {MOST_SECONDS:.0f} s") from None


def _post(receiver: Receiver, message: Message) -> str:
    import httpx2  # as long to load as all the rest of this room

    url = receiver.url.get_secret_value()
    body = orjson.dumps(_FORMS[receiver.form](message))
    is_here = httpx2.URL(url).host in LOOPBACK  # is called directly, whatever proxy there is
    try:
        with (
            _unlogged(),
            httpx2.Client(
                timeout=httpx2.Timeout(_SECONDS, connect=_CONNECT_SECONDS),
                trust_env=not is_here,
                # Elsewhere it would be told what is meant for this receiver.
                follow_redirects=False,
            ) as client,
            client.stream(
                "POST",
                url,
                content=body,
                headers={"Content-Type": "application/json", "User-Agent": wording.NAME},
            ) as response,
        ):
            status = response.status_code
            if response.is_success:
                return f"answered {status}"
            code = _code(response)
            retry_after = _retry_after(response)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        # Its own words may quote the address.
        raise NotTold(f"{receiver.shown} was not reached ({type(error).__name__})") from None
    raise NotTold(
        f"{receiver.shown} answered {status}{f' ({code})' if code else ''}",
        retry_after=retry_after,
        refused=status < 500 and status not in _PASSES,
        for_good=status == _GONE,
    )


def _code(response: httpx2.Response) -> str | None:
    """A word such as Slack's `no_service`; anything longer might quote what was sent."""
    import httpx2

    begin = b""
    try:
        for part in response.iter_raw(_READ):
            begin += part
            break
    except httpx2.HTTPError:
        return None
    return safe_code(begin[:_READ].decode("ascii", "replace").strip())


def _retry_after(response: httpx2.Response) -> float | None:
    from resume_assets.openai_api.translating import retry_after

    return retry_after(response)
