"""The published schema of JSON Resume as it is shipped here.

Source: github.com/jsonresume/resume-schema, tag v1.2.1 (MIT; LICENSE.md beside this file).
"""

import json
from importlib.resources import files
from typing import Any

VERSION = "1.2.1"
ADDRESS = f"https://raw.githubusercontent.com/jsonresume/resume-schema/v{VERSION}/schema.json"
"""Where the schema is published."""


def load() -> dict[str, Any]:
    """The schema itself, in JSON Schema's draft 7."""
    text = files(__package__).joinpath(f"schema-{VERSION}.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
