"""Lines of text, put together as elements of a document come: paragraphs, tables, boxes.

Nothing here calls itself: a document may be nested as deeply as its maker liked.
"""

from collections.abc import Sequence

from resume_assets.documents.limits import MOST_CHARACTERS
from resume_assets.documents.reasons import Reason, Unreadable

_SHORT = 80
"""Characters of a cell that stands beside others on one line."""


class Blocks:
    """Collects text; what is begun by `open` is a part of its own until `close` gives it back."""

    def __init__(self) -> None:
        self._parts: list[list[str]] = [[]]
        self._size = 0

    def add(self, text: str) -> None:
        """Text within a line, or with ends of lines in it. Raises Unreadable: too large."""
        self._size += len(text)
        if self._size > 2 * MOST_CHARACTERS:
            raise Unreadable(Reason.too_large)
        self._parts[-1].append(text)

    def end_line(self) -> None:
        """The next text begins a line."""
        here = self._parts[-1]
        if here and not here[-1].endswith("\n"):
            here.append("\n")

    def open(self) -> None:
        """What comes is a part of its own: a cell, a box."""
        self._parts.append([])

    def close(self) -> str:
        """The part that was begun last, and what stood before it goes on."""
        if len(self._parts) == 1:
            return ""
        return "".join(self._parts.pop())

    @property
    def text(self) -> str:
        """All of it."""
        return "".join("".join(part) for part in self._parts)


def row_of(cells: Sequence[str]) -> str:
    """A table's row: on one line where its cells are short, else each cell by itself.

    Many resumes are laid out by a table: their cells are columns, and are read one after the other.
    """
    filled = [cell.strip() for cell in cells]
    filled = [cell for cell in filled if cell]
    if all("\n" not in cell and len(cell) <= _SHORT for cell in filled):
        return " | ".join(filled) + "\n" if filled else ""
    return "\n\n".join(filled) + "\n\n"
