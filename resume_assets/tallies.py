"""What goes wrong and is mended by itself: counted in this process, kept by `ledger.counters`.

Nobody else notes it: a call that is repeated ends well.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum


class Tally(StrEnum):
    """What is counted; the names stand in the ledger."""

    throttled = "openai_throttled"  # answers with status 429
    repeated = "openai_retries"  # calls of OpenAI's that were made again
    transactions_repeated = "database_retries"
    database_failed = "database_errors"
    store_failed = "store_errors"


_counted: Counter[Tally] = Counter()
_lock = threading.Lock()


def count(what: Tally) -> None:
    """One more."""
    add({what: 1})


def add(counts: Mapping[Tally, int]) -> None:
    """So many more: what was taken, and could not be kept."""
    with _lock:
        _counted.update(counts)


def take() -> dict[Tally, int]:
    """What was counted since this was called last."""
    with _lock:
        found = dict(_counted)
        _counted.clear()
        return found
