"""Text as a column can hold it: printable, without placeholders, cut to fit."""

import re
import unicodedata

_PLACEHOLDERS = frozenset(
    [
        "n/a",
        "n.a",
        "n.a.",
        "na",
        "none",
        "null",
        "nil",
        "unknown",
        "undefined",
        "unspecified",
        "not provided",
        "not specified",
        "not available",
        "not applicable",
        "not mentioned",
        "not stated",
        "not given",
        "not listed",
        "not found",
        "none provided",
        "none listed",
        "none specified",
        "none mentioned",
        "?",
        "-",
        "--",
        "–",
        "—",
        ".",
        "...",
        "…",
    ]
)
UNSURE = frozenset(["", *"nNuU?-–—.…([{<'\""])
"""First characters of texts that may be placeholders, or are nothing; others can't be."""
_LONGEST_PLACEHOLDER = 20  # with room for a full stop and brackets around it

# Whitespace and the C0/C1 controls that separate (tab, line and page ends) become one space.
_GAP = re.compile(r"[\s\x85\u2028\u2029]+")
# Controls, byte-order mark, zero-width space, bidi overrides: they hide or reorder what people see.
# Joiners stay: emoji, Persian and Indic scripts need them.
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0e-\x1b\x7f-\x84\x86-\x9f\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff]+"
)
_JOINER = "\u200d"
_ATTACHED = frozenset([_JOINER, "\ufe0e", "\ufe0f", *map(chr, range(0x1F3FB, 0x1F400))])
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


def without_surrogates(text: str) -> str:
    """Return text that UTF-8 can hold: halves of pairs are joined, lone ones become U+FFFD."""
    if not _LONE_SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def clean(text: str) -> str:
    """Return the text on one line: no controls, no lone surrogates, gaps of one space, stripped."""
    if text.isprintable():  # nearly always; excludes every character treated below
        return text.strip()
    text = without_surrogates(text)
    return _GAP.sub(" ", _HIDDEN.sub("", text)).strip()


def is_placeholder(text: str) -> bool:
    """Tell whether a cleaned text only says that there is nothing: N/A, unknown, not provided."""
    if text[:1] not in UNSURE or len(text) > _LONGEST_PLACEHOLDER:
        return False  # nearly always
    folded = text.casefold()
    return folded in _PLACEHOLDERS or folded.strip("()[]<>{}.\"' ") in _PLACEHOLDERS


def fit(text: str, limit: int) -> str:
    """Return the longest beginning that NVARCHAR(limit) holds, cut between characters.

    The limit is in UTF-16 code units, as SQL Server counts them. A surrogate pair is never split,
    nor, where a shorter cut is possible, a letter from its accents or an emoji from its parts.
    """
    if 2 * len(text) <= limit or (len(text) <= limit and (text.isascii() or max(text) <= "\uffff")):
        return text
    units = 0
    for cut, character in enumerate(text):
        units += 2 if character > "\uffff" else 1
        if units > limit:
            return text[: _border(text, cut)].rstrip()
    return text


def _border(text: str, cut: int) -> int:
    """Return the nearest cut at or before this one that parts no visible character."""
    border = cut
    while border > cut // 2 and _belong_together(text[border - 1], text[border]):
        border -= 1
    if border > cut // 2:
        return border
    # Endless accents: any cut will do, except through a pair.
    return cut - 1 if cut and _is_pair(text[cut - 1], text[cut]) else cut


def _belong_together(before: str, after: str) -> bool:
    return (
        before == _JOINER
        or after in _ATTACHED
        or unicodedata.combining(after) != 0
        or _is_pair(before, after)
    )


def _is_pair(before: str, after: str) -> bool:
    """Tell whether two lone surrogates would make one character in UTF-16."""
    return "\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff"
