"""How the commands speak: lines that fit the terminal, or one JSON document; problems on stderr.

A command says what it has to say to a person by `say`, and notes the same for programs by `answer`.
Which of the two is printed was chosen by `--json`; progress and problems are told either way.
"""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from textwrap import TextWrapper
from typing import Any

import click

from resume_assets.commands.drawing import Drawing
from resume_assets.errors import WrongUseError
from resume_assets.logs import answering
from resume_assets.progress import watched_by

_WIDTH = 80
_LEAST_WIDTH = 40
_FURTHEST_HANG = 24  # columns that a line's heading may take, for what follows to hang below itself
_HEADING = re.compile(r"\s*\S+(?: \S+)*?\s{2,}(?=\S)")
_COMMAND = re.compile(r"`[^`]*`")
_GLUE = "\N{NO-BREAK SPACE}"

_answer: ContextVar[dict[str, Any] | None] = ContextVar("answer", default=None)
_drawing: ContextVar[Drawing | None] = ContextVar("drawing", default=None)


class NobodyIsAsked(WrongUseError):
    """A question would have to be answered, and no person is there."""


@contextmanager
def speaking(*, as_json: bool) -> Iterator[dict[str, Any]]:
    """Have the block's commands speak: to people, or with `as_json` into the document it gets."""
    found: dict[str, Any] = {}
    drawing = Drawing()
    asked, drawn = _answer.set(found if as_json else None), _drawing.set(drawing)
    try:
        with watched_by(drawing), answering():
            yield found
    finally:
        drawing.end()
        _answer.reset(asked)
        _drawing.reset(drawn)


def say(
    line: str = "", *, hang: int | None = None, coloured: tuple[str, str] | None = None
) -> None:
    """A line for people, folded at the terminal's width; what is folded is indented by `hang`.

    `coloured`: a word of the line, and its colour where there are any.
    """
    if _answer.get() is not None:
        return
    text = folded(line, hang)
    if coloured is not None:
        word, colour = coloured
        text = text.replace(word, click.style(word, fg=colour), 1)
    _print(text)


def say_as_it_is(text: str) -> None:
    """Text for people or programs that must not be folded: a script, a key, a CSV file."""
    if _answer.get() is None:
        _print(text)


def warn(line: str) -> None:
    """A line about a problem."""
    _print(folded(line), err=True)


def answer(**facts: Any) -> None:
    """Note for programs what was said to people: keys of the JSON document (docs/json.md)."""
    found = _answer.get()
    if found is not None:
        found |= facts


def wants_json() -> bool:
    """Whether a program reads the answer."""
    return _answer.get() is not None


def print_answer(found: dict[str, Any]) -> None:
    """The document that `speaking` was filled with."""
    click.echo(json.dumps(found, indent=2, default=str))


def confirm(question: str) -> None:
    """Ask a person, before anything is changed.

    Raises click.Abort where they decline, NobodyIsAsked for a program.
    """
    if wants_json():
        raise NobodyIsAsked("With --json nobody is asked: add --yes, or leave out --json.")
    try:
        with _cleared():
            click.confirm(folded(question), abort=True)
    except click.Abort as abort:
        if isinstance(abort.__context__, KeyboardInterrupt):  # click makes no difference
            raise KeyboardInterrupt("Interrupted; nothing was changed.") from None
        raise


def width() -> int:
    """Columns: the terminal's, or COLUMNS; 80 where neither tells."""
    return max(shutil.get_terminal_size((_WIDTH, 24)).columns, _LEAST_WIDTH)


def folded(text: str, hang: int | None = None) -> str:
    """The text in lines no longer than the terminal's; a command in backticks stays on one.

    `hang`: how far what is folded is indented; by default below what follows a line's heading.
    """
    return "\n".join(_folded(line, hang) for line in text.split("\n"))


def _folded(line: str, hang: int | None) -> str:
    columns = width()
    if len(line) <= columns:
        return line
    wrapper = TextWrapper(
        columns,
        subsequent_indent=" " * (_hang_of(line) if hang is None else hang),
        break_long_words=False,
        break_on_hyphens=False,
    )
    glued = wrapper.wrap(_COMMAND.sub(lambda found: found[0].replace(" ", _GLUE), line))
    lines = glued if all(len(one) <= columns for one in glued) else wrapper.wrap(line)
    return "\n".join(lines).replace(_GLUE, " ")


def _hang_of(line: str) -> int:
    heading = _HEADING.match(line)
    if heading is not None and heading.end() <= _FURTHEST_HANG:
        return heading.end()
    return len(line) - len(line.lstrip()) + 2


def _print(text: str, *, err: bool = False) -> None:
    with _cleared():
        click.echo(text, err=err)


def _cleared() -> Any:
    drawing = _drawing.get()
    return nullcontext() if drawing is None else drawing.cleared()
