"""How commands are called: help, examples, exit codes; and Ctrl-C."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from resume_assets.cli import cli
from resume_assets.errors import PlatformError, WrongUseError
from resume_assets_tests.commands.calling import call, ok

COMMANDS = {
    "cancel",
    "check",
    "completion",
    "continuous",
    "demo",
    "doctor",
    "env",
    "evaluate",
    "export",
    "forget",
    "import",
    "init-db",
    "local-openai",
    "metrics",
    "new",
    "notify",
    "now",
    "prune",
    "reprocess",
    "retry",
    "review",
    "status",
    "submit",
    "trial",
    "ui",
    "undo",
    "unpause",
}


FORMER = {"resume"}
"""Names of former releases, which still work and are not listed."""


def test_the_commands_are_these_and_listed_with_a_whole_sentence() -> None:
    assert set(cli.commands) == COMMANDS | FORMER
    listed = dict(re.findall(r"^  ([a-z][a-z-]+)  +(\S.*)$", ok("--help"), re.MULTILINE))
    assert set(listed) == COMMANDS
    assert all(sentence.endswith(".") and "..." not in sentence for sentence in listed.values())


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_command_shows_an_example_of_itself(name: str) -> None:
    for flag in ("--help", "-h"):
        text = ok(name, flag)
        assert "Example:" in text
        assert f"resume-assets {name}" in text.partition("Example:")[2]


def test_examples_are_calls_that_the_parser_takes() -> None:
    """But for those that would do something: only their arguments are looked at."""
    for name, command in cli.commands.items():
        if name in FORMER:
            continue
        example = (command.epilog or "").partition("Example:")[2].strip()
        words = re.sub(r'^eval "\$\((.*)\)"$', r"\1", example).split()
        assert words[:2] == ["resume-assets", name]
        with command.make_context(name, words[2:]) as context:
            assert context.params.keys() == {
                parameter.name for parameter in command.params if parameter.expose_value
            }


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("submit", "--batch-size", "0"),
        ("submit", "--batch-size", "many"),
        ("continuous", "--num-batches", "0"),
        ("continuous", "--check-interval", "0"),
        ("continuous", "--max-in-flight", "-1"),
        ("check",),
        ("cancel",),
        ("ui", "--port", "70000"),
    ],
)
def test_wrong_arguments_are_wrong_use(arguments: tuple[str, ...]) -> None:
    assert call(*arguments).exit_code == 2


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RESUME_BATCH_SIZE", "many"),
        ("RESUME_TEMPERATURE", "7"),
        ("OPENAI_BASE_URL", "ftp://x"),
        ("RESUME_DATABASE_URL", "not a url"),
        ("RESUME_DATABASE_URL", "oracle://somewhere"),
    ],
)
def test_a_wrong_setting_is_wrong_use_and_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    result = call("status")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert variable in result.stderr or "database" in result.stderr
    assert f"'{value}'" not in result.stderr


class Refused(PlatformError):
    """Some failure."""


class Wrong(WrongUseError):
    """Some wrong use."""


def raising(error: BaseException) -> Callable[..., Any]:
    def work(*_: Any, **__: Any) -> None:
        raise error

    return work


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (Refused("what happened"), 1, "what happened"),
        (Wrong("what is wrong"), 2, "what is wrong"),
        (KeyboardInterrupt(), 130, "Interrupted. What was done by then is kept."),
    ],
)
def test_errors_become_a_sentence_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, told: str
) -> None:
    monkeypatch.setattr("resume_assets.commands.partitions.new", raising(error))
    result = call("new")
    assert result.exit_code == code
    assert told in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""
