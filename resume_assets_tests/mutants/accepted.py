"""Changes that nobody could see from outside, from `accepted.toml`, each with its reason."""

import tomllib
from pathlib import Path

from resume_assets_tests.mutants.changes import Change

FILE = Path(__file__).with_name("accepted.toml")


def accepted() -> dict[tuple[str, str, str], str]:
    """The reason of each, by the change's key. Raises ValueError where one has none."""
    found = {}
    for entry in tomllib.loads(FILE.read_text(encoding="utf-8"))["accepted"]:
        if not entry["reason"]:
            raise ValueError(f"{FILE.name}: no reason for {entry['change']} in {entry['path']}")
        found[entry["path"], entry["line"], entry["change"]] = entry["reason"]
    return found


def without_accepted(found: list[Change]) -> list[Change]:
    """All that could be seen."""
    known = accepted()
    return [change for change in found if change.key not in known]
