"""What can go wrong at OpenAI, in our words: a code, what it means and what to do."""

import re

from resume_assets.errors import PlatformError


class ApiFailed(PlatformError):
    """A call did not succeed; nothing is known to have happened at OpenAI by it."""


class ApiUnavailable(ApiFailed):
    """Not reached, or an error of theirs: the same call may be made again later."""


class NotWhole(ApiUnavailable):
    """A file whose end says that there is more of it: cut on its way, or made so."""


class ApiRefused(ApiFailed):
    """Turned down; the same call would be turned down again."""


class AccessRefused(ApiRefused):
    """The key is not valid, has no right to this, or the account has no money left."""


class NotThere(ApiRefused):
    """No batch or file of that id, for this key."""


class OtherEndpoint(ApiFailed):
    """The batch was made with another endpoint or key, and waits for that one."""


class QueueFull(ApiFailed):
    """More tokens are enqueued than the account may have, or too many batches were made.

    `limit`: enqueued tokens, `retry_after`: seconds to wait, where the answer named them.
    """

    def __init__(
        self, message: str, limit: int | None = None, *, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.limit = limit
        self.retry_after = retry_after


class Doubtful(ApiFailed):
    """The answer was lost: it may have happened, or may still."""


_CODE = re.compile(r"[A-Za-z0-9_.]{1,64}", re.ASCII)  # no hyphen: keys have one
_LIMIT = re.compile(r"limit:?\s*([0-9][0-9,_]*)", re.IGNORECASE | re.ASCII)
NO_MONEY = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
"""Codes of an account that can pay for nothing now; a failed batch may carry them too."""

TOKEN_LIMIT = "token_limit_exceeded"  # noqa: S105 (a code of OpenAI's, no password)


def named_limit(message: str | None) -> int | None:
    """The enqueued tokens that a message names: "Limit: 900,000 enqueued tokens"."""
    found = _LIMIT.search(message or "")
    return int(re.sub(r"\D", "", found.group(1))) if found else None


def safe_code(code: object) -> str | None:
    """The code, where it looks like one: what a server sends instead might quote something."""
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None
