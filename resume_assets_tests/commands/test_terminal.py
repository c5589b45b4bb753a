"""What is drawn in a real terminal (a pseudo-terminal of 80 columns), and what is not."""

import os
import pty
import subprocess
import sys
from contextlib import suppress

import pytest

from resume_assets_tests.commands.processes import PATIENCE

SCRIPT = """
import threading
from resume_assets.commands import drawing
from resume_assets.commands.output import say, speaking
from resume_assets.progress import Unit, step

drawing.AFTER = 0
drawing.FIRST = 0
shown = threading.Event()
real = drawing.in_words
def told(one, now):
    if one.done:
        shown.set()
    return real(one, now)
drawing.in_words = told
with speaking(as_json=False):
    with step("building the requests", Unit.resume, 50_000) as building:
        building.advance(12_000)
        shown.wait(60)
        say("A line between.")
"""


def drawn(**environment: str) -> str:
    """What a terminal gets of a command with a step that lasts."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdout=theirs,
        stderr=theirs,
        stdin=theirs,
        env={
            **os.environ,
            "COLUMNS": "80",
            "TERM": "xterm-256color",
            "NO_COLOR": "",
            **environment,
        },
    )
    os.close(theirs)
    said = b""
    with suppress(OSError):  # how Linux says that nobody has the other end any more
        while read := os.read(ours, 65_536):
            said += read
    os.close(ours)
    assert child.wait(PATIENCE) == 0, said
    return said.decode()


def is_coloured(text: str) -> bool:
    return any(f"\x1b[{code}" in text for code in ("3", "1;3", "38;"))


def test_a_bar_is_drawn_and_goes_away() -> None:
    text = drawn()
    assert "12,000 of 50,000 resumes" in text
    assert "━" in text
    assert "\x1b[2K" in text  # the line is erased, for what is said and at the end
    assert is_coloured(text)
    assert "A line between.\r\n" in text


def test_no_colour_where_none_is_wanted() -> None:
    text = drawn(NO_COLOR="1")
    assert "12,000 of 50,000 resumes" in text
    assert not is_coloured(text)


def test_a_terminal_that_can_move_no_cursor_gets_lines() -> None:
    text = drawn(TERM="dumb")
    assert "building the requests: 12,000 of 50,000 resumes" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("columns", ["40", "80"])
def test_the_bar_is_one_line(columns: str) -> None:
    for line in drawn(COLUMNS=columns, NO_COLOR="1").split("\r"):
        shown = line.replace("\x1b[2K", "").replace("\x1b[?25l", "").replace("\x1b[?25h", "")
        assert len(shown.strip("\n")) <= int(columns) + 4, repr(line)  # a code of the cursor's
