"""Word documents: the parts of a package that people read, in the order in which they read them.

Read here and not by a library, for what resumes are made of is what libraries leave out: headers,
text boxes, tables in tables, content controls. Source: ECMA-376, part 1, WordprocessingML.
"""

import re
from collections.abc import Mapping

from resume_assets.documents.blocks import Blocks, row_of
from resume_assets.documents.readers.found import Found, ours
from resume_assets.documents.reasons import Reason, Unreadable
from resume_assets.documents.xml_events import Package

_PREFIXES = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "w",
    "http://purl.oclc.org/ooxml/wordprocessingml/main": "w",
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships": "r",
    "http://purl.oclc.org/ooxml/officeDocument/relationships": "r",
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc",
}
_DOCUMENT = "word/document.xml"
_LINKS = "word/_rels/document.xml.rels"
_AROUND = re.compile(r"word/(header|footer|footnotes|endnotes)\d*\.xml")

# Not read: what is drawn a second time, moved away, deleted, or an aid to pronouncing; tab stops.
_SKIPPED = frozenset(
    {"mc:Fallback", "w:moveFrom", "w:del", "w:rt", "w:rPrChange", "w:pPrChange", "w:tabs"}
)
_HEADING = re.compile(r"heading ?([1-6])", re.IGNORECASE)
_SIGNS = {"w:tab": "\t", "w:br": "\n", "w:cr": "\n", "w:noBreakHyphen": "-"}


def read(data: bytes) -> Found:
    """The text of a Word document. Raises Unreadable."""
    package = Package(data)
    if _DOCUMENT not in package.names:
        raise Unreadable(Reason.broken)
    links = _links(package)
    around = sorted(name for name in package.names if _AROUND.fullmatch(name))
    parts = [
        *(name for name in around if "header" in name),
        _DOCUMENT,
        *(name for name in around if "header" not in name),
    ]
    texts: list[str] = []
    for name in parts:
        words = _Words(links if name == _DOCUMENT else {})
        package.feed(name, _PREFIXES, words)
        text = words.blocks.text.strip()
        if text and text not in texts:  # each section, and each first page, has its own header
            texts.append(text)
    return Found("\n\n".join(texts), ours())


def _links(package: Package) -> dict[str, str]:
    found = _Targets()
    if _LINKS in package.names:
        package.feed(_LINKS, {}, found)
    return found.targets


class _Targets:
    """Where a document's links lead, by their ids."""

    def __init__(self) -> None:
        self.targets: dict[str, str] = {}

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name.endswith("Relationship") and attributes.get("Type", "").endswith("/hyperlink"):
            self.targets[attributes.get("Id", "")] = attributes.get("Target", "")

    def end(self, name: str) -> None:
        """Nothing to do."""

    def characters(self, text: str) -> None:
        """There is none."""


class _Words:
    """Puts one part's words together."""

    def __init__(self, links: Mapping[str, str]) -> None:
        self.blocks = Blocks()
        self._links = links
        self._skipping = 0  # elements deep
        self._is_text = False
        self._is_hidden = False
        self._rows: list[list[str]] = []  # the cells of each row that is open
        self._boxes: list[str] = []  # that were met in the paragraph
        self._boxed = 0
        self._followed: list[tuple[str, list[str]]] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if self._skipping or name in _SKIPPED:
            self._skipping += 1
        elif name == "w:t":
            self._is_text = True
        elif name in _SIGNS:
            if not self._is_hidden:
                self._say(_SIGNS[name])
        elif name == "w:tr":
            self._rows.append([])
        elif name in ("w:tc", "w:txbxContent"):
            self._boxed += name == "w:txbxContent"
            self.blocks.open()
        elif name == "w:hyperlink":
            self._followed.append((self._links.get(attributes.get("r:id", ""), ""), []))
        else:
            self._look(name, attributes.get("w:val"))

    def _look(self, name: str, value: str | None) -> None:
        """How a run or a paragraph looks."""
        if name == "w:r":
            self._is_hidden = False
        elif name == "w:vanish":
            self._is_hidden = value not in ("0", "false", "off")
        elif name == "w:numId" and value != "0":
            self._say("- ")
        elif name == "w:pStyle" and (heading := _HEADING.fullmatch(value or "")):
            self._say(f"{'#' * (int(heading[1]) + 1)} ")

    def end(self, name: str) -> None:
        if self._skipping:
            self._skipping -= 1
        elif name == "w:t":
            self._is_text = False
        elif name == "w:p":
            self.blocks.end_line()
            if not self._boxed:
                for box in self._boxes:
                    self.blocks.add(f"{box}\n")
                self._boxes.clear()
        elif name == "w:tc" and self._rows:
            self._rows[-1].append(self.blocks.close())
        elif name == "w:tr" and self._rows:
            self.blocks.add(row_of(self._rows.pop()))
        elif name == "w:tbl":
            self.blocks.add("\n")
        elif name == "w:txbxContent":
            self._boxed -= 1
            self._boxes.append(self.blocks.close().strip())
        elif name == "w:hyperlink" and self._followed:
            self._end_link()

    def characters(self, text: str) -> None:
        if self._is_text and not self._skipping and not self._is_hidden:
            self._say(text)

    def _say(self, text: str) -> None:
        self.blocks.add(text)
        if self._followed:
            self._followed[-1][1].append(text)

    def _end_link(self) -> None:
        """A profile's address often stands only in the link, below the word LinkedIn."""
        target, words = self._followed.pop()
        shown = target.removeprefix("mailto:")
        if target.startswith(("http://", "https://", "mailto:")) and shown not in "".join(words):
            self.blocks.add(f" ({shown})")
