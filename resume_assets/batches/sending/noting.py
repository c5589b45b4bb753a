"""Why a step failed, in the batch's row, where `status` shows it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import Lease, LeaseLost
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.errors import in_words

_log = logging.getLogger(__name__)


@contextmanager
def noted(lease: Lease, doing: str) -> Iterator[None]:
    """Note what is raised as the batch's message, and raise it again; `doing`: "submitting"."""
    try:
        yield
    except (LeaseLost, DatabaseFailed):  # nothing can be noted
        raise
    except Exception as error:
        why = in_words(error, doing).splitlines()[0][:1000]
        try:
            lease.write(
                lambda connection: batches.update(
                    connection, lease.database, lease.key, message=why
                )
            )
        except (LeaseLost, DatabaseFailed) as unnoted:
            _log.warning("batch %s: %s (not noted: %s)", lease.key, why, unnoted)
        raise
