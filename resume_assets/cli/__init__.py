"""`resume-assets`: how each command is called. What it does is in `commands`, loaded if needed."""

from resume_assets.cli import batches, completing, doors, installing, looking, people
from resume_assets.cli.calling import cli

__all__ = ["batches", "cli", "completing", "doors", "installing", "looking", "main", "people"]


def main() -> None:
    """Run the command line: 0 done, 1 failed, 2 wrong use, 3 not ended, 130 interrupted."""
    cli(prog_name="resume-assets")
