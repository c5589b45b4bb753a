"""Which kind of document a file is: by what it begins with, for names say little."""

import re
from enum import StrEnum

from resume_assets.documents.reasons import Reason, Unreadable


class Kind(StrEnum):
    """What is read, each by its own reader."""

    pdf = "pdf"
    docx = "docx"
    doc = "doc"  # Word 97 to 2003, where a converter is there
    odt = "odt"
    rtf = "rtf"
    html = "html"
    text = "text"  # Markdown too


_ENDINGS = {
    ".pdf": Kind.pdf,
    ".docx": Kind.docx,
    ".docm": Kind.docx,
    ".dotx": Kind.docx,
    ".doc": Kind.doc,
    ".odt": Kind.odt,
    ".rtf": Kind.rtf,
    ".html": Kind.html,
    ".htm": Kind.html,
    ".txt": Kind.text,
    ".text": Kind.text,
    ".md": Kind.text,
    ".markdown": Kind.text,
}
"""By the name's ending, which decides only where the file does not say what it is."""

ENDINGS = frozenset(_ENDINGS)

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_WORD_STREAM = "WordDocument".encode("utf-16-le")
_ZIP_END = b"PK\x05\x06"
_LONGEST_COMMENT = 66_000  # after the directory at a package's end
_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.I | re.S
)
_XML_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]*\?>\s*<(?:!doctype\s+html|html)\b", re.I)
_HEAD = 4_096


def kind_of(ending: str, data: bytes) -> Kind:
    """The kind of a file with that ending, which is in lower case.

    Raises Unreadable: of another kind, empty, or locked by a password.
    """
    if ending not in _ENDINGS:
        raise Unreadable(Reason.other_kind)
    if not data:
        raise Unreadable(Reason.empty)
    head = data[:_HEAD]
    if b"%PDF-" in head[:1_024]:
        return Kind.pdf
    if data.startswith(_OLE):
        return _in_ole(data)
    if data.startswith(b"PK"):
        return _in_zip(data)
    if head.lstrip().startswith(b"{\\rtf"):
        return Kind.rtf
    if _HTML.match(head) or _XML_HTML.match(head):
        return Kind.html
    kind = _ENDINGS[ending]
    if kind in (Kind.html, Kind.text):
        return kind
    raise Unreadable(Reason.broken)  # it does not begin as its kind does


def _in_ole(data: bytes) -> Kind:
    if _ENCRYPTED_PACKAGE in data:  # what Word makes of a .docx with a password
        raise Unreadable(Reason.password)
    if _WORD_STREAM in data:
        return Kind.doc
    raise Unreadable(Reason.other_kind)


def _in_zip(data: bytes) -> Kind:
    """By the names of its parts, which stand in it as they are: a package is not opened here."""
    if _ZIP_END not in data[-_LONGEST_COMMENT:]:
        raise Unreadable(Reason.broken)
    if b"[Content_Types].xml" in data:
        if b"word/" in data:
            return Kind.docx
        raise Unreadable(Reason.other_kind)  # a spreadsheet, slides
    if b"META-INF/manifest.xml" in data and b"content.xml" in data:
        return Kind.odt
    raise Unreadable(Reason.other_kind)
