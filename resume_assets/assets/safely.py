"""What an asset or check does with an error: a sentence for people, and nothing of a person."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from resume_assets.errors import in_words


@contextmanager
def safely(doing: str) -> Iterator[None]:
    """Turn any error into a Failure that quotes nothing: Dagster stores what it is told for ever.

    Not retried by Dagster: a failed run is asked for again by the ledger's own rules.
    """
    try:
        yield
    except dg.Failure:
        raise
    except Exception as error:  # noqa: BLE001 (raised again below, without what it might quote)
        failure = dg.Failure(description=in_words(error, doing), allow_retries=False)
    else:
        return
    raise failure from None
