"""The groups that `--help` lists the commands in: by what a person wants."""

import os
from enum import StrEnum
from typing import Any

import click


class Group(StrEnum):
    """What a person wants; stated beside each command, and listed in this order."""

    begin = "To begin"
    batches = "Batches, from the queue to the records"
    doors = "Resumes in, records out"
    look = "To look and to compare"
    decide = "What only a person decides"
    dagster = "Dagster and the local server"
    others = "Others"


class GroupedCommands(click.Group):
    """Lists its commands in their groups, and in the order in which they were defined."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group_of: dict[str, Group] = {}

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Without colours where the user, or the terminal, wants none."""
        if not _may_be_coloured():
            extra.setdefault("color", False)
        return super().make_context(*args, **extra)

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        """Each group under its heading; the sentences of all begin in the same column."""
        shown = {name: one for name, one in self.commands.items() if not one.hidden}
        longest = max(map(len, shown), default=0)
        room = formatter.width - longest - 6
        for group in Group:
            rows = [
                (name.ljust(longest), one.get_short_help_str(room))
                for name, one in shown.items()
                if self.group_of.get(name, Group.others) is group
            ]
            if rows:
                with formatter.section(group):
                    formatter.write_dl(rows)


def _may_be_coloured() -> bool:
    """Whether colours are wanted; click itself leaves them out where there is no terminal.

    Source: no-color.org (any value that is not empty).
    """
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
