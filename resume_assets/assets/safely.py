"""What an asset or check does with an error: a sentence for people, and nothing of a person."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from resume_assets.errors import PlatformError


@contextmanager
def safely(doing: str) -> Iterator[None]:
    """Turn any error into a Failure without values: Dagster stores what it is told for ever.

    A PlatformError's sentence is kept. Of any other error, its type and the lines of code it passed
    through; its message might quote a row.
    """
    try:
        yield
    except PlatformError as error:
        failure = dg.Failure(description=str(error), allow_retries=False)
    except dg.Failure:
        raise
    except Exception as error:  # noqa: BLE001 (raised again below, without its message)
        failure = dg.Failure(
            description=f"Unexpected {type(error).__name__} while {doing}, a mistake in the "
            f"program: please report it. What the ledger says is kept.\n{_code_lines(error)}",
            allow_retries=False,
        )
    else:
        return
    raise failure from None


def _code_lines(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return "\n".join(f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
