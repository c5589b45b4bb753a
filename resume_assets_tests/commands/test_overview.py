"""`status`: the queue, batches, money, and what waits for a person."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.home import NEVER, Platform, platform_at


def status() -> dict[str, Any]:
    found = json.loads(ok("status", "--json"))
    assert isinstance(found, dict)
    return found


def test_an_empty_home(home: Path) -> None:
    found = status()
    del found["model_end"]  # which depends on the day
    assert found == {
        "waiting": 0,
        "batches_open": [],
        "trials_open": [],
        "batches_closed_last": [],
        "cost_usd": 0,
        "saving_usd": 0,
        "reused": 0,
        "reuse_saving_usd": 0,
        "tokens": 0,
        "tokens_without_price": {},
        "given_up": [],
        "stuck": [],
        "planning_stopped": None,
        "notices": {"receivers": [], "problems": []},
    }
    said = ok("status")
    assert "Waiting         0 resumes" in said
    assert "no batch" in said
    assert "For a person" not in said
    assert "Stopped" not in said


def test_what_waits_what_is_out_and_what_was_spent(home: Path) -> None:
    with platform_at(home) as platform:
        platform.seed(1)
        done = platform.to_the_end("b1")
    with platform_at(home, pace=NEVER) as platform:
        platform.seed({2: "# Grace Hopper", 3: "# Alan Turing", 4: None, 5: "   "})
        platform.plan("b2", rows=1)
        platform.run("submit_batch", "b2")
        found = status()
        assert found["waiting"] == 1
        [out] = found["batches_open"]
        assert (out["batch_key"], out["state"], out["requests"]) == ("b2", "submitted", 1)
        [closed] = found["batches_closed_last"]
        assert (closed["batch_key"], closed["state"], closed["succeeded"]) == ("b1", "done", 1)
        assert found["cost_usd"] == pytest.approx(float(done.batch_cost), abs=1e-6)
        assert found["saving_usd"] == pytest.approx(found["cost_usd"], abs=1e-6)
        said = ok("status")
        for part in ("b1  done", "b2  submitted", "1 of 1 record written", "$0.0"):
            assert part in said


def test_a_batch_is_out_only_while_it_is_at_the_server(platform: Platform) -> None:
    platform.seed(4)
    for key in ("built", "out", "ended", "collected"):
        platform.plan(key, rows=1)
        platform.run("submit_batch", key)
    for key, state in (("built", "built"), ("ended", "ended"), ("collected", "collected")):
        platform.update(key, state=state)
    platform.update("out", state="submitted")
    said = [line for line in ok("status").splitlines() if line.strip()]
    titles = {line[:16].strip(): index for index, line in enumerate(said)}
    assert said[titles["Not sent"]].startswith("Not sent        built  built")
    assert said[titles["Out"]].startswith("Out             out  submitted")
    ended = "\n".join(said[titles["Ended"] : titles["Last closed"]])
    assert "ended  ended" in ended
    assert "collected  collected" in ended
    assert "`resume-assets check ended` goes on with it." in ended
    assert titles["Ended"] - titles["Out"] == 1


def test_who_waits_for_a_person_is_named_by_id_only(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_MAX_ATTEMPTS", "1")
    platform.seed(2)
    give_up(platform)
    assert status()["given_up"] == [
        {"userid": "1", "state": "refused", "reason": "refusal"},
        {"userid": "2", "state": "refused", "reason": "refusal"},
    ]
    assert status()["waiting"] == 0
    said = ok("status")
    assert "2 candidates have no attempts left" in said
    assert "userid 1: refused, refusal" in said
    assert "resume-assets retry" in said
    assert "Lovelace" not in said


def test_what_waits_is_counted_whatever_attempts_are_allowed_now(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two whose attempts would be used up are out once more: a difference would be negative."""
    with platform_at(home, pace=NEVER) as platform:
        platform.seed(2)
        platform.run("submit_batch", "b1")
        items, claims = platform.database.ledger.items, platform.database.ledger.claims
        refused = items.update().values(state="refused", attempt_used=True)
        for statement in (refused, claims.delete()):
            platform.database.write(lambda connection: connection.execute(statement))  # noqa: B023
        platform.update("b1", state="done")
        platform.run("submit_batch", "b2")
        monkeypatch.setenv("RESUME_MAX_ATTEMPTS", "1")
        found = status()
        assert found["waiting"] == 0
        assert found["given_up"] == []
        assert "Waiting         0 resumes" in ok("status")


def give_up(platform: Platform) -> None:
    """As if the model had refused every one of batch b1, which uses up the one attempt."""
    platform.to_the_end("b1")
    items, there = platform.database.ledger.items, platform.database.candidates
    refused = items.update().values(state="refused", reason="refusal", attempt_used=True)
    back = there.table.update().values({there.processed.name: None})
    for statement in (refused, back):
        platform.database.write(lambda connection: connection.execute(statement))  # noqa: B023


def test_stuck_batches_and_a_stop_are_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with platform_at(home, pace=NEVER) as platform:
        platform.seed(1)
        platform.run("submit_batch", "b1")
        long_ago = platform.batch("b1").submitted_at - timedelta(hours=27)
        platform.update("b1", submitted_at=long_ago)
        monkeypatch.setenv("RESUME_MAX_COST_USD", "0")
        found = status()
        assert found["stuck"] == ["b1"]
        assert "RESUME_MAX_COST_USD" in found["planning_stopped"]
        said = ok("status")
        assert "Stuck           batch b1" in said
        assert "Stopped         " in said


@pytest.mark.parametrize(("days", "is_told"), [(90, True), (91, False), (3, True)])
def test_a_model_that_ends_soon_is_told_with_its_successor(
    platform: Platform, days: int, is_told: bool
) -> None:
    platform.seed(2)
    platform.sent("b1")
    end = platform.database.read(platform.database.dialect.utc_now).date() + timedelta(days=days)
    platform.update("b1", model_shutdown=end)
    found, said = status(), ok("status")
    assert found["planning_stopped"] is None
    assert (found["model_end"] is not None) is is_told
    assert (f"is shut down on {end}, in {days} days" in said) is is_told
    assert ("resume-assets trial --model" in said) is is_told
    if is_told:
        assert found["model_end"]["shutdown_date"] == str(end)
        assert found["model_end"]["successor"] == "gpt-6-luna"


def test_a_model_that_has_ended_stops_the_planning(platform: Platform) -> None:
    platform.seed(2)
    platform.sent("b1")
    platform.update("b1", model_shutdown=date(2026, 1, 1))
    said = ok("status")
    assert "Stopped         gpt-4o-mini-2024-07-18 was shut down on 2026-01-01." in said
    assert "RESUME_MODEL=gpt-6-luna" in said
    assert said.count("was shut down") == 1
    platform.seed({9: "# Ada"})
    result = call("submit")
    assert (result.exit_code, "Nothing is planned with it" in result.stderr) == (1, True)
