"""PDF, by PDFium: the library that Chrome shows PDF with, as pypdfium2 brings it."""

import ctypes
from collections.abc import Iterator
from typing import Any

from resume_assets.documents.limits import MOST_CHARACTERS, MOST_PAGES
from resume_assets.documents.readers.found import Found
from resume_assets.documents.reasons import Reason, Unreadable

_END = b"%%EOF"
_TAIL = 4_096
_MOST_LINKS = 50
_LONGEST_LINK = 2_000
_LEAST_LETTERS = 20


def read(data: bytes) -> Found:
    """The text of a PDF, page by page, then where its links lead. Raises Unreadable."""
    try:
        import pypdfium2
    except ImportError:
        raise Unreadable(Reason.no_library) from None
    # PDFium mends what it can, and would give half of a resume for the whole.
    if _END not in data[-_TAIL:]:
        raise Unreadable(Reason.broken)
    try:
        document = pypdfium2.PdfDocument(data)
        if len(document) > MOST_PAGES:
            raise Unreadable(Reason.too_large)
        texts: list[str] = []
        links: list[str] = []
        size = 0
        for page in document:
            text_page = page.get_textpage()
            size += text_page.count_chars()
            if size > MOST_CHARACTERS:
                raise Unreadable(Reason.too_large)
            texts.append(text_page.get_text_range())
            links += _links(pypdfium2.raw, document, page)
            text_page.close()
            page.close()
    except pypdfium2.PdfiumError as error:
        is_locked = "password" in str(error).lower()
        raise Unreadable(Reason.password if is_locked else Reason.broken) from None
    text = "\n".join(texts)
    if sum(map(str.isalnum, text)) < _LEAST_LETTERS:
        raise Unreadable(Reason.no_text)
    found = [link for link in dict.fromkeys(links) if _bare(link) not in text][:_MOST_LINKS]
    if found:
        text += "\n\nLinks:\n" + "\n".join(found)
    version = f"pypdfium2 {pypdfium2.version.PYPDFIUM_INFO}"
    return Found(text, version, len(texts))


def _bare(link: str) -> str:
    return link.partition(":")[2].removeprefix("//").removeprefix("www.").rstrip("/")


def _links(raw: Any, document: Any, page: Any) -> Iterator[str]:
    """Where a page's links lead: a profile's address often stands nowhere else."""
    position, link = ctypes.c_int(0), raw.FPDF_LINK()
    while raw.FPDFLink_Enumerate(page, position, link):
        action = raw.FPDFLink_GetAction(link)
        length = raw.FPDFAction_GetURIPath(document, action, None, 0)
        if not 1 < length <= _LONGEST_LINK:
            continue
        buffer = ctypes.create_string_buffer(length)
        raw.FPDFAction_GetURIPath(document, action, buffer, length)
        target = buffer.value.decode("utf-8", "replace")
        if target.startswith(("http://", "https://", "mailto:")):
            yield target.removeprefix("mailto:")
