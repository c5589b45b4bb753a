"""All commands: what they print fits 80 columns, and their documents are as docs/json.md says."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import dagster as dg
import pytest

from resume_assets.cli import cli
from resume_assets_tests.commands.calling import ok
from resume_assets_tests.commands.scenario import played
from resume_assets_tests.home import Platform

PAGE = Path(__file__).parents[2] / "docs" / "json.md"
ENDS = (0, 3)
SHARED = "batch"
ALWAYS = {"error"}

Place = tuple[str, ...]


def documented() -> dict[str, dict[str, str]]:
    """The keys of each section of the page, with what is said of each."""
    found: dict[str, dict[str, str]] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            keys = found[line[3:]] = {}
        elif row := re.fullmatch(r"\| `([^`]+)` \| (.*?)\s*\|", line):
            keys[row[1]] = row[2]
    return found


def places_of(section: str, pages: dict[str, dict[str, str]]) -> dict[Place, str]:
    """The places of a document's values, as the page names them; a batch's are put in."""
    places: dict[Place, str] = {}
    for key, meaning in pages[section].items():
        if re.match(r"a batch\b", meaning):
            for inner in pages[SHARED]:
                places[(*key.split("."), inner)] = f"{key}.{inner}"
        elif key == "receipts[]":
            places |= {(key, *place): f"{key}.{inner}" for place, inner in [*places.items()]}
        else:
            places[tuple(key.split("."))] = key
    return places


def values_in(document: Any, place: Place = ()) -> Iterator[Place]:
    """The places of all values; those of a list share one, and what is empty is a value too."""
    if isinstance(document, dict) and document:
        for key, value in document.items():
            yield from values_in(value, (*place, key))
    elif isinstance(document, list):
        here = (*place[:-1], f"{place[-1].removesuffix('[]')}[]")
        for value in document:
            yield from values_in(value, here)
        if not document:
            yield here
    else:
        yield place


def is_at(place: Place, named: Place) -> bool:
    """Whether a place is one that the page names; `*` is any name."""
    return len(place) == len(named) and all(
        two in ("*", one) for one, two in zip(place, named, strict=True)
    )


@pytest.mark.timeout(300)
def test_documents_are_as_documented(
    done: Platform, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = documented()
    seen: defaultdict[str, set[Place]] = defaultdict(set)
    for name, result in played(done, monkeypatch, "--json"):
        assert result.exit_code in ENDS, (name, result.output)
        seen[name] |= {*values_in(json.loads(result.stdout))} - {(key,) for key in ALWAYS}
    assert {*pages} - {SHARED, *NOT_PLAYED} == {*seen}
    for name, found in seen.items():
        places = places_of(name, pages)
        unknown = [place for place in found if not any(is_at(place, one) for one in places)]
        assert not [one for one in unknown if not _is_empty_part(one, places)], name
        missing = {
            key
            for one, key in places.items()
            if not any(is_at(place, one) or _is_none(place, one) for place in found)
        }
        assert missing == NOT_HERE.get(name, set()), name


NOT_PLAYED = ("demo", "notify", "metrics")
"""A minute's work, nothing without a receiver, and lines that are for Prometheus."""

NOT_HERE = {"cancel": {"waiting", "stopped"}}
"""Keys of a batch that is given up, which none of these is."""


def _is_none(place: Place, named: Place) -> bool:
    """Whether null stands where more would be named: no model ends, no share is known."""
    return len(place) < len(named) and all(
        one == two.removesuffix("[]") or one == two for one, two in zip(place, named, strict=False)
    )


def _is_empty_part(place: Place, places: dict[Place, str]) -> bool:
    return any(_is_none(place, one) for one in places)


@pytest.mark.timeout(300)
def test_what_is_printed_fits_80_columns(
    done: Platform, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for name, result in played(done, monkeypatch):
        assert result.exit_code in ENDS, (name, result.output)
        if name != "init-db":  # whose script is for a database
            assert too_long(result.output) == [], name
        assert "\x1b" not in result.output  # no colours where there is no terminal


def too_long(text: str) -> list[str]:
    """Lines of more than 80 columns, but for those of one path, or key, that can't be broken."""
    long = [line for line in text.splitlines() if len(line) > 80]
    return [
        line for line in long if len(line.split()) > 1 and "/" not in max(line.split(), key=len)
    ]


@pytest.mark.parametrize("name", [None, *sorted(cli.commands)])
def test_every_help_fits_80_columns(name: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert too_long(ok(*([name] if name else []), "--help")) == []


def test_every_command_that_ends_by_itself_answers_programs() -> None:
    silent = {"env", "ui", "local-openai", "completion"}
    for name, command in cli.commands.items():
        options = {option for one in command.params for option in one.opts}
        assert ("--json" in options) is (name not in silent), name


def test_every_command_states_its_group() -> None:
    groups = cli.group_of
    assert {name for name, group in groups.items() if group == "Others"} == set()
    assert isinstance(cli, click.Group)
