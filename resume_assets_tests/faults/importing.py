"""As `worker`, for an import: forks one child for each order, which is struck at a boundary."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

from resume_assets.database.connect import open_database
from resume_assets.database.setup import initialise
from resume_assets.documents import importing
from resume_assets.documents.kinds import Kind
from resume_assets.documents.reading import Document
from resume_assets_tests.faults.boundaries import Boundaries
from resume_assets_tests.faults.orders import follow
from resume_assets_tests.faults.strikes import Strike
from resume_assets_tests.flow import settings_at


def read_here(_ending: str, data: bytes) -> Document:
    """Reading leaves nothing behind; a process for it would only take time."""
    return Document(data.decode(), Kind.text, "none")


def obey(order: dict[str, Any]) -> None:
    """In the child: import the folder, tell what was met and what came of it."""
    home = Path(order["home"])
    database = open_database(settings_at(home))
    initialise(database)
    at = order["at"] and tuple(order["at"])
    boundaries = Boundaries(home, at, Strike(order["strike"]))
    boundaries.install()
    done = importing.deliver(database, [Path(order["folder"])], delivery="d1")
    boundaries.stop()
    told = {"names": boundaries.names, "outcomes": dict(done.outcomes), "unread": len(done.unread)}
    (home / "report.json").write_text(json.dumps(told), encoding="utf-8")


def serve() -> None:
    """Fork for each order, and wait for the child.

    One file is looked at once the one before is written, so that each run meets the same points.
    """
    patch.multiple(importing, read=read_here, processors=lambda: 1, _AHEAD=1).start()
    follow(obey)


if __name__ == "__main__":
    serve()
