"""Whose fault a failed request is, by whatever a server says of it: a status, a code, a sentence.

Servers put the same fault into many shapes: an HTTP status, a code or a Python class as `type`, a
status inside of a message. Each becomes a *reason*, a short code:
`http_400:context_length_exceeded`, `http_503`, `error:server_error`. Of a message, which may quote
people, only a status and words listed here are taken.
"""

import re
from typing import Any

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_STATUS_KEYS = ("status_code", "status", "http_status", "code")
_SAID_STATUS = re.compile(
    r"(?:^\W*|\b(?:error(?: code)?|status(?:[ _]?code)?|http(?:/\d(?:\.\d)?)?|code)['\"]?)"
    r"[\s:=(\[]*([45]\d\d)(?!\w|[.,]\d)",
    re.IGNORECASE | re.ASCII,
)
_SAID_CODE = re.compile(r"[A-Za-z]+(?:_[A-Za-z]+)+|\b[A-Z][A-Za-z]+(?:Error|Exception)\b", re.ASCII)

# Codes as `_folded` spells them: of the request's own faults, and of those that pass by themselves.
_OWN = frozenset(
    [
        "badrequest",
        "contentfilter",
        "contentpolicyviolation",
        "contextlengthexceeded",
        "contextwindowexceeded",
        "invalidjson",
        "invalidprompt",
        "invalidrequest",
        "invalidtype",
        "invalidvalue",
        "modelnotfound",
        "notfound",
        "payloadtoolarge",
        "requesttoolarge",
        "stringabovemaxlength",
        "unprocessableentity",
        "unsupportedparameter",
        "unsupportedvalue",
        "validation",
    ]
)
_NO_ROOM = frozenset(  # the account has none left: money, or calls and tokens per minute or day
    [
        "billinghardlimitreached",
        "billingnotactive",
        "insufficientquota",
        "quotaexceeded",
        "ratelimit",
        "ratelimitexceeded",
        "tokenlimitexceeded",
        "toomanyrequests",
    ]
)
_PASSING = _NO_ROOM | frozenset(
    [
        "api",
        "apiconnection",
        "apitimeout",
        "badgateway",
        "connection",
        "engineoverloaded",
        "gatewaytimeout",
        "internal",
        "internalserver",
        "overloaded",
        "requesttimeout",
        "server",
        "serviceunavailable",
        "timeout",
    ]
)


def reason_of(status: int | None, error: object) -> str:
    """The reason for a status, where one was told, and an error of whatever shape.

    Empty where nothing at all is told.
    """
    told = error if isinstance(error, dict) else {}
    message = error if isinstance(error, str) else told.get("message")
    message = message if isinstance(message, str) else ""
    code = _code(told)
    if _folded(code) not in _OWN | _PASSING:
        said = [word for word in _SAID_CODE.findall(message) if _folded(word) in _OWN | _PASSING]
        code = said[-1] if said else code
    if status is None or status < 300:  # an error under the status of a success
        status = _status(told, message)
    if status is not None:
        return f"http_{status}:{code}" if code else f"http_{status}"
    if not code:
        return "error:unknown" if isinstance(error, dict) else ""
    return f"error:{code}"


def is_own(reason: str) -> bool:
    """Whether the fault is the request's own: it would come again with the same request."""
    status, code = _parts(reason)
    if status == 429 or code in _NO_ROOM:
        return False
    return code in _OWN or (status is not None and 400 <= status < 500)


def may_be_own(reason: str) -> bool:
    """Whether the fault is the request's own, or nothing tells whose it is.

    In the second case it shows by coming again, or not. False for the server's errors and for want
    of room (money, rate limits): these pass.
    """
    status, code = _parts(reason)
    passes = code in _PASSING or (status is not None and (status == 429 or status >= 500))
    return is_own(reason) or not passes


def _parts(reason: str) -> tuple[int | None, str]:
    kind, _, code = reason.partition(":")
    number = kind.removeprefix("http_")
    return (int(number) if number.isdecimal() else None), _folded(code)


def _folded(code: str) -> str:
    """One spelling for `bad_request`, `bad-request` and `BadRequestError`."""
    letters = re.sub("[^a-z]", "", code.lower())
    return letters.removesuffix("exception").removesuffix("error")


def _code(error: dict[str, Any]) -> str:
    """The error's code or type where it is one; anything else may hold what people wrote."""
    for key in ("code", "type"):
        code = error.get(key)
        if isinstance(code, str) and _CODE.fullmatch(code) and not code.isdecimal():
            return code
    inner = error.get("innererror")
    filtered = isinstance(inner, dict) and inner.get("code") == "ResponsibleAIPolicyViolation"
    return "content_filter" if filtered else ""  # Azure's, for its filter


def _status(error: dict[str, Any], message: str) -> int | None:
    """The HTTP status that the error names by a number, or else in its message."""
    for key in _STATUS_KEYS:
        number = error.get(key)
        if isinstance(number, int | str) and re.fullmatch("[45][0-9][0-9]", str(number)):
            return int(number)
    said = _SAID_STATUS.search(message)
    return int(said[1]) if said else None
