"""What one batch file may hold, from OpenAI's Batch API reference (November 2026)."""

from datetime import timedelta
from typing import Final

from resume_assets.settings import Settings

MAX_REQUESTS = 50_000
MAX_REQUESTS_AT_AZURE = 100_000
MAX_FILE_BYTES = 199_000_000
"""The documented 200 MB, counted as 200 * 10**6, with a margin."""

COMPLETION_WINDOW: Final = "24h"
WINDOW = timedelta(hours=24)

INPUT_FILE_SECONDS = 14 * 86_400
"""Should our own deletion fail, OpenAI deletes the input file by itself after two weeks, which is
the least that Azure takes.
"""

OUTPUT_FILE_SECONDS = 14 * 86_400


def most_requests(settings: Settings) -> int:
    """How many requests one file may hold at the configured server."""
    return MAX_REQUESTS_AT_AZURE if settings.is_azure else MAX_REQUESTS


def rows_per_batch(settings: Settings) -> int:
    """The batch size that is asked for, never more than a file takes."""
    return min(settings.batch_size, most_requests(settings))
