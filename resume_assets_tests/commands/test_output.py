"""Lines that fit, colours that are wanted, one JSON document."""

import json

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.cli import cli
from resume_assets.commands import output
from resume_assets_tests.commands.calling import call


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.usefixtures("narrow")
def test_what_is_folded_hangs_below_what_follows_the_heading() -> None:
    lines = output.folded("Model           " + "word " * 30).splitlines()
    assert len(lines) == 3
    assert all(line.startswith(" " * 16 + "word") for line in lines[1:])
    assert output.folded("  - " + "word " * 30).splitlines()[1].startswith("    word")


@pytest.mark.usefixtures("narrow")
def test_a_command_in_backticks_stays_on_one_line_where_it_fits() -> None:
    command = "`resume-assets submit --batch 20261127-202853-ghkl`"
    text = f"The batch is kept, with its claims, all of it: {command} goes on with it."
    assert any(command in line for line in output.folded(text).splitlines())
    long = f"`resume-assets trial {'--model gpt-4.1-mini ' * 5}--sample 200`"
    assert max(map(len, output.folded(f"Next: {long}").splitlines())) <= 80


@given(st.lists(st.text("ab`-. ", min_size=1, max_size=30), max_size=30).map(" ".join))
def test_no_line_is_longer_than_the_terminal_and_nothing_is_lost(text: str) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("COLUMNS", "80")
        folded = output.folded(text)
    assert folded.split() == text.split()
    assert all(len(line) <= 80 for line in folded.split("\n"))


def test_a_word_longer_than_the_terminal_is_left_whole(narrow: None) -> None:
    path = "/a" * 60
    assert path in output.folded(f"The records are in {path}").splitlines()[1]


def said_in_colour(**environment: str) -> str:
    """What a coloured line comes to on a terminal, as far as click knows of one."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("TERM", "xterm")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with cli.make_context("resume-assets", ["status"]) as context:
            return "plain" if click.globals.resolve_color_default() is False else str(context.color)


def test_colours_are_left_out_where_they_are_not_wanted() -> None:
    assert said_in_colour() == "None"  # click asks whether it is a terminal
    assert said_in_colour(NO_COLOR="1") == "plain"
    assert said_in_colour(NO_COLOR="") == "None"
    assert said_in_colour(TERM="dumb") == "plain"


def test_people_and_programs_are_told_the_same_once(capsys: pytest.CaptureFixture[str]) -> None:
    for as_json in (False, True):
        with output.speaking(as_json=as_json) as found:
            output.say("Two are in.")
            output.answer(batches_in=2)
            output.warn("One is odd.")
        told = capsys.readouterr()
        assert told.out == ("" if as_json else "Two are in.\n")
        assert told.err == "One is odd.\n"
        assert found == ({"batches_in": 2} if as_json else {})


def test_nobody_is_asked_where_a_program_reads() -> None:
    with output.speaking(as_json=True), pytest.raises(output.NobodyIsAsked, match="--yes"):
        output.confirm("Sure?")


@pytest.mark.usefixtures("home")
def test_an_error_is_in_the_document_too() -> None:
    result = call("check", "nonsense", "--json")
    assert result.exit_code == 2
    [(key, told)] = json.loads(result.stdout).items()
    assert key == "error"
    assert "'nonsense'" in told
    assert f"{told}\n" in result.stderr
