"""What all commands share: their group, exit codes, `--json`, a person's mistakes in words."""

import math
import os
import shlex
import sys
from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from resume_assets.cli.groups import Group, GroupedCommands
from resume_assets.errors import PlatformError, WrongUseError, in_words
from resume_assets.progress import step

if TYPE_CHECKING:
    from resume_assets.settings import Settings

ROWS = click.IntRange(1, 10_000_000)

INTERRUPTED = 130
"""What a shell says of a program that SIGINT ended."""

_NOBODY_READS = 141
"""What a shell says of a program that SIGPIPE ended: its reader, such as `head`, had enough."""

_JSON = "resume_assets.json"


class Seconds(click.FloatRange):
    """A range that NaN is not in."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the seconds, or fail as click does."""
        seconds = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail(f"{value} is no number of seconds.", param, ctx)
        return seconds


def load_settings() -> "Settings":
    """The settings, loaded only where they are needed: `--help` and completion stay quick."""
    from resume_assets.settings import load_settings as load

    return load()


def _exits(
    command: Callable[..., int | None], *, changes_nothing: bool = False
) -> Callable[..., None]:
    """Turn a command's return value, or its PlatformError, into an exit code and a sentence."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        from resume_assets.commands import output

        as_json = click.get_current_context().meta.get(_JSON, False)
        try:
            with output.speaking(as_json=as_json) as found:
                code = _code_of(lambda: command(*args, **kwargs), changes_nothing=changes_nothing)
            if as_json:
                output.print_answer(found)
        except BrokenPipeError:
            _say_no_more()
            code = _NOBODY_READS
        sys.exit(code)

    return run


def _code_of(work: Callable[[], int | None], *, changes_nothing: bool) -> int:
    """Do the work; its exit code. What keeps it from its end is told."""
    from resume_assets.commands import output

    try:
        return work() or 0
    except WrongUseError as error:
        told, code = str(error), 2
    except PlatformError as error:
        told, code = str(error), 1
    except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
        raise
    except Exception as error:  # noqa: BLE001 (told without what its message might quote)
        told, code = in_words(error, "running this command"), 1
    except KeyboardInterrupt as interrupt:
        told, code = _interrupted(interrupt, changes_nothing=changes_nothing), INTERRUPTED
    output.warn(told)
    output.answer(error=told)
    return code


def _interrupted(interrupt: KeyboardInterrupt, *, changes_nothing: bool) -> str:
    """What was kept, what goes on, and the next command: those of the interrupt, where it knows."""
    if interrupt.args:
        return str(interrupt)
    if changes_nothing:
        return "Interrupted; nothing was changed."
    again = shlex.join(["resume-assets", *sys.argv[1:]])
    return f"Interrupted. What was done by then is kept. Next: `{again}` goes on from there."


def _say_no_more() -> None:
    """What is still to be flushed goes nowhere, or Python would complain of it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())


@click.group(
    cls=GroupedCommands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Configuration is read from the environment and .env; `resume-assets doctor` shows it.",
)
@click.version_option(package_name="resume-assets")
def cli() -> None:
    """Resumes in, clean columns out: batches of resumes through OpenAI into a candidate table."""


def command(
    name: str,
    example: str,
    *,
    group: Group = Group.others,
    answers: bool = True,
    changes_nothing: bool = False,
    hidden: bool = False,
) -> Callable[[Callable[..., int | None]], click.Command]:
    """Make a function a command of the group; it returns its exit code, None for 0.

    `answers`: it comes to an end by itself, and takes `--json`, for what it notes by
    `output.answer`. `changes_nothing`: whatever interrupts it, nothing is left half done.
    """

    def decorate(function: Callable[..., int | None]) -> click.Command:
        @wraps(function)
        def told(*args: Any, **kwargs: Any) -> int | None:
            from resume_assets.commands import starting

            with step(f"{name}: at work") if answers else nullcontext():
                starting.tell(name)
                return function(*args, **kwargs)

        made = cli.command(name, epilog=f"Example:  {example}", hidden=hidden)(
            _exits(told, changes_nothing=changes_nothing)
        )
        cli.group_of[name] = group
        if answers:
            made.params.append(_json_option())
        return made

    return decorate


def _json_option() -> click.Option:
    def note(context: click.Context, _: click.Parameter, value: bool) -> None:
        context.meta[_JSON] = value

    return click.Option(
        ["--json"], is_flag=True, expose_value=False, callback=note, help="For programs."
    )
