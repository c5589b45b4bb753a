"""Completion: of commands, options and keys; quick, and silent where there is nothing."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from resume_assets.cli import cli
from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.commands.processes import PATIENCE, environment, run, said
from resume_assets_tests.home import Platform

HEAVY = ("dagster", "sqlalchemy", "pydantic", "openai", "rich")


def proposed(*words: str) -> list[str]:
    """What is proposed for the last of these words."""
    *before, incomplete = words
    complete = ShellComplete(cli, {}, "resume-assets", "_RESUME_ASSETS_COMPLETE")
    return [item.value for item in complete.get_completions(before, incomplete)]


def test_commands_and_options(home: Path) -> None:
    assert proposed("che") == ["check"]
    assert "--dry-run" in proposed("submit", "--d")
    assert "unpause" in proposed("")
    assert "resume" not in proposed("")


def test_keys_of_batches_and_trials(done: Platform) -> None:
    done.seed({3: "# Grace Hopper"})
    done.plan("c1", rows=1)
    assert proposed("check", "") == ["c1", "b1"]
    assert proposed("undo", "b") == ["b1"]
    assert proposed("submit", "--batch", "") == ["c1"]
    assert proposed("trial", "") == []


@pytest.mark.parametrize(
    "configured",
    [
        {},
        {"RESUME_BATCH_SIZE": "many"},
        {"RESUME_DATABASE_URL": "sqlite:////nowhere/at/all.db"},
        {"RESUME_DATABASE_URL": "no url"},
    ],
)
def test_without_a_ledger_there_is_silence(
    home: Path, configured: dict[str, str], monkeypatch: pytest.MonkeyPatch, capfd: object
) -> None:
    for name, value in configured.items():
        monkeypatch.setenv(name, value)
    assert proposed("check", "") == []
    assert not home.exists()
    assert capfd.readouterr() == ("", "")  # type: ignore[attr-defined]


def test_an_empty_database_has_no_keys(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = home.parent / "empty.db"
    empty.touch()
    monkeypatch.setenv("RESUME_DATABASE_URL", f"sqlite:///{empty}")
    assert proposed("check", "") == []


def test_the_documented_line_installs_it_in_bash(own_home: Path) -> None:
    line = 'eval "$(resume-assets completion bash)"'
    assert line in (Path(__file__).parents[2] / "docs" / "terminal.md").read_text("utf-8")
    completed = (
        "COMP_WORDS=(resume-assets ev); COMP_CWORD=1; _resume_assets_completion resume-assets; "
        'echo "${COMPREPLY[@]}"'
    )
    done = run(own_home, "bash", "-c", f"{line}\n{completed}")
    assert done.stdout == "evaluate\n", said(done)
    assert done.stderr == ""


def test_the_script_is_of_the_shell_that_is_named_or_in_use(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "compdef" in ok("completion", "zsh")
    assert "complete --no-files" in ok("completion", "fish")
    monkeypatch.setenv("SHELL", "/usr/bin/zsh")
    assert ok("completion") == ok("completion", "zsh")
    monkeypatch.setenv("SHELL", "/bin/sh")
    assert call("completion").exit_code == 2
    assert not home.exists()


def test_help_and_completion_of_commands_load_nothing_heavy(home: Path) -> None:
    script = (
        "import sys; sys.argv = ['resume-assets', '--help']\n"
        "from resume_assets.cli import main\n"
        "try: main()\n"
        f"finally: print(sorted({set(HEAVY)} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert done.stderr == "[]\n"
