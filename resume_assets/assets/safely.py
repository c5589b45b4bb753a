"""What an asset or check does with an error: a sentence for people, without personal data."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from resume_assets.errors import in_words


@contextmanager
def safely(doing: str) -> Iterator[None]:
    """Turn any error into a Failure that quotes no value: Dagster keeps what it is told for ever.

    Dagster does not retry it: the sensor requests another run by the ledger's own rules.
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
