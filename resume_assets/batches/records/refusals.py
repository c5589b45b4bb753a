"""Which columns of a record a table refuses, found by trying."""

from collections.abc import Callable, Sequence


def refused_among(
    columns: Sequence[str], is_taken: Callable[[frozenset[str]], bool]
) -> frozenset[str] | None:
    """The columns to leave out so that the table takes the rest, as few as halving finds.

    `is_taken` tries the record without the columns that it is given; it is known to refuse the
    whole one. Asked some 2 * log2(n) times for each refused column, twice for each at most. None
    where the record is refused whatever is left out.
    """
    left_out = frozenset(columns)
    if not is_taken(left_out):
        return None
    untried = list(_halves(columns))
    while untried:
        part = untried.pop()
        if is_taken(left_out - frozenset(part)):
            left_out -= frozenset(part)
        elif len(part) > 1:
            untried += _halves(part)
    return left_out


def _halves(columns: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """The second half and the first, which is taken from the end of a stack first."""
    half = len(columns) // 2
    return columns[half:], columns[:half]
