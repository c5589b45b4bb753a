"""The walks in `docs/`: each command in them is typed as it stands, one after the other."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from resume_assets.batches.ledger.states import OPEN
from resume_assets_tests.commands.calling import call
from resume_assets_tests.home import Platform

DOCS = Path(__file__).parents[2] / "docs"
NOT_ENDED = 3

_STEP = re.compile(
    r"^(?P<command>resume-assets .*)$|\bSet `(?P<variable>[A-Z_]+)=(?P<value>[^`]+)`",
    re.MULTILINE,
)


def steps_of(page: str) -> Iterator[re.Match[str]]:
    """The commands of a page and the settings it tells to make, in their order."""
    return _STEP.finditer((DOCS / page).read_text(encoding="utf-8"))


def typed(command: str, platform: Platform) -> list[str]:
    """A command's arguments, with the trial's key and the newest batch's in their places."""
    trials = platform.rows(platform.database.ledger.trials.select())
    places = {
        "KEY": trials[-1].trial_key if trials else "",
        "BATCH": max(
            (batch for batch in platform.batches() if batch.trial_key is None),
            key=lambda batch: batch.planned_at,
        ).batch_key,
    }
    return [places.get(word, word) for word in shlex.split(command, comments=True)[1:]]


def test_from_a_model_that_ends_to_its_successor(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("known.jsonl").write_text('{"userid": 1, "known": {"FirstName": "Jane"}}\n')
    platform.seed(6)
    platform.to_the_end("first")
    commands = []
    for step in steps_of("models.md"):
        if step["variable"]:
            monkeypatch.setenv(step["variable"], step["value"])
            platform.seed({7: "Jane Roe, welder since 2019"})
            continue
        arguments = typed(step["command"], platform)
        result = call(*arguments)
        begins = arguments[0] == "trial" and "--model" in arguments and "--dry-run" not in arguments
        assert result.exit_code == (NOT_ENDED if begins else 0), f"{arguments}: {result.output}"
        commands.append(arguments[0])
        out = [batch for batch in platform.batches() if batch.state in OPEN]
        platform.until_the_server_has_ended(*[batch.batch_key for batch in out])
    assert {"trial", "doctor", "reprocess", "undo"} <= set(commands)
    assert Path("trial.html").stat().st_mode & 0o077 == 0
    models = [batch.model for batch in platform.batches() if batch.trial_key is None]
    assert models == ["gpt-4o-mini-2024-07-18", "gpt-6-luna", "gpt-6-luna"]
