"""`doctor`: each value with its source, each connection tested, no secret shown."""

from pathlib import Path

import pytest

from resume_assets.extraction.candidate import COLUMNS
from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.home import Platform


def line_of(said: str, variable: str) -> list[str]:
    [line] = [line for line in said.splitlines() if line.split()[:1] == [variable]]
    return line.split()[1:]


def test_all_is_well_with_the_defaults(platform: Platform) -> None:
    said = ok("doctor")
    assert "WRONG" not in said
    assert line_of(said, "RESUME_BATCH_SIZE") == ["500", "default"]
    assert line_of(said, "OPENAI_API_KEY") == ["-", "default"]
    assert "sqlite:///" in said
    assert f"aicandidate: {len(COLUMNS)} columns to write" in said
    assert "initialised" in said
    assert "$0.15 in and $0.60 out" in said
    assert "local_openai answers and has gpt-4o-mini-2024-07-18" in said


def test_each_value_has_its_source(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESUME_BATCH_SIZE", "7")
    Path(".env").write_text("RESUME_MAX_IN_FLIGHT=9\nRESUME_BATCH_SIZE=8\n")
    said = ok("doctor")
    assert line_of(said, "RESUME_BATCH_SIZE") == ["7", "environment"]
    assert line_of(said, "RESUME_MAX_IN_FLIGHT") == ["9", ".env"]


def test_secrets_are_only_said_to_be_set(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", platform.server.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong-key-of-someone")
    url = f"sqlite:///{platform.settings.embedded_path}?password=secret-in-url"
    monkeypatch.setenv("RESUME_DATABASE_URL", url)
    result = call("doctor")
    assert result.exit_code == 1
    assert "WRONG  endpoint" in result.stdout
    assert line_of(result.stdout, "OPENAI_API_KEY") == ["set", "environment"]
    for secret in ("sk-wrong", "secret-in-url"):
        assert secret not in result.output


def test_what_is_wrong_keeps_nothing_else_from_being_tested(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_MODEL", "no-such-model")
    result = call("doctor")
    assert result.exit_code == 1
    assert "no price known" in result.stdout
    assert "knows no model no-such-model" in result.stdout
    assert "ok     ledger" in result.stdout
    assert "files" in result.stdout


def test_a_database_of_ones_own_without_a_key_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_DATABASE_URL", f"sqlite:///{home.with_name('own.db')}")
    result = call("doctor")
    assert result.exit_code == 1
    assert "OPENAI_API_KEY is not set" in result.stdout
    assert "init-db" in result.stdout


def test_a_fresh_home_is_no_fault(home: Path) -> None:
    said = ok("doctor")
    assert "embedded; it will be made at first use" in said
    assert not (home / "resumes.db").exists()
