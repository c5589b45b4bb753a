"""One request sent by itself, built as those of a batch are."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2
import openai
import orjson

from resume_assets.extraction.requests import RequestSettings, RequestTemplate
from resume_assets.extraction.responses import Answer, read_line
from resume_assets.openai_api.client import BatchApi
from resume_assets.openai_api.errors import BATCH_ONLY, NO_MONEY, ApiRefused, QueueFull
from resume_assets.openai_api.reaching import why_unreached
from resume_assets.openai_api.translating import retry_after

RESUME = "# Ada Nord\n\nada@example.com\n\n## Experience\n\nWelder, Steel & Sons, 03/2019 - Present"
"""An invented resume, and a tiny one."""


SECONDS: Final = 900.0
"""How long an answer may take: what OpenAI advises for flex, which may let a request wait."""

_OF_THE_REQUEST = frozenset({400, 413, 422})
"""What a server says of a request that it would turn down again; others are about the server."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came; `body` is its JSON, None where it is none."""

    status: int
    body: Any
    request_id: str | None

    def line(self, custom_id: str) -> bytes:
        """The line that stands for it in a batch's output file, with its newline."""
        response = {"status_code": self.status, "request_id": self.request_id, "body": self.body}
        line = {"id": None, "custom_id": custom_id, "response": response, "error": None}
        return json.dumps(line).encode() + b"\n"  # ASCII: it takes lone surrogates too

    @property
    def tier(self) -> str | None:
        """How it was served, where the server says so: `service_tier`."""
        told = self.body.get("service_tier") if isinstance(self.body, dict) else None
        return told if isinstance(told, str) else None


def post(api: BatchApi, body: Mapping[str, Any]) -> Reply:
    """Send a request and wait for its answer, SECONDS at most; once.

    An answer that tells of an error of the request's own, or of the server's, is a reply too.
    Raises QueueFull where there is no room for it now; Doubtful where the answer was lost, and may
    be paid for; AccessRefused, NotThere, ApiRefused, ApiUnavailable where none will come.
    """
    connect = getattr(api.client.timeout, "connect", None)
    timeout = httpx2.Timeout(SECONDS, connect=connect)
    client = api.client.with_options(max_retries=0, timeout=timeout)
    with api.translated("asking for an answer", once_only=True):
        try:
            found = client.post("/chat/completions", body=dict(body), cast_to=httpx2.Response)
        except openai.APIStatusError as error:
            if error.status_code == 503:  # it has not begun
                raise QueueFull(
                    f"{api.server} is overloaded (HTTP 503).",
                    retry_after=retry_after(error.response),
                ) from None
            if error.code == BATCH_ONLY:
                raise ApiRefused(
                    f"{api.server}: this deployment takes no single requests. RESUME_MODEL names "
                    "one of type Standard for this command, `resume-assets now`."
                ) from None
            if not _is_reply(error):
                raise
            found = error.response
        reply = Reply(found.status_code, _json(found.content), found.headers.get("x-request-id"))
        if reply.status == 200 and not isinstance(reply.body, dict):
            raise TypeError("no JSON object")  # a proxy's page, and perhaps no answer of the model
        return reply


def _is_reply(error: openai.APIStatusError) -> bool:
    """Whether an error says something of this request, and not of key, account or tier."""
    if error.code in NO_MONEY or error.param == "service_tier":
        return False
    return error.status_code in _OF_THE_REQUEST or error.status_code >= 500


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


@dataclass(frozen=True, slots=True)
class Asked:
    """What came back: the answer, read like a line of a batch's output, or why none came."""

    answer: Answer | None
    why_none: str = ""


def ask(api: BatchApi, settings: RequestSettings) -> Asked:
    """Send the tiny resume with instructions and schema as they are in a batch; once."""
    body = orjson.loads(RequestTemplate(settings).line("doctor", RESUME))["body"]
    client = api.client.with_options(max_retries=0)
    try:
        response = client.post("/chat/completions", body=body, cast_to=httpx2.Response)
    except openai.APIStatusError as error:
        response = error.response
    except openai.APIConnectionError as error:
        return Asked(None, why_unreached(error, client.base_url))
    try:
        content = response.json()
    except ValueError:
        content = None
    line = {
        "custom_id": "doctor",
        "response": {"status_code": response.status_code, "body": content},
    }
    return Asked(read_line(orjson.dumps(line)))
