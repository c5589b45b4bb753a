"""What all commands share: the group they are in, exit codes, a person's mistakes in words."""

import math
import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import click

from resume_assets.errors import PlatformError, WrongUseError, in_words

P = ParamSpec("P")

ROWS = click.IntRange(1, 10_000_000)

_NOBODY_READS = 141
"""What a shell says of a program that SIGPIPE ended: its reader, such as `head`, had enough."""


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


def _exits(command: Callable[P, int | None]) -> Callable[P, None]:
    """Turn a command's return value, or its PlatformError, into an exit code and a sentence."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = command(*args, **kwargs)
        except WrongUseError as error:
            click.echo(str(error), err=True)
            code = 2
        except PlatformError as error:
            click.echo(str(error), err=True)
            code = 1
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:
            _say_no_more()
            code = _NOBODY_READS
        except Exception as error:  # noqa: BLE001 (told without what its message might quote)
            click.echo(in_words(error, "running this command"), err=True)
            code = 1
        except KeyboardInterrupt:
            click.echo("Interrupted. What is claimed or out stays so; nothing is lost.", err=True)
            code = 1
        sys.exit(code or 0)

    return run


def _say_no_more() -> None:
    """What is still to be flushed goes nowhere, or Python would complain of it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Configuration is read from the environment and .env; `resume-assets doctor` shows it.",
)
@click.version_option(package_name="resume-assets")
def cli() -> None:
    """Resumes in, clean columns out: batches of resumes through OpenAI into a candidate table."""


def command(name: str, example: str) -> Callable[[Callable[..., int | None]], click.Command]:
    """Make a function a command of the group; it returns its exit code, None for 0."""

    def decorate(function: Callable[..., int | None]) -> click.Command:
        @wraps(function)
        def told(*args: Any, **kwargs: Any) -> int | None:
            from resume_assets.commands import starting

            starting.tell(name)
            return function(*args, **kwargs)

        return cli.command(name, epilog=f"Example:  {example}")(_exits(told))

    return decorate
