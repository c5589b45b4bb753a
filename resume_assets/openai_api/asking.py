"""One request sent by itself, built as those of a batch are: for `doctor --ask`."""

from dataclasses import dataclass

import httpx2
import openai
import orjson

from resume_assets.extraction.requests import RequestSettings, RequestTemplate
from resume_assets.extraction.responses import Answer, read_line
from resume_assets.openai_api.client import BatchApi
from resume_assets.openai_api.reaching import why_unreached

RESUME = "# Ada Nord\n\nada@example.com\n\n## Experience\n\nWelder, Steel & Sons, 03/2019 - Present"
"""An invented resume, and a tiny one."""


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
