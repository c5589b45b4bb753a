"""Plain text and Markdown: the encoding is told, or is UTF-8, or is found."""

import codecs

from resume_assets.documents.readers.found import Found, ours
from resume_assets.documents.reasons import Reason, Unreadable

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MANY = 0.05
"""A file with a larger share of NULs is no text of one byte a letter."""
_WIDE = ("utf-16-le", "utf-16-be")
_ENOUGH = 64_000
"""Bytes that an encoding is found by."""


def read(data: bytes) -> Found:
    """The text of a text file. Raises Unreadable."""
    text, library = decoded(data)
    return Found(text, library)


def decoded(data: bytes, declared: str | None = None) -> tuple[str, str]:
    """The text, and what decoded it. Raises Unreadable: no library, garbled, other kind."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strictly(data, encoding), ours()
    if data.count(0) > _MANY * len(data):
        # Letters of most scripts have their zeros at one side.
        wide = _WIDE[data[::2].count(0) > data[1::2].count(0)]
        return _strictly(data, wide), ours()
    try:
        return data.decode("utf-8"), ours()
    except UnicodeDecodeError:
        pass
    if declared is not None:
        try:
            return data.decode(declared), ours()
        except (LookupError, UnicodeDecodeError):
            pass
    return _found(data)


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise Unreadable(Reason.garbled) from None


def _found(data: bytes) -> tuple[str, str]:
    """By charset-normalizer, which weighs how likely the letters are."""
    try:
        import charset_normalizer
    except ImportError:
        raise Unreadable(Reason.no_library) from None
    best = charset_normalizer.from_bytes(data[:_ENOUGH]).best()
    if best is None:
        raise Unreadable(Reason.garbled)
    try:
        text = data.decode(best.encoding)
    except UnicodeDecodeError:
        raise Unreadable(Reason.garbled) from None
    return text, f"charset-normalizer {charset_normalizer.__version__}, {best.encoding}"
