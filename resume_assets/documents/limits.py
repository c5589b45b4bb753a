"""What reading one file may take. More is no resume, or was made to do harm."""

import contextlib
import sys

MOST_BYTES = 25_000_000
"""Of a file; Word files with a photograph from a phone are under this."""
MOST_PAGES = 200
MOST_CHARACTERS = 2_000_000
"""Of the text that is found: a model's window holds less."""
MOST_UNPACKED = 100_000_000
"""Bytes of a package's parts that are read, as they are unpacked and not as the package says."""
DEEPEST = 400
"""Elements within one another; Word nests some forty."""
MEMORY = 1_500_000_000
"""Bytes of address space, in which an interpreter and its libraries take some 300 MB."""
CPU_SECONDS = 30
SECONDS = 60.0
"""Until a process is ended that does not work but wait."""
CONVERTING_SECONDS = 120.0
"""The same of a converter: LibreOffice takes ten for its first file."""


_CONVERTER_MEMORY = 6_000_000_000
"""LibreOffice maps far more than it uses."""
_CONVERTER_FILE = 500_000_000


def limit_this_process() -> None:
    """Have the kernel end this process where it takes more; it writes no file at all.

    Where there is no such kernel, on Windows, only the clock ends it.
    """
    _limit(memory=MEMORY, seconds=CPU_SECONDS, file=0)


def limit_a_converter() -> None:
    """The same for a program that converts, which this process is about to become."""
    _limit(memory=_CONVERTER_MEMORY, seconds=int(CONVERTING_SECONDS), file=_CONVERTER_FILE)


def _limit(*, memory: int, seconds: int, file: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    wanted = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: file,
        resource.RLIMIT_CORE: 0,
    }
    for limit, most in wanted.items():
        _, hard = resource.getrlimit(limit)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS has no limit on address space
            resource.setrlimit(limit, (allowed, allowed))
