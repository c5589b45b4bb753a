"""`resume-assets`: how each command is called. What it does is in `commands`, loaded if needed."""

import gc

from resume_assets.cli import batches, completing, doors, installing, looking, people
from resume_assets.cli.calling import cli

_MADE = 50_000
"""Objects after which there is a garbage collection; Python's own number is 700."""

__all__ = ["batches", "cli", "completing", "doors", "installing", "looking", "main", "people"]


def main() -> None:
    """Run the command line: 0 done, 1 failed, 2 wrong use, 3 not ended, 130 interrupted."""
    # All that a command loads stays: to look through it again and again takes a tenth of its start.
    gc.set_threshold(_MADE)
    cli(prog_name="resume-assets")
