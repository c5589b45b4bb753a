"""HTML, by the standard library's parser, which knows no depth."""

import re
from html.parser import HTMLParser

from resume_assets.documents.blocks import Blocks
from resume_assets.documents.readers.found import Found, ours
from resume_assets.documents.readers.plain import decoded

_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_HEAD = 4_096
_SKIPPED = frozenset({"script", "style", "template", "head", "noscript", "svg", "math", "select"})
_TEXT = ("address", "blockquote", "body", "details", "dialog", "div", "figcaption", "figure", "p")
_PARTS = ("article", "aside", "footer", "form", "header", "main", "nav", "section", "fieldset")
_LISTS = ("dd", "dl", "dt", "li", "ol", "ul")
_TABLES = ("caption", "table", "tbody", "tfoot", "thead", "tr")
_TITLES = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = frozenset({*_TEXT, *_PARTS, *_LISTS, *_TABLES, *_TITLES, "pre", "hr"})
"""Elements that begin and end a line."""
_CELLS = frozenset({"td", "th"})
_GAP = re.compile(r"[ \t\r\n\f]+")


def read(data: bytes) -> Found:
    """The text of an HTML page. Raises Unreadable."""
    declared = _CHARSET.search(data[:_HEAD])
    text, _ = decoded(data, declared[1].decode("ascii") if declared else None)
    words = _Words()
    words.feed(text)
    words.close()
    return Found(words.blocks.text, ours())


class _Words(HTMLParser):
    """Puts a page's words together, as far as a browser would show them in lines."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks = Blocks()
        self._skipping: list[str] = []
        self._preformatted = 0
        self._is_first_cell = True
        self._at_start = True
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        if tag in _SKIPPED:
            self._skipping.append(tag)
        if self._skipping:
            if tag == "body":  # a head that nobody ended
                self._skipping.clear()
            return
        if tag == "br":
            self._say("\n")
        elif tag in _CELLS:
            if not self._is_first_cell:
                self._say(" | ")
            self._is_first_cell = False
            self._at_start = True
        elif tag in _BLOCKS:
            self._end_line()
            self._is_first_cell = self._is_first_cell or tag == "tr"
            self._preformatted += tag == "pre"
            if tag == "li":
                self._say("- ")
            elif tag in _TITLES:
                self.blocks.add("\n")
                self._say(f"{'#' * int(tag[1])} ")
        elif tag == "a":
            self._links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        """It ends."""
        if self._skipping:
            if tag in self._skipping:
                del self._skipping[self._skipping.index(tag) :]
            return
        if tag == "a" and self._links:
            target = self._links.pop()
            if target.startswith(("http://", "https://")):
                self._say(f" ({target})")
        elif tag in _BLOCKS:
            self._preformatted -= tag == "pre" and self._preformatted > 0
            self._end_line()

    def handle_data(self, data: str) -> None:
        """Text."""
        if self._skipping:
            return
        if not self._preformatted:
            data = _GAP.sub(" ", data)
            if self._at_start:
                data = data.lstrip(" ")
        if data:
            self._say(data)

    def _say(self, text: str) -> None:
        self.blocks.add(text)
        self._at_start = text.endswith(("\n", "| ", "- ", "# "))

    def _end_line(self) -> None:
        self.blocks.end_line()
        self._at_start = True
