"""Dagster's own storage: one folder for the command line, the daemon and the UI."""

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from resume_assets.private import private_folder
from resume_assets.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

_log = logging.getLogger(__name__)

LOCATION = "resume_assets.definitions"
"""The module that Dagster loads, and so the name of the code location, as in `workspace.yaml` too.
"""

_CONFIGURATION = """\
# Written by resume-assets once; yours to change. docs.dagster.io: "dagster.yaml reference"
telemetry:
  enabled: false
nux:
  enabled: false
"""


def prepare(folder: Path) -> Path:
    """Make the folder, private to its user, with a `dagster.yaml`; leaves what is there."""
    private_folder(folder)
    configuration = folder / "dagster.yaml"
    if not configuration.exists():
        configuration.write_text(_CONFIGURATION, encoding="utf-8")
    return folder


_NO_COMPUTE_LOGS = {
    "compute_logs": {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
    }
}
"""What a step prints is not kept. To keep it, Dagster would start processes around each step that
hide what the terminal is told meanwhile, and print tracebacks of their own at Ctrl-C."""


def open_instance(settings: Settings) -> "dg.DagsterInstance":
    """The instance that `dagster dev` shows too; DAGSTER_HOME is set for child processes.

    Where none is configured and the home can't be written, one in memory that nobody else sees: the
    ledger is all that a command needs. Raises OSError where one is configured and can't be used.
    """
    import dagster as dg
    from dagster._core.instance.ref import InstanceRef  # `overrides` are offered nowhere else

    try:
        folder = str(prepare(settings.dagster_folder))
    except OSError as error:
        if settings.dagster_home is not None:
            raise
        _log.warning(
            "Dagster's storage can't be made (%s): this command's runs are kept nowhere. "
            "DAGSTER_HOME names another.",
            error.strerror,
        )
        # It makes no folder there as long as steps hand nothing on, and ours do not.
        return dg.DagsterInstance.ephemeral(tempdir=str(settings.dagster_folder))
    os.environ["DAGSTER_HOME"] = folder
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(folder, overrides=_NO_COMPUTE_LOGS))
