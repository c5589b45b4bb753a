"""Documents of LibreOffice and others: OpenDocument text. Source: ODF 1.3, part 3."""

from collections.abc import Mapping

from resume_assets.documents.blocks import Blocks, row_of
from resume_assets.documents.readers.found import Found, ours
from resume_assets.documents.reasons import Reason, Unreadable
from resume_assets.documents.xml_events import Package

_ODF = "urn:oasis:names:tc:opendocument:xmlns"
_PREFIXES = {
    f"{_ODF}:text:1.0": "text",
    f"{_ODF}:table:1.0": "table",
    f"{_ODF}:drawing:1.0": "draw",
    f"{_ODF}:office:1.0": "office",
    f"{_ODF}:style:1.0": "style",
    f"{_ODF}:manifest:1.0": "manifest",
    "http://www.w3.org/1999/xlink": "xlink",
}
_SKIPPED = frozenset(
    {
        "text:tracked-changes",
        "office:annotation",
        "text:ruby-text",
        "text:note-citation",
        "office:forms",
        "draw:object",
    }
)
_LINES = frozenset({"text:p", "text:h"})
_MOST_SPACES = 200
_AROUND = frozenset({"style:header", "style:footer"})


def read(data: bytes) -> Found:
    """The text of an OpenDocument text. Raises Unreadable."""
    package = Package(data)
    locked = _Locked()
    package.feed("META-INF/manifest.xml", _PREFIXES, locked)
    if locked.is_so:
        raise Unreadable(Reason.password)
    body = _Words(frozenset({"office:text"}))
    package.feed("content.xml", _PREFIXES, body)
    around = _Words(_AROUND)
    if "styles.xml" in package.names:  # where headers and footers are
        package.feed("styles.xml", _PREFIXES, around)
    texts = [around.blocks.text.strip(), body.blocks.text.strip()]
    return Found("\n\n".join(filter(None, texts)), ours())


class _Locked:
    """Whether any part of the package is encrypted."""

    def __init__(self) -> None:
        self.is_so = False

    def start(self, name: str, _attributes: Mapping[str, str]) -> None:
        self.is_so = self.is_so or name == "manifest:encryption-data"

    def end(self, name: str) -> None:
        """Nothing to do."""

    def characters(self, text: str) -> None:
        """There is none."""


class _Words:
    """Puts together what stands in these elements."""

    def __init__(self, within: frozenset[str]) -> None:
        self.blocks = Blocks()
        self._within = within
        self._inside = 0
        self._skipping = 0
        self._lines = 0  # paragraphs that are open
        self._rows: list[list[str]] = []
        self._boxes: list[str] = []
        self._links: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if self._skipping or name in _SKIPPED:
            self._skipping += 1
            return
        self._inside += name in self._within
        if not self._inside:
            return
        if name in _LINES:
            self._lines += 1
            if name == "text:h":
                level = attributes.get("text:outline-level", "1")
                self.blocks.add(f"{'#' * min(int(level) + 1, 6) if level.isdigit() else '##'} ")
        elif name == "text:s":
            count = attributes.get("text:c", "1")
            self.blocks.add(" " * min(int(count), _MOST_SPACES) if count.isdigit() else " ")
        elif name == "text:tab":
            self.blocks.add("\t")
        elif name == "text:line-break":
            self.blocks.add("\n")
        elif name == "text:list-item":
            self.blocks.end_line()
            self.blocks.add("- ")
        elif name == "table:table-row":
            self._rows.append([])
        elif name in ("table:table-cell", "draw:text-box"):
            self.blocks.open()
        elif name == "text:a":
            self._links.append(attributes.get("xlink:href", ""))

    def end(self, name: str) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        if not self._inside:
            return
        if name in _LINES:
            self._end_line()
        elif name == "table:table-cell" and self._rows:
            self._rows[-1].append(self.blocks.close())
        elif name == "table:table-row" and self._rows:
            self.blocks.add(row_of(self._rows.pop()))
        elif name == "table:table":
            self.blocks.add("\n")
        elif name == "draw:text-box":
            self._end_box()
        elif name == "text:a" and self._links:
            target = self._links.pop()
            if target.startswith(("http://", "https://")):
                self.blocks.add(f" ({target})")
        self._inside -= name in self._within

    def _end_line(self) -> None:
        self._lines -= 1
        self.blocks.end_line()
        if not self._lines:
            for box in self._boxes:
                self.blocks.add(f"{box}\n")
            self._boxes.clear()

    def _end_box(self) -> None:
        """A box that is anchored in a paragraph is read after it."""
        box = self.blocks.close().strip()
        if self._lines:
            self._boxes.append(box)
        else:
            self.blocks.add(f"{box}\n")

    def characters(self, text: str) -> None:
        if self._inside and self._lines and not self._skipping:
            self.blocks.add(text)
