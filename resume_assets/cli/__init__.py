"""`resume-assets`: how each command is called. What it does is in `commands`, loaded if needed."""

from resume_assets.cli import batches, installing, looking, people
from resume_assets.cli.calling import cli

__all__ = ["batches", "cli", "installing", "looking", "main", "people"]


def main() -> None:
    """Run the command line: 0 done, 1 failed or nothing usable, 2 wrong use, 3 not ended."""
    cli(prog_name="resume-assets")
