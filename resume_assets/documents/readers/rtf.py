"""Rich Text Format, by striprtf."""

import re
from importlib.metadata import version

from resume_assets.documents.readers.found import Found
from resume_assets.documents.reasons import Reason, Unreadable

_AROUND = re.compile(rb"\\(?:header|footer|footnote)[lrf]?(?![a-z]) ?")
"""What makes a group a header: without it striprtf reads the group, where contacts often are."""


def read(data: bytes) -> Found:
    """The text of an RTF file. Raises Unreadable."""
    try:
        from striprtf.striprtf import rtf_to_text
    except ImportError:
        raise Unreadable(Reason.no_library) from None
    if not data.rstrip(b"\x00 \t\r\n").endswith(b"}"):
        raise Unreadable(Reason.broken)
    data = _AROUND.sub(b"", data)
    try:
        text: str = rtf_to_text(data.decode("latin-1"), errors="replace")  # type: ignore[no-untyped-call, unused-ignore]
    except (ValueError, IndexError, KeyError, LookupError):
        raise Unreadable(Reason.broken) from None
    return Found("\n".join(map(_row, text.split("\n"))), f"striprtf {version('striprtf')}")


def _row(line: str) -> str:
    """A line as it is, but for a table's row: striprtf ends each cell of it with a bar."""
    if not line.endswith("|"):
        return line
    return " | ".join(filter(None, map(str.strip, line.split("|"))))
