"""Completion of commands, options and keys in bash, zsh and fish."""

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from resume_assets.cli.calling import cli, command
from resume_assets.cli.groups import Group

_SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_RESUME_ASSETS_COMPLETE"


@command(
    "completion",
    'eval "$(resume-assets completion bash)"',
    group=Group.begin,
    answers=False,
    changes_nothing=True,
)
@click.argument("shell", type=click.Choice(_SHELLS), required=False)
def completion(shell: str | None) -> int:
    """Print the script that completes commands and keys.

    For the shell you are in, or SHELL. This line in ~/.bashrc (or ~/.zshrc) installs it:

    \b
    eval "$(resume-assets completion bash)"

    In fish: resume-assets completion fish | source
    """  # noqa: D301 (\b is click's sign: keep these lines)
    from resume_assets.commands.output import say_as_it_is

    shell = shell or Path(os.environ.get("SHELL", "")).name
    made = get_completion_class(shell)
    if made is None:
        raise click.BadArgumentUsage(f"Name the shell: {', '.join(_SHELLS)}.")
    say_as_it_is(made(cli, {}, "resume-assets", _VARIABLE).source())
    return 0
