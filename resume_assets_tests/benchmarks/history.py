"""What each run measured, by commit, so that two commits can be compared.

A line of `.bench/history.jsonl` is a run of one benchmark.
"""

import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from resume_assets_tests.benchmarks.figures import FOLDER, Figure, aligned, as_json, short
from resume_assets_tests.benchmarks.surroundings import Surroundings

HISTORY = FOLDER / "history.jsonl"


class NotMeasured(LookupError):
    """No run of that commit is in the history."""


def commit() -> str:
    """The commit that is measured, with a plus where files were changed since."""
    git = shutil.which("git")
    if git is None:
        return "unknown"
    told = subprocess.run(
        [git, "describe", "--always", "--abbrev=10", "--dirty=+", "--exclude=*"],
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip() or "unknown"


def append(of: str, day: str, surroundings: Surroundings, figures: Iterable[Figure]) -> None:
    """Note what a commit's benchmark measured."""
    run = {
        "commit": of,
        "day": day,
        "quiet": surroundings.are_quiet,
        "surroundings": str(surroundings),
        "figures": {one.name: as_json(one) for one in figures},
    }
    FOLDER.mkdir(exist_ok=True)
    with HISTORY.open("a", encoding="utf-8") as file:
        file.write(json.dumps(run) + "\n")


def comparison(one: str, other: str, path: Path = HISTORY) -> str:
    """A table of the figures that both commits have, each by its latest run, quiet ones first.

    A commit is named by how its name begins. Raises NotMeasured.
    """
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    runs = [json.loads(line) for line in lines]
    before, after = _of(one, runs), _of(other, runs)
    both = sorted(before.keys() & after.keys())
    rows: list[tuple[str, ...]] = [("figure", one, other, "change", "")]
    rows += [(name, *_compared(before[name], after[name])) for name in both]
    return aligned(rows)


def _of(named: str, runs: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for run in runs:
        if run["commit"].startswith(named):
            for name, values in run["figures"].items():
                if run["quiet"] or not found.get(name, {}).get("quiet", False):
                    found[name] = {**values, "quiet": run["quiet"]}
    if not found:
        there = ", ".join(dict.fromkeys(run["commit"] for run in runs)) or "none"
        raise NotMeasured(f"{named} is not in {HISTORY}; measured are: {there}")
    return found


def _compared(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    yield from (f"{short(one['value'])} {one['unit']}" for one in (before, after))
    yield f"{after['value'] / before['value'] - 1:+.0%}" if before["value"] else ""
    overlap = before["low"] <= after["high"] and after["low"] <= before["high"]
    told = ["within the spread"] if overlap else []
    told += [] if before["quiet"] and after["quiet"] else ["disturbed"]
    yield ", ".join(told)
