"""What every command says first, on standard error: misnamed variables, and a new home."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from resume_assets.commands.output import warn

if TYPE_CHECKING:
    from resume_assets.settings import Settings


def tell(command: str) -> None:
    """Name variables that look like ours and are none; announce a home that is still to be made.

    `doctor` has both in its report and makes no home, `demo` reads no configuration, `completion`
    neither. Raises SettingsError.
    """
    if command in ("doctor", "completion"):
        return
    from resume_assets.misnamed import misnamed
    from resume_assets.settings import demo_settings, load_settings

    if command != "demo":
        for one in misnamed():
            warn(str(one))
    settings = demo_settings() if command == "demo" else load_settings()
    if not settings.home_folder.exists() and _can_be_made(settings.home_folder):
        warn(new_home(settings))


def _can_be_made(folder: Path) -> bool:
    """Whether it is not on a read-only file system, where nothing needs it or that is told."""
    above = next(one for one in folder.parents if one.exists())
    return os.access(above, os.W_OK)


def new_home(settings: "Settings") -> str:
    """That there is no home yet, and what would name another one."""
    no_env = "" if Path(".env").is_file() else f" {Path.cwd()} has no .env."
    return f"A new home: {settings.home_folder} (RESUME_ASSETS_HOME names another).{no_env}"
