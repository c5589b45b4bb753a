"""Reading the JSON body of a call."""

from typing import Any

import orjson
from starlette.requests import Request

from resume_assets.local_openai.errors import ApiError


async def json_body(request: Request) -> dict[str, Any]:
    """The body, an object; raises ApiError 400 when it is anything else."""
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise ApiError("We could not parse the JSON body of your request.") from None
    if not isinstance(body, dict):
        raise ApiError("The JSON body of your request must be an object.")
    return body
