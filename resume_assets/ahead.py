"""The next one is made in a thread while this one is used."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar

T = TypeVar("T")

_END: Final = object()


@contextmanager
def ahead(items: Iterable[T]) -> Iterator[Iterator[T]]:
    """Give an iterator over `items` that is always one ahead: worth it where making them waits.

    What making one raises is raised where it would have come. Leaving the block waits for the one
    that is being made.
    """
    made = iter(items)
    with ThreadPoolExecutor(1, "ahead") as thread:

        def each() -> Iterator[T]:
            coming = thread.submit(next, made, _END)
            while (item := coming.result()) is not _END:
                coming = thread.submit(next, made, _END)
                yield item  # type: ignore[misc]  # mypy can't tell that this is no _END

        yield each()
