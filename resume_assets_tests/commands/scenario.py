"""Every command once, in an order in which each has something to tell."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from resume_assets_tests.commands.calling import call
from resume_assets_tests.home import Platform
from resume_assets_tests.trials.trying import MINI, NANO

MODEL = "gpt-4o-mini-2024-07-18"
GOLD = '{"userid": 1, "known": {"Email": "ada@example.com", "Phone2": null}}\n'


def played(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, *more: str
) -> Iterator[tuple[str, Result]]:
    """Each command with these arguments more: its name, and what came of it.

    The platform is one where batch b1 has brought in candidates 1 and 2.
    """
    gold = Path("known.jsonl")
    gold.write_text(GOLD, encoding="utf-8")

    def go(name: str, *arguments: str) -> tuple[str, Result]:
        return name, call(name, *arguments, *more)

    platform.seed({10 + number: f"# Ada Lovelace {number}" for number in range(6)})
    yield go("doctor")
    yield go("init-db", "--dry-run")
    yield go("init-db")
    yield go("new", "monday-1")
    yield go("submit", "--dry-run")
    yield go("submit", "--batch-size", "2", "--batch", "b2")
    yield go("status")
    platform.change(2, Email2=platform.candidate(1).Email)
    yield go("status", "--duplicates")
    yield go("check", "b2")
    platform.until_the_server_has_ended("b2")
    yield go("check", "b2")
    yield go("continuous", "--num-batches", "1", "--batch-size", "1", "--check-interval", "0.2")
    yield go("now", "1", "12", "--again", "--dry-run")
    yield go("now", "1", "12", "--again")
    yield go("evaluate", str(gold))
    yield go("retry")
    yield go("cancel", "b1")
    yield go("unpause")
    trial = ("--model", MINI, "--model", NANO, "--sample", "2", "--seed", "7")
    yield go("trial", *trial, "--dry-run")
    yield from _trial(platform, go, trial)
    yield go("review", "b1")
    cvs = Path("cvs")
    cvs.mkdir(exist_ok=True)
    (cvs / "mary.md").write_text("# Mary Somerville\nmary@example.com, Jedburgh since 1780\n")
    (cvs / "photo.jpg").write_bytes(b"none")
    yield go("import", str(cvs))
    platform.delete(
        max(row.userid for row in platform.rows(platform.database.ledger.documents.select()))
    )
    yield go("export", "--format", "csv", "--batch", "b1")
    yield go("undo", "b2", "--yes")
    yield go("undo", "b2", "--yes")
    yield go("prune", "--days", "0", "--runs", "--yes")
    yield go("prune", "--back")
    yield go("forget", "15", "--yes")
    yield go("forget", "--receipts")
    yield go("forget", "15", "--allow-again")
    yield go("reprocess", "--model-was", MODEL, "--yes")
    _give_up(platform)
    monkeypatch.setenv("RESUME_MAX_ATTEMPTS", "1")
    yield go("status")


def _trial(
    platform: Platform, go: Callable[..., tuple[str, Result]], arguments: tuple[str, ...]
) -> Iterator[tuple[str, Result]]:
    yield go("trial", *arguments)
    trials = platform.database.ledger.trials
    [row] = platform.rows(trials.select())
    yield go("status")
    yield go("check", row.trial_key)
    yield go("trial", row.trial_key, "--wait")
    yield go("trial", *arguments)
    latest = trials.select().where(trials.c.done_at.is_(None))
    [row] = platform.rows(latest)
    yield go("cancel", row.trial_key)


def _give_up(platform: Platform) -> None:
    """As if the model had refused all of b1 as often as is allowed."""
    items, there = platform.database.ledger.items, platform.database.candidates
    refused = items.update().values(
        state="refused", reason="refusal", attempt_used=True, put_back_at=None
    )
    back = there.table.update().values({there.processed.name: None})
    for statement in (refused.where(items.c.batch_key == "b1"), back):
        platform.database.write(lambda connection: connection.execute(statement))  # noqa: B023
