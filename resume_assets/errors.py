"""What a person is told: one base class for every error whose message is safe and complete."""

import os
import traceback


class PlatformError(RuntimeError):
    """Says what happened, to which batch or candidate, what was kept, and what to do next.

    Its message never holds a secret, a resume's content or a value of a row.
    """


class WrongUseError(PlatformError):
    """The user asked for something that can't be: a bad key, an unknown batch, a bad setting."""


def in_words(error: BaseException, doing: str) -> str:
    """What may be shown and stored of any error; `doing` is, say, "writing the records".

    A PlatformError's sentence, the operating system's own words, and of all others the type and the
    lines of code it passed through: its message might quote a row, or an API key.
    """
    if isinstance(error, PlatformError):
        return str(error)
    if isinstance(error, OSError) and error.errno is not None:
        where = f": {error.filename}" if isinstance(error.filename, str) else ""
        return (
            f"{os.strerror(error.errno)} ({type(error).__name__}) while {doing}{where}. "
            "What was committed is kept; run it again once that is mended."
        )
    frames = traceback.extract_tb(error.__traceback__)
    lines = "\n".join(f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
    return (
        f"Unexpected {type(error).__name__} while {doing}, a mistake in the program: please "
        f"report it. What the ledger says is kept.\n{lines}"
    )
