"""A resume as lines: without markup, each knowing its section and whether it is a bullet.

Linear in the length of the text: every pattern is bounded, and a line is looked at once.
"""

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from resume_assets.local_openai.rules.vocabulary import HEADINGS, fold, topic_index

LONGEST_LINE: Final = 1_000
"""Characters of a line that are looked at; a paragraph is cut into sentences before."""
MOST_LINES: Final = 20_000

_BLANKS: Final = (*range(9), *range(11, 32), 127, 0x85, 0xA0, 0x2028, 0x2029, 0x3000)
_NOTHING: Final = (0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF)
_CONTROL: Final = dict.fromkeys(_BLANKS, " ") | dict.fromkeys(_NOTHING)
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]{0,100}>")
_BLOCK_TAG: Final = re.compile(
    r"<(?:br\s?/?|/?(?:p|ul|ol|div|tr|table|h[1-6])(?:\s[^<>]{0,100})?)>", re.I
)
_ITEM_TAG: Final = re.compile(r"<li(?:\s[^<>]{0,100})?>", re.IGNORECASE)
_LINK: Final = re.compile(r"!?\[([^\[\]]{0,200})\]\(([^()\s]{0,300})\)")
_RULER: Final = re.compile(r"[-=_*~+|:#.─━═ ]{3,}")
_BULLET: Final = re.compile(r"(?:[-*•◦▪▸►●○✓✔➢‣·–—・]|\d{1,2}[.)])\s+(?=\S)|[•▪●►・](?=\S)")
_EMPHASIS: Final = re.compile(r"\*{1,3}|_{2,3}|(?<!\w)_(?=\w)|(?<=\w)_(?!\w)|`{1,3}")
_SENTENCE_END: Final = re.compile(r"(?<=\w{2}[.!?])\s+(?=[^\W\d_a-z])|(?<=[。！])")
_EDGES: Final = re.compile(r"^[\W_]+|[\W_]+$")
_NUMBER: Final = re.compile(r"^(?:\d{1,2}|[IVX]{1,4})[.)]\s+")
_DASHES: Final = ("–", "-", "—")
_YEAR_AT_END: Final = re.compile(r"\d{4}\s?[-–—]$")
_GAP: Final = re.compile(r"(?<=\S)\s{3,}(?=\S)")
_JOINED: Final = re.compile(
    r"\s*(?:&|/|,|\+|\(|–|—| - |\band\b|\bund\b|\bet\b|\by\b|\be\b|\bi\b)\s*"
)

_WORD: Final = re.compile(r"[^\s,;|/()]+")
_CODE: Final = topic_index("programming")

_LOOSE: Final = frozenset({"experience", "skills", "summary", "certifications"})
# Inside the employment section these are remarks about one job, not the end of the section.
_REMARKS: Final = frozenset(
    {"skills", "software", "hardware", "programming", "projects", "other", "summary", "languages"}
)


@dataclass(slots=True)
class Line:
    """One line of a resume."""

    text: str
    """Without bullet, heading marks and emphasis; empty for a blank line."""
    section: str
    """A key of the headings in vocabulary.toml; `top` before the first of them."""
    bullet: bool = False
    level: int = 0
    """Of a markdown heading; 0 for none."""
    bold: bool = False
    numbered: bool = False
    cells: tuple[str, ...] = ()
    """Of a table row."""


def clean(text: str) -> str:
    """The text with one kind of line end, no control characters and no lone surrogates."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    if "<" in text:
        text = _TAG.sub("", _ITEM_TAG.sub("\n- ", _BLOCK_TAG.sub("\n", text)))
    if "&" in text:
        text = html.unescape(text)
    return text.translate(_CONTROL)


def read_lines(text: str) -> list[Line]:
    """The lines of a cleaned text."""
    lines: list[Line] = []
    section = "top"
    for raw in _raw_lines(text):
        line = _read_line(raw, section)
        if line is None:
            continue
        found, rest = _heading(line)
        if found is None:
            line.section = section
        elif rest is None:
            section = found
            continue
        else:
            line.text, line.section = rest, found
            line.bullet = False
            if not (section == "experience" and found in _REMARKS):
                section = found
        lines.append(line)
    return lines


def _raw_lines(text: str) -> Iterator[str]:
    rows = text.split("\n", MOST_LINES)[:MOST_LINES]
    rows = _whole_periods(_columns_apart(rows))
    signs = Counter(row.lstrip()[:1] for row in rows)
    marks = frozenset(sign for sign, count in signs.items() if count >= 3 and _is_symbol(sign))
    for row in rows:
        stripped = row.strip()
        if stripped and not stripped[0].isascii() and _is_symbol(stripped[0]):
            bare = stripped.lstrip(stripped[0] + "\ufe0f\u200d")
            listed = stripped[0] in marks
            stripped = f"- {bare.strip()}" if listed else _trim_symbols(bare)
        if len(stripped) <= 200:
            yield stripped
        else:
            for sentence in _SENTENCE_END.split(stripped[:100_000]):
                yield sentence[:LONGEST_LINE]


def _whole_periods(rows: list[str]) -> list[str]:
    """Joins what a narrow column broke: `June 2017 –` and `Present` on the next line."""
    whole: list[str] = []
    for row in rows:
        last = whole[-1].rstrip() if whole else ""
        end = row.strip()
        if last.endswith(_DASHES) and _YEAR_AT_END.search(last[-12:]) and 1 < len(end) <= 20:
            whole[-1] = f"{last} {end}"
        else:
            whole.append(row)
    return whole


def _is_symbol(letter: str) -> bool:
    """Whether it is an emoji or another picture, as they stand for bullets and labels."""
    return letter > "\u2190" and unicodedata.category(letter) in {"So", "Sk", "Mn", "Cn"}


def _trim_symbols(text: str) -> str:
    text = text.strip()
    while text and _is_symbol(text[0]):
        text = text[1:].lstrip()
    return text


def _columns_apart(rows: list[str]) -> list[str]:
    """A page of two columns as one after the other, where a heading says that it is one."""
    if not 8 <= len(rows) <= 1_000:
        return rows
    gaps: dict[int, list[int]] = {}
    for number, row in enumerate(rows):
        found = list(_GAP.finditer(row[:LONGEST_LINE]))
        if len(found) == 1 or (found and row[:1] == " "):
            gaps.setdefault(found[-1].end(), []).append(number)
    if not gaps:
        return rows
    column, inside = max(gaps.items(), key=lambda item: len(item[1]))
    right = [row[column:].strip() if row[column - 1 : column].isspace() else "" for row in rows]
    headed = sum(fold(_EDGES.sub("", cell)) in HEADINGS for cell in right if cell)
    if len(inside) < 5 or column < 15 or not headed:
        return rows
    left = [row[:column].rstrip() if cell else row for row, cell in zip(rows, right, strict=True)]
    return [*left, "", *right]


def _read_line(raw: str, section: str) -> Line | None:
    if not raw:
        return Line("", section)
    if _RULER.fullmatch(raw[:300]):
        return None
    cells: tuple[str, ...] = ()
    level = 0
    if raw[0] == "#":
        level = len(raw) - len(raw.lstrip("#"))
        raw = raw.strip("# ")
    elif raw[0] == "|":
        cells = tuple(_plain(cell).strip() for cell in raw.strip("|").split("|"))
        return Line(" | ".join(filter(None, cells)), section, cells=cells)
    while raw[:1] == ">":
        raw = raw[1:].lstrip()
    bold = raw[:2] in {"**", "__"} and raw[-2:] in {"**", "__"}
    mark = None if level or bold else _BULLET.match(raw)
    if mark is not None:
        raw = raw[mark.end() :]
    return Line(
        _plain(raw).strip(),
        section,
        bullet=mark is not None,
        level=level,
        bold=bold,
        numbered=mark is not None and mark[0][0].isdigit(),
    )


def _plain(text: str) -> str:
    if "](" in text:
        text = _LINK.sub(_shown, text)
    if "*" in text or "_" in text or "`" in text:
        text = _EMPHASIS.sub("", text)
    return text


def _shown(link: re.Match[str]) -> str:
    """What a reader sees of a link; a profile is worth its address."""
    return link[2] if "linkedin.com/" in link[2] and "." not in link[1] else link[1]


def _heading(line: Line) -> tuple[str | None, str | None]:
    """(section, None) of a heading, (section, the rest) of `Skills: welding`, else (None, None)."""
    text = line.text
    if not text or line.cells:
        return None, None
    head, colon, rest = text.partition(":") if ":" in text[:50] else text.partition("：")
    if len(head) > 50:
        return None, None
    folded = fold(_EDGES.sub("", _NUMBER.sub("", head)))
    if folded.count(" ") * 2 + 1 == len(folded) > 4:
        folded = folded.replace(" ", "")
    section = HEADINGS.get(folded)
    if section == "languages" and any(fold(word) in _CODE for word in _WORD.findall(rest)):
        section = "programming"
    if section is not None and (not line.bullet or rest.strip()):
        rest = rest.strip(" *")
        return (section, rest) if colon and rest else (section, None)
    looks = line.level or line.bold or (text.isupper() and len(text) > 4) or text.endswith(":")
    if looks and not line.bullet and not rest.strip():
        return _loose_heading(folded), None
    return None, None


def _loose_heading(folded: str) -> str | None:
    """`relevant welding experience`, `education / tickets`: known by its last or first words."""
    first, *others = _JOINED.split(folded, maxsplit=2)
    section = HEADINGS.get(first)
    if others and section is not None:
        return section
    words = folded.split()
    if 2 <= len(words) <= 5 and "of" not in words:
        for tail in (" ".join(words[-2:]), words[-1]):
            section = HEADINGS.get(tail)
            if section in _LOOSE:
                return section
    return None
