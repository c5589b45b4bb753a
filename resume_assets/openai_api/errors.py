"""What can go wrong at OpenAI, in our words: a code, what it means and what to do."""

import re

from resume_assets.errors import PlatformError


class ApiFailed(PlatformError):
    """A call did not succeed; as far as is known, it changed nothing at OpenAI."""


class ApiUnavailable(ApiFailed):
    """OpenAI was not reached, or had an error: the same call may be made again later."""


class NotWhole(ApiUnavailable):
    """A result file that is cut within a line, or empty though answers are counted."""


class ApiRefused(ApiFailed):
    """OpenAI turned the call down, and would turn the same call down again."""


class AccessRefused(ApiRefused):
    """The key is not valid, has no right to this, or the account has no money left."""


class NotThere(ApiRefused):
    """There is no batch, file or model of that id, for this API key."""


class OtherEndpoint(ApiFailed):
    """The batch was made with another endpoint or API key, and waits for that one."""


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
    """The answer to a creation was lost: the batch may have been created, or may be yet."""


_CODE = re.compile(r"[A-Za-z0-9_.]{1,64}", re.ASCII)  # no hyphen: keys have one
_LIMIT = re.compile(r"limit:?\s*([0-9][0-9,_]*)", re.IGNORECASE | re.ASCII)
NO_MONEY = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
"""Codes of an account that can pay for nothing now; a failed batch may carry them too."""

BATCH_ONLY = "OperationNotSupported"
"""Azure's code where a single request goes to a deployment of type Global or Data Zone Batch."""

TOKEN_LIMIT = "token_limit_exceeded"  # noqa: S105 (a code of OpenAI's, no password)


def named_limit(message: str | None) -> int | None:
    """The enqueued tokens that a message names: "Limit: 900,000 enqueued tokens"."""
    found = _LIMIT.search(message or "")
    return int(re.sub(r"\D", "", found.group(1))) if found else None


def safe_code(code: object) -> str | None:
    """The code, where it looks like one: anything else might quote a key or a resume."""
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None
