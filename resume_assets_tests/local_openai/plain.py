"""The local server as one that knows no strict schemas, like older versions of llama.cpp's."""

import json
from typing import Any

import pytest

from resume_assets.extraction.candidate import response_format, schema_in_words
from resume_assets.local_openai.completions import Completer, Completion


def knows_only(monkeypatch: pytest.MonkeyPatch, *formats: str) -> None:
    """Refuse other response formats (without any, a request asks for `text`) as such servers do.

    Told the schema in the instructions, it answers as models do then: with more white space than
    asked for, and where nobody asked for JSON, with prose and a fence around it.
    """
    whole = Completer.complete

    def complete(
        self: Completer, body: dict[str, Any], now: float, tokens: int | None = None
    ) -> Completion:
        kind = body.get("response_format", {"type": "text"})["type"]
        if kind not in formats:
            known = " or ".join(f'"{one}"' for one in formats)
            message = f"response_format type must be one of {known}, but got: {kind}"
            error = {"code": 500, "message": message, "type": "server_error"}
            return Completion(500, {"error": error})
        if schema_in_words() not in body["messages"][0]["content"]:
            return whole(self, body, now, tokens)
        done = whole(self, body | {"response_format": response_format()}, now, tokens)
        assert isinstance(done.body, dict)
        message = done.body["choices"][0]["message"]
        written = json.dumps(json.loads(message["content"]), indent=2)
        if kind == "text":
            written = f"Here is the candidate's data:\n\n```json\n{written}\n```\nAnything else?"
        message["content"] = written
        return done

    monkeypatch.setattr(Completer, "complete", complete)
