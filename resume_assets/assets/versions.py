"""What the assets' results depend on besides the data, so that Dagster tells what is out of date.

`batch_requests` depends on prompt and schema: where it is out of date, reading its resumes again
(`reprocess`) would ask something else, and is paid for. `batch_output` and
`updated_candidate_records` depend on the rules: materialized again they follow today's, for free.
"""

import hashlib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from resume_assets.batches.ledger.batches import Batch
from resume_assets.extraction.candidate import SCHEMA_VERSION
from resume_assets.extraction.prompt import PromptError, load_prompt
from resume_assets.settings import SettingsError, load_settings

CODE_VERSION = "dagster/code_version"
"""The tag of a materialization; what it says wins over the definition's version."""


def asked_now() -> str | None:
    """What is asked by prompt and schema as they are now; None where the prompt can't be read."""
    try:
        return _asked(load_prompt(load_settings().prompt).version, SCHEMA_VERSION)
    except (SettingsError, PromptError):  # the runs say so
        return None


def asked_by(batch: Batch) -> dict[str, str]:
    """What a batch asked, as the tag of its materialization: its file is made only once."""
    if batch.prompt_version is None or batch.schema_version is None:
        return {}
    return {CODE_VERSION: _asked(batch.prompt_version, batch.schema_version)}


def _asked(prompt: str, schema: str) -> str:
    return f"prompt {prompt}, schema {schema}"


@cache
def rules() -> str:
    """Changes whenever a file of the package does that reads the answers."""
    read = hashlib.sha256()
    for file in _files(files("resume_assets.extraction")):
        read.update(file.name.encode() + b"\0" + file.read_bytes())
    return f"rules {read.hexdigest()[:12]}"


def _files(folder: Traversable) -> list[Traversable]:
    """All source and data below the folder, in an order that is always the same."""
    found: list[Traversable] = []
    for one in sorted(folder.iterdir(), key=lambda one: one.name):
        if one.is_dir():
            found += _files(one)
        elif one.name.endswith((".py", ".txt")):
            found.append(one)
    return found
