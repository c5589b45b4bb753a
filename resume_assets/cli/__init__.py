"""`resume-assets`: how each command is called. What it does is in `commands`, loaded if needed."""

import gc

from resume_assets.cli import batches, completing, doors, installing, looking, people
from resume_assets.cli.calling import cli
from resume_assets.garbage import SELDOM

__all__ = ["batches", "cli", "completing", "doors", "installing", "looking", "main", "people"]


def main() -> None:
    """Run the command line: 0 done, 1 failed, 2 wrong use, 3 not ended, 130 interrupted."""
    # All that a command loads stays: to look through it again and again takes a twentieth of it.
    gc.set_threshold(SELDOM)
    cli(prog_name="resume-assets")
