"""Imported by a worker that is to be killed in mid-write (`celery --include`).

Once it has committed the first part of a batch's records it stops, and tells which batch in a file
in its home; it does nothing more.
"""

import os
import threading
from pathlib import Path
from typing import Any

from resume_assets.batches.records import applying
from resume_assets.batches.records.writing import Writer
from resume_assets_tests.distributed.deployment import STALLED, WRITTEN_BEFORE_IT_STALLED

_write = Writer.write


def _write_and_stop(writer: Writer, rows: list[Any]) -> None:
    _write(writer, rows)
    told = Path(os.environ["RESUME_ASSETS_HOME"]).parent / STALLED
    told.with_suffix(".part").write_text(writer.lease.key, encoding="utf-8")
    told.with_suffix(".part").rename(told)
    threading.Event().wait()


Writer.write = _write_and_stop  # type: ignore[method-assign, assignment]
applying.CHUNK = WRITTEN_BEFORE_IT_STALLED
