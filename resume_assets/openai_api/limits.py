"""What one batch file may hold, from OpenAI's Batch API reference (November 2026)."""

from datetime import timedelta
from typing import Final

from resume_assets.settings import Settings

MAX_REQUESTS = 50_000
MAX_FILE_BYTES = 199_000_000
"""The documented 200 MB, counted as 200 * 10**6, with a margin."""

COMPLETION_WINDOW: Final = "24h"
WINDOW = timedelta(hours=24)

INPUT_FILE_SECONDS = 14 * 86_400
"""Should our own deletion fail, OpenAI deletes the input file by itself after two weeks."""

OUTPUT_FILE_SECONDS = 14 * 86_400


def rows_per_batch(settings: Settings) -> int:
    """The batch size that is asked for, never more than a file takes."""
    return min(settings.batch_size, MAX_REQUESTS)
