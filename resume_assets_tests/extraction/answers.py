"""Answers as a model gives them, for the tests of this room."""

import copy
import json
from typing import Any

from resume_assets.extraction.candidate import Candidate
from resume_assets.extraction.exact import read_exactly

_FULL: dict[str, Any] = {
    "first_name": "Zofia",
    "middle_name": "",
    "last_name": "Łódzka",
    "street": "12 Elm Street, Apt 4",
    "city": "Austin",
    "state": "TX",
    "phones": ["(512) 555-0134"],
    "emails": ["zofia@example.com", "z.lodzka@example.org"],
    "linkedin": "linkedin.com/in/zofia-example",
    "bachelors": "BS Mechanical Engineering",
    "masters": "MS Computer Science",
    "certifications": ["PMP", "AWS Solutions Architect"],
    "titles": ["Data Engineer", "Analytics Lead", "ETL Developer"],
    "positions": [
        {"company": "Acme", "start": "2021-03", "end": "Present", "location": "Austin, TX"},
        {"company": "Globex", "start": "2018-01", "end": "2021-02", "location": "Dallas, TX"},
        {"company": "Initech", "start": "2015", "end": "2017-12", "location": "Kraków, Poland"},
    ],
    "industries": ["Energy", "Software"],
    "skills": ["Python", "SQL", "Data Modeling", "Airflow", "Spark"],
    "software_languages": ["Python", "SQL", "Scala"],
    "software_apps": ["Dagster", "Tableau"],
    "hardware": ["Raspberry Pi"],
    "categories": ["Data Engineering", "Analytics"],
    "project_types": "Migrations, dashboards",
    "specialty": "Data platforms",
    "summary": "Builds data platforms. Ten years in energy and software.",
    "years_in_us": 6,
    "years_experience": 10,
    "average_tenure": 3.5,
}


def full_answer(**changes: Any) -> dict[str, Any]:
    """Return a typical answer, valid as it is, with the given fields changed."""
    return {**copy.deepcopy(_FULL), **changes}


def candidate(**changes: Any) -> Candidate:
    """That answer, as it is read."""
    return read_exactly(json.dumps(full_answer(**changes)))


def output_line(content: Any, **changes: Any) -> dict[str, Any]:
    """Return a line of an output file around this content (text, or an object to be encoded)."""
    message = {
        "role": "assistant",
        "content": content if isinstance(content, str | None) else json.dumps(content),
        "refusal": changes.pop("refusal", None),
    }
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [
            {
                "index": 0,
                "message": message,
                "logprobs": None,
                "finish_reason": changes.pop("finish_reason", "stop"),
            }
        ],
        "usage": {
            "prompt_tokens": 1900,
            "completion_tokens": 420,
            "total_tokens": 2320,
            "prompt_tokens_details": {"cached_tokens": 1024, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
        "system_fingerprint": "fp_1",
    }
    line = {
        "id": "batch_req_1",
        "custom_id": "17",
        "response": {"status_code": 200, "request_id": "req_1", "body": body},
        "error": None,
    }
    return {**line, **changes}


def output_bytes(content: Any, **changes: Any) -> bytes:
    """Return the same as bytes of a file."""
    return json.dumps(output_line(content, **changes)).encode()
