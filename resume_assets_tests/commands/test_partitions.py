"""`new` and `env`: for those who use `dagster` itself."""

import re
import shlex
from pathlib import Path

import pytest

from resume_assets.dagster_home import open_instance
from resume_assets.settings import load_settings
from resume_assets_tests.commands.calling import call, ok


def test_a_key_is_added_and_printed_alone(home: Path) -> None:
    made_up = ok("new").strip()
    assert re.fullmatch(r"\d{8}-\d{6}-[a-z]{4}", made_up)
    assert ok("new", "monday-1") == "monday-1\n"
    assert ok("new", "monday-1") == "monday-1\n"
    with open_instance(load_settings()) as instance:
        assert set(instance.get_dynamic_partitions("resume_batches")) == {made_up, "monday-1"}


@pytest.mark.parametrize("key", ["a/b", "a...b", "monday\n", "x" * 65, "é"])
def test_a_bad_key_is_wrong_use_and_adds_nothing(home: Path, key: str) -> None:
    result = call("new", key)
    assert result.exit_code == 2
    assert "1 to 64 of the characters A-Z a-z 0-9 _ and -" in result.stderr
    assert not (home / "dagster").exists()


def test_env_is_a_line_for_a_shell(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME")
    monkeypatch.setenv("RESUME_ASSETS_HOME", f"{home} of Ada's")
    words = shlex.split(ok("env"))
    folder = Path(f"{home} of Ada's", "dagster")
    assert words == ["export", f"DAGSTER_HOME={folder}"]
    assert "telemetry:\n  enabled: false" in (folder / "dagster.yaml").read_text()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_dagster_yaml_of_ones_own_is_left_alone(home: Path) -> None:
    folder = home / "dagster"
    folder.mkdir(parents=True)
    (folder / "dagster.yaml").write_text("telemetry: {enabled: true}\n")
    ok("env")
    assert (folder / "dagster.yaml").read_text() == "telemetry: {enabled: true}\n"
