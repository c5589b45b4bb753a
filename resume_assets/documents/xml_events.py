"""XML read as events by expat: no tree, no entities of the document's own, no endless depth."""

import io
import lzma
import zipfile
import zlib
from collections.abc import Mapping
from typing import Protocol
from xml.parsers import expat

from resume_assets.documents.limits import DEEPEST, MOST_UNPACKED
from resume_assets.documents.reasons import Reason, Unreadable

_CHUNK = 1 << 16
_BROKEN = (
    expat.ExpatError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    KeyError,
    EOFError,
    ValueError,
    OSError,
)
"""What a part that is not whole raises, wherever it is noticed."""


class Handler(Protocol):
    """What is told of elements; names are local names with a short prefix, as in `w:p`."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """It ends."""

    def characters(self, text: str) -> None:
        """Text of it."""


class Package:
    """A zip of XML parts, unpacked no further than MOST_UNPACKED bytes in all."""

    def __init__(self, data: bytes) -> None:
        """Raises Unreadable: broken."""
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            raise Unreadable(Reason.broken) from None
        self.names = self._zip.namelist()
        self._left = MOST_UNPACKED

    def feed(self, name: str, prefixes: Mapping[str, str], handler: Handler) -> None:
        """Parse a part; `prefixes`: for each namespace its short prefix, others have none.

        Raises Unreadable.
        """
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        depth = 0

        def short(full: str) -> str:
            space, _, local = full.rpartition(" ")
            prefix = prefixes.get(space)
            return f"{prefix}:{local}" if prefix else local

        def start(full: str, attributes: dict[str, str]) -> None:
            nonlocal depth
            depth += 1
            if depth > DEEPEST:
                raise Unreadable(Reason.too_large)
            handler.start(short(full), {short(key): value for key, value in attributes.items()})

        def end(full: str) -> None:
            nonlocal depth
            depth -= 1
            handler.end(short(full))

        def doctype(*_: object) -> None:
            raise Unreadable(Reason.broken)  # these formats have none; entities would begin here

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = handler.characters
        parser.StartDoctypeDeclHandler = doctype
        try:
            with self._zip.open(name) as part:
                while chunk := part.read(_CHUNK):
                    self._left -= len(chunk)
                    if self._left < 0:
                        raise Unreadable(Reason.too_large)
                    parser.Parse(chunk, False)
                parser.Parse(b"", True)
        except RuntimeError as error:  # an encrypted part; zipfile has no error of its own
            if isinstance(error, Unreadable):
                raise
            raise Unreadable(Reason.password) from None
        except _BROKEN:
            raise Unreadable(Reason.broken) from None
