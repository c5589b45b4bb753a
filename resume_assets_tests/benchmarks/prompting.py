"""What every request carries besides its resume: it is paid for with each one."""

import json
from collections.abc import Iterator

import msgspec

from resume_assets.choices import ResponseFormat
from resume_assets.extraction.candidate import COLUMNS, Candidate, response_format
from resume_assets.extraction.prompt import load_prompt
from resume_assets.extraction.requests import RequestTemplate
from resume_assets.models.catalogue import find_model
from resume_assets.models.tokens import counter_for
from resume_assets_tests.benchmarks import data
from resume_assets_tests.benchmarks.figures import Figure, figure


def measure(rows: int, rounds: int) -> Iterator[Figure]:
    """Tokens and bytes a request; beside the schema as msgspec writes it."""
    del rows, rounds
    count = counter_for(data.MODEL).count
    schema = count(json.dumps(response_format(), separators=(",", ":")))
    plain = count(json.dumps(msgspec.json.schema(Candidate), separators=(",", ":")))
    flat = count(json.dumps({column.name: {"type": "string"} for column in COLUMNS}))
    prompt = count(load_prompt("lean").text)
    template = RequestTemplate(
        find_model(data.MODEL).request_settings(
            0.2, 4_000, load_prompt("lean"), ResponseFormat.json_schema
        )
    )
    yield figure("prompt_tokens", [prompt + schema], "tokens", "instructions + schema, a request")
    yield figure("instructions_tokens", [prompt], "tokens", "")
    note = f"msgspec's own: {plain}; a property for each of {len(COLUMNS)} columns: {flat}"
    yield figure("schema_tokens", [schema], "tokens", note)
    yield figure("request_fixed_bytes", [template.fixed_bytes], "bytes", "a line without resume")
